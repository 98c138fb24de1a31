"""``werkverbund scan``: which devices are on a line, or in the network, and what they are like."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.cli.errors import USAGE_IS_WRONG, CommandError
from gateway.cli.printing import ask, complain, json_line, say
from gateway.core.errors import Unreachable
from gateway.core.text import Language, Text

if TYPE_CHECKING:
    from ipaddress import IPv4Network

    from gateway.assistant.network import Door
    from gateway.assistant.scan import Found
    from gateway.sources.line.base import ModbusConnect

MOST = 247
A_SECOND = 5


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for: ``connects`` are lines, ``units`` the numbers to ask for on each."""

    connects: Sequence[ModbusConnect]
    units: Sequence[int]


def units(text: str) -> list[int]:
    """``1-10,20`` as numbers. Raises CommandError."""
    found: list[int] = []
    for part in text.split(","):
        first, _, last = part.strip().partition("-")
        if not first.isdecimal() or not (last or first).isdecimal():
            raise _not_units(text)
        found += range(int(first), int(last or first) + 1)
    if not found or min(found) < 0 or max(found) > 255:
        raise _not_units(text)
    return list(dict.fromkeys(found))


def _not_units(text: str) -> CommandError:
    return CommandError(
        Text(
            f"{text} sind keine Gerätenummern. Schreiben Sie sie so: 1-10 oder 1,2,17",
            f"{text} are no units. Write them like this: 1-10 or 1,2,17",
        ),
        USAGE_IS_WRONG,
    )


def consent(wanted: Wanted, language: Language, *, agreed: bool) -> bool:
    """Say what will be done, and ask whether it may."""
    places = ", ".join(connect.key for connect in wanted.connects[:4])
    if len(wanted.connects) > 4:
        places += ", …"
    count = len(wanted.units)
    many = Text(
        f"{count} Gerätenummer{'n' if count > 1 else ''}", f"{count} unit{'s' if count > 1 else ''}"
    )
    complain(
        Text(
            f"Gefragt wird an {places}, {many.de} je Leitung, höchstens {A_SECOND} Anfragen in "
            "der Sekunde, nur lesend (Funktionen 1 bis 4, dazu 17 und 43/14: was ein "
            "Gerät ist). Fragen Sie vorher, wem die Anlage "
            "gehört: Manche alte Steuerung verträgt keine fremden Anfragen.",
            f"This asks at {places}, {many.en} on each line, at most {A_SECOND} requests a "
            "second, reading only (functions 1 to 4, and 17 and 43/14: what a device is). "
            "Ask its owner first: some old "
            "controllers do not take questions of strangers.",
        ).in_(language)
    )
    if agreed:
        return True
    return _yes(Text("Jetzt fragen? [j/N] ", "Ask now? [y/N] "), language)


def in_use(firm: Path | None) -> frozenset[Door]:
    """The doors of the devices of a firm's file, which are in use. Raises ConfigError."""
    if firm is None:
        return frozenset()
    from gateway.cli.rooms import site  # noqa: PLC0415
    from gateway.sources.line.lookup import Lookup  # noqa: PLC0415

    connects = [
        device.connect
        for machine in site(firm, with_files=False).machines
        for device in machine.devices
    ]
    named = {
        (str(getattr(one, "host", "")).lower(), int(getattr(one, "port", 0)))
        for one in connects
        if hasattr(one, "host")
    }

    async def found() -> frozenset[Door]:
        doors = {
            (address, port) for host, port in named for address in await Lookup(host).addresses()
        }
        return frozenset(doors)

    return asyncio.run(found())


def search(
    wanted: Sequence[str], port: int, ours: frozenset[Door], language: Language, *, agreed: bool
) -> list[str]:
    """The hosts of the networks that accept a connection at ``port``; asks before each network.

    ``own`` means all of this computer. Raises CommandError for one that is not its own.
    """
    from gateway.assistant.network import NotOurs, about, named, networks  # noqa: PLC0415

    own, hosts = networks(), []
    try:
        chosen = own if "own" in wanted else [named(one, own) for one in wanted]
    except NotOurs as error:
        raise CommandError(error.text, USAGE_IS_WRONG) from error
    if not chosen:
        complain(
            Text(
                "Dieser Rechner ist in keinem privaten Netz.",
                "This computer is in no private network.",
            ).in_(language)
        )
    for network in chosen:
        what = about(network, [port])
        question = Text(f"{what.de}: durchsuchen? [j/N] ", f"{what.en}: search it? [y/N] ")
        if agreed:
            complain(what.in_(language))
        elif not _yes(question, language):
            continue
        hosts += asyncio.run(_knock(network, port, ours))
    found = ", ".join(hosts) or "-"
    complain(Text(f"Verbindung möglich: {found}", f"Connections accepted: {found}").in_(language))
    return hosts


