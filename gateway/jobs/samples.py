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

from gateway.core.batches import Clock, Judged
from gateway.core.clock import EPOCH
from gateway.core.signals import Quality, SignalId, Value
from gateway.core.text import Text
from gateway.jobs.evidence.contract import Evidence
from gateway.jobs.evidence.findings import Frame
from gateway.jobs.moments import NEVER, Moment, passed, vouched


@dataclass(frozen=True, slots=True)
class Look:
    """What the roles said at one time; None: the role spoke and could not be trusted."""

    at: datetime
    t: float
    values: Mapping[str, Value | None]
    now: Moment = NEVER


@dataclass(frozen=True, slots=True)
class MachineState:
    """What is kept of one machine beside its evidence. Totals count whatever job was there.

    ``unseen`` names why the time up to the next look passes unseen; ``lost`` is since when the
    machine does not answer, ``lost_t`` the same by its own clock; ``lapse`` is that of its job or
    of the last one (None: none yet). ``opened`` is when a job with an opening was heard of: what
    was read before it and comes after it shows the time that the opening has settled. ``begins``
    (``begins_t`` by its own clock) is the beginning of that job: nobody is told of more.
    ``run`` counts how often the computer was started, as far as batches came of it; ``rebooted``:
    the next one is of another run. ``synced``: the last one came with a clock known to be right.
    """

    evidence: Any = None
    seq: int = -1
    at: datetime | None = None
    mono: float = 0.0
    run: int = 0
    rebooted: bool = False
    synced: bool = False
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


def moment(machine: MachineState, batch: Judged) -> Moment:
    """When a batch was heard."""
    run = machine.run + machine.rebooted
    return Moment(batch.at, batch.batch.mono, run, batch.batch.clock is Clock.SYNCED)


def last_moment(machine: MachineState) -> Moment | None:
    """When the last batch was heard; None before the first."""
    if machine.at is None or machine.seq < 0:
        return None
    return Moment(machine.at, machine.mono, machine.run, machine.synced)


def ticked(machine: MachineState, now: Moment, lapse: int) -> float:
    """The machine's clock at a moment; it stands still for as long as nobody can know."""
    last = last_moment(machine)
    if last is not None:
        return machine.t + passed(last, now) * lapse
    if machine.at is not None:  # an opening has begun it
        return machine.t + max(0.0, (now.at - machine.at).total_seconds()) * lapse
    return machine.t


def asleep(machine: MachineState, now: Moment) -> bool:
    """Whether nobody knows how long it was since the last batch."""
    last = last_moment(machine)
    return last is not None and not vouched(last, now)


def latest(machine: MachineState, now: Moment) -> float:
    """The monotonic time up to which the machine's clock has run with a batch.

    Of a machine on two lines one may hand on later what it heard earlier.
    """
    same = machine.seq >= 0 and machine.run == now.run
    return max(machine.mono, now.mono) if same else now.mono


def gathered(
    pending: Look | None,
    batch: Judged,
    t: float,
    roles: Mapping[SignalId, str],
    now: Moment = NEVER,
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
    look = Look(batch.at, t, heard, now)
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


def framed(look: Look, unseen: str, lapse: int = 1, plan: float | None = None) -> Frame:
    """A look with only what can be trusted."""
    values = {role: value for role, value in look.values.items() if value is not None}
    blind = unseen == "reboot"
    return Frame(look.at, look.t, values, unseen, blind, look.now, lapse, plan)
