"""Events: what the job logic found, kept in the journal beside the batch that caused it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

Detail = str | int | float | bool | None


class EventKind(StrEnum):
    """The kinds of event; each names the keys of its ``details``."""

    STATE = "state"  # state, mode, because_de, because_en
    RUN_STARTED = "run_started"  # run
    RUN_FINISHED = "run_finished"  # run, began_ms, seconds (order time), pieces, partial
    COUNTED = "counted"  # good, scrap (both: how many more)
    BOOKED = "booked"  # good, scrap, origin
    COUNTER_ROLLOVER = "counter_rollover"  # signal, before, after
    COUNTER_RESET = "counter_reset"  # signal, before, after
    COUNTER_GLITCH = "counter_glitch"  # signal, before (shown meanwhile), after (back again)
    COUNTER_JUMPED = "counter_jumped"  # signal, before, after, counts, question
    COUNTER_ANSWERED = "counter_answered"  # signal, question, confirmed, counts
    DEVICE_EXCHANGED = "device_exchanged"  # what: a meter or module is another one now
    LOT = "lot"  # number, quantity, origin: a transfer lot left
    GAP = "gap"  # seconds (real time), from_ms, to_ms, why
    JOB = "job"  # state, substate, because_de, because_en
    DEGRADED = "degraded"  # evidence, rate_seconds, confirmed
    RECOVERED = "recovered"  # evidence


@dataclass(frozen=True, slots=True)
class Event:
    """One finding. ``at`` is real time, UTC; ``job`` is None where no job was at the machine."""

    kind: EventKind
    machine: str
    at: datetime
    job: str | None = None
    details: Mapping[str, Detail] = field(default_factory=dict)
