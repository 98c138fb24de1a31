"""mbpoll, a Modbus client that is not ours: what stands in a device's registers."""

from __future__ import annotations

import asyncio
import re

from tests.peers import need

TABLES = {1: "0", 2: "1", 3: "4", 4: "3"}
"""mbpoll's name for the table that each function code reads."""

SHOWN = re.compile(r"^\[\d+\]:\s+(\S+)", re.MULTILINE)


async def bit(port: int, function: int, address: int) -> bool:
    """An entry of a table of bits of unit 1."""
    (shown,) = await _poll(port, TABLES[function], address, 1)
    return shown == "1"


async def words(port: int, function: int, address: int, count: int) -> bytes:
    """So many registers of unit 1, in the order in which they are sent."""
    shown = await _poll(port, f"{TABLES[function]}:hex", address, count)
    assert len(shown) == count
    return b"".join(bytes.fromhex(word.removeprefix("0x")) for word in shown)


async def number(port: int, function: int, address: int, kind: str, *, high_first: bool) -> float:
    """What mbpoll takes for a number in two registers, ``int`` (signed) or ``float``."""
    swap = ["-B"] if high_first else []
    (shown,) = await _poll(port, f"{TABLES[function]}:{kind}", address, 1, *swap)
    return float(shown)


async def _poll(port: int, table: str, address: int, count: int, *more: str) -> list[str]:
    async with asyncio.timeout(20):
        process = await asyncio.create_subprocess_exec(
            need("mbpoll"), "-m", "tcp", "-p", str(port), "-1", "-0", "-a", "1", "-o", "10",
            "-t", table, "-r", str(address), "-c", str(count), *more, "127.0.0.1",
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        said, _ = await process.communicate()
    text = said.decode(errors="replace")
    shown = SHOWN.findall(text)
    assert shown, text
    return shown
