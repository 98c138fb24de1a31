"""How a broker is reached, as a file says it: the firm's own one and the shared one alike."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from gateway.config.models import Strict, wrong
from gateway.config.scalars import LocalPath, Secret
from gateway.core.text import Text

_PATTERN = r"^mqtts?://(\[[0-9a-fA-F:]+\]|[A-Za-z0-9._-]+)(:\d{1,5})?/?$"


def _without_credentials(value: object) -> object:
    """An address that tells nobody a password: also not whoever reads the message about it."""
    if isinstance(value, str) and "@" in value:
        raise wrong(
            Text(
                "die Adresse enthält Zugangsdaten (vor dem @)",
                "the address holds credentials (before the @)",
            ),
            Text(
                'Schreiben Sie sie als user: ... und password: "${PASSWORD}" darunter.',
                'Write them below it as user: ... and password: "${PASSWORD}".',
            ),
        )
    if isinstance(value, str) and re.search(r":\d{6,}/?$", value):
        raise _port(value)
    return value


def _port_in_range(value: str) -> str:
    port = re.search(r":(\d+)/?$", value)
    if port is not None and int(port[1]) not in range(1, 65536):
        raise _port(value)
    return value


def _port(value: str) -> Exception:
    port = value.rstrip("/").rpartition(":")[2]
    return wrong(
        Text(f"den Port {port} gibt es nicht", f"there is no port {port}"),
        Text(
            "Ein Port ist eine Zahl von 1 bis 65535; üblich ist 8883 (mqtts) oder 1883 (mqtt).",
            "A port is a number from 1 to 65535; 8883 (mqtts) or 1883 (mqtt) is usual.",
        ),
    )


BrokerAddress = Annotated[
    str,
    BeforeValidator(_without_credentials),
    Field(pattern=_PATTERN),
    AfterValidator(_port_in_range),
]


class BrokerAccess(Strict):
    """Address, login and certificates of an MQTT broker."""

    broker: BrokerAddress = Field(
        description="Adresse, mit TLS: mqtts / address, with TLS: mqtts, e.g. mqtts://broker:8883"
    )
    user: str | None = Field(default=None, description="Benutzer am Broker / user at the broker")
    password: Secret | None = Field(
        default=None, description="Passwort, als Verweis / by reference"
    )
    protocol: Literal["auto", "3.1.1", "5"] = Field(
        default="auto", description="MQTT-Version; auto: 5, sonst 3.1.1 / auto: 5, else 3.1.1"
    )
    ca: LocalPath | None = Field(
        default=None, description="Zertifikat der eigenen Zertifizierungsstelle / own CA file"
    )
    certificate: LocalPath | None = Field(
        default=None,
        description="Eigenes Zertifikat, wenn verlangt / own certificate, where asked for",
    )
    key: LocalPath | None = Field(
        default=None, description="Schlüsseldatei zu certificate / key file of certificate"
    )

    @model_validator(mode="after")
    def _certificate_and_key(self) -> Self:
        if (self.certificate is None) != (self.key is None):
            given, lacks = ("certificate", "key") if self.key is None else ("key", "certificate")
            raise wrong(
                Text(f"{given} steht ohne {lacks} da", f"{given} stands without {lacks}"),
                Text(
                    f"Ergänzen Sie {lacks}: die Datei, die dazu gehört.",
                    f"Add {lacks}: the file that belongs to it.",
                ),
                (given,),
            )
        if self.certificate is not None and not self.broker.startswith("mqtts://"):
            raise wrong(
                Text(
                    "ein Zertifikat hat ohne TLS keine Wirkung",
                    "a certificate has no effect without TLS",
                ),
                Text(
                    "Schreiben Sie bei broker mqtts:// statt mqtt://.",
                    "Write mqtts:// instead of mqtt:// in broker.",
                ),
                ("certificate",),
            )
        return self