async def _knock(network: IPv4Network, port: int, ours: frozenset[Door]) -> list[str]:
    from gateway.assistant.network import knock  # noqa: PLC0415

    return [host async for (host, _), opens in knock(network, [port], ours) if opens]


def _yes(question: Text, language: Language) -> bool:
    answer = ask(question.in_(language))
    return answer is not None and answer.lower()[:1] in {"j", "y"}


def scan_now(wanted: Wanted, language: Language, *, as_json: bool) -> bool:
    """Ask, and print what is found as it is found; True where somebody is there."""
    return asyncio.run(_scan(wanted, language, as_json=as_json))


async def _scan(wanted: Wanted, language: Language, *, as_json: bool) -> bool:
    from gateway.assistant.question import Asker, Turns  # noqa: PLC0415
    from gateway.assistant.scan import Found, scan  # noqa: PLC0415
    from gateway.machines import catalog  # noqa: PLC0415

    templates = [catalog.template(name) for name in catalog.names()]
    count, turns = 0, Turns()  # of all lines together
    for connect in wanted.connects:
        asker = Asker(connect, turns)
        try:
            async for seen in scan(asker, wanted.units, templates):
                if isinstance(seen, Found):
                    count += 1
                    _tell(connect, seen, language, as_json=as_json)
        except Unreachable as error:
            why = error.found.text or Text("keine Verbindung", "no connection")
            complain(f"{connect.key}: {why.in_(language)}")
        finally:
            asker.close()
    if not as_json:
        say(_end(count).in_(language))
    return count > 0


def _end(count: int) -> Text:
    if count == 0:
        return Text(
            "Niemand hat geantwortet. Prüfen Sie Strom und Anschluss, ob A und B vertauscht sind, "
            "Baudrate und Parität, und ob das Gerät Modbus spricht.",
            "Nobody has answered. Check power and connection, whether A and B are swapped, baud "
            "rate and parity, and whether the device speaks Modbus.",
        )
    return Text(
        f"{count} Gerät{'e' if count > 1 else ''} gefunden. Ohne passende Vorlage: "
        "werkverbund look zeigt, was in den Registern steht.",
        f"{count} device{'s' if count > 1 else ''} found. Without a template that fits: "
        "werkverbund look shows what its registers hold.",
    )


def _tell(connect: ModbusConnect, found: Found, language: Language, *, as_json: bool) -> None:
    if as_json:
        json_line(
            {
                "line": connect.key,
                "unit": found.unit,
                "answer_s": round(found.heard.seconds, 3),
                "every_unit": found.for_all,
                "says": list(found.says),
                "registers": [[table.value, first] for table, first in found.places],
                "templates": [
                    {
                        "name": match.template.template,
                        "likely": match.likely,
                        "bits": round(match.bits, 1),
                        "evidence": match.text().as_json(),
                    }
                    for match in found.matches
                ],
            }
        )
        return
    unit = Text("Gerätenummer", "unit").in_(language)
    say(f"{connect.key}, {unit} {found.unit} ({found.heard.seconds * 1000:.0f} ms)")
    for line in _lines(found):
        say(f"  {line.in_(language)}")


def _lines(found: Found) -> Iterator[Text]:
    if found.for_all:
        yield Text(
            "Dieselbe Antwort kommt auf jede Gerätenummer: Das Gerät (oder ein Gateway davor) "
            "achtet nicht auf sie. Andere Nummern mit dieser Antwort werden nicht genannt.",
            "The same answer comes for every unit: the device (or a gateway before it) does not "
            "look at the number. Other units with this answer are not named.",
        )
    if found.says:
        says = " ".join(found.says)
        yield Text(f"sagt, es sei: {says}", f"says that it is: {says}")
    for match in found.matches[:3]:
        name, text = match.template.template, match.text()
        sure = Text("wahrscheinlich", "likely") if match.likely else Text("möglich", "possible")
        yield Text(f"{sure.de} {name}: {text.de}", f"{sure.en} {name}: {text.en}")
    if not found.matches:
        yield Text(
            "antwortet, aber keine Vorlage passt zu dem, was es sagt",
            "answers, but no template fits what it says",
        )
    for table, group in groupby(found.places, key=lambda place: place[0]):
        firsts = ", ".join(str(first) for _, first in group)
        yield Text(f"Register bei: {table} {firsts}", f"registers at: {table} {firsts}")
