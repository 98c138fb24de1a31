"""A firm's forecast by its calendar: against every minute, and as partners are told of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.api.access import Role
from gateway.api.order_json import order_json
from gateway.api.routes.orders import order_for
from gateway.config import ALWAYS, Window
from gateway.core.work import Job, JobState, Substate
from gateway.network.arrivals import arrivals
from gateway.network.calendar import Calendar, NeverOpen, WorkingTime, working_time
from gateway.network.disclosure import disclose
from gateway.network.fields import told_date
from gateway.network.forecast import forecast
from gateway.network.knowledge import Agreed, Heard, Knowledge, Work
from gateway.network.order import JointOrder, Level
from gateway.network.order_state import order_state
from gateway.network.order_view import order_view
from gateway.network.plan import plan, promised
from gateway.network.report import Coarse, DelayReason, Lamp, PackageState, Report
from gateway.network.rollup import own_packages, whole_plan
from gateway.network.snapshot import Snapshot
from tests.network.large import LEAD, a_job, large
from tests.network.test_calendar import ZERO, at, calendars, works

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
HALF_DAY = 12 * HOUR


@dataclass
class Shop:
    """A machine that works minute by minute, when the clock on the wall is within a shift."""

    calendar: Calendar
    first: date
    last: date
    table: WorkingTime

    def working(self, at: timedelta) -> bool:
        """Before and beyond what its calendar knows it works round the clock."""
        if at < self.table.opens[0] or at >= self.table.closes[-1]:
            return True
        return works(self.calendar, ZERO + at, self.first, self.last)

    def leave(
        self, free: timedelta, now: timedelta, lots: Sequence[tuple[int, bool, timedelta]]
    ) -> Iterator[timedelta]:
        """When lots leave: minutes of work, whether begun, and when all is there for each."""
        at = free
        for minutes, begun, ready in lots:
            if minutes and not begun:
                at = max(at, ready)
            for _ in range(minutes):
                while not self.working(at):
                    at += MINUTE
                at += MINUTE
            yield max(now, at)


@st.composite
def shops(draw: st.DrawFn) -> Shop:
    calendar, first, last = draw(calendars())
    try:
        return Shop(calendar, first, last, working_time(calendar, ZERO, first, last))
    except NeverOpen:
        always = replace(calendar, shifts=ALWAYS, free=frozenset(), maintenance=())
        return Shop(always, first, last, working_time(always, ZERO, first, last))


def in_days(order: JointOrder, start: timedelta, due: timedelta | None = None) -> JointOrder:
    """An order in real time whose day 1 is the zero of these tests; due after two months."""
    order = replace(order, due=due or start + 60 * DAY)
    piece = [replace(package, piece_time=9 * MINUTE) for package in order.packages]
    order = replace(order, began=ZERO + start, at=start, start=start, packages=tuple(piece))
    return promised(replace(order, planned_end=None, packages=tuple(
        replace(package, baseline=None) for package in order.packages)))  # fmt: skip


@given(st.lists(shops(), min_size=1, max_size=3), st.integers(1, 3), st.data())
@settings(max_examples=40)
def test_forecasts_by_calendars_are_what_machines_do_minute_by_minute(
    shops: list[Shop], lots: int, data: st.DataObject
) -> None:
    """A chain of firms, each with a calendar of its own, some of the work being done."""
    start = shops[0].table.opens[0] + data.draw(st.integers(-2000, 9000)) * MINUTE
    order = in_days(large(lots, len(shops)), start)
    now = start + data.draw(st.integers(0, 4000)) * MINUTE
    leaving: dict[str, dict[int, timedelta]] = {}
    ready = [timedelta.min] * lots
    for shop, package in zip(shops, order.packages, strict=True):
        good = data.draw(st.integers(0, package.quantity - 1))
        pace = data.draw(st.integers(1, 40))
        counted = data.draw(st.none() | st.integers(0, 4000)) if good else None
        gone = good // package.lot
        job = replace(a_job(package, good), per_piece=pace * MINUTE,
                      departures=tuple(order.clock.real(now) for _ in range(gone)))  # fmt: skip
        since = start if counted is None else min(now, start + counted * MINUTE)
        inbound = [arrivals(order, package, need, leaving) for need in package.needs]
        ahead = forecast(
            order, package, job, inbound, now=now, counted=since if good else None,
            hours=shop.table,
        )  # fmt: skip
        free = max(since, now - order.interval, *([now] if gone else []))
        left = [
            (pace * (through - max(good, through - package.lot)), good > through - package.lot, at)
            for through, at in zip(accumulate(package.sizes), ready, strict=True)
        ]
        found = [now] * gone + list(shop.leave(free, now, left[gone:]))
        assert list(ahead.leaves) == found
        leaving[package.id] = ahead.by_number
        ready = [at + order.transport for at in found]


EARLY = Calendar(ZoneInfo("Europe/Berlin"), (Window(6 * HOUR, 14 * HOUR, frozenset(range(5))),))
LATE = Calendar(ZoneInfo("Europe/Berlin"), (Window(14 * HOUR, 22 * HOUR, frozenset(range(5))),))
MONDAY = datetime(2026, 11, 30, 5, tzinfo=UTC) - ZERO
"""Six o'clock in Berlin."""


