"""The lines by which a firm's file names a device that was found. Pure."""

from __future__ import annotations

import json

from gateway.sources.line.base import ModbusConnect


def entry(connect: ModbusConnect, unit: int, template: str) -> str:
    """A machine of one device, to stand below ``machines:``."""
    said = connect.model_copy(update={"unit": unit}).model_dump(
        mode="json", exclude_defaults=True, exclude={"type", "unit", "timeout"}
    )
    keys = {"type": connect.type, **said, "unit": unit}
    if connect.timeout is not None:
        keys["timeout"] = f"{connect.timeout.total_seconds() * 1000:.0f}ms"
    reached = "".join(f"      {key}: {json.dumps(value)}\n" for key, value in keys.items())
    return (
        f"  - name: machine-{unit}\n"
        f"    title: {{de: Maschine {unit}, en: Machine {unit}}}\n"
        f"    template: {template}\n"
        f"    connect:\n{reached}"
        "    every: 1s\n"
    )
