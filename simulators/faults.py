"""What goes wrong: interventions in the plant, and quirks of devices. Pure records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

ELEMENT = "element"
"""The fault of the demo: a heating element burns out while the furnace heats up."""

COUNTER_RESET = "counter-reset"
"""The counters of a device begin at 0 again, as after a loss of power."""


@dataclass(frozen=True, slots=True)
class BurntElement:
    """A heating element (from 0) that burns out at ``at`` in a ramp, else at the next ramp."""

    machine: str
    element: int
    at: float


@dataclass(frozen=True, slots=True)
class Reroute:
    """Lot ``lot`` on its way to ``package`` goes to the reserve ``to``, agreed at ``at``."""

    package: str
    lot: int
    to: str
    at: float


Intervention = BurntElement | Reroute


@dataclass(frozen=True, slots=True)
class Quirks:
    """How a device differs from its own description.

    ``word_swap``   values of two registers stand low word first
    ``off_by_one``  everything stands one address higher than described
    ``rollover``    the raw value after which a counter starts at 0 again, by point
    ``delay``       seconds until each answer
    ``silent``      the unit does not answer at all
    """

    word_swap: bool = False
    off_by_one: bool = False
    rollover: Mapping[str, int] = field(default_factory=dict)
    delay: float = 0.0
    silent: bool = False
