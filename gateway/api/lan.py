"""The pages on the network: encrypted, found by a name, both said to whoever set them up."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from gateway.api.certificate import Certificate, OwnCertificate
from gateway.api.parts import OK, WAITING
from gateway.api.rooms import Part
from gateway.core.text import Text
from gateway.drivers import mdns

log = logging.getLogger(__name__)

NOWHERE = Text("Seiten: kein Netz", "Pages: no network")
LOOK = 3600.0
"""Seconds between two looks whether the certificate is about to end."""


def label(firm: str) -> str:
    """The name of a firm's gateway in its network, without ``.local``."""
    return f"werkverbund-{firm}"[:63].rstrip("-")


@dataclass(slots=True)
class Lan:
    """How the pages of one firm can be reached from other computers.

    ``tell`` says to whoever started the gateway what is known later, such as its name.
    """

    folder: Path
    firm: str
    port: int
    now: Callable[[], datetime]
    tell: Callable[[Text, str | None], None]
    certificate: Certificate | None = None
    name: str | None = None
    trouble: Text | None = None
    _own: OwnCertificate = field(init=False)

    def __post_init__(self) -> None:
        self._own = OwnCertificate(self.folder, self.firm)

    @property
    def hosts(self) -> list[str]:
        """The names by which browsers call this gateway, besides its addresses."""
        names = [label(self.firm), *(f"{label(self.firm)}-{n}" for n in range(2, mdns.MOST + 1))]
        own = socket.gethostname()
        return [own, f"{own}.local", *(f"{name}.local" for name in names)]

    def listening(self) -> socket.socket:
        """A socket at every address, of IPv4 and of IPv6 where the computer has it.

        Raises OSError when the port is taken.
        """
        return socket.create_server(
            ("" if (both := socket.has_dualstack_ipv6()) else "0.0.0.0", self.port),
            family=socket.AF_INET6 if both else socket.AF_INET,
            dualstack_ipv6=both,
            backlog=128,
        )

    async def open(self) -> None:
        """Load the certificate, or make it. Raises OSError."""
        names = [f"{label(self.firm)}.local", *self.hosts[:2], "localhost", "127.0.0.1"]
        names += await asyncio.to_thread(mdns.addresses)
        found = await asyncio.to_thread(self._own.renew, names, self.now())
        if self.certificate is not None and self.certificate != found:
            log.warning("the certificate of the pages is new: fingerprint %s", found.fingerprint)
        self.certificate = found

    @property
    def context(self) -> ssl.SSLContext:
        """What encrypts."""
        return self._own.context

    async def stay(self) -> None:
        """Keep the name known and the certificate valid until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(mdns.be_known(label(self.firm), self.port, self._known), name="mdns")
            group.create_task(self._keep_valid(), name="certificate")

    async def _keep_valid(self) -> None:
        while True:
            await asyncio.sleep(LOOK)
            try:
                await self.open()
            except OSError as error:
                log.warning("the certificate of the pages cannot be renewed: %s", error)

    def _known(self, name: str | None, trouble: Text | None) -> None:
        if name is None and trouble != self.trouble:
            log.warning("the network knows no name for the pages: %s", trouble)
        if name is not None and name != self.name:
            link = f"https://{name}:{self.port}/"
            self.tell(Text(f"Seiten: {link}", f"Pages: {link}"), None)
        self.name, self.trouble = name, trouble

    def links(self) -> list[str]:
        """Where the pages are, as other computers write it; addresses first: phones know those."""
        places = [f"[{own}]" if ":" in own else own for own in mdns.addresses()]
        if self.name is not None:
            places.append(self.name)
        return [f"https://{place}:{self.port}/" for place in places]

    def announcement(self) -> Text:
        """The links and the fingerprint, a line each, for whoever set the gateway up."""
        links = self.links()
        if self.certificate is None or not links:
            return NOWHERE
        places = "\n".join(links)
        return Text(
            f"Seiten:\n{places}\nFingerabdruck des Zertifikats (SHA-256), vor dem der Browser "
            f"beim ersten Mal warnt:\n{self.certificate.fingerprint}",
            f"Pages:\n{places}\nFingerprint (SHA-256) of the certificate of which the browser "
            f"warns at first:\n{self.certificate.fingerprint}",
        )

    def part(self) -> Part:
        """The pages on the network, for health."""
        links, own = self.links(), self.certificate
        if own is None or not links:
            return Part("lan", WAITING, NOWHERE)
        places, end = ", ".join(links), own.until
        where = Text(
            f"verschlüsselt erreichbar: {places}. Fingerabdruck des Zertifikats (SHA-256): "
            f"{own.fingerprint}, gültig bis {end:%d.%m.%Y}.",
            f"reached encrypted at {places}. Fingerprint of the certificate (SHA-256): "
            f"{own.fingerprint}, valid until {end:%Y-%m-%d}.",
        )
        if self.name is None:
            why = self.trouble or Text("wird gerade bekannt gemacht", "is being made known")
            where = Text(
                f"{where.de} Ohne Namen im Netz: {why.de}.",
                f"{where.en} Without a name in the network: {why.en}.",
            )
        return Part("lan", OK, where)
