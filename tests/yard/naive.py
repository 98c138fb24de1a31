"""A gateway as it is written on the first day: one request and one message for each value.

python -m tests.yard.naive '{"ports": [...], "signals": 100, "every": 0.1, "mqtt": 1883}'
"""

from __future__ import annotations

import json
import sys
import time

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion
from pymodbus.client import ModbusTcpClient
from pymodbus.exceptions import ModbusException


def main(ports: list[int], signals: int, every: float, mqtt: int, *, one_line: bool) -> None:
    broker = Client(CallbackAPIVersion.VERSION2)
    broker.connect("127.0.0.1", mqtt)
    broker.loop_start()
    devices = [ModbusTcpClient("127.0.0.1", port=port) for port in ports]
    due = time.monotonic()
    while True:
        for number, device in enumerate(devices):
            for signal in range(signals):
                try:
                    if not device.connected and not device.connect():
                        break
                    answer = device.read_holding_registers(
                        2 * signal, count=2, device_id=number + 1 if one_line else 1
                    )
                except ModbusException:
                    break
                if answer.isError():
                    continue
                value = device.convert_from_registers(answer.registers, device.DATATYPE.FLOAT32)
                payload = json.dumps({"value": value, "time": time.time()})
                broker.publish(f"naive/m{number}/p{signal}", payload)
        due = max(due + every, time.monotonic())
        time.sleep(max(0.0, due - time.monotonic()))


if __name__ == "__main__":
    main(**json.loads(sys.argv[1]))
