"""The signals of one machine: its template's points under its name."""

from __future__ import annotations

from datetime import timedelta

from gateway.core.signals import Limits, Signal, signal_id
from gateway.core.units import unit
from gateway.machines.derived import Derived
from gateway.machines.template import PointSpec, Template


def signals(machine: str, template: Template, every: timedelta) -> tuple[Signal, ...]:
    """One signal per point. A point's own period counts where it is slower than ``every``."""
    points = (signal(machine, point, every) for point in template.points)
    return (*points, *(_derived(machine, one, every) for one in template.derived))


def signal(machine: str, point: PointSpec, every: timedelta) -> Signal:
    """One point of ``machine`` as its signal."""
    return Signal(
        id=signal_id(machine, point.name),
        means=point.means.text,
        unit=unit(point.unit),
        kind=point.kind,
        limits=Limits(point.low, point.high),
        every=max(every, point.every or every).total_seconds(),
        role=point.role,
        wraps_after=point.wraps_after,
        words=tuple((number, means.text) for number, means in (point.values or {}).items()),
        wide=point.wide,
    )


def _derived(machine: str, derived: Derived, every: timedelta) -> Signal:
    return Signal(
        id=signal_id(machine, derived.name),
        means=derived.means.text,
        unit=unit(derived.unit),
        kind=derived.kind,
        limits=Limits(derived.low, derived.high),
        every=max(every, derived.every or every).total_seconds(),
        role=derived.role,
    )
