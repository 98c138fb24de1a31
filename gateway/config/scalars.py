"""Scalar types of the files: durations, addresses, moments of an order, paths, secrets."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    SecretStr,
    ValidationInfo,
    WithJsonSchema,
)
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from gateway.config.models import wrong
from gateway.config.type_sentences import SERIAL
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
_HOST = re.compile(r"^[A-Za-z0-9_]([A-Za-z0-9._-]*[A-Za-z0-9_])?\.?$")
_ENDS_IN_A_NUMBER = re.compile(r"(^|\.)\d+\.?$")
"""No name does, so that it cannot be taken for an address (RFC 3696, section 2)."""
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


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Host and port, written ``host:port``; an IPv6 host stands in brackets."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def loopback(self) -> bool:
        """Whether only this computer can reach it."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    @classmethod
    def parse(cls, value: object) -> Endpoint:
        """From ``host:port``; raises what pydantic turns into a message."""
        if isinstance(value, cls):
            return value
        match = (
            re.match(r"^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9._-]+)):(\d{1,5})$", value)
            if isinstance(value, str)
            else None
        )
        if match is None:
            raise _not_an_endpoint()
        port, host = int(match.group(3)), match.group(1) or match.group(2)
        if not 1 <= port <= 65535:
            raise _port_out_of_range(port)
        return cls(_host(host), port)

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: type[Any], handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(cls.parse)

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {"type": "string", "pattern": r"^.+:\d{1,5}$", "examples": ["127.0.0.1:8080"]}


def _not_an_endpoint() -> PydanticCustomError:
    return wrong(
        Text("das ist keine Adresse mit Port", "this is not an address with a port"),
        Text(
            "Schreiben Sie Rechner und Port, zum Beispiel 127.0.0.1:8080",
            "Write host and port, for example 127.0.0.1:8080",
        ),
    )


def _port_out_of_range(port: int) -> PydanticCustomError:
    return wrong(
        Text(f"den Port {port} gibt es nicht", f"there is no port {port}"),
        Text("Ports gehen von 1 bis 65535.", "Ports go from 1 to 65535."),
    )


def _host(value: str) -> str:
    if _is_address(value) or (_HOST.match(value) and not _ENDS_IN_A_NUMBER.search(value)):
        return value
    host, port = _taken_apart(value)
    if host is not None and port is not None:
        raise wrong(
            Text(f"{value}: hier steht nur der Rechner", f"{value}: only the host stands here"),
            Text(
                f"Schreiben Sie host: {host} und port: {port}",
                f"Write host: {host} and port: {port}",
            ),
        )
    raise wrong(
        Text(
            f"{value} ist weder Adresse noch Rechnername",
            f"{value} is neither an address nor the name of a host",
        ),
        _no_host(value)
        if host is None
        else Text(f'Schreiben Sie host: "{host}"', f'Write host: "{host}"'),
    )


def _no_host(value: str) -> Text:
    """What to write instead of something from which no host can be taken."""
    if value.startswith("/dev/") or re.fullmatch(r"com\d+", value, re.IGNORECASE):
        return SERIAL
    if re.fullmatch(r"\d+(\.\d+)+", value):
        return Text(
            "Eine Adresse hat vier Zahlen von 0 bis 255, zum Beispiel 192.168.10.21",
            "An address has four numbers from 0 to 255, for example 192.168.10.21",
        )
    return Text(
        "Schreiben Sie eine Adresse oder einen Namen, zum Beispiel 192.168.10.21",
        "Write an address or a name, for example 192.168.10.21",
    )


def _taken_apart(value: str) -> tuple[str | None, str | None]:
    """Host and port of what is not a bare host, each None where it cannot be told.

    Read so are an address in brackets or in the quotes of a letter, with a scheme before it, with a
    port or a network's mask behind it, and the leading zeros of a form (192.168.001.005 has no
    octal numbers).
    """
    found = re.fullmatch(
        r"(?:[a-z][a-z+-]*://)?(?:\[([0-9a-fA-F:.]+)\]|([^\s:/@\[\]]+))(?::(\d{1,5}))?(?:/\d{0,2})?",
        value.strip(" \t\u201c\u201d\u201e\u201a\u2018\u2019\u00ab\u00bb"),
    )
    if found is None:
        return None, None
    host, port = found.group(1) or found.group(2), found.group(3)
    if re.fullmatch(r"\d{1,3}(\.\d{1,3}){3}", host):
        host = ".".join(str(int(part)) for part in host.split("."))
    sound = _is_address(host) or (_HOST.match(host) and not _ENDS_IN_A_NUMBER.search(host))
    return (host, port) if sound else (None, None)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


Host = Annotated[str, Field(min_length=1), AfterValidator(_host)]
"""The address or the name of a computer, without a port."""

Port = Annotated[int, Field(ge=1, le=65535, description="Port, 1 bis 65535 / port, 1 to 65535")]


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
