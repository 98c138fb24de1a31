"""Values that tell the points of any template apart, and every use that it leaves open."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

from gateway.core.signals import Value
from gateway.machines.encodings import Shape
from gateway.machines.parameters import Parameter, Values
from gateway.machines.point import Point
from gateway.machines.template import Template

STEPS = 9
"""Neighbouring points stand at different ninths of their range."""


def examples(points: Sequence[Point]) -> dict[str, Value]:
    """One value for each point, by its name; powers of ten fit what they scale."""
    powers = {point.factor.name for point in points if point.factor is not None}
    values: dict[str, Value] = {
        point.name: -(1 + index % 2) if point.name in powers else example(point, index)
        for index, point in enumerate(points)
    }
    for point in points:
        if point.factor is not None:
            values[point.name] = _whole(point, values[point.name]) / 10 ** -int(
                values[point.factor.name]
            )
    return values


def example(point: Point, index: int) -> Value:
    """A value that ``point`` can hold and is unlikely to hold by mistake."""
    shape = point.encoding.shape
    if shape is Shape.BIT:
        return index % 2 == 0
    if shape is Shape.TEXT:
        return f"{index}{point.name}"[: point.words]
    if point.values is not None:
        return sorted(point.values)[index % len(point.values)]
    low = point.low if point.low is not None else 0.0
    high = point.high if point.high is not None else 70_000 * abs(point.scale)
    value = low + (high - low) * (0.31 + 0.5 * (index % STEPS) / STEPS)
    return round(value, 2) if point.is_float else _whole(point, value)


def _whole(point: Point, value: Value) -> Value:
    """The nearest value that a whole number holds, a little below the highest: that may be none."""
    raw = round((value - point.offset) / point.scale)
    return min(raw, (point.highest_raw or 0) - 7) * point.scale + point.offset


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
