"""``werkverbund read``: one look at a machine, from register words to value and quality."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.cli.errors import USAGE_IS_WRONG, CommandError
from gateway.cli.printing import json_line, say
from gateway.cli.read_advice import advice, on_strange
from gateway.cli.templates import known
from gateway.cli.templates import parameters as parameters_of
from gateway.core.findings import Finding, Why
from gateway.core.signals import Fault, Quality, Reason
from gateway.core.text import Language, Text
from gateway.machines.numbering import FUNCTIONS

if TYPE_CHECKING:
    from gateway.cli.reaching import Reached
    from gateway.config import Machine, SiteConfig
    from gateway.sources.line.base import Exchange
    from gateway.sources.read_once import PointRead

NOTHING = Text("keine Antwort", "no answer")

QUALITIES = {
    Quality.GOOD: Text("gut", "good"),
    Quality.UNCERTAIN: Text("unsicher", "uncertain"),
    Quality.BAD: Text("schlecht", "bad"),
}
REASONS = {
    Reason.OK: Text("", ""),
    Reason.NO_CONNECTION: Text("keine Verbindung", "no connection"),
    Reason.TIMEOUT: Text("keine Antwort", "no answer"),
    Reason.REFUSED: Text("vom Gerät abgelehnt", "refused by the device"),
    Reason.DESYNC: Text("die Antwort passt nicht zur Frage", "the answer does not fit"),
    Reason.UNDECODABLE: Text("nicht zu deuten", "cannot be decoded"),
    Reason.SENTINEL: Text("Gerät meldet »kein Wert«", 'device says "no value"'),
    Reason.OUT_OF_RANGE: Text("außerhalb der Grenzen", "outside its limits"),
    Reason.APART: Text("Teile aus mehreren Abfragen", "parts of several requests"),
    Reason.STALE: Text("veraltet", "stale"),
    Reason.DISABLED: Text("abgeschaltet", "disabled"),
}


EVERY = timedelta(seconds=1)
SILENT = (Reason.NO_CONNECTION, Reason.TIMEOUT, Reason.DESYNC)


def choose(
    file: Path | None,
    machine: str | None,
    *,
    template: str | None = None,
    reached: Reached | None = None,
    parameters: Sequence[str] = (),
    every: timedelta | None = None,
    units: Sequence[int] = (),
) -> tuple[SiteConfig, Sequence[Machine]]:
    """The machines of a firm's file, or a device named on the command line."""
    if file is None:
        if template is None or reached is None or not reached.named:
            raise CommandError(
                Text(
                    "Nennen Sie die Datei der Firma, oder --template und --host oder --serial.",
                    "Name the firm's file, or --template and --host or --serial.",
                ),
                USAGE_IS_WRONG,
            )
        site = _single(template, reached, parameters, every or EVERY, units)
        return site, site.machines
    from gateway.cli.rooms import site as site_of  # noqa: PLC0415

    site = site_of(file, with_files=False)
    chosen = [one for one in site.machines if machine in (None, one.name)]
    if not chosen:
        names = ", ".join(one.name for one in site.machines)
        raise CommandError(
            Text(
                f"Die Maschine {machine} gibt es in der Datei nicht. Es gibt: {names}",
                f"There is no machine {machine} in the file. There are: {names}",
            ),
            USAGE_IS_WRONG,
        )
    return site, chosen


def _single(
    template: str,
    reached: Reached,
    parameters: Sequence[str],
    every: timedelta,
    units: Sequence[int],
) -> SiteConfig:
    from gateway.config import Bilingual, Device, Machine, SiteConfig  # noqa: PLC0415

    values = parameters_of(known(template), parameters)
    connect = reached.connect()
    machines = []
    for unit in units or [connect.unit]:
        at = connect.model_copy(update={"unit": unit})
        device = Device(template=template, connect=at, parameters=values, every=every)
        several = len(units) > 1
        title = Bilingual(de=f"Gerät {unit}", en=f"Device {unit}")
        one = title if several else Bilingual(de="Gerät", en="Device")
        name = f"device-{unit}" if several else "device"
        machines.append(Machine(name=name, title=one, devices=(device,)))
    return SiteConfig(firm="read", name="-", state=Path(), machines=tuple(machines))


