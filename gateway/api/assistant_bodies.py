"""What a page asks of the assistant, and what it means. The lines are loaded when one is named."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal, cast

from pydantic import BaseModel, ConfigDict, Field

from gateway.api.assistant_shapes import LookedAt
from gateway.api.refusals import refusal
from gateway.api.rooms import Rooms
from gateway.config import SiteConfig
from gateway.machines.encodings import Encoding
from gateway.machines.numbering import Table
from gateway.machines.orders import Order

if TYPE_CHECKING:
    from ipaddress import IPv4Network

    from gateway.sources.line.base import ModbusConnect

SERIAL = ("/dev/tty", "/dev/pts/", "/dev/cu.", "/dev/rfcomm")
"""How the files of serial ports begin: to open others could do something."""
Host = Annotated[str, Field(min_length=1, max_length=253)]


class Strict(BaseModel):
    """A body without unknown keys."""

    model_config = ConfigDict(extra="forbid")


class Place(Strict):
    """Where is asked: ``hosts`` in the network, or a ``serial`` port with its settings.

    A scan may search a ``network`` for hosts, one that this computer is in.
    """

    hosts: list[Host] = Field(default=[], max_length=16)
    network: str | None = Field(default=None, max_length=32)
    port: int = Field(default=502, ge=1, le=65535)
    rtu: bool = False
    serial: str | None = Field(default=None, max_length=256)
    baud: int = Field(default=9600, ge=300, le=1_000_000)
    parity: Literal["none", "even", "odd"] = "none"
    stop_bits: Literal[1, 2] = 1
    timeout_ms: int | None = Field(default=None, ge=10, le=30_000)


class ScanBody(Strict):
    """A scan of ``units``; without ``consent`` nothing is asked."""

    place: Place
    units: list[Annotated[int, Field(ge=0, le=255)]] = Field(min_length=1, max_length=247)
    consent: Literal[True]


class LookBody(Strict):
    """A look at ``count`` addresses from ``first`` on, each read ``samples`` times."""

    place: Place
    unit: int = Field(ge=0, le=255)
    table: LookedAt = "either"
    first: int = Field(default=0, ge=0, le=65535)
    count: int = Field(default=24, ge=1, le=500)
    samples: int = Field(default=5, ge=2, le=20)
    consent: Literal[True]


class MarkBody(Strict):
    """A register that a person has given a name."""

    name: str = Field(pattern=r"^[a-z][a-z0-9-]{0,31}$")
    address: int = Field(ge=0, le=65535)
    encoding: Encoding
    order: Order | None = None
    scale: float = Field(default=1.0, allow_inf_nan=False)
    unit: str = Field(default="1", min_length=1, max_length=16)
    counter: bool = False


class TemplateBody(Strict):
    """Marks that become the points of a template."""

    name: str = Field(pattern=r"^[a-z][a-z0-9-]{0,31}$")
    title: str = Field(min_length=1, max_length=80)
    table: Literal["holding-registers", "input-registers"]
    marks: list[MarkBody] = Field(min_length=1, max_length=50)


def tables(wanted: LookedAt) -> Sequence[Table]:
    """In which it is looked, one after the other."""
    if wanted == "either":
        return (Table.HOLDING_REGISTERS, Table.INPUT_REGISTERS)
    return (Table(wanted),)


def connects(place: Place, units: Sequence[int]) -> list[ModbusConnect]:
    """The lines that are named, as a firm's file would name them. Raises HTTPException."""
    if [place.serial, place.network, place.hosts or None].count(None) != 2:
        raise refusal(
            422,
            "Nennen Sie Adressen im Netzwerk, ein eigenes Netz oder einen seriellen Anschluss.",
            "Name addresses in the network, an own network, or a serial port.",
        )
    if place.network is not None:
        return []
    if place.serial is None:
        kind = "modbus-rtu-over-tcp" if place.rtu else "modbus-tcp"
        said: list[dict[str, object]] = [
            {"type": kind, "host": host, "port": place.port} for host in place.hosts
        ]
        return [_connect(one, place, units[0]) for one in said]
    if not all(1 <= unit <= 247 for unit in units):
        raise refusal(
            422,
            "An einer seriellen Leitung gehen Gerätenummern von 1 bis 247.",
            "On a serial line units go from 1 to 247.",
        )
    if "\0" in place.serial or not os.path.realpath(place.serial).startswith(SERIAL):
        raise refusal(
            422,
            "Das ist kein serieller Anschluss. Schreiben Sie den Pfad, am besten den festen Namen "
            "des Adapters: /dev/serial/by-id/… Ist der Adapter eingesteckt?",
            "This is no serial port. Write its path, best the adapter's lasting name: "
            "/dev/serial/by-id/… Is the adapter plugged in?",
        )
    settings: dict[str, object] = {"type": "modbus-rtu", "port": place.serial}
    settings |= {"baud": place.baud, "parity": place.parity, "stop_bits": place.stop_bits}
    return [_connect(settings, place, units[0])]


