"""Figures about the gateway itself, as health and monitoring show them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class FigureKind(StrEnum):
    """A counter only grows, until the gateway is started anew; a gauge goes up and down."""

    COUNTER = "counter"
    GAUGE = "gauge"


@dataclass(frozen=True, slots=True)
class Figure:
    """One number, with what it is about.

    ``name`` is in the manner of Prometheus without prefix: the base unit last, no ``_total``.
    ``means`` says in English what is counted. All figures of a name have the same kind, meaning
    and label names.
    """

    name: str
    kind: FigureKind
    means: str
    value: float
    labels: Mapping[str, str] = field(default_factory=dict)
