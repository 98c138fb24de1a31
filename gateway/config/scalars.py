"""Scalar types of the files: durations, sizes, moments of an order, paths, secrets."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Annotated

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationInfo,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from gateway.config.models import wrong
from gateway.core.text import Text

_UNITS = {
    "ms": timedelta(milliseconds=1),
    "s": timedelta(seconds=1),
    "min": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
}
_SPELLINGS = {
    **dict.fromkeys(("msec", "millisekunden", "milliseconds"), "ms"),
    **dict.fromkeys(("sec", "sek", "sekunde", "sekunden", "second", "seconds"), "s"),
    **dict.fromkeys(("m", "minute", "minuten", "minutes", "mins"), "min"),
    **dict.fromkeys(("std", "stunde", "stunden", "hour", "hours", "hr"), "h"),
    **dict.fromkeys(("t", "tag", "tage", "tagen", "day", "days"), "d"),
}
_LONGEST = timedelta(days=36_525)
_DURATION = r"^(\d+(\.\d+)?(ms|s|min|h|d))+$"
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|min|s|h|d)")
_MOMENT = re.compile(r"^day ([1-9]\d{0,2}) ([01]\d|2[0-3]):([0-5]\d)$")


def _duration(value: object) -> timedelta:
    if isinstance(value, timedelta):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise PydanticCustomError("no_unit", "a duration without its unit", {"number": f"{value}"})
    if isinstance(value, str) and re.fullmatch(r"\d+([.,]\d+)?", value):
        bare = value.replace(",", ".")
        raise PydanticCustomError("no_unit", "a duration without its unit", {"number": bare})
    if not isinstance(value, str) or not re.match(_DURATION, value):
        meant = _respelled(value) if isinstance(value, str) else None
        raise wrong(
            Text("das ist keine Dauer", "this is not a duration"),
            Text(f"Schreiben Sie {meant}.", f"Write {meant}.")
            if meant
            else Text(
                "Schreiben Sie Zahl und Einheit, zum Beispiel 100ms, 1s, 15min, 4h30min oder 30d.",
                "Write a number and a unit, for example 100ms, 1s, 15min, 4h30min or 30d.",
            ),
        )
    try:
        found = sum((float(n) * _UNITS[unit] for n, unit in _PART.findall(value)), timedelta())
    except OverflowError:
        found = timedelta.max
    if found > _LONGEST:
        raise wrong(
            Text("die Dauer ist länger als hundert Jahre", "the duration is above a hundred years"),
            Text("Prüfen Sie Zahl und Einheit.", "Check number and unit."),
        )
    return found


def _respelled(text: str) -> str | None:
    """The duration that was probably meant."""
    joined = re.sub(r"\s+", "", text.lower()).replace(",", ".")
    often = re.fullmatch(r"(\d{1,3}(?:\.\d{1,3})?)hz", joined)
    if often and float(often.group(1)):
        return f"{1000 / float(often.group(1)):.0f}ms"
    spelled = re.sub(r"[a-zäöü]+", lambda unit: _SPELLINGS.get(unit.group(), unit.group()), joined)
    return spelled if re.match(_DURATION, spelled) else None


def _longer_than_nothing(value: timedelta) -> timedelta:
    if value <= timedelta(0):
        raise wrong(
            Text("die Dauer ist 0", "the duration is 0"),
            Text(
                "Schreiben Sie eine Dauer über 0, zum Beispiel 1s.",
                "Write a duration above 0, for example 1s.",
            ),
        )
    return value


def _written(pattern: str) -> WithJsonSchema:
    examples = ["100ms", "1s", "15min", "4h30min", "30d"]
    return WithJsonSchema({"type": "string", "pattern": pattern, "examples": examples})


DurationOrZero = Annotated[timedelta, BeforeValidator(_duration), _written(_DURATION)]
"""A duration that may be 0s, where that means "none"."""
Duration = Annotated[
    timedelta,
    BeforeValidator(_duration),
    AfterValidator(_longer_than_nothing),
    _written(_DURATION.replace("^", "^(?=.*[1-9])")),
]
"""A duration above 0, written with its unit: 100ms, 1s, 15min, 4h30min, 30d."""
Period = Annotated[Duration, Field(ge=timedelta(milliseconds=10))]
"""How often something is asked: no network answers more often than every 10 ms."""


_SIZES = {"kB": 10**3, "MB": 10**6, "GB": 10**9}
_SIZE = r"^[1-9]\d{0,5}(kB|MB|GB)$"


def _size(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        raise wrong(
            Text("der Größe fehlt die Einheit", "the size has no unit"),
            Text(
                f"Schreiben Sie zum Beispiel {value}MB oder {value}GB.",
                f"Write for example {value}MB or {value}GB.",
            ),
        )
    if not isinstance(value, str) or not re.match(_SIZE, value):
        raise wrong(
            Text("das ist keine Größe", "this is not a size"),
            Text(
                "Schreiben Sie eine ganze Zahl und kB, MB oder GB, zum Beispiel 500MB.",
                "Write a whole number and kB, MB or GB, for example 500MB.",
            ),
        )
    return int(value[:-2]) * _SIZES[value[-2:]]


Size = Annotated[
    int,
    BeforeValidator(_size),
    WithJsonSchema({"type": "string", "pattern": _SIZE, "examples": ["500MB", "2GB"]}),
]
"""A number of bytes, written with its unit: 500MB, 2GB."""


def _moment(value: object) -> timedelta:
    if isinstance(value, timedelta):
        return value
    match = _MOMENT.match(value) if isinstance(value, str) else None
    if match is None:
        raise wrong(
            Text("das ist kein Zeitpunkt des Auftrags", "this is not a moment of the order"),
            Text(
                "Schreiben Sie Tag und Uhrzeit, zum Beispiel: day 1 06:00",
                "Write day and time, for example: day 1 06:00",
            ),
        )
    day, hour, minute = (int(part) for part in match.groups())
    return timedelta(days=day - 1, hours=hour, minutes=minute)


OrderMoment = Annotated[
    timedelta,
    BeforeValidator(_moment),
    WithJsonSchema({"type": "string", "pattern": _MOMENT.pattern, "examples": ["day 1 06:00"]}),
]
"""A moment in order time, since day 1 00:00, written ``day 1 06:00``."""


def from_home(path: Path | str) -> Path:
    """A path with ``~`` spelled out; as it is where the user that it names does not exist."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return Path(path)


def _local_path(value: Path, info: ValidationInfo) -> Path:
    folder = (info.context or {}).get("folder")
    path = from_home(value)
    if str(path).startswith("~"):
        raise wrong(
            Text(
                f"{value}: diesen Benutzer gibt es auf diesem Rechner nicht",
                f"{value}: there is no such user on this computer",
            ),
            Text("Schreiben Sie den ganzen Pfad.", "Write the whole path."),
        )
    return path if folder is None else Path(folder) / path


LocalPath = Annotated[
    Path, AfterValidator(_local_path), WithJsonSchema({"type": "string", "format": "path"})
]
"""A path; relative paths start at the folder of the file that names them."""


def _secret(value: object, info: ValidationInfo) -> object:
    if isinstance(value, SecretStr) or not (info.context or {}).get("looking_for_secrets"):
        return value
    raise PydanticCustomError("secret", "a secret stands here")


Secret = Annotated[
    SecretStr,
    BeforeValidator(_secret),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": r"^\$\{.+\}$",
            "examples": ["${MQTT_PASSWORD}", "${file:/run/secrets/mqtt}"],
        }
    ),
]
"""A secret: in a file only by reference, hidden in every text; ``.get_secret_value()`` reads it."""
