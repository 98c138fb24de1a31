"""What a bug report contains: a recording, what ``check`` says, versions; no names, no secrets.

Of a firm's file go in: type and settings of each connection without its address, the template, its
parameters and the period. Whatever else the file says is blotted out wherever it might stand.
"""

from __future__ import annotations

import json
import os
import platform
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from gateway import resources
from gateway.cli.printing import notices_as_text, problems_as_text, say, shown
from gateway.core.errors import ConfigError, Unwritable
from gateway.core.text import Language, Text

if TYPE_CHECKING:
    from gateway.config import Device, Machine

PACKAGES = ("pymodbus", "pydantic", "pyserial", "ruamel.yaml", "typer")
ADDRESS = {"host", "port", "file"}
"""Keys of a connection that say where it is."""
TECHNICAL = frozenset(
    {
        *("schema", "template", "type", "every", "unit", "baud", "parity", "stop_bits", "timeout"),
        *("pause", "pause_after_connect", "reconnect", "behind", "speed", "simulated"),
    }
)
"""Keys of a firm's file whose values may be read by anybody."""
BLOT = "█"


def pack(
    recording: Path, file: Path | None, machines: Sequence[Machine], language: Language
) -> Path:
    """Put it all into one file beside the recording, which it takes in. Raises Unwritable."""
    path = recording.with_name(recording.name.removesuffix(".gz").removesuffix(".jsonl") + ".zip")
    try:
        with zipfile.ZipFile(path, "x", zipfile.ZIP_DEFLATED) as parts:
            parts.write(recording, "recording.jsonl.gz")
            parts.writestr("check.txt", _checked(file, language))
            parts.writestr("about.json", json.dumps(_about(machines), ensure_ascii=False, indent=2))
    except OSError as error:
        raise Unwritable(path, error) from error
    recording.unlink()
    say(
        Text(
            f"Für den Fehlerbericht: {shown(path)}. Darin: die Aufnahme, was check sagt, Versionen "
            "und Einstellungen, ohne Adressen, Namen und Kennwörter. Sehen Sie es vorher durch.",
            f"For the bug report: {shown(path)}. In it: the recording, what check says, versions "
            "and settings, without addresses, names and passwords. Look through it before.",
        ).in_(language)
    )
    return path


def _about(machines: Sequence[Machine]) -> dict[str, object]:
    return {
        "format": 1,
        "werkverbund": resources.version(),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "packages": dict(_versions()),
        "machines": [[_device(device) for device in machine.devices] for machine in machines],
    }


def _versions() -> Iterator[tuple[str, str]]:
    for name in PACKAGES:
        with suppress(metadata.PackageNotFoundError):
            yield name, metadata.version(name)


def _device(device: Device) -> dict[str, object]:
    from gateway.machines import catalog  # noqa: PLC0415

    known = device.template in catalog.names()
    own = {} if known else catalog.template(device.template).model_dump(mode="json", by_alias=True)
    return {
        "template": device.template if known else own,
        "parameters": device.parameters,
        "every": f"{device.every.total_seconds():g}s",
        "connect": device.connect.model_dump(mode="json", exclude_defaults=True, exclude=ADDRESS)
        | {"type": device.connect.type},
    }


def _checked(file: Path | None, language: Language) -> str:
    """What ``check`` says of the file, with everything blotted out that only the firm knows."""
    if file is None:
        return "-\n"
    from gateway.cli.kinds import notes_on, notices_in, problems_in  # noqa: PLC0415

    problems = problems_in([file], None, os.environ)
    notices = notices_in([file], None, os.environ)
    said = [problems_as_text(problems, language)] if problems else []
    said += [notices_as_text(notices, language)] if notices else []
    said += [] if problems else [note.in_(language) for note in notes_on([file], None, os.environ)]
    return _blotted("\n".join(said), [str(file.absolute()), shown(file), *_private(file)]) + "\n"


def _private(file: Path) -> Iterator[str]:
    """What the firm's file, and those of its machines, say and nobody else needs to know."""
    from gateway.config import read_content  # noqa: PLC0415
    from gateway.config.machine_files import files  # noqa: PLC0415

    with suppress(ConfigError, OSError):
        content = read_content(file)
        yield from _values(content)
        state = content.get("state") if isinstance(content, dict) else None
        for one in files(file.parent / str(state)) if state else ():
            yield str(one.absolute())
            yield from _values(read_content(one))


def _values(content: object, key: str = "") -> Iterator[str]:
    if isinstance(content, dict):
        for name, value in content.items():
            yield from _values(value, str(name))
    elif isinstance(content, list):
        for value in content:
            yield from _values(value, key)
    elif content is not None and not isinstance(content, bool) and key not in TECHNICAL:
        yield str(content)


def _blotted(text: str, private: Sequence[str]) -> str:
    for word in sorted({word for word in private if len(word) > 1}, key=len, reverse=True):
        text = text.replace(word, BLOT)
    return text
