"""A template as people read it: one section of Markdown, in German or English. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from gateway.config import Bilingual
from gateway.core.text import Language, Text
from gateway.machines.derived import Derived, Operation
from gateway.machines.parameters import Parameter
from gateway.machines.point import Point
from gateway.machines.proof import Document, Proof
from gateway.machines.template import Order, Table, Template

PROOFS: Mapping[Proof | None, Text] = {
    Proof.READ: Text(
        "gelesen: Die Register stehen so in den genannten Listen; an einem Gerät ist nichts "
        "geprüft.",
        "read: the registers stand like this in the lists below; nothing is checked at a device.",
    ),
    Proof.RECORDED: Text(
        "aufgezeichnet: Eine Aufnahme eines Geräts zeigt, was seine Anzeige zeigte.",
        "recorded: a recording of a device shows what its display showed.",
    ),
    Proof.DEVICE: Text(
        "am Gerät: Ein Gerät ist neben seiner Anzeige gelesen worden.",
        "at the device: a device was read, beside its display.",
    ),
    None: Text("ein Beispiel, kein Gerät", "an example, nobody's device"),
}
"""How far a template is proven."""

TABLES: Mapping[Table, Text] = {
    Table.COILS: Text("Ausgangsbit", "coil"),
    Table.DISCRETE_INPUTS: Text("Eingangsbit", "discrete input"),
    Table.HOLDING_REGISTERS: Text("Halteregister", "holding register"),
    Table.INPUT_REGISTERS: Text("Eingangsregister", "input register"),
}

OPERATIONS: Mapping[Operation, Text] = {
    Operation.SUM: Text("Summe aus", "sum of"),
    Operation.DIFFERENCE: Text("Differenz aus", "difference of"),
    Operation.PRODUCT: Text("Produkt aus", "product of"),
}

WIRING = Text("Anschluss", "Wiring")
PARAMETERS = Text("Parameter, in der Datei der Maschine", "Parameters, in the machine's file")
CAVEATS = Text("Was man wissen muss", "What one has to know")
POINTS = Text("Messpunkte", "Points")
SOURCES = Text("Quellen", "Sources")
COLUMNS = Text(
    "| Name | Bedeutung | Einheit | Steht in | Kodierung | Quelle |",
    "| Name | Meaning | Unit | Stands in | Encoding | Source |",
)


def card(template: Template, language: Language) -> str:
    """All that the file says of a device."""
    told = template.identification
    device = Text(
        f"Gerät: {told.manufacturer} {told.model}. Beweis: ",
        f"Device: {told.manufacturer} {told.model}. Proof: ",
    ).in_(language)
    parts = [
        f"## {template.template}: {template.title.text.in_(language)}",
        device + PROOFS[template.proof].in_(language),
        *_listed(WIRING, _in(template.wiring, language), language),
        *_listed(PARAMETERS, (_parameter(p, language) for p in template.parameters), language),
        *_listed(CAVEATS, _in(template.caveats, language), language),
        f"### {POINTS.in_(language)}",
        _points(template, language),
        *_listed(SOURCES, (_document(*one) for one in template.sources.items()), language),
    ]
    return "\n\n".join(parts) + "\n"


def _in(texts: Sequence[Bilingual], language: Language) -> Iterator[str]:
    return (one.text.in_(language) for one in texts)


def _listed(heading: Text, lines: Iterator[str], language: Language) -> Iterator[str]:
    listed = "\n".join(f"- {line}" for line in lines)
    if listed:
        yield f"### {heading.in_(language)}"
        yield listed


def _parameter(parameter: Parameter, language: Language) -> str:
    means = parameter.means.text.in_(language)
    if parameter.choices:
        choices = "; ".join(f"`{c.name}`: {c.means.text.in_(language)}" for c in parameter.choices)
        first = Text("ohne Angabe das Erste", "the first where nothing is given")
        return f"`{parameter.name}`: {means}. {choices} ({first.in_(language)})"
    if parameter.default is None:
        given = Text("muss angegeben werden", "must be given")
    else:
        number = f"{parameter.default:g}"
        given = Text(f"ohne Angabe {number}", f"{number} where nothing is given")
    return f"`{parameter.name}`: {means} ({given.in_(language)})"


def _points(template: Template, language: Language) -> str:
    rows = [_point(point, language) for point in template.points]
    rows += [_derived(one, language) for one in template.derived]
    return "\n".join((COLUMNS.in_(language), "|---|---|---|---|---|---|", *rows))


def _point(point: Point, language: Language) -> str:
    cells = (
        f"`{point.name}`",
        point.means.text.in_(language) + _condition(point, language),
        "" if point.unit == "1" else point.unit,
        f"{TABLES[point.table].in_(language)} {point.place.in_(language)}",
        encoding(point, language),
        _source(point),
    )
    return f"| {' | '.join(cells)} |"


def _derived(one: Derived, language: Language) -> str:
    parts = ", ".join(f"`{part}`" for part in one.parts)
    unit = "" if one.unit == "1" else one.unit
    made = OPERATIONS[one.operation].in_(language)
    return f"| `{one.name}` | {one.means.text.in_(language)} | {unit} | {made} {parts} | | |"


def _condition(point: Point, language: Language) -> str:
    told = ", ".join(f"{name}: {choice}" for name, choice in point.when.items())
    return f" ({Text('nur bei', 'only with').in_(language)} `{told}`)" if told else ""


def encoding(point: Point, language: Language) -> str:
    """How the registers of a point are read."""
    said = [] if point.is_table_bit else [str(point.encoding)]
    if point.bit is not None:
        said = [f"{point.encoding} {point.bit}"]
    if point.length is not None:
        said.append(Text(f"{point.length} Register", f"{point.length} registers").in_(language))
    if point.order not in (None, Order.HIGH_FIRST):
        low_first = Text("niedriges Wort zuerst", "low word first").in_(language)
        said.append(low_first if point.order is Order.LOW_FIRST else str(point.order))
    if point.mask is not None:
        said.append(f"& 0x{point.mask:X}")
    if point.scale != 1:
        said.append(f"x {point.scale:g}")
    if point.scale_from is not None:
        said.append(f"x 10^`{point.scale_from}`")
    if point.offset:
        said.append(f"+ {point.offset:g}")
    listed = point.values or {}
    said += [f"{number}: {told.text.in_(language)}" for number, told in listed.items()]
    return ", ".join(said)


def _source(point: Point) -> str:
    told = ", ".join(point.source)
    return told if point.proof is None else f"{told} (`{point.proof}`)"


def _document(key: str, document: Document) -> str:
    told = [document.title, document.edition, document.seen]
    return f"`{key}`: {'; '.join(one for one in told if one)}"
