"""How a device is reached that is named on the command line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from gateway.cli.errors import USAGE_IS_WRONG, CommandError
from gateway.core.text import Text

if TYPE_CHECKING:
    from gateway.sources.line.base import ModbusConnect


@dataclass(frozen=True, slots=True)
class Reached:
    """What the options say; ``timeout`` as it would be written in a file."""

    host: str | None
    port: int
    unit: int
    rtu: bool
    serial: str | None
    baud: int
    parity: str
    stop_bits: int
    timeout: str | None
    recording: Path | None = None

    @property
    def named(self) -> bool:
        """Whether a device is named at all."""
        return (self.host or self.serial or self.recording) is not None

    def connect(self) -> ModbusConnect:
        """The same as a file would say it. Raises CommandError."""
        from pydantic import ValidationError  # noqa: PLC0415

        from gateway.config import spoken  # noqa: PLC0415
        from gateway.sources.line import variants  # noqa: PLC0415

        said = self._said()
        model = variants()[str(said["type"])]
        try:
            connect = model.model_validate(said)
        except ValidationError as error:
            key = str(error.errors()[0]["loc"][0])
            what, fix = spoken(error, key, str(said[key]), (model, said))
            raise CommandError(
                Text(f"{what.de}. {_as_options(fix.de)}", f"{what.en}. {_as_options(fix.en)}"),
                USAGE_IS_WRONG,
            ) from error
        return cast("ModbusConnect", connect)

    def _said(self) -> dict[str, object]:
        if len([one for one in (self.serial, self.host, self.recording) if one is not None]) > 1:
            raise CommandError(
                Text(
                    "Nennen Sie --host oder --serial oder --recording, nur eines davon.",
                    "Name --host or --serial or --recording, one of them only.",
                ),
                USAGE_IS_WRONG,
            )
        said: dict[str, object] = {"unit": self.unit}
        if self.timeout is not None:
            said["timeout"] = self.timeout
        if self.recording is not None:
            return said | {"type": "replay", "file": self.recording}
        if self.serial is None:
            kind = "modbus-rtu-over-tcp" if self.rtu else "modbus-tcp"
            return said | {"type": kind, "host": self.host, "port": self.port}
        return said | {
            "type": "modbus-rtu",
            "port": self.serial,
            "baud": self.baud,
            "parity": self.parity,
            "stop_bits": self.stop_bits,
        }


def _as_options(fix: str) -> str:
    """What would be written in a file, as it is written on the command line."""
    for serial in ("type: modbus-rtu und port:", "type: modbus-rtu and port:"):
        fix = fix.replace(serial, "--serial")
    for key in ("host", "port", "unit", "baud", "parity", "timeout"):
        fix = fix.replace(f"{key}: ", f"--{key} ")
    return fix
