"""Scalar types of the files: computers, with and without a port."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Annotated, Any

from pydantic import AfterValidator, Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from gateway.config.models import wrong
from gateway.config.type_sentences import SERIAL
from gateway.core.text import Text

_HOST = re.compile(r"^[A-Za-z0-9_]([A-Za-z0-9._-]*[A-Za-z0-9_])?\.?$")
_ENDS_IN_A_NUMBER = re.compile(r"(^|\.)\d+\.?$")
"""No name does, so that it cannot be taken for an address (RFC 3696, section 2)."""


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
