"""Values that tell the points of any template apart, and every use that it leaves open."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

from gateway.core.signals import Value
from gateway.machines.parameters import Parameter, Values
from gateway.machines.point import Point
from gateway.machines.template import Template

STEPS = 9
"""Neighbouring points stand at different ninths of their range."""


def example(point: Point, index: int) -> Value:
    """A value that ``point`` can hold and is unlikely to hold by mistake."""
    if point.is_bit:
        return index % 2 == 0
    low = point.low if point.low is not None else 0.0
    high = point.high if point.high is not None else 70_000 * abs(point.scale)
    value = low + (high - low) * (0.31 + 0.5 * (index % STEPS) / STEPS)
    if point.is_float:
        return round(value, 2)
    raw = round((value - point.offset) / point.scale)
    return min(raw, _highest(point)) * point.scale + point.offset


def _highest(point: Point) -> int:
    """A little less than the highest raw number: that one may mean no value."""
    return (point.highest_raw or 0) - 7


def examples(points: Sequence[Point]) -> dict[str, Value]:
    """One value for each point, by its name."""
    return {point.name: example(point, index) for index, point in enumerate(points)}


def every_use(template: Template) -> list[Values]:
    """Each combination of the choices of a template, with numbers that are not the usual ones."""
    settings = [_settings(parameter) for parameter in template.parameters]
    return [
        dict(zip((p.name for p in template.parameters), given, strict=True))
        for given in product(*settings)
    ]


def _settings(parameter: Parameter) -> list[float | str]:
    if parameter.choices:
        return [one.name for one in parameter.choices]
    return [min(3 + (parameter.low or 0), parameter.high or 4)]
