"""The least that polling costs with our client: blocks, decoded at once, handed to nobody.

    python -m tests.yard.plain_loop '{"ports": [...], "signals": 100, "every": 0.1}'

Prints how many values it has, ten times a second.
"""

from __future__ import annotations

import asyncio
import json
import struct
import sys

from pymodbus.client import AsyncModbusTcpClient

BLOCK = 62
"""Values of two registers that one request can bring."""


class Count:
    values = 0


async def poll(port: int, signals: int, every: float, count: Count) -> None:
    client = AsyncModbusTcpClient("127.0.0.1", port=port)
    await client.connect()
    loop = asyncio.get_running_loop()
    due = loop.time()
    while True:
        for first in range(0, signals, BLOCK):
            size = min(BLOCK, signals - first)
            answer = await client.read_holding_registers(2 * first, count=2 * size)
            raw = struct.pack(f">{2 * size}H", *answer.registers)
            count.values += len(struct.unpack(f">{size}f", raw))
        due += every
        await asyncio.sleep(due - loop.time())


async def main(ports: list[int], signals: int, every: float) -> None:
    count = Count()
    tasks = [asyncio.create_task(poll(port, signals, every, count)) for port in ports]
    while not any(task.done() for task in tasks):
        await asyncio.sleep(0.1)
        sys.stdout.write(f"{count.values}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(**json.loads(sys.argv[1])))
