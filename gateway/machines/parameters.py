"""What a template leaves open until a device is fitted: a current transformer's ratio, a use.

A parameter is a number, or one of several choices that stand for a number. A point says with
``times`` by which parameters its value is multiplied, and with ``when`` for which choices it is
there at all. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated

from pydantic import Field

from gateway.config import Bilingual, Objection, Strict, choice, number_meant
from gateway.core.text import Text

Values = Mapping[str, float | str]
"""What a machine's file says of a device's parameters, by their names."""

ParameterName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")]


class Choice(Strict):
    """One of the choices of a parameter, and the number that it stands for."""

    name: ParameterName = Field(description="Kurzname, z. B. consumer / short name, e.g. consumer")
    means: Bilingual = Field(description="Was das heißt / what that means")
    factor: float = Field(
        default=1.0, description="Zahl, für die sie steht / number that it stands for, e.g. -1"
    )


class Parameter(Strict):
    """One parameter. Without ``choices`` it is a number, and without ``default`` it must be given.

    The first choice is the one that counts where nothing is said.
    """

    name: ParameterName = Field(description="Kurzname, z. B. ct_ratio / short name, e.g. ct_ratio")
    means: Bilingual = Field(description="Was er bedeutet / what it means")
    default: float | None = Field(
        default=None, description="Zahl, wenn nichts angegeben ist / number where none is given"
    )
    low: float | None = Field(default=None, description="Kleinste Zahl / lowest number")
    high: float | None = Field(default=None, description="Größte Zahl / highest number")
    choices: tuple[Choice, ...] = Field(
        default=(), description="Auswahl statt einer Zahl / choices instead of a number"
    )

    @property
    def needed(self) -> bool:
        """True for a number that nobody can guess."""
        return not self.choices and self.default is None

    def number(self, given: float | str | None) -> float:
        """The number that ``given`` stands for. Raises LookupError where it stands for none."""
        if self.choices:
            name = self.chosen(given)
            for one in self.choices:
                if one.name == name:
                    return one.factor
        elif given is None and self.default is not None:
            return self.default
        elif isinstance(given, (int, float)):
            return float(given)
        raise LookupError(self.name)

    def chosen(self, given: float | str | None) -> str | None:
        """The name of the choice that ``given`` is; None for a number."""
        if not self.choices:
            return None
        return self.choices[0].name if given is None else str(given)


def unfit(template: str, parameters: Sequence[Parameter], given: Values) -> Iterator[Objection]:
    """What is wrong with the parameters of a device; ``at`` leads from them to the value."""
    known = {one.name: one for one in parameters}
    for name, value in given.items():
        if name not in known:
            yield Objection(
                Text(
                    f"{template} hat keinen Parameter {name}",
                    f"{template} has no parameter {name}",
                ),
                choice(name, list(known)) if known else Text("Löschen Sie ihn.", "Delete it."),
                (name,),
            )
        elif (said := misfit(known[name], value)) is not None:
            yield Objection(*said, (name,))
    for parameter in parameters:
        if parameter.needed and parameter.name not in given:
            span = _span(parameter)
            yield Objection(
                Text(
                    f"{template} braucht den Parameter {parameter.name}: {parameter.means.de}",
                    f"{template} needs the parameter {parameter.name}: {parameter.means.en}",
                ),
                Text(
                    f"Ergänzen Sie parameters: {{{parameter.name}: ...}}{span.de}",
                    f"Add parameters: {{{parameter.name}: ...}}{span.en}",
                ),
            )


def misfit(parameter: Parameter, value: float | str) -> tuple[Text, Text] | None:
    """Why ``value`` is none of a parameter's, and what to write."""
    name, means, span = parameter.name, parameter.means, _span(parameter)
    if parameter.choices:
        names = [one.name for one in parameter.choices]
        if value in names:
            return None
        what = Text(
            f"{name}: {value} steht nicht zur Wahl", f"{name}: {value} is none of the choices"
        )
        return what, choice(str(value), names)
    if isinstance(value, str):
        what = Text(
            f"{name} soll eine Zahl sein, hier steht {value}",
            f"{name} should be a number, but there is {value}",
        )
        meant = number_meant(value)
        if meant is not None:
            return what, Text(f"Schreiben Sie {name}: {meant}", f"Write {name}: {meant}")
        return what, Text(f"{means.de}{span.de}", f"{means.en}{span.en}")
    low, high = parameter.low, parameter.high
    if (low is None or value >= low) and (high is None or value <= high):
        return None
    what = Text(f"{name}: {value:g} kann nicht sein", f"{name}: {value:g} cannot be")
    return what, Text(f"{means.de}{span.de}", f"{means.en}{span.en}")


def _span(parameter: Parameter) -> Text:
    """From where to where a number goes: the end of a sentence."""
    low, high = parameter.low, parameter.high
    if low is not None and high is not None:
        return Text(f", {low:g} bis {high:g}.", f", {low:g} to {high:g}.")
    if low is not None:
        return Text(f", mindestens {low:g}.", f", at least {low:g}.")
    if high is not None:
        return Text(f", höchstens {high:g}.", f", at most {high:g}.")
    return Text(".", ".")
