"""How to reach an MQTT broker, and what is exchanged with it."""

from __future__ import annotations

import re
import ssl
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

from gateway.config import BrokerAccess
from gateway.core.errors import NotConnected

_URL = re.compile(
    r"^(?P<scheme>mqtts?)://(?P<host>\[[0-9a-fA-F:]+\]|[A-Za-z0-9._-]+)(:(?P<port>\d{1,5}))?/?$"
)


class Protocol(StrEnum):
    """Which MQTT to speak; AUTO tries 5 and falls back to 3.1.1."""

    AUTO = "auto"
    V311 = "3.1.1"
    V5 = "5"


@dataclass(frozen=True, slots=True)
class Broker:
    """How to reach a broker. ``ca`` is a file of trusted certificates, by default the system's.

    ``certificate`` and ``key`` are ours, for a broker that asks for them.
    """

    host: str
    port: int
    tls: bool = False
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    protocol: Protocol = Protocol.AUTO
    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None

    @classmethod
    def of(cls, access: BrokerAccess) -> Broker:
        """The broker that a file names."""
        password = access.password.get_secret_value() if access.password else None
        broker = cls.parse(
            access.broker,
            user=access.user,
            password=password,
            protocol=Protocol(access.protocol),
            ca=access.ca,
        )
        return replace(broker, certificate=access.certificate, key=access.key)

    @classmethod
    def parse(
        cls,
        url: str,
        *,
        user: str | None = None,
        password: str | None = None,
        protocol: Protocol = Protocol.AUTO,
        ca: Path | None = None,
    ) -> Broker:
        """The broker of ``mqtt://host:1883`` or ``mqtts://host:8883``. Raises ValueError."""
        match = _URL.match(url)
        if match is None or int(match["port"] or 1) not in range(1, 65536):
            message = f"not a broker address: {url!r}; write mqtt://host:1883 or mqtts://host:8883"
            raise ValueError(message)
        tls = match["scheme"] == "mqtts"
        port = int(match["port"] or (8883 if tls else 1883))
        return cls(match["host"].strip("[]"), port, tls, user, password, protocol, ca)

    @property
    def url(self) -> str:
        """The address, without credentials."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'mqtts' if self.tls else 'mqtt'}://{host}:{self.port}"

    def tls_context(self) -> ssl.SSLContext:
        """TLS 1.2 or newer, with the broker's certificate and name checked.

        Raises NotConnected where a file of certificates cannot be used.
        """
        try:
            context = ssl.create_default_context(cafile=self.ca)
        except OSError as error:  # ssl's errors are OSErrors, too
            raise self._unusable(f"the trusted certificates in {self.ca}", error) from error
        if self.certificate is not None:
            try:
                context.load_cert_chain(self.certificate, self.key, password=_no_password)
            except OSError as error:
                ours = f"our certificate {self.certificate} with the key {self.key}"
                raise self._unusable(ours, error) from error
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.sslsocket_class = _TidySocket
        return context

    def _unusable(self, what: str, error: OSError) -> NotConnected:
        why = error.strerror or error
        return NotConnected(
            f"{self.url}: {what} cannot be used ({why}): it must be a readable PEM file"
        )


def _no_password() -> str:
    """A key that is locked cannot be used: nobody is there to be asked for its password."""
    return ""


class _TidySocket(ssl.SSLSocket):
    """Closes itself when the handshake fails; paho would leave it open."""

    def do_handshake(self, block: bool = False) -> None:  # noqa: FBT001, FBT002
        try:
            super().do_handshake(block)
        except OSError:
            self.close()
            raise


@dataclass(frozen=True, slots=True)
class Message:
    """One message, to send or received; ``retain`` of a received one: it was waiting for us."""

    topic: str
    payload: bytes
    qos: int = 1
    retain: bool = False
