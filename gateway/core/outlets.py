"""Where values go to, other than to partners: what a works council may ask about."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address
from urllib.parse import urlsplit

from gateway.core.text import Text


class Reach(StrEnum):
    """How far an address is. ``UNKNOWN``: the name does not tell whether it is in the house."""

    COMPUTER = "computer"
    NETWORK = "network"
    OUTSIDE = "outside"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Outlet:
    """One way out of the gateway. ``address`` has no credentials.

    ``fields`` says what goes there, ``when`` how often; ``asks`` is true where others come to
    fetch it (a server), false where the gateway brings it.
    """

    address: str
    reach: Reach
    fields: Text
    when: Text
    asks: bool = False


READINGS = Text("alle Messwerte mit Güte und Zeit", "all readings with quality and time")
STATES = Text("Zustände der Maschinen und Aufträge", "states of machines and jobs")
EVERYTHING = Text(f"{READINGS.de}; {STATES.de}", f"{READINGS.en}; {STATES.en}")
EACH_CYCLE = Text("mit jeder Abfrage, sonst bei Änderung", "with each poll, else when it changes")

ON_REQUEST = Text("auf Anfrage oder im Abonnement", "on request or by subscription")


def reach(address: str) -> Reach:
    """How far ``host:port`` or a URL reaches, as far as that can be told without asking anybody."""
    host = urlsplit(address if "://" in address else f"//{address}").hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return Reach.COMPUTER
    try:
        found = ip_address(host)
    except ValueError:
        inside = "." not in host or host.endswith((".local", ".lan", ".home.arpa", ".internal"))
        return Reach.NETWORK if host and inside else Reach.UNKNOWN
    if found.is_loopback:
        return Reach.COMPUTER
    return Reach.NETWORK if found.is_private or found.is_unspecified else Reach.OUTSIDE
