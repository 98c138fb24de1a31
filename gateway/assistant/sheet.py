"""The sheet of a machine: one page for the electrician and the owner, as text and as a page. Pure.

It says what was wired where, which registers are read, what counts as a run, and what will not be
seen; all of it follows from the machine's file and its template.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape

from gateway.config import Device, Machine, SiteConfig, Variant
from gateway.config.machine_text import said_of, spelled
from gateway.config.model_keys import description
from gateway.core.text import Language, Text
from gateway.machines import catalog
from gateway.machines.card import PROOFS, TABLES, encoding
from gateway.machines.point import Point
from gateway.machines.template import Template

COLUMNS = (
    Text("Messpunkt", "Point"),
    Text("Steht in", "Stands in"),
    Text("Kodierung", "Encoding"),
    Text("Einheit", "Unit"),
)
NO_EVIDENCE = Text(
    "Für diese Maschine ist keine Erkennung eingetragen: Ihre Werte werden gezeigt und "
    "gespeichert, Läufe werden nicht gezählt.",
    "No evidence is set for this machine: its values are shown and stored, runs are not counted.",
)
SELF_MADE = Text(
    "Was die Register bedeuten, steht in keinem Dokument, das die Vorlage nennt: Prüfen Sie jeden "
    "Wert einmal mit einem zweiten Instrument.",
    "What the registers mean stands in no document that the template names: check each value once "
    "with a second instrument.",
)
READS_ONLY = Text(
    "Das Gateway liest nur. Es schreibt nichts in die Maschine.",
    "The gateway only reads. It writes nothing to the machine.",
)
_KEYS = {
    "type": Text("Art", "Kind"),
    "host": Text("Adresse", "Address"),
    "port": Text("Anschluss", "Port"),
    "baud": Text("Baudrate", "Baud rate"),
    "parity": Text("Parität", "Parity"),
    "stop_bits": Text("Stoppbits", "Stop bits"),
    "unit": Text("Gerätenummer", "Unit"),
    "timeout": Text("Wartezeit", "Timeout"),
}
_WORDS = {
    "modbus-tcp": Text("Modbus TCP", "Modbus TCP"),
    "modbus-rtu": Text("Modbus RTU, serielle Leitung", "Modbus RTU, serial line"),
    "modbus-rtu-over-tcp": Text("Modbus RTU über TCP", "Modbus RTU over TCP"),
    "none": Text("keine", "none"),
    "even": Text("gerade", "even"),
    "odd": Text("ungerade", "odd"),
    "scrap": Text("zählt als Ausschuss", "counts as scrap"),
    "rework": Text("wird nachgearbeitet", "is reworked"),
}
"""Words of a file, for people."""
_DURATION = re.compile(r"([0-9.]+)(ms|s|min|h|d)")
_KINDS = {
    "power-runs": Text("Läufe aus der Leistung", "runs, from the power"),
    "counters": Text("Teile aus einem Zähler", "parts, from a counter"),
    "charges": Text("Chargen eines Ofens", "charges of a furnace"),
}


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a sheet: facts, a table, sentences; whatever of them there is."""

    title: Text
    facts: Sequence[tuple[Text, Text]] = ()
    columns: Sequence[Text] = ()
    rows: Sequence[Sequence[Text]] = ()
    sentences: Sequence[Text] = ()


@dataclass(frozen=True, slots=True)
class Sheet:
    """A machine on one page."""

    title: Text
    lead: Text
    parts: Sequence[Part]


@dataclass(frozen=True, slots=True)
class FirstRun:
    """The first run that was counted: when it ended, and how long it was (None: not known)."""

    at: datetime
    seconds: float | None


def sheet(
    site: SiteConfig, machine: Machine, day: datetime, first: FirstRun | None = None
) -> Sheet:
    """What is to be kept of a machine, as it is on this ``day`` (local time)."""
    devices = [part for device in machine.devices for part in _device(device)]
    parts = [_about(site, machine, first), *devices, _evidence(machine), *_caveats(machine)]
    said = f"{day:%d.%m.%Y}", f"{day:%Y-%m-%d}"
    return Sheet(
        machine.title.text,
        Text(
            f"Maschinenblatt vom {said[0]}, Gateway {site.name}",
            f"Machine sheet of {said[1]}, gateway {site.name}",
        ),
        parts,
    )


