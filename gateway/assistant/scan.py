"""Looks for devices on one line: which units speak, and what they answer like."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass

from gateway.assistant.matching import Match, judge, ranked, telling
from gateway.assistant.question import SPOKEN_FOR, Asker, Heard
from gateway.core.signals import Value
from gateway.machines.codec import decode
from gateway.machines.template import PointSpec, Table, Template

NO_SUCH_FUNCTION = 1
NO_WAY = 10
"""A gateway has no line to a unit: whoever asks again hears the same."""
FIRST_TRIES = (
    (Table.HOLDING_REGISTERS, 0),
    (Table.INPUT_REGISTERS, 0),
    (Table.DISCRETE_INPUTS, 0),
)
"""What finds a device: whoever refuses has spoken, too."""
NOBODY = (231, 239, 246)
"""Numbers that hardly anybody gives to a device."""

PLACES = (
    *(0, 1, 16, 32, 64, 100, 128, 200, 256, 300, 400, 500, 512, 600, 700, 768, 800, 900),
    *(1000, 1024, 1100, 1536, 2000, 2048, 3000, 3072, 3500, 4000, 4096, 5000, 6000, 7000, 8000),
    *(8192, 9000, 10000, 12288, 16384, 19000, 20000, 20480, 24576, 28672, 30000, 32768, 40000),
    *(40960, 49152, 50000),
)
"""Where the registers of devices usually begin."""


@dataclass(frozen=True, slots=True)
class Tried:
    """A unit that was asked in vain."""

    unit: int
    heard: Heard


@dataclass(frozen=True, slots=True)
class Found:
    """A unit that speaks; ``matches`` are the templates that fit, best first.

    ``places`` are addresses at which it has registers, where no template is likely; ``for_all``:
    so are answered numbers, too, that nobody has. ``says`` is what it says that it is.
    """

    unit: int
    heard: Heard
    matches: tuple[Match, ...]
    places: tuple[tuple[Table, int], ...] = ()
    for_all: bool = False
    says: tuple[str, ...] = ()


async def scan(
    asker: Asker, units: Iterable[int], templates: Sequence[Template]
) -> AsyncIterator[Tried | Found]:
    """Ask each of ``units`` on the line, and those that speak for what tells their type.

    What is answered like numbers that nobody has is told once. Raises Unreachable where the line
    cannot be opened.
    """
    for_all: str | None = None
    asked = told = False
    for unit in units:
        heard = await _wake(asker, unit)
        if heard.somebody and not asked:
            for_all, asked = await _for_all(asker, unit), True
        same = _manner(heard) == for_all
        if not heard.somebody or (same and told):
            yield Tried(unit, heard)
            continue
        told = told or same
        says = await asker.identify(unit)
        fits = tuple(await matches(asker, unit, templates, says))
        known = any(match.likely for match in fits)
        where = () if known else tuple(await places(asker, unit))
        yield Found(unit, heard, fits, where, for_all=same, says=says)


async def _for_all(asker: Asker, unit: int) -> str | None:
    """How numbers that nobody has are answered, if all of them are, and alike."""
    manners = set()
    for nobody in NOBODY:
        heard = await _wake(asker, nobody if nobody != unit else nobody - 1)
        if not heard.somebody:
            return None
        manners.add(_manner(heard))
    return manners.pop() if len(manners) == 1 else None


def _manner(heard: Heard) -> str:
    return "words" if heard.words is not None else str(heard.found)


async def _wake(asker: Asker, unit: int) -> Heard:
    """What a unit says to the first questions; a silent one is asked twice: one may be lost."""
    heard = await _first(asker, unit)
    silent = not heard.somebody and heard.exception != NO_WAY
    return await _first(asker, unit) if silent else heard


async def _first(asker: Asker, unit: int) -> Heard:
    for table, first in FIRST_TRIES:
        heard = await asker.insist(table, first, 1, unit)
        if not heard.refused or heard.exception in SPOKEN_FOR:
            break
    return heard


async def matches(
    asker: Asker, unit: int, templates: Sequence[Template], says: Sequence[str] = ()
) -> list[Match]:
    """The templates that fit what a unit says, best first."""
    said: dict[tuple[Table, int, int], tuple[int, ...] | None] = {}
    found = []
    for template in templates:
        values: dict[str, Value | None] = {}
        for point in telling(template):
            place = (point.table, point.address, _length(template, point))
            if place not in said:
                heard = await _ask(asker, unit, place)
                said[place] = heard
            words = said[place]
            values[point.name] = None if words is None else decode(point, words[: point.words])[0]
            if words is None and len([v for v in values.values() if v is None]) > 1:
                break  # two that it does not have: it is another device
        match = judge(template, values, says)
        if match is not None:
            found.append(match)
    return ranked(found)


async def places(asker: Asker, unit: int) -> list[tuple[Table, int]]:
    """Where a unit has registers, of the places where they usually begin."""
    found = []
    for table in (Table.HOLDING_REGISTERS, Table.INPUT_REGISTERS):
        for first in PLACES:
            heard = await asker.insist(table, first, 1, unit)
            if heard.words is not None:
                found.append((table, first))
            elif heard.exception == NO_SUCH_FUNCTION:
                break
    return found


async def _ask(asker: Asker, unit: int, place: tuple[Table, int, int]) -> tuple[int, ...] | None:
    table, first, count = place
    heard = await asker.insist(table, first, count, unit)
    return heard.words


def _length(template: Template, point: PointSpec) -> int:
    """As many registers as the device wants to be asked for at least."""
    words = point.words
    return words + words % 2 if template.workarounds.even_only else words