def hours(calendar: Calendar) -> WorkingTime:
    return working_time(calendar, ZERO, date(2026, 1, 1), date(2027, 12, 31))


def known(
    order: JointOrder, firm: str, calendar: Calendar | None, heard: dict[str, Heard] | None = None
) -> Knowledge:
    mine = {} if calendar is None else {p.id: hours(calendar) for p in order.of(firm)}
    work = {p.id: Work(a_job(p)) for p in order.of(firm)}
    agreed = {giver: Agreed(Level.L2) for giver in order.firms()}
    return Knowledge(order, firm, work, heard or {}, agreed=agreed, hours=mine)


def state_of(order: JointOrder, calendar: Calendar | None, job: Job | None = None) -> PackageState:
    knowledge = known(order, LEAD, calendar)
    if job is not None:
        knowledge = replace(knowledge, work={order.packages[0].id: Work(job)})
    (own,) = own_packages(knowledge, order.start).values()
    return own.state


def test_that_nobody_works_on_sunday_is_no_delay_and_no_problem() -> None:
    order = in_days(large(100, 1), MONDAY)  # 150 hours of work
    state = state_of(order, EARLY)
    assert state.forecast == datetime(2026, 12, 24, 11, tzinfo=UTC) - ZERO, "18 days and 6 hours"
    assert (state.own_delay, state.inbound_delay, state.reason) == (timedelta(),) * 2 + (None,)
    slower = replace(a_job(order.packages[0]), per_piece=10 * MINUTE)
    late = state_of(order, EARLY, slower)
    assert late.own_delay > DAY
    assert late.reason is DelayReason.INTERNAL


def test_round_the_clock_is_the_same_as_no_calendar() -> None:
    order = in_days(large(50, 1), MONDAY)
    always = Calendar(ZoneInfo("Europe/Berlin"), ALWAYS)
    assert state_of(order, always).forecast == state_of(order, None).forecast


def date_of(state: PackageState, order: JointOrder) -> Report:
    report = disclose(state, Level.L2, order.step)
    assert isinstance(report, Report)
    return report


@given(st.integers(1, 400), st.integers(1, 30))
@settings(max_examples=60)
def test_a_date_by_a_calendar_leaves_as_planned_or_as_a_half_day_and_never_before_either(
    lots: int, pace: int
) -> None:
    order = in_days(large(lots, 1), MONDAY)
    (package,) = order.packages
    assert package.baseline is not None
    job = replace(a_job(package), per_piece=pace * MINUTE)
    state = state_of(order, EARLY, job)
    report = date_of(state, order)
    assert state.forecast is not None
    assert report.forecast is not None
    assert report.precision == HALF_DAY
    assert report.forecast >= max(package.baseline.end, state.forecast) - order.step / 2
    if state.forecast > package.baseline.end:
        assert report.forecast % HALF_DAY == timedelta()
        assert report.forecast - state.forecast < HALF_DAY
    else:
        assert abs(report.forecast - package.baseline.end) <= order.step / 2


@given(st.integers(20, 400), st.integers(0, 7), st.integers(0, 7))
@settings(max_examples=60)
def test_shifts_that_end_in_the_same_half_day_cannot_be_told_apart(
    lots: int, one: int, other: int
) -> None:
    """The oracle: what is sent follows from the half-day alone, at every level and to the byte."""
    order = in_days(large(lots, 1), MONDAY)
    days = frozenset(range(5))
    states = [
        state_of(order, replace(EARLY, shifts=(Window(shift * HOUR, (shift + 3) * HOUR, days),)))
        for shift in (one, other)
    ]
    coarse = [told_date(s.forecast, order.step, s.coarse) for s in states if s.forecast is not None]
    for level in (Level.L1, Level.L2, Level.L3):
        sent = [disclose(state, level, order.step) for state in states]
        assert (sent[0] == sent[1]) or coarse[0] != coarse[1]


