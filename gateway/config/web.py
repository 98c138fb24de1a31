"""The firm's own pages: where they are served, and how nobody on the way reads passwords."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Annotated, Any

from pydantic import AfterValidator, Field, GetJsonSchemaHandler, model_validator
from pydantic_core import CoreSchema

from gateway.config.hosts import Endpoint
from gateway.config.models import Objection, Strict, refuse, wrong
from gateway.config.scalars import Secret
from gateway.core.text import Text

LAN_PORT = 8443
"""Where the pages are on the network if the file names no port."""


@dataclass(frozen=True)
class Listen(Endpoint):
    """Host and port; or, written ``lan`` or ``lan:8443``, HTTPS at every address it has."""

    lan: bool = False

    def __str__(self) -> str:
        return f"lan:{self.port}" if self.lan else super().__str__()

    @classmethod
    def parse(cls, value: object) -> Listen:
        """From ``host:port`` or ``lan``; raises what pydantic turns into a message."""
        if isinstance(value, str) and (match := re.fullmatch(r"lan(?::([0-9]{1,5}))?", value)):
            port = match.group(1) or LAN_PORT
            return cls("::", Endpoint.parse(f"localhost:{port}").port, lan=True)
        if isinstance(value, str) and re.fullmatch(r"\s*lan\s*:?\s*\d*\s*", value, re.IGNORECASE):
            raise wrong(
                Text(
                    f"{value}: so ist lan nicht geschrieben", f"{value}: lan is written otherwise"
                ),
                Text(
                    "Schreiben Sie lan oder, mit einem anderen Port, lan:9443.",
                    "Write lan or, with another port, lan:9443.",
                ),
            )
        found = Endpoint.parse(value)
        return found if isinstance(found, cls) else cls(found.host, found.port)

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {
            "type": "string",
            "pattern": r"^(.+:\d{1,5}|lan(:\d{1,5})?)$",
            "examples": ["127.0.0.1:8080", "lan"],
        }


def _address(value: str) -> str:
    try:
        return str(ip_address(value))
    except ValueError as error:
        raise wrong(
            Text(f"{value} ist keine IP-Adresse", f"{value} is no IP address"),
            Text(
                "Schreiben Sie die Adresse, von der der Webserver fragt, z. B. 192.168.10.5",
                "Write the address from which the web server asks, e.g. 192.168.10.5",
            ),
        ) from error


class Web(Strict):
    """The firm's own pages and API."""

    listen: Listen = Field(
        default=Listen("127.0.0.1", 8080),
        description="Adresse und Port der Seiten; lan: verschlüsselt im ganzen Netz / address and "
        "port of the pages; lan: encrypted, in the whole network",
    )
    proxy: Annotated[str, AfterValidator(_address)] | None = Field(
        default=None,
        description="Adresse des Webservers, der davor verschlüsselt; nur er darf fragen / "
        "address of the web server in front that encrypts; only it may ask",
    )
    hosts: tuple[str, ...] = Field(
        default=(),
        description="Weitere Namen, unter denen Browser die Seiten öffnen dürfen, z. B. "
        "gateway.local / further names by which browsers may open the pages, e.g. gateway.local",
    )
    metrics_token: Secret | None = Field(
        default=None,
        description="Damit liest eine Überwachung /metrics, als Verweis / with it a monitoring "
        "system reads /metrics, by reference",
    )
    demo_token: Secret | None = Field(
        default=None, description="Nur für die Demo / for the demo only"
    )

    @model_validator(mode="after")
    def _nobody_reads_passwords(self) -> Web:
        refuse(self._in_clear())
        return self

    def _in_clear(self) -> Iterator[Objection]:
        if self.listen.lan and self.proxy is not None:
            yield Objection(
                Text(
                    "lan verschlüsselt selbst: da steht kein Webserver davor",
                    "lan encrypts by itself: no web server stands in front",
                ),
                Text(
                    "Löschen Sie proxy, oder nennen Sie unter listen Adresse und Port.",
                    "Delete proxy, or write address and port under listen.",
                ),
                ("proxy",),
            )
        elif not self.listen.lan and not self.listen.loopback and self.proxy is None:
            yield Objection(
                Text(
                    f"an {self.listen} gingen Passwörter unverschlüsselt durch das Netz",
                    f"at {self.listen} passwords would cross the network in clear",
                ),
                Text(
                    "Schreiben Sie listen: lan (verschlüsselt), oder nennen Sie unter proxy die "
                    "Adresse des Webservers, der davor verschlüsselt.",
                    "Write listen: lan (encrypted), or name under proxy the address of the web "
                    "server in front that encrypts.",
                ),
                ("listen",),
            )
