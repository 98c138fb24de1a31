"""What the points of a template must keep to together; each rule says how to mend the file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

from gateway.config import Objection
from gateway.core.text import Text
from gateway.machines.limits import Range, Workarounds
from gateway.machines.point import Point


def objections(
    points: Sequence[Point], readable: Sequence[Range], workarounds: Workarounds
) -> Iterator[Objection]:
    """Everything that does not fit together between the points of a device and its limits."""
    yield from _names(points)
    yield from _places(points)
    yield from _limits(readable, workarounds)
    yield from _readable(points, readable, workarounds)


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
    for (_, before), (index, point) in combinations(enumerate(points), 2):
        if before.table is not point.table or before.name == point.name:
            continue
        same = (before.address, before.encoding, before.bit) == (
            point.address,
            point.encoding,
            point.bit,
        )
        crossed = before.words == point.words == 2 and abs(before.address - point.address) == 1
        if same or crossed:
            yield Objection(
                Text(
                    f"{point.name} ({point.address}) liegt auf den Registern von {before.name} "
                    f"({before.address})",
                    f"{point.name} ({point.address}) lies on the registers of {before.name} "
                    f"({before.address})",
                ),
                Text(
                    "Prüfen Sie address, oder streichen Sie einen der beiden Punkte.",
                    "Check address, or remove one of the two points.",
                ),
                ("points", index, "address"),
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
            yield Objection(
                Text(
                    f"even_only: {range_.first} bis {range_.last} ist eine ungerade Anzahl",
                    f"even_only: {range_.first} to {range_.last} is an odd count",
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
                    f"{point.name} ({point.address}) liegt in keinem lesbaren Bereich",
                    f"{point.name} ({point.address}) lies in no readable range",
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
