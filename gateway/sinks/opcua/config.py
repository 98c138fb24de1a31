"""What a person may write about the OPC UA server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field, model_validator

from gateway.config import Endpoint, Objection, Secret, SiteConfig, wrong
from gateway.core.outlets import EVERYTHING, ON_REQUEST, Outlet, reach
from gateway.core.signals import Signal, SignalId
from gateway.core.text import Text
from gateway.sinks.base import Apart, Fact, FirmSink, Place, SinkConfig
from gateway.sinks.opcua.types import OWN_INDEX


class OpcUaConfig(SinkConfig):
    """OPC UA server: signed and encrypted, users with passwords, clients trusted one by one."""

    apart: ClassVar[Apart] = Apart(memory=512)
    title: ClassVar[str] = "OPC UA"
    well: ClassVar[Text] = Text("bereit", "ready")

    type: Literal["opcua"] = Field(description="OPC-UA-Server / OPC UA server")
    listen: Endpoint = Field(
        default=Endpoint("127.0.0.1", 4840), description="Adresse und Port / address and port"
    )
    users: Mapping[str, Secret] = Field(
        default_factory=dict,
        description="Benutzer und Passwörter, als Verweis / users and passwords, by reference",
    )
    open: bool = Field(
        default=False,
        description="Ohne Anmeldung, nur in der Demo / without any login, for the demo only",
    )

    @model_validator(mode="after")
    def _somebody_can_log_in(self) -> OpcUaConfig:
        if self.open and self.users:
            raise wrong(
                Text("open und users zugleich", "both open and users"),
                Text(
                    "Ein offener Server fragt nach keinem Benutzer. Streichen Sie eines davon.",
                    "An open server asks for no user: remove one of the two.",
                ),
                ("users",),
            )
        if not self.open and not self.users:
            raise wrong(
                Text("der OPC-UA-Server hat keine Benutzer", "the OPC UA server has no users"),
                Text(
                    "Schreiben Sie zum Beispiel users: {leitstand: ${OPCUA_PASSWORD}}",
                    "Write for example users: {scada: ${OPCUA_PASSWORD}}",
                ),
            )
        return self

    def objections(self, *, simulated: bool) -> Sequence[Objection]:
        """An open server is for simulated machines on this computer only."""
        if not self.open:
            return ()
        fix = Text(
            "Setzen Sie open: false und tragen Sie users ein.", "Set open: false and give users."
        )
        if not simulated:
            what = Text(
                "ohne Anmeldung nur mit simulierten Maschinen",
                "without login only with simulated machines",
            )
            return (Objection(what, fix, ("open",)),)
        if not self.listen.loopback:
            what = Text(
                f"ohne Anmeldung nur auf diesem Rechner, nicht auf {self.listen}",
                f"without login only on this computer, not on {self.listen}",
            )
            local = Text(
                f"Schreiben Sie listen: 127.0.0.1:{self.listen.port}, oder open: false.",
                f"Write listen: 127.0.0.1:{self.listen.port}, or open: false.",
            )
            return (Objection(what, local, ("listen",)),)
        return ()

    @property
    def endpoint(self) -> str:
        """The address that clients connect to."""
        return f"opc.tcp://{self.listen}"

    def where(self, site: SiteConfig, signal: SignalId) -> Place:  # noqa: ARG002
        """The node of the signal."""
        return Place(
            self.type,
            self.title,
            (
                Fact("endpoint", Text("Adresse", "Endpoint"), self.endpoint),
                Fact("node", Text("Knoten", "Node"), node(signal)),
            ),
        )

    def build(self, site: SiteConfig, signals: Sequence[Signal], folder: Path) -> FirmSink:
        """The server for this firm; ``folder`` keeps its certificates."""
        from gateway.sinks.opcua.server import OpcUaSink  # noqa: PLC0415 - it needs this module

        return OpcUaSink(self, site, signals, folder)

    def outlet(self) -> Outlet:
        """Everything, to clients that may log in."""
        return Outlet(str(self.listen), reach(str(self.listen)), EVERYTHING, ON_REQUEST, asks=True)


def node(signal: SignalId) -> str:
    """The node id of a signal, as clients write it."""
    return f"ns={OWN_INDEX};s={signal.replace('/', '.')}"