def _about(site: SiteConfig, machine: Machine, first: FirstRun | None) -> Part:
    facts = [(Text("Kurzname", "Short name"), _same(machine.name))]
    for label, value in (
        (Text("Baujahr", "Built"), machine.built),
        (Text("Hersteller", "Manufacturer"), machine.manufacturer),
        (Text("Typ", "Model"), machine.model),
        (Text("Seriennummer", "Serial number"), machine.serial),
    ):
        if value is not None:
            facts.append((label, _same(str(value))))
    facts.append((Text("Firma", "Firm"), _same(f"{site.name} ({site.firm})")))
    if first is not None:
        facts.append((Text("Erster gezählter Lauf", "First counted run"), _when(first)))
    return Part(Text("Maschine", "Machine"), facts, sentences=[READS_ONLY])


def _when(first: FirstRun) -> Text:
    at = Text(f"{first.at:%d.%m.%Y, %H:%M:%S}", f"{first.at:%Y-%m-%d, %H:%M:%S}")
    if first.seconds is None:
        return at
    return Text(f"{at.de}, {_comma(first.seconds)} s lang", f"{at.en}, {first.seconds:.1f} s long")


def _device(device: Device) -> Iterator[Part]:
    template = catalog.of(device)
    told = template.identification
    model = "" if told.model == "unknown" else f" ({told.model})"
    named = Text(f"{template.title.de}{model}", f"{template.title.en}{model}")
    facts = [(Text("Gerät", "Device"), named)]
    said = {"unit": getattr(device.connect, "unit", None), **said_of(device.connect)}
    if said["type"] == "modbus-rtu":
        said |= {key: getattr(device.connect, key) for key in ("baud", "parity", "stop_bits")}
    facts += [(_KEYS.get(key, _same(key)), _worded(value)) for key, value in _ordered(said)]
    facts.append((Text("Abgefragt alle", "Asked every"), _worded(spelled(device.every))))
    facts += [
        (parameter.means.text, _same(str(device.parameters.get(parameter.name, _usual(parameter)))))
        for parameter in catalog.template(device.template).parameters
    ]
    yield Part(Text("Anschluss", "Wiring"), facts, sentences=[w.text for w in template.wiring])
    yield Part(
        Text("Was gelesen wird", "What is read"),
        columns=COLUMNS,
        rows=[_row(point) for point in template.points],
    )


