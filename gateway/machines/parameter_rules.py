"""What must fit together between the parameters and the sources of a template and its points."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from gateway.config import Objection, choice
from gateway.core.text import Text
from gateway.machines.encodings import Shape
from gateway.machines.parameters import Parameter, misfit
from gateway.machines.point import Point
from gateway.machines.proof import document_of


def objections(
    parameters: Sequence[Parameter], documents: Mapping[str, object], points: Sequence[Point]
) -> Iterator[Objection]:
    """Everything that does not fit together between parameters, sources and points."""
    yield from _parameters(parameters)
    yield from _uses(parameters, points)
    yield from _sources(documents, points)


def _parameters(parameters: Sequence[Parameter]) -> Iterator[Objection]:
    """A parameter is either a number within its limits or a choice, and has its name alone."""
    seen: set[str] = set()
    for index, parameter in enumerate(parameters):
        name = parameter.name
        if name in seen:
            yield Objection(
                Text(f"zwei Parameter heißen {name}", f"two parameters are called {name}"),
                Text("Benennen Sie einen davon um.", "Rename one of them."),
                ("parameters", index, "name"),
            )
        seen.add(name)
        number = (parameter.default, parameter.low, parameter.high)
        if parameter.choices and number != (None, None, None):
            yield Objection(
                Text(
                    f"{name}: choices und eine Zahl zugleich", f"{name}: both choices and a number"
                ),
                Text(
                    "Löschen Sie default, low und high; die erste Auswahl ist die Vorgabe.",
                    "Delete default, low and high; the first choice is the default.",
                ),
                ("parameters", index),
            )
        elif parameter.default is not None and misfit(parameter, parameter.default):
            shown = f"{parameter.default:g}"
            yield Objection(
                Text(
                    f"{name}: default {shown} liegt nicht zwischen low und high",
                    f"{name}: default {shown} is not between low and high",
                ),
                Text("Ändern Sie default, low oder high.", "Change default, low or high."),
                ("parameters", index, "default"),
            )


def _uses(parameters: Sequence[Parameter], points: Sequence[Point]) -> Iterator[Objection]:
    """Points name parameters and choices that there are; a bit is not multiplied."""
    known = {one.name: [c.name for c in one.choices] for one in parameters}
    for index, point in enumerate(points):
        for at, name in enumerate(point.times):
            if name not in known:
                yield Objection(
                    Text(
                        f"{point.name}: den Parameter {name} gibt es nicht",
                        f"{point.name}: there is no parameter {name}",
                    ),
                    _one_of(name, known, "parameters"),
                    ("points", index, "times", at),
                )
        number = point.encoding.shape in (Shape.WHOLE, Shape.FLOAT) and point.values is None
        if point.times and not number:
            yield Objection(
                Text(
                    f"{point.name}: was keine Zahl ist, wird mit nichts malgenommen",
                    f"{point.name}: what is no number is multiplied by nothing",
                ),
                Text("Löschen Sie times.", "Delete times."),
                ("points", index, "times"),
            )
        for name, wanted in point.when.items():
            choices = known.get(name, [])
            if wanted not in choices:
                yield Objection(
                    Text(
                        f"{point.name}: {name}: {wanted} steht nicht zur Wahl",
                        f"{point.name}: {name}: {wanted} is none of the choices",
                    ),
                    _one_of(wanted, choices, "parameters"),
                    ("points", index, "when", name),
                )


def _sources(documents: Mapping[str, object], points: Sequence[Point]) -> Iterator[Objection]:
    """Where documents are named, each source begins with the key of one."""
    if not documents:
        return
    for index, point in enumerate(points):
        for source in point.source:
            key = document_of(source)
            if key not in documents:
                yield Objection(
                    Text(
                        f"{point.name}: die Quelle {key} steht nicht unter sources",
                        f"{point.name}: the source {key} does not stand under sources",
                    ),
                    _one_of(key, documents, "sources"),
                    ("points", index, "source"),
                )


def _one_of(name: str, known: Collection[str], key: str) -> Text:
    if known:
        return choice(name, list(known))
    return Text(f"Ergänzen Sie {key}.", f"Add {key}.")