def read_now(
    site: SiteConfig,
    machines: Sequence[Machine],
    language: Language,
    *,
    as_json: bool,
    as_hex: bool = False,
    every: float | None = None,
) -> bool:
    """Read and print, again ``every`` so often; True when every point could be read."""
    from gateway.sources.read_once import read_once  # noqa: PLC0415

    async def all_of_them() -> list[tuple[tuple[PointRead, ...], list[Exchange]]]:
        found = []
        for machine in machines:
            heard: list[Exchange] = []
            found.append((await read_once(site, machine.name, heard.append), heard))
        return found

    if every is not None:
        with suppress(KeyboardInterrupt):
            while True:
                read_now(site, machines, language, as_json=as_json, as_hex=as_hex)
                time.sleep(every)
        return True
    found = asyncio.run(all_of_them())
    for machine, (points, heard) in zip(machines, found, strict=True):
        if as_json:
            for point in points:
                json_line(_as_json(machine, point, heard, as_hex=as_hex))
        elif all(point.reading.fault.reason in SILENT for point in points):
            say(_nobody(machine, points[0].reading.fault).in_(language))
        else:
            _print_table(machine, points, language)
            for one in advice(machine, points):
                say(f"  → {one.in_(language)}")
            if (most := _shortest(points)) is not None:
                say(_too_long(machine, most).in_(language))
        silent = all(point.reading.fault.reason in SILENT for point in points)
        if not as_json and (as_hex or not silent):
            for line in asked(heard, language, as_hex=as_hex):
                say(f"  {line}")
    return all(one.reading.quality is not Quality.BAD for points, _ in found for one in points)


def asked(heard: Sequence[Exchange], language: Language, *, as_hex: bool) -> Iterator[str]:
    """Each question with the time of its answer, and as the bytes that were on the line."""
    for one in heard:
        if one.block is None:
            continue
        block, took = one.block, f"{one.seconds * 1000:.0f} ms"
        what = Text(
            f"Gerätenummer {one.unit}, Funktion {FUNCTIONS[block.table]}, {block.first} bis "
            f"{block.last}: {took}",
            f"unit {one.unit}, function {FUNCTIONS[block.table]}, {block.first} to "
            f"{block.last}: {took}",
        )
        yield f"{what.in_(language)}{instead(one.found, language)}"
        if as_hex:
            yield from frames(one)


def instead(found: Finding | None, language: Language) -> str:
    """What there was instead of an answer, with the code of an exception."""
    if found is None:
        return ""
    why = found.text or (NOTHING if found.why is Why.NO_ANSWER else Text(str(found), str(found)))
    code = f" ({found.got})" if found.why is Why.EXCEPTION else ""
    return f", {why.in_(language)}{code}"


def frames(exchange: Exchange) -> Iterator[str]:
    """Question and answer in hexadecimal."""
    yield f"  → {exchange.sent.hex(' ').upper() or '-'}"
    yield f"  ← {exchange.received.hex(' ').upper() or '-'}"


def _shortest(points: Sequence[PointRead]) -> int | None:
    return min((one.max_registers for one in points if one.max_registers), default=None)


def _too_long(machine: Machine, most: int) -> Text:
    """What to write for a device that says nothing to a long request."""
    return Text(
        f"{machine.name}: auf längere Anfragen schweigt das Gerät.\n"
        f"  → Schreiben Sie in die Vorlage: workarounds: {{max_registers: {most}}}",
        f"{machine.name}: the device is silent to longer requests.\n"
        f"  → Write into the template: workarounds: {{max_registers: {most}}}",
    )


def _nobody(machine: Machine, fault: Fault) -> Text:
    """Where a machine was looked for in vain, and what to check."""
    at = sorted({f"{one.connect.key}" for one in machine.devices})  # type: ignore[attr-defined]
    units = sorted({one.connect.unit for one in machine.devices})  # type: ignore[attr-defined]
    place, unit = ", ".join(at), ", ".join(map(str, units))
    why = Text(_why(fault, "de"), _why(fault, "en"))
    if fault.reason is Reason.DESYNC:
        fix = on_strange(fault.found, machine.devices[0].connect.type)
        return Text(
            f"{machine.name}: {why.de} ({place}, Gerätenummer {unit})\n  → {fix.de}",
            f"{machine.name}: {why.en} ({place}, unit {unit})\n  → {fix.en}",
        )
    if any(one.connect.type != "modbus-tcp" for one in machine.devices):
        return Text(
            f"{machine.name}: {why.de} ({place}, Gerätenummer {unit})\n"
            "  → Prüfen Sie Strom und Anschluss, ob A und B vertauscht sind, Baudrate, Parität, "
            "Stoppbits und die Gerätenummer.",
            f"{machine.name}: {why.en} ({place}, unit {unit})\n"
            "  → Check power and connection, whether A and B are swapped, baud rate, parity, stop "
            "bits, and the unit.",
        )
    if fault.reason is Reason.TIMEOUT and fault.code is None:
        return Text(
            f"{machine.name}: {why.de} ({place}, Gerätenummer {unit})\n"
            "  → Dort nimmt jemand Verbindungen an. Prüfen Sie die Gerätenummer, den Strom des "
            "Geräts und seine Leitung. Reicht ein Umsetzer nur die Bytes weiter, versuchen Sie "
            "--rtu (in der Datei: type: modbus-rtu-over-tcp); ist das Gerät langsam, --timeout 2s.",
            f"{machine.name}: {why.en} ({place}, unit {unit})\n"
            "  → Somebody accepts connections there. Check the unit, the device's power and its "
            "line. If a converter only hands bytes on, try --rtu (in a file: type: "
            "modbus-rtu-over-tcp); if the device is slow, --timeout 2s.",
        )
    return Text(
        f"{machine.name}: {why.de} ({place}, Gerätenummer {unit})\n"
        "  → Prüfen Sie Strom und Netzwerkkabel des Geräts, Adresse und Port, Gerätenummer.",
        f"{machine.name}: {why.en} ({place}, unit {unit})\n"
        "  → Check the device's power and network cable, address and port, and the unit.",
    )


