"""The gateway's figures for a monitoring system: Prometheus text 0.0.4, or OpenMetrics 1.0.

The formats: prometheus.io/docs/instrumenting/exposition_formats and the OpenMetrics specification.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping

from gateway.core.figures import Figure, FigureKind

PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
PREFIX = "werkverbund_"


def wants_openmetrics(accept: str) -> bool:
    """Whether a client asks for OpenMetrics rather than the older text."""
    return "application/openmetrics-text" in accept.lower()


def rendered(figures: Iterable[Figure], *, openmetrics: bool) -> str:
    """The page: figures of one name together, in the order in which the names come first."""
    families: dict[str, list[Figure]] = {}
    for figure in figures:
        families.setdefault(figure.name, []).append(figure)
    lines = [line for family in families.values() for line in _family(family, openmetrics)]
    if openmetrics:
        lines.append("# EOF")
    return "\n".join(lines) + "\n"


def _family(figures: list[Figure], openmetrics: bool) -> Iterator[str]:  # noqa: FBT001
    first = figures[0]
    counter = first.kind is FigureKind.COUNTER
    base = PREFIX + first.name
    sample = f"{base}_total" if counter else base
    family = base if openmetrics else sample
    yield f"# HELP {family} {_escaped(first.means)}"
    yield f"# TYPE {family} {first.kind}"
    for figure in figures:
        yield f"{sample}{_labels(figure.labels)} {_number(figure.value)}"


def _labels(labels: Mapping[str, str]) -> str:
    if not labels:
        return ""
    pairs = (f'{name}="{_quoted(value)}"' for name, value in sorted(labels.items()))
    return "{" + ",".join(pairs) + "}"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n")


def _quoted(text: str) -> str:
    return _escaped(text).replace('"', r"\"")


def _number(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return str(int(value)) if float(value).is_integer() and abs(value) < 2**53 else repr(value)
