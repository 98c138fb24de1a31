"""What a power curve leaves to be remembered between two samples."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from gateway.core.work import ItemState, OperationMode
from gateway.jobs.evidence.findings import Frame, Unseen


@dataclass(frozen=True, slots=True)
class Dropped:
    """What was too short for a run; it may turn out to be the first part of one with a dip."""

    at: datetime
    t: float
    low_before_t: float


@dataclass(frozen=True, slots=True)
class PowerRunsState:
    """What has to be remembered between two samples. Times ``*_t`` are the machine's clock."""

    kind: Literal["power-runs"] = "power-runs"
    item: ItemState = ItemState.NOT_AVAILABLE
    mode: OperationMode = OperationMode.NONE
    since: datetime | None = None
    since_t: float = 0.0
    seen: bool = False
    watts: float = 0.0
    running: bool = False
    level_t: float = 0.0  # the last sample that agreed with ``running``
    level_at: datetime | None = None
    level_since_t: float = 0.0
    edge_t: float | None = None  # the first sample of an edge that wants a second
    edge_at: datetime | None = None
    run_at: datetime | None = None
    run_t: float | None = None
    told: bool = False  # an opening told of this run
    partial: bool = False  # its beginning was not seen
    again: bool = False  # after a dip too short for a pause: the run before goes on
    low_before_t: float = 0.0  # the last low sample before the run
    last_high_t: float | None = None  # the last high sample of the run before
    dropped: Dropped | None = None
    ended_t: float | None = None  # the end of the run before, None where something came between
    low_t: float | None = None  # below standby since
    off_t: float | None = None  # below off since
    why: str = ""  # why the time before the first sample of an edge passed unseen
    lengths: tuple[float, ...] = ()


def opened(kept: PowerRunsState, frame: Frame) -> PowerRunsState:
    """The first sample: nothing is known of the time before."""
    return replace(
        kept,
        seen=True,
        since=frame.at,
        since_t=frame.t,
        level_since_t=frame.t,
        item=ItemState.NOT_EXECUTING,
        mode=OperationMode.NONE,
    )


LONG = 1e9
"""Longer than any run and any pause, in seconds."""


def slept(kept: PowerRunsState, frame: Frame) -> PowerRunsState:
    """Nobody knows how long nobody looked: any number of runs may have passed."""
    long_ago = frame.t - LONG
    return replace(
        kept,
        level_t=long_ago,
        edge_t=None,
        edge_at=None,
        low_before_t=long_ago,
        last_high_t=None,
        dropped=None,
        ended_t=None,
    )


def levelled(kept: PowerRunsState, frame: Frame, edge_t: float) -> PowerRunsState:
    """The other level holds since the first of the two samples."""
    return replace(
        kept,
        level_t=frame.t,
        level_at=frame.at,
        level_since_t=edge_t,
        edge_t=None,
        edge_at=None,
        why="",
    )


def unseen(kept: PowerRunsState, frame: Frame) -> tuple[Unseen, ...]:
    """The stretch from the last sample that showed the level until now."""
    if kept.level_at is None:
        return ()
    return (Unseen(kept.level_at, frame.at, frame.unseen or kept.why or "late"),)