def test_what_a_calendars_lots_feed_in_the_same_firm_is_told_as_coarsely() -> None:
    """The second machine works round the clock: its date would show when the first has ended."""
    order = in_days(large(40, 2), MONDAY)
    first, second = order.packages
    order = replace(order, packages=(replace(first, firm=LEAD), second))
    knowledge = replace(known(order, LEAD, None), hours={first.id: hours(EARLY)})
    own = own_packages(knowledge, order.start)
    assert own[second.id].state.coarse == Coarse(HALF_DAY, second.baseline and second.baseline.end)
    whole = order_state(knowledge, own, whole_plan(knowledge, own, order.start), order.start)
    summary = disclose(whole, Level.L2, order.step)
    assert isinstance(summary, Report)
    assert summary.forecast is not None
    assert summary.forecast % HALF_DAY == timedelta()
    assert summary.precision == HALF_DAY
    snapshot = Snapshot(
        knowledge, own, {}, {}, "lead", simulated=False, plan=plan(order), whole=whole
    )
    shown = order_for(Role.CUSTOMER, order_json(order_view(snapshot, order.start)))
    assert shown["forecast_s"] == summary.forecast.total_seconds(), "so does the customer's page"


def test_the_lead_firm_plans_with_what_firms_send_by_their_calendars() -> None:
    order = in_days(large(40, 3), MONDAY)
    heard: dict[str, Heard] = {}
    for package in order.packages[:-1]:
        knowledge = known(order, package.firm, LATE, heard)
        state = own_packages(knowledge, order.start)[package.id].state
        report = date_of(state, order)
        assert report.forecast is not None
        assert report.forecast % HALF_DAY == timedelta()
        heard[package.id] = Heard(Level.L2, report, order.start, package)
    last = order.packages[-1]
    lead = known(order, LEAD, None, heard)
    own = own_packages(lead, order.start)
    whole = whole_plan(lead, own, order.start)
    told_end = heard[order.packages[1].id].end
    assert told_end is not None
    assert whole.end == told_end + order.transport + 10 * 9 * MINUTE
    assert own[last.id].state.coarse is None, "its own date follows from what it was told"


@pytest.mark.parametrize(
    ("wall", "counted", "told"),
    [
        ("2026-12-01T13:30", "2026-12-01T13:20", False),  # it has only just stopped
        ("2026-12-01T13:30", "2026-12-01T12:20", True),  # for more than an hour of its shift
        ("2026-12-01T14:00", "2026-12-01T13:40", False),  # cleaned up before the end
        ("2026-12-01T23:00", "2026-12-01T13:40", False),
        ("2026-12-02T06:20", "2026-12-01T13:40", False),  # not begun yet this morning
        ("2026-12-02T07:00", "2026-12-01T13:40", True),
        ("2026-12-05T12:00", "2026-12-04T12:00", False),  # Saturday
    ],
)
def test_a_machine_that_stands_because_its_shift_is_over_is_not_stopped(
    wall: str, counted: str, told: bool
) -> None:
    """The job is held as soon as the machine stands; by the minute it would tell the shift."""
    order = in_days(large(130, 1), MONDAY)  # by its plan until Tuesday next week
    held = replace(
        a_job(order.packages[0], 1290), state=JobState.INTERRUPTED, substate=Substate.HELD
    )
    for calendar, expected in ((EARLY, told), (None, True)):
        work = {order.packages[0].id: Work(held, at(counted))}
        knowledge = replace(known(order, LEAD, calendar), work=work)
        (own,) = own_packages(knowledge, at(wall)).values()
        shown = (own.state.lamp is not Lamp.GREEN, own.state.reason is DelayReason.INTERNAL)
        assert shown == (expected, expected), calendar
        assert own.state.substate is Substate.HELD, "the firm itself sees it"


@pytest.mark.parametrize(("at", "leaves"), [(11, 12), (12, 12), (13, 24), (24.5, 36), (0, 0)])
def test_a_date_is_rounded_up_to_the_step(at: float, leaves: int) -> None:
    assert told_date(at * HOUR, MINUTE, Coarse(HALF_DAY, None)) == leaves * HOUR


def test_the_lamp_says_no_more_than_the_date() -> None:
    """Due half an hour after it will be done: what is told is the end of the half-day, and late."""
    order = in_days(large(50, 1), MONDAY)
    done = state_of(order, EARLY).forecast
    assert done is not None
    order = in_days(large(50, 1), MONDAY, due=done + HOUR / 2)
    state = state_of(order, EARLY)
    sent = date_of(state, order).forecast
    assert sent is not None
    assert state.forecast == done < order.due < sent
    assert state.lamp is Lamp.RED
