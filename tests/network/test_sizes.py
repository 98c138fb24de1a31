"""Plan and forecast at any size: as they were first written, and linear in the lots."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.api.order_json import order_json
from gateway.core.work import Job, JobState, Substate
from gateway.network.arrivals import arrivals
from gateway.network.calendar import WorkingTime
from gateway.network.disclosure import as_fields, disclose, read
from gateway.network.document import as_document, cut, from_document
from gateway.network.forecast import forecast
from gateway.network.knowledge import arrived
from gateway.network.order import JointOrder, Level, Need, Prepared, WorkPackage
from gateway.network.order_state import order_state
from gateway.network.order_view import order_view
from gateway.network.plan import Known, plan, promised
from gateway.network.rollup import own_packages, what_if, whole_plan
from gateway.network.snapshot import Snapshot
from gateway.network.split import split
from tests.network import first_plan
from tests.network.large import LEAD, WORD, a_job, half_done, large

NONE, HOUR = timedelta(), timedelta(hours=1)
times = st.integers(0, 72 * 3600).map(lambda s: timedelta(seconds=s))


@st.composite
def orders(draw: st.DrawFn) -> JointOrder:
    """Up to five packages of any lots that take from each other; one may have been split."""
    packages: list[WorkPackage] = []
    for index in range(draw(st.integers(1, 5))):
        lots, lot = draw(st.integers(1, 7)), draw(st.integers(1, 9))
        sources = draw(st.lists(st.sampled_from(packages), unique=True)) if packages else []
        needs = []
        for source in sources:
            per = draw(st.integers(1, 3))
            most = source.quantity // per
            needs.append(Need(source.id, per))
            lots = max(1, min(lots, most // lot)) if most >= lot else lots
        quantity = lots * lot - draw(st.integers(0, lot - 1))
        fixed = draw(st.booleans())
        work = timedelta(seconds=draw(st.integers(60, 9000)))
        packages.append(
            WorkPackage(
                id=f"AP{index}", title=WORD, item=WORD,
                firm=draw(st.sampled_from([LEAD, "firm-1", "firm-2"])),
                quantity=quantity, lot=lot, weight=1, needs=tuple(needs),
                lot_time=work if fixed else None, piece_time=None if fixed else work / 7,
                earliest_start=draw(st.none() | times),
            )
        )  # fmt: skip
    order = replace(large(1, 1), packages=tuple(packages), due=timedelta(hours=draw(times) // HOUR))
    return _maybe_split(draw, order)


def _maybe_split(draw: st.DrawFn, order: JointOrder) -> JointOrder:
    package = draw(st.sampled_from(order.packages))
    lots = tuple(draw(st.lists(st.sampled_from(package.lots()), unique=True)))
    reserve = Prepared("firm-3", package.id, draw(times), timedelta(minutes=50))
    try:
        return split(
            order, package.id, tuple(lot.number for lot in lots), reserve, accepted=draw(times)
        )
    except ValueError:
        return order


@st.composite
def knowns(draw: st.DrawFn, order: JointOrder) -> dict[str, Known]:
    found = {}
    for package in order.packages:
        count = len(package.lots())
        if draw(st.booleans()):
            gone = sorted(draw(st.lists(times, max_size=count)))
            ahead = draw(st.none() | st.lists(times, max_size=count))
            silent = draw(st.booleans())
            found[package.id] = Known(
                tuple(gone), None if ahead is None else tuple(sorted(ahead)), silent
            )
    return found


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_the_plan_of_any_order_is_the_one_that_was_first_written(data: st.DataObject) -> None:
    order = data.draw(orders())
    known = data.draw(knowns(order))
    try:
        first = first_plan.plan(order, known)
    except ValueError:
        with pytest.raises(ValueError, match="does not make enough"):
            plan(order, known)
        return
    made = plan(order, known)
    assert made.end == first.end
    assert made.slack == order.due - first.end
    assert made.departures() == first.departures()
    for name, (lots, slack, critical) in first.packages.items():
        entry = made.packages[name]
        assert (entry.slack, entry.critical) == (slack, critical)
        assert [
            (e.number, e.quantity, e.start, e.end, e.departed, e.latest) for e in entry.lots
        ] == [(e.number, e.quantity, e.start, e.end, e.departed, e.latest) for e in lots]


@st.composite
def jobs(draw: st.DrawFn, order: JointOrder, package: WorkPackage) -> Job | None:
    if draw(st.integers(0, 3)) == 0:
        return None
    real = order.clock.real
    left = sorted(draw(st.lists(times, max_size=len(package.lots()))))
    return replace(
        a_job(package),
        state=draw(st.sampled_from(list(JobState))),
        substate=draw(st.sampled_from([Substate.NONE, Substate.HELD, Substate.SUSPENDED])),
        good=draw(st.integers(0, package.quantity + 3)),
        pieces_per_run=draw(st.integers(1, 5)),
        run_began=draw(st.none() | times.map(real)),
        run_expected=draw(st.none() | times),
        degraded=draw(st.none() | st.just("phase_lost")),
        departures=tuple(map(real, left)),
    )


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_the_forecast_of_any_package_is_the_one_that_was_first_written(
    data: st.DataObject,
) -> None:
    order = data.draw(orders())
    if data.draw(st.booleans()):
        with contextlib.suppress(ValueError):
            order = promised(order)
    package = data.draw(st.sampled_from(order.packages))
    leaving = {
        source.id: {
            lot.number: data.draw(times) for lot in source.lots() if data.draw(st.integers(0, 9))
        }
        for source in order.packages
    }
    job = data.draw(jobs(order, package))
    now, counted = data.draw(times), data.draw(st.none() | times)
    first = first_plan.forecast(
        order, package, job,
        [(need, first_plan.deliveries(order, package, need, leaving)) for need in package.needs],
        now=now, counted=counted,
    )  # fmt: skip
    inbound = [arrivals(order, package, need, leaving) for need in package.needs]
    found = forecast(order, package, job, inbound, now=now, counted=counted)
    assert list(found.leaves) == first.leaves
    assert found.gone == first.gone
    assert (found.own_delay, found.inbound_delay) == (first.own_delay, first.inbound_delay)


def cpu(work: Callable[[], object]) -> float:
    """The least CPU time of this thread in five runs."""
    found = []
    for _ in range(5):
        began = time.thread_time()
        work()
        found.append(time.thread_time() - began)
    return min(found)


def whole_look(order: JointOrder) -> Callable[[], object]:
    def look() -> object:
        knowledge, now = half_done(order)
        own = own_packages(knowledge, now)
        whole = whole_plan(knowledge, own, now)
        return own, whole, order_state(knowledge, own, whole, now)

    return look


def shown(order: JointOrder) -> Callable[[], object]:
    knowledge, now = half_done(order)
    own = own_packages(knowledge, now)
    whole = whole_plan(knowledge, own, now)
    state = order_state(knowledge, own, whole, now)
    snapshot = Snapshot(knowledge, own, {}, {}, "lead", simulated=False, plan=whole, whole=state)
    return lambda: order_json(order_view(snapshot, now))


def offered(order: JointOrder) -> Callable[[], object]:
    knowledge, now = half_done(order)
    own = own_packages(knowledge, now)
    lots = tuple(order.package("AP3").lot_numbers[len(order.package("AP3").sizes) // 2 :])
    reserve = Prepared("firm-9", "AP3", timedelta(hours=8), timedelta(minutes=2))
    return lambda: what_if(knowledge, own, reserve, lots[1:], now)


def told(order: JointOrder) -> Callable[[], object]:
    knowledge, now = half_done(order)
    state = own_packages(knowledge, now)[order.of(LEAD)[0].id].state

    def report() -> object:
        found = disclose(state, Level.L3, order.step)
        assert found is not None
        return read(as_fields(found), Level.L3)

    return report


def received(order: JointOrder) -> Callable[[], object]:
    knowledge, now = half_done(order)
    return lambda: [arrived(knowledge, package, now) for package in order.packages]


def sent(order: JointOrder) -> Callable[[], object]:
    return lambda: [from_document(as_document(cut(order, firm))) for firm in order.firms()]


@pytest.mark.parametrize(
    "what",
    [
        lambda order: lambda: plan(order), whole_look, shown, offered, told, received, sent,
        lambda order: lambda: promised(replace(order, planned_end=None)),
    ],
    ids=["plan", "look", "view", "what-if", "report", "goods in", "message", "promise"],
)  # fmt: skip
def test_eight_times_the_lots_take_about_eight_times_as_long(
    what: Callable[[JointOrder], Callable[[], object]],
) -> None:
    """Quadratic would be 64 times."""
    few, many = what(large(250)), what(large(2000))
    assert cpu(many) < 20 * cpu(few)


@pytest.mark.parametrize(
    "what",
    [lambda order: lambda: plan(replace(order)), lambda order: whole_look(replace(order))],
    ids=["plan", "look"],
)
def test_eight_times_the_packages_take_about_eight_times_as_long(
    what: Callable[[JointOrder], Callable[[], object]],
) -> None:
    """Quadratic would be 64 times."""
    few, many = what(large(3, 50)), what(large(3, 400))
    assert cpu(many) < 20 * cpu(few)


def asked(spans: int) -> Callable[[], object]:
    """A thousand questions each way to so many shifts of an hour, every second hour."""
    opens = [number * 2 * HOUR for number in range(spans)]
    hours = WorkingTime(opens, [at + HOUR for at in opens])
    times = [number * spans * HOUR / 1000 for number in range(1000)]
    return lambda: [hours.between(NONE, hours.later(NONE, at)) for at in times]


def test_sixty_four_times_the_shifts_are_hardly_slower_to_look_up() -> None:
    assert cpu(asked(64_000)) < 6 * cpu(asked(1000))