def _ordered(said: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    yield from ((key, said[key]) for key in _KEYS if said.get(key) is not None)
    yield from ((key, value) for key, value in said.items() if key not in _KEYS)


def _usual(parameter: object) -> object:
    choices = getattr(parameter, "choices", ())
    return choices[0].name if choices else f"{getattr(parameter, 'default', None):g}"


def _row(point: Point) -> Sequence[Text]:
    means, table, place = point.means, TABLES[point.table], point.place
    return (
        means.text,
        Text(f"{table.de} {place.in_('de')}", f"{table.en} {place.in_('en')}"),
        Text(encoding(point, "de"), encoding(point, "en")),
        _same("" if point.unit == "1" else point.unit),
    )


def _evidence(machine: Machine) -> Part:
    title = Text("Woran Arbeit erkannt wird", "What shows that it works")
    evidence = machine.evidence
    if evidence is None:
        return Part(title, sentences=[NO_EVIDENCE])
    said = said_of(evidence)
    facts = [(Text("Art", "Kind"), _KINDS.get(evidence.type, _same(evidence.type)))]
    for key, value in said.items():
        means = description(type(evidence), said, (key,))
        if key != "type" and means is not None and not isinstance(value, dict):
            facts.append((means, _worded(value)))
    return Part(title, facts, sentences=list(expected(machine)))


def expected(machine: Machine) -> Iterator[Text]:
    """What will not be seen at this period, or not exactly."""
    evidence, every = machine.evidence, max(device.every for device in machine.devices)
    if evidence is None:
        return
    exact = _worded(spelled(2 * every))
    yield Text(
        f"Zu erwartender Fehler: Beginn und Ende werden auf {exact.de} genau erkannt: Eine "
        "Flanke braucht zwei Abfragen.",
        f"Expected error: beginnings and ends are known to {exact.en}: an edge needs two polls.",
    )
    run, pause = _sure(evidence, "min_run", every), _sure(evidence, "min_pause", every)
    if run and pause:
        yield Text(
            f"Sicher gezählt werden Läufe ab {run.de}, mit Pausen ab {pause.de} dazwischen. Was "
            "kürzer ist, kann fehlen oder verschmelzen.",
            f"Runs from {run.en} on are counted for sure, with pauses from {pause.en} on between "
            "them. What is shorter may be missed or merged.",
        )


def _sure(evidence: Variant, key: str, every: timedelta) -> Text | None:
    """A stretch of so long is met by samples that are far enough apart, wherever they fall."""
    least = getattr(evidence, key, None)
    return _worded(spelled(max(least, every) + every)) if isinstance(least, timedelta) else None


def _caveats(machine: Machine) -> Iterator[Part]:
    templates = {device.template: catalog.of(device) for device in machine.devices}
    said = [text for template in templates.values() for text in _known_of(template)]
    if said:
        yield Part(Text("Was man wissen muss", "What one has to know"), sentences=said)


def _known_of(template: Template) -> Iterator[Text]:
    yield from (caveat.text for caveat in template.caveats)
    sources = "; ".join(document.title for document in template.sources.values())
    if sources:
        yield Text(f"Quellen der Vorlage: {sources}.", f"Sources of the template: {sources}.")
    if template.proof is None:
        yield SELF_MADE
    else:
        proof = PROOFS[template.proof]
        yield Text(f"Beweis der Vorlage: {proof.de}", f"Proof of the template: {proof.en}")


def _same(text: str) -> Text:
    return Text(text, text)


def _worded(value: object) -> Text:
    """A value of a file as people write it: 3,25 s, 3.25 s."""
    said = str(value)
    if (duration := _DURATION.fullmatch(said)) is not None:
        number, unit = duration.groups()
        return Text(f"{number.replace('.', ',')} {unit}", f"{number} {unit}")
    if isinstance(value, float):
        return Text(said.replace(".", ","), said)
    return _WORDS.get(said, _same(said))


def _comma(number: float) -> str:
    return f"{number:.1f}".replace(".", ",")


def as_text(page: Sheet, language: Language) -> str:
    """The sheet for a terminal."""
    lines = [page.title.in_(language), page.lead.in_(language)]
    for part in page.parts:
        lines += ["", part.title.in_(language).upper()]
        width = max((len(label.in_(language)) for label, _ in part.facts), default=0)
        lines += [
            f"  {label.in_(language):<{width}}  {value.in_(language)}"
            for label, value in part.facts
        ]
        table = [[cell.in_(language) for cell in row] for row in (part.columns, *part.rows) if row]
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        for row in table:
            cells = (cell.ljust(size) for cell, size in zip(row, widths, strict=True))
            lines.append(f"  {'  '.join(cells)}".rstrip())
        lines += [f"  - {sentence.in_(language)}" for sentence in part.sentences]
    return "\n".join(lines)


STYLE = (
    "@page{size:A4;margin:12mm}body{font:9pt/1.3 sans-serif;color:#111;max-width:186mm;margin:auto}"
    "h1{font-size:16pt;margin:0}h2{font-size:10pt;margin:3mm 0 1mm;border-bottom:1px solid #999}"
    "p{margin:0 0 1mm}ul{margin:1mm 0;padding-left:4mm}dl{display:grid;margin:0;"
    "grid-template-columns:max-content 1fr max-content 1fr;gap:.5mm 4mm}dt{color:#555}dd{margin:0}"
    "table{border-collapse:collapse;width:100%;font-size:8pt}th{text-align:left}"
    "td,th{padding:.2mm 2mm .2mm 0;border-bottom:1px solid #ddd;vertical-align:top}"
)


def as_html(page: Sheet, language: Language) -> str:
    """The sheet as a page of its own, to be printed on one sheet of A4."""

    def said(text: Text) -> str:
        return escape(text.in_(language))

    body = [f"<h1>{said(page.title)}</h1><p>{said(page.lead)}</p>"]
    for part in page.parts:
        body.append(f"<h2>{said(part.title)}</h2>")
        if part.facts:
            facts = "".join(f"<dt>{said(k)}</dt><dd>{said(v)}</dd>" for k, v in part.facts)
            body.append(f"<dl>{facts}</dl>")
        if part.rows:
            head = "".join(f"<th>{said(cell)}</th>" for cell in part.columns)
            rows = "".join(
                f"<tr>{''.join(f'<td>{said(cell)}</td>' for cell in row)}</tr>" for row in part.rows
            )
            body.append(f"<table><tr>{head}</tr>{rows}</table>")
        if part.sentences:
            items = "".join(f"<li>{said(one)}</li>" for one in part.sentences)
            body.append(f"<ul>{items}</ul>")
    title = said(page.title)
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{STYLE}</style></head><body>{''.join(body)}</body></html>\n"
    )
