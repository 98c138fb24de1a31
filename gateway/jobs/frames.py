"""One machine in the state table: its own clock, and batches put together to looks.

The machine's clock counts order time: real time between batches (monotonic within one boot, so
that a step of the wall clock moves nothing) x the lapse of its job, or of the last one. A look is
complete when every role of the evidence has spoken, so that it does not matter in how many batches
the signals come; a role that speaks again before another has spoken at all closes the look without
it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway.core.batches import BOOT_SPAN, Judged
from gateway.core.clock import EPOCH
from gateway.core.signals import Quality, SignalId, Value
from gateway.core.text import Text
from gateway.jobs.findings import Evidence, Frame


@dataclass(frozen=True, slots=True)
class Look:
    """What the roles said at one time; None: the role spoke and could not be trusted."""

    at: datetime
    t: float
    values: Mapping[str, Value | None]


@dataclass(frozen=True, slots=True)
class MachineState:
    """What is kept of one machine beside its evidence. Totals count whatever job was there.

    ``unseen`` names why the time up to the next look passes unseen; ``lost`` is since when the
    machine does not answer, ``lost_t`` the same by its own clock; ``lapse`` is that of its job or
    of the last one (None: none yet). ``opened`` is when a job with an opening was heard of: what
    was read before it and comes after it shows the time that the opening has settled. ``begins``
    (``begins_t`` by its own clock) is the beginning of that job: nobody is told of more.
    """

    evidence: Any = None
    seq: int = -1
    at: datetime | None = None
    mono: float = 0.0
    t: float = 0.0
    known: bool = False
    lost: datetime | None = None
    lost_t: float | None = None
    unseen: str = ""
    pending: Look | None = None
    opened: datetime | None = None
    begins: datetime = EPOCH
    begins_t: float = 0.0
    current: str | None = None
    lapse: int | None = None
    good: int = 0
    scrap: int = 0
    runs_started: int = 0
    runs_completed: int = 0

    def explained(self, rule: Evidence[Any], t: float) -> Text:
        """The sentence why we say that the machine is in its state."""
        return rule.explain(self.evidence, t, self.begins_t)


def ticked(machine: MachineState, batch: Judged, lapse: int) -> float:
    """The machine's clock at a batch."""
    if machine.at is None:
        return machine.t
    if _same_boot(machine, batch):
        return machine.t + max(0.0, batch.batch.mono - machine.mono) * lapse
    return machine.t + max(0.0, (batch.at - machine.at).total_seconds()) * lapse


def latest(machine: MachineState, batch: Judged) -> float:
    """The monotonic time up to which the machine's clock has run with a batch.

    Of a machine on two lines one may hand on later what it heard earlier.
    """
    mono = batch.batch.mono
    return max(machine.mono, mono) if _same_boot(machine, batch) else mono


def _same_boot(machine: MachineState, batch: Judged) -> bool:
    return machine.seq >= 0 and machine.seq // BOOT_SPAN == batch.seq0 // BOOT_SPAN


def gathered(
    pending: Look | None, batch: Judged, t: float, roles: Mapping[SignalId, str]
) -> tuple[Look | None, tuple[Look, ...]]:
    """What is pending now, and the looks that a batch completes.

    None, one, or two when it closes one without a role.
    """
    heard = _heard(batch, roles)
    if not heard:
        return pending, ()
    looks: tuple[Look, ...] = ()
    if pending is not None:
        if heard.keys().isdisjoint(pending.values):
            heard = {**pending.values, **heard}
        else:
            looks = (pending,)
    look = Look(batch.at, t, heard)
    return (look, looks) if len(heard) < len(roles) else (None, (*looks, look))


def _heard(batch: Judged, roles: Mapping[SignalId, str]) -> dict[str, Value | None]:
    """What each role of the evidence said in this batch."""
    heard: dict[str, Value | None] = {}
    marks, values = batch.marks, batch.batch.values
    for index, signal in enumerate(batch.batch.signals):
        role = roles.get(signal)
        if role is None:
            continue
        mark = marks.get(index)
        heard[role] = None if mark is not None and mark.quality is Quality.BAD else values[index]
    return heard


def framed(look: Look, unseen: str) -> Frame:
    """A look with only what can be trusted."""
    values = {role: value for role, value in look.values.items() if value is not None}
    return Frame(look.at, look.t, values, unseen)
