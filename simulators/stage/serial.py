"""Serial ports of the demo: pseudo-terminals in its state folder, or Modbus TCP instead.

Where the system has no pseudo-terminals, whatever a firm reads at a serial port is read over
Modbus TCP, from the same simulated device.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

PORTS = "serial"
"""The folder of the ports, in the demo's state folder."""


def possible() -> bool:
    """Whether this system has pseudo-terminals."""
    try:
        for end in os.openpty():
            os.close(end)
    except (AttributeError, OSError):
        return False
    return True


def variable(machine: str) -> str:
    """The reference in a file that stands for the serial port of a machine."""
    return f"SERIAL_{machine.upper().replace('-', '_')}"


def ports(state: Path, machines: Sequence[str]) -> dict[str, str]:
    """The environment that says where each machine's serial port is."""
    folder = state / PORTS
    return {variable(name): str(folder / name) for name in machines}


def tidied(state: Path) -> None:
    """Make the folder of the ports, without what an earlier demo left: it leads to other ports."""
    folder = state / PORTS
    folder.mkdir(mode=0o700, exist_ok=True)
    for left in folder.iterdir():
        if left.is_symlink():
            left.unlink()


def over_tcp(file: Path, target: Path, modbus: Mapping[str, int]) -> Path:
    """A firm's file that reads over TCP what it read at a serial port, written to ``target``.

    ``modbus`` gives the port of each machine. A firm without a serial port keeps its own file.
    """
    content: dict[str, Any] = yaml.safe_load(file.read_text("utf-8"))
    changed = False
    for machine in content["machines"]:
        for device in machine.get("devices", [machine]):
            connect = device["connect"]
            if connect["type"] == "modbus-rtu":
                port = modbus[machine["name"]]
                device["connect"] = {
                    "type": "modbus-tcp",
                    "host": "127.0.0.1",
                    "port": port,
                    "unit": connect.get("unit", 1),
                }
                changed = True
    if not changed:
        return file
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False), "utf-8")
    return target
