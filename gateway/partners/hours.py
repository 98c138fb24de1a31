"""The working time of a firm's machines in the time of an order. It never leaves the firm."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from gateway.config import ALWAYS, CalendarEntry, Machine, SiteConfig, Window
from gateway.drivers.holidays import public_holidays
from gateway.network.calendar import Calendar, WorkingTime, working_time
from gateway.network.order import JointOrder
from gateway.network.own_jobs import bench

BEFORE, AFTER = timedelta(days=31), timedelta(days=3 * 366)
"""So far before an order began, and after it, its firm's calendar counts."""


def hours_of(site: SiteConfig, order: JointOrder) -> Mapping[str, WorkingTime]:
    """By own package, the working time of its machine where that is not round the clock.

    In time lapse there are no days and nights.
    """
    if order.lapse > 1:
        return {}
    machines = {machine.name: machine for machine in site.machines}
    found: dict[str, WorkingTime] = {}
    for package in order.of(site.firm):
        where = bench(site, package)
        machine = None if where is None else machines.get(where.machine)
        if machine is not None and _has_hours(site.calendar, machine):
            found[package.id] = _table(
                site.calendar or CalendarEntry(),
                machine.shifts,
                machine.maintenance,
                order.clock.real(timedelta()),
                order.clock.began,
            )
    return found


def _has_hours(calendar: CalendarEntry | None, machine: Machine) -> bool:
    return calendar is not None or bool(machine.shifts or machine.maintenance)


@lru_cache(maxsize=64)
def _table(
    firm: CalendarEntry,
    shifts: tuple[Window, ...],
    maintenance: tuple[Window, ...],
    zero: datetime,
    began: datetime,
) -> WorkingTime:
    first, last = (began - BEFORE).date(), (began + AFTER).date()
    free = frozenset(day for closed in firm.closed for day in closed.days())
    if firm.holidays is not None:
        free |= public_holidays(firm.holidays, first, last)
    calendar = Calendar(ZoneInfo(firm.zone), shifts or firm.shifts or ALWAYS, free, maintenance)
    return working_time(calendar, zero, first, last)
