"""Looks for devices on one line: which units speak, and what they answer like."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from gateway.assistant.matching import Match, judge, ranked, telling
from gateway.assistant.question import Asker, Heard
from gateway.core.errors import Unreachable
from gateway.core.signals import Value
from gateway.machines.codec import decode
from gateway.machines.template import BIT_TABLES, PointSpec, Table, Template

FIRST_TRIES = (
    (Table.HOLDING_REGISTERS, 0),
    (Table.INPUT_REGISTERS, 0),
    (Table.DISCRETE_INPUTS, 0),
)
"""What finds a device: whoever refuses has spoken, too."""


@dataclass(frozen=True, slots=True)
class Tried:
    """A unit that was asked in vain."""

    unit: int
    heard: Heard


@dataclass(frozen=True, slots=True)
class Found:
    """A unit that speaks; ``matches`` are the templates that fit, best first."""

    unit: int
    heard: Heard
    matches: tuple[Match, ...]


async def scan(
    asker: Asker, units: Iterable[int], templates: Sequence[Template]
) -> AsyncIterator[Tried | Found]:
    """Ask each of ``units`` on the line, and those that speak for what tells their type.

    Raises Unreachable where the line cannot be opened.
    """
    for unit in units:
        heard = await _wake(asker, unit)
        if not heard.somebody:
            yield Tried(unit, heard)
            continue
        yield Found(unit, heard, tuple(await matches(asker, unit, templates)))


async def _wake(asker: Asker, unit: int) -> Heard:
    for table, first in FIRST_TRIES:
        heard = await asker.ask(table, first, 1, unit)
        if not heard.refused:
            break
    return heard


async def matches(asker: Asker, unit: int, templates: Sequence[Template]) -> list[Match]:
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
        match = judge(template, values)
        if match is not None:
            found.append(match)
    return ranked(found)


async def _ask(asker: Asker, unit: int, place: tuple[Table, int, int]) -> tuple[int, ...] | None:
    table, first, count = place
    heard = await asker.ask(table, first, count, unit)
    return heard.words


def _length(template: Template, point: PointSpec) -> int:
    """As many registers as the device wants to be asked for at least."""
    words = point.words
    return words + words % 2 if template.workarounds.even_only else words