def _why(fault: Fault, language: Language) -> str:
    """The reason, with what was found."""
    reason = REASONS[fault.reason].in_(language)
    code = "" if fault.code is None else f" ({fault.code})"
    detail = "" if fault.detail is None else f": {fault.detail.in_(language)}"
    return f"{reason}{code}{detail}"


def _as_json(
    machine: Machine, point: PointRead, heard: Sequence[Exchange], *, as_hex: bool
) -> dict[str, object]:
    signal, reading, words = point.signal, point.reading, point.words
    at, own = point.point, _exchange(point, heard)
    more: dict[str, object] = {}
    if as_hex and own is not None:
        more = {"sent": own.sent.hex(), "received": own.received.hex()}
    return {
        "machine": machine.name,
        "point": signal.id.partition("/")[2],
        "means": signal.means.as_json(),
        "value": reading.value,
        "unit": signal.unit.ucum,
        "quality": reading.quality.name.lower(),
        "reason": str(reading.fault),
        "detail": reading.fault.detail.as_json() if reading.fault.detail else None,
        "at": reading.at.isoformat().replace("+00:00", "Z"),
        "function": point.asked[0] if point.asked else None,
        "address": point.asked[1] if point.asked else None,
        "number": at.number if at else None,
        "answer_ms": None if own is None else round(own.seconds * 1000, 1),
        "words": list(words.words) if words else None,
        "max_registers": point.max_registers,
        **more,
    }


def _exchange(point: PointRead, heard: Sequence[Exchange]) -> Exchange | None:
    """The last question that asked for a point."""
    at = point.point
    if at is None:
        return None
    own = (
        one
        for one in reversed(heard)
        if one.block is not None
        and (one.unit, one.block.table) == (point.unit, at.table)
        and one.block.first <= at.address
        and at.last <= one.block.last
    )
    return next(own, None)


def _print_table(machine: Machine, points: Sequence[PointRead], language: Language) -> None:
    heads = Text(
        "Messpunkt|Wert|Güte|Funktion|Adresse|Register (hex)",
        "Point|Value|Quality|Function|Address|Registers (hex)",
    )
    rows = [heads.in_(language).split("|"), *(_row(point, language) for point in points)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    say(f"{machine.name}: {machine.title.text.in_(language)}")
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        say(f"  {'  '.join(cells)}".rstrip())


def _row(point: PointRead, language: Language) -> list[str]:
    reading, words = point.reading, point.words
    quality = QUALITIES[reading.quality].in_(language)
    reason = _why(reading.fault, language)
    return [
        point.signal.id.partition("/")[2],
        _value(point, language),
        f"{quality}: {reason}" if reason else quality,
        str(point.asked[0]) if point.asked else "-",
        point.asked[2].in_(language) if point.asked else "-",
        " ".join(f"{word:04X}" for word in words.words) if words else "-",
    ]


def _value(point: PointRead, language: Language) -> str:
    value, unit = point.reading.value, point.signal.unit.display
    if value is None:
        return "-"
    if (word := point.signal.word(value)) is not None:
        return f"{word.in_(language)} ({int(value)})"
    if isinstance(value, bool):
        return Text("ja" if value else "nein", "yes" if value else "no").in_(language)
    shown = f"{value:.6g}" if isinstance(value, float) else str(value)
    if language == "de":
        shown = shown.replace(".", ",")
    return f"{shown} {unit}".rstrip()
