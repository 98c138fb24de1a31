"""The lines by which a firm's file names a device that was found, and what was learnt. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal

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


def evidence_lines(evidence: Mapping[str, object], indent: int = 0) -> str:
    """The key ``evidence`` of a machine, as it stands in a file, ``indent`` blanks to the right."""
    return _table("evidence", evidence, " " * indent)


def _table(key: str, values: Mapping[str, object], before: str) -> str:
    lines = [f"{before}{key}:\n"]
    for name, value in values.items():
        if isinstance(value, Mapping):
            lines.append(_table(name, value, f"{before}  "))
        else:
            lines.append(f"{before}  {name}: {_scalar(value)}\n")
    return "".join(lines)


def _scalar(value: object) -> str:
    if isinstance(value, bool | None):
        return {True: "true", False: "false", None: "null"}[value]
    if isinstance(value, float):
        return format(Decimal(repr(value)).normalize(), "f")  # our reader refuses an exponent
    if isinstance(value, int):
        return str(value)
    text = str(value)
    return text if text.replace("-", "").replace(".", "").isalnum() else json.dumps(text)