def in_network(
    place: Place, units: Sequence[int]
) -> tuple[IPv4Network, Callable[[str], ModbusConnect]]:
    """The network that is named, and the line of a host in it. Raises HTTPException."""
    from gateway.assistant.network import NotOurs, named, networks  # noqa: PLC0415

    try:
        network = named(place.network or "", networks())
    except NotOurs as error:
        raise refusal(422, error.text.de, error.text.en) from error

    def at(host: str) -> ModbusConnect:
        (line,) = connects(place.model_copy(update={"network": None, "hosts": [host]}), units)
        return line

    return network, at


async def doors(site: SiteConfig) -> frozenset[tuple[str, int]]:
    """The addresses and ports at which the gateway polls devices."""
    from gateway.sources.line.lookup import places_of  # noqa: PLC0415

    found = set()
    for machine in site.machines:
        for device in machine.devices:
            port = getattr(device.connect, "port", None)
            for line in await places_of(device.connect):
                if isinstance(port, int):
                    found.add((line.removesuffix(f" {port}"), port))
    return frozenset(found)


def _connect(said: dict[str, object], place: Place, unit: int) -> ModbusConnect:
    from pydantic import ValidationError  # noqa: PLC0415

    from gateway.sources.line import variants  # noqa: PLC0415

    said |= {"unit": unit}
    if place.timeout_ms is not None:
        said |= {"timeout": f"{place.timeout_ms}ms"}
    try:
        found = variants()[str(said["type"])].model_validate(said)
    except ValidationError as error:
        raise refusal(
            422,
            "Diese Adresse passt nicht. Schreiben Sie eine IP-Adresse oder einen Namen, ohne "
            "http:// und ohne Port.",
            "This address does not fit. Write an IP address or a name, without http:// and "
            "without a port.",
        ) from error
    return cast("ModbusConnect", found)


@dataclass(frozen=True, slots=True)
class Free:
    """Lines (every name and address) that the gateway does not poll, after so many readings."""

    lines: frozenset[str]
    readings: int


async def refuse_own(rooms: Rooms, wanted: Sequence[ModbusConnect]) -> Free:
    """The lines that are wanted. Raises HTTPException where this gateway polls one of them."""
    from gateway.sources.line.lookup import places_of  # noqa: PLC0415

    readings = rooms.asking.readings
    polled = {
        line: machine.name
        for machine in rooms.site.machines
        for device in machine.devices
        for line in await places_of(device.connect)
    }
    lines = {line for connect in wanted for line in await places_of(connect)}
    if (taken := next((line for line in lines if line in polled), None)) is not None:
        machine = polled[taken]
        raise refusal(
            409,
            f"Diese Leitung fragt das Gateway selbst ab, für {machine}: Zwei, die "
            "zugleich fragen, stören einander. Nehmen Sie die Maschine aus der Datei der "
            "Firma, lesen Sie die Dateien neu (Seite »Zustand«), und fragen Sie dann.",
            f"The gateway polls this line itself, for {machine}: two that ask at once "
            "disturb each other. Take the machine out of the firm's file, read the files "
            "again (page »Health«), and ask then.",
        )
    return Free(frozenset(lines), readings)
