"""What the points of a template must keep to together; each rule says how to mend the file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from gateway.config import Objection, choice
from gateway.core.text import Text
from gateway.machines.derived import Derived
from gateway.machines.encodings import Shape
from gateway.machines.limits import Range, Workarounds
from gateway.machines.numbering import LAST, Numbering, Table
from gateway.machines.placed import Placed
from gateway.machines.point import Point


def objections(
    points: Sequence[Point], readable: Sequence[Range], workarounds: Workarounds
) -> Iterator[Objection]:
    """Everything that does not fit together between the points of a device and its limits."""
    lost = [*_addresses(points, readable)]
    yield from lost or _among(points, readable, workarounds)
    if not lost:
        yield from _factors(points, readable, workarounds)


def among(
    points: Sequence[Point], readable: Sequence[Range], workarounds: Workarounds
) -> Iterator[Objection]:
    """What does not fit together whatever other points there are: some may be wrong by themselves.

    ``at`` counts the given points.
    """
    yield from [*_addresses(points, readable)] or _among(points, readable, workarounds)


def _among(
    points: Sequence[Point], readable: Sequence[Range], workarounds: Workarounds
) -> Iterator[Objection]:
    yield from _names(points)
    yield from _places(points)
    yield from _limits(readable, workarounds)
    yield from _readable(points, readable, workarounds)


def _addresses(points: Sequence[Point], readable: Sequence[Range]) -> Iterator[Objection]:
    """Every number is an address of its table."""
    for index, point in enumerate(points):
        at: tuple[str | int, ...] = ("points", index, "address")
        yield from _address(point, point.number, f"{point.name}: ", at)
        if point.address <= LAST < point.last:
            yield Objection(
                Text(
                    f"{point.name}: der Wert reicht über die letzte Adresse {LAST} hinaus",
                    f"{point.name}: the value reaches past the last address {LAST}",
                ),
                Text("Prüfen Sie address.", "Check address."),
                at,
            )
    for index, range_ in enumerate(readable):
        yield from _address(range_, range_.first_number, "", ("readable", index, "first"))
        yield from _address(range_, range_.last_number, "", ("readable", index, "last"))


def _address(
    placed: Placed, number: int, whose: str, at: tuple[str | int, ...]
) -> Iterator[Objection]:
    table, numbering = placed.table, placed.numbering
    first, last = numbering.first(table), numbering.last(table)
    if first <= number <= last:
        return
    other = numbering.table(number)
    if other is not None:
        yield Objection(
            Text(
                f"{whose}{number} ist eine Adresse von {other}, nicht von {table}",
                f"{whose}{number} is an address of {other}, not of {table}",
            ),
            Text(
                f"Schreiben Sie table: {other}, oder prüfen Sie die Adresse.",
                f"Write table: {other}, or check the address.",
            ),
            at,
        )
        return
    fix = Text(f"Erlaubt ist {first} bis {last}.", f"Allowed is {first} to {last}.")
    meant = next((one for one in _MANUALS if one.table(number) is table), None)
    if numbering is Numbering.ZERO and meant is not None:
        fix = Text(
            f"Zählt das Handbuch so, dann schreiben Sie: numbering: {meant}",
            f"If the manual counts so, write: numbering: {meant}",
        )
    elif number < first:
        fix = Text(
            f"{fix.de} Zählt das Handbuch ab 0, dann schreiben Sie: numbering: from-zero",
            f"{fix.en} If the manual counts from 0, write: numbering: from-zero",
        )
    yield Objection(
        Text(
            f"{whose}die Adresse {number} gibt es nicht (numbering: {numbering})",
            f"{whose}there is no address {number} (numbering: {numbering})",
        ),
        fix,
        at,
    )


_MANUALS = (Numbering.FIVE_DIGITS, Numbering.SIX_DIGITS)


def _names(points: Sequence[Point]) -> Iterator[Objection]:
    """No two points share a name."""
    seen: set[str] = set()
    for index, point in enumerate(points):
        if point.name in seen:
            yield Objection(
                Text(f"zwei Punkte heißen {point.name}", f"two points are called {point.name}"),
                Text("Benennen Sie einen davon um.", "Rename one of them."),
                ("points", index, "name"),
            )
        seen.add(point.name)


def _places(points: Sequence[Point]) -> Iterator[Objection]:
    """No value begins inside another, and none is read twice; other encodings may look again."""
    there: dict[tuple[Table, int], list[Point]] = {}
    for index, point in enumerate(points):
        registers = [(point.table, at) for at in range(point.address, point.last + 1)]
        below = [one for at in registers for one in there.get(at, ()) if one.name != point.name]
        before = next((one for one in below if _same(one, point) or _crossed(one, point)), None)
        if before is not None:
            yield Objection(
                Text(
                    f"{point.name} ({point.place.de}) liegt auf den Registern von {before.name} "
                    f"({before.place.de})",
                    f"{point.name} ({point.place.en}) lies on the registers of {before.name} "
                    f"({before.place.en})",
                ),
                Text(
                    "Prüfen Sie address, oder streichen Sie einen der beiden Punkte.",
                    "Check address, or remove one of the two points.",
                ),
                ("points", index, "address"),
            )
        for at in registers:
            there.setdefault(at, []).append(point)


def _same(one: Point, other: Point) -> bool:
    return (one.address, one.encoding, one.bit, one.mask) == (
        other.address,
        other.encoding,
        other.bit,
        other.mask,
    )


def _crossed(one: Point, other: Point) -> bool:
    """Both take several registers of which they share some, and begin at different ones."""
    return min(one.words, other.words) > 1 and one.address != other.address


def _factors(
    points: Sequence[Point], readable: Sequence[Range], workarounds: Workarounds
) -> Iterator[Objection]:
    """The point that holds a power of ten is there, and can be read in one request with its own."""
    named = {point.name: point for point in points}
    for index, point in enumerate(points):
        if point.scale_from is None:
            continue
        factor = named.get(point.scale_from)
        if factor is None:
            yield Objection(
                Text(
                    f"{point.name}: den Punkt {point.scale_from} gibt es nicht",
                    f"{point.name}: there is no point {point.scale_from}",
                ),
                choice(point.scale_from, list(named)),
                ("points", index, "scale_from"),
            )
        elif (why := _why_no_factor(point, factor, readable, workarounds)) is not None:
            yield Objection(
                Text(f"{point.name}: {why.de}", f"{point.name}: {why.en}"),
                Text(
                    "Nennen Sie den Punkt mit der Zehnerpotenz, eine ganze Zahl in derselben "
                    "Tabelle und in Reichweite einer Anfrage.",
                    "Name the point with the power of ten: a whole number of the same table, "
                    "within reach of one request.",
                ),
                ("points", index, "scale_from"),
            )


def _why_no_factor(
    point: Point, factor: Point, readable: Sequence[Range], workarounds: Workarounds
) -> Text | None:
    if factor.encoding.shape is not Shape.WHOLE or factor.scale_from or factor.scale != 1.0:
        return Text(
            f"{factor.name} enthält keine Zehnerpotenz", f"{factor.name} holds no power of ten"
        )
    first, last = min(point.address, factor.address), max(point.last, factor.last)
    ranges = [range_ for range_ in readable if range_.table is point.table]
    together = not ranges or any(r.first <= first and last <= r.last for r in ranges)
    if factor.table is point.table and together and last - first < workarounds.max_registers:
        return None
    return Text(
        f"{factor.name} ({factor.place.de}) kann nicht in derselben Anfrage gelesen werden",
        f"{factor.name} ({factor.place.en}) cannot be read in the same request",
    )


def _limits(readable: Sequence[Range], workarounds: Workarounds) -> Iterator[Objection]:
    """The limits of the device do not exclude each other."""
    even = workarounds.even_only
    if even and workarounds.max_registers < 2:
        yield Objection(
            Text(
                "even_only und max_registers 1 schließen einander aus",
                "even_only and max_registers 1 exclude each other",
            ),
            Text("Schreiben Sie max_registers: 2 oder mehr.", "Write max_registers: 2 or more."),
            ("workarounds", "max_registers"),
        )
    for index, range_ in enumerate(readable):
        if even and not range_.of_bits and (range_.last - range_.first) % 2 == 0:
            first, last = range_.shown(range_.first_number), range_.shown(range_.last_number)
            yield Objection(
                Text(
                    f"even_only: {first.de} bis {last.de} ist eine ungerade Anzahl",
                    f"even_only: {first.en} to {last.en} is an odd count",
                ),
                Text("Nehmen Sie eine Adresse dazu oder weg.", "Add or remove one address."),
                ("readable", index, "last"),
            )


def _readable(
    points: Sequence[Point], readable: Sequence[Range], workarounds: Workarounds
) -> Iterator[Objection]:
    """Every point can be read within the declared ranges and limits."""
    for index, point in enumerate(points):
        ranges = [range_ for range_ in readable if range_.table is point.table]
        if ranges and not any(r.first <= point.address and point.last <= r.last for r in ranges):
            yield Objection(
                Text(
                    f"{point.name} ({point.place.de}) liegt in keinem lesbaren Bereich",
                    f"{point.name} ({point.place.en}) lies in no readable range",
                ),
                Text(
                    "Ergänzen Sie readable, oder prüfen Sie address.",
                    "Extend readable, or check address.",
                ),
                ("points", index, "address"),
            )
        if point.words > workarounds.max_registers and not point.is_table_bit:
            yield Objection(
                Text(
                    f"{point.name} braucht mehr Register als max_registers erlaubt",
                    f"{point.name} takes more registers than max_registers allows",
                ),
                Text("Erhöhen Sie max_registers.", "Raise max_registers."),
                ("points", index, "encoding"),
            )


def derived(points: Sequence[Point], entries: Sequence[Derived]) -> Iterator[Objection]:
    """What is derived has a name of its own, one operation, and numbers of this device as parts."""
    named = {point.name: point for point in points}
    seen = set(named)
    for index, entry in enumerate(entries):
        if entry.name in seen:
            yield Objection(
                Text(f"zwei Punkte heißen {entry.name}", f"two points are called {entry.name}"),
                Text("Benennen Sie einen davon um.", "Rename one of them."),
                ("derived", index, "name"),
            )
        seen.add(entry.name)
        if len(entry.operations) != 1:
            yield Objection(
                Text(
                    f"{entry.name}: sum, difference oder product, genau eines davon",
                    f"{entry.name}: sum, difference or product, exactly one of them",
                ),
                Text(
                    "Schreiben Sie zum Beispiel sum: [power-l1, power-l2].",
                    "Write for example sum: [power-l1, power-l2].",
                ),
                ("derived", index),
            )
        for operation, parts in entry.operations.items():
            for at, name in enumerate(parts):
                yield from _part(entry, named, name, ("derived", index, str(operation), at))


def _part(
    entry: Derived, named: Mapping[str, Point], name: str, at: tuple[str | int, ...]
) -> Iterator[Objection]:
    part = named.get(name)
    if part is None:
        yield Objection(
            Text(
                f"{entry.name}: den Punkt {name} gibt es nicht",
                f"{entry.name}: there is no point {name}",
            ),
            choice(name, list(named)),
            at,
        )
    elif part.encoding.shape in (Shape.BIT, Shape.TEXT) or part.values is not None:
        yield Objection(
            Text(f"{entry.name}: {name} ist keine Zahl", f"{entry.name}: {name} is no number"),
            Text("Nennen Sie Punkte mit Zahlen.", "Name points that are numbers."),
            at,
        )
