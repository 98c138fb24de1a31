"""What leaves a firm at each level, and that nothing else can."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.errors import ExchangeError
from gateway.core.work import JobState, Substate
from gateway.network.disclosure import as_fields, disclose, joined, only, read, unread
from gateway.network.fields import AT_ONCE, CUSTOMER, FIELDS, HIDDEN, HIDDEN_ORDER, KEYS, percent
from gateway.network.forecast import rounded
from gateway.network.order import Level
from gateway.network.report import (
    Coarse,
    DelayReason,
    DepartedLot,
    Lamp,
    OrderState,
    PackageState,
    Report,
)
from tests.network.reports import changed

STEP = timedelta(minutes=5)
LEVELS = [Level.L0, Level.L1, Level.L2, Level.L3]
MINUTE = timedelta(minutes=1)

NEVER_WORDS = (
    "machine", "state", "cycle", "piece", "speed", "scrap", "energy", "price", "customer",
    "capacity", "utilisation", "name", "shift", "text", "because", "delay_s", "run", "rate",
)  # fmt: skip
"""No key may contain one of these (reasonsForDelay is a class, not a reason for scrap)."""


def minutes(most: int = 3000) -> st.SearchStrategy[timedelta]:
    return st.integers(0, most * 60).map(lambda s: timedelta(seconds=s))


@st.composite
def lots(draw: st.DrawFn) -> tuple[DepartedLot, ...]:
    times = sorted(draw(st.lists(minutes(), max_size=4)))
    return tuple(DepartedLot(n, 600, time) for n, time in enumerate(times, 1))


coarse = st.builds(Coarse, st.just(12 * 60 * MINUTE), st.none() | minutes())
states = st.builds(
    PackageState,
    state=st.sampled_from(JobState),
    substate=st.sampled_from(Substate),
    good=st.integers(0, 3000),
    planned=st.integers(1, 2400),
    forecast=minutes(),
    lamp=st.sampled_from(Lamp),
    reason=st.none() | st.sampled_from(DelayReason),
    lots=lots(),
    scrap=st.integers(700_001, 700_999),
    per_piece=st.integers(800_001, 800_999).map(lambda s: timedelta(seconds=s)),
    own_delay=st.integers(900_001, 900_999).map(lambda s: timedelta(seconds=s)),
    inbound_delay=st.integers(910_001, 910_999).map(lambda s: timedelta(seconds=s)),
    machine=st.just("canary-machine"),
    because=st.just("canary-sentence"),
    coarse=st.none() | coarse,
)


def sent(state: PackageState | OrderState, level: Level) -> bytes:
    report = disclose(state, level, STEP)
    told = None if report is None else as_fields(report)
    return json.dumps(told, sort_keys=True).encode()


def keys(value: Any) -> set[str]:
    if isinstance(value, dict):
        return set(value) | {key for entry in value.values() for key in keys(entry)}
    if isinstance(value, list):
        return {key for entry in value for key in keys(entry)}
    return set()


@given(states)
@settings(max_examples=200)
def test_each_level_sends_exactly_its_keys(state: PackageState) -> None:
    assert disclose(state, Level.L0, STEP) is None
    for level in LEVELS[1:]:
        report = disclose(state, level, STEP)
        assert report is not None
        assert tuple(as_fields(report)) == KEYS[level]


@given(states, st.sampled_from(LEVELS))
@settings(max_examples=300)
def test_private_values_never_appear_in_what_is_sent(state: PackageState, level: Level) -> None:
    text = sent(state, level).decode()
    private = (
        state.scrap,
        state.per_piece // timedelta(seconds=1),
        state.own_delay // timedelta(seconds=1),
        state.inbound_delay // timedelta(seconds=1),
        "canary",
    )
    assert not [value for value in private if str(value) in text]


@given(states, st.integers(100_000, 199_999), st.integers(200_000, 299_999))
def test_quantities_never_appear_below_their_level(
    state: PackageState, good: int, planned: int
) -> None:
    canaries = replace(state, good=good, planned=planned)
    for level in (Level.L1, Level.L2):
        text = sent(canaries, level).decode()
        assert str(good) not in text
        assert str(planned) not in text
    assert b"departed" not in sent(canaries, Level.L2)


def agreed(state: PackageState, level: Level) -> tuple[object, ...]:
    """The oracle, written from domain.md 4.4: the agreed fields at their agreed precision."""
    seen: list[object] = []
    if level >= Level.L1:
        seen += [state.lamp]
    if level >= Level.L2:
        working = (JobState.RUNNING, JobState.INTERRUPTED)
        seen += ["working" if state.state in working else state.state]
        seen += [min(20, 20 * state.good // state.planned)]
        seen += [date_seen(state), state.reason]
    if level >= Level.L3:
        seen += [state.good, [(e.number, e.quantity, e.departed // MINUTE) for e in state.lots]]
    return tuple(seen)


def date_seen(state: PackageState) -> tuple[object, ...]:
    """To the agreed step; by a calendar only whether it is as planned, else in which half-day."""
    assert state.forecast is not None
    if state.coarse is None:
        return "to the step", (state.forecast + STEP / 2) // STEP
    planned = state.coarse.planned
    if planned is not None and state.forecast <= planned:
        return "as planned", (planned + STEP / 2) // STEP
    return "half-day", -(-state.forecast // timedelta(hours=12))


@given(states, states, st.sampled_from(LEVELS), st.data())
@settings(max_examples=400)
def test_states_equal_in_the_agreed_fields_give_byte_equal_reports(
    one: PackageState, other: PackageState, level: Level, data: st.DataObject
) -> None:
    """The second state takes over the agreed fields of the first, and jitters below precision."""
    late = timedelta(seconds=data.draw(st.integers(0, 299)))
    base = rounded(one.forecast, STEP) - STEP / 2
    planned = None if one.coarse is None else one.coarse.planned
    if planned is not None and one.forecast <= planned:
        base = planned - 2 * late  # as planned, or earlier
    elif one.coarse is not None:
        base = -(-one.forecast // one.coarse.step) * one.coarse.step - 2 * late
        base = max(base, one.forecast - late)
    twin = replace(
        other,
        lamp=one.lamp,
        state=JobState.INTERRUPTED if one.state is JobState.RUNNING else one.state,
        reason=one.reason,
        forecast=base + late if level >= Level.L2 else other.forecast,
        coarse=one.coarse if level >= Level.L2 else other.coarse,
        good=one.good if level >= Level.L2 else other.good,
        planned=one.planned if level >= Level.L2 else other.planned,
        lots=one.lots if level >= Level.L3 else other.lots,
    )
    assert agreed(one, level) == agreed(twin, level)
    assert sent(one, level) == sent(twin, level)


@given(states, states, st.sampled_from(LEVELS))
@settings(max_examples=300)
def test_what_is_sent_follows_from_the_agreed_fields(
    one: PackageState, other: PackageState, level: Level
) -> None:
    if agreed(one, level) == agreed(other, level):
        assert sent(one, level) == sent(other, level)


@given(states)
def test_a_lower_level_is_contained_in_a_higher_one(state: PackageState) -> None:
    most = disclose(state, Level.L3, STEP)
    assert most is not None
    for level in (Level.L1, Level.L2):
        less = disclose(state, level, STEP)
        assert less is not None
        assert only(as_fields(most), level) == as_fields(less)


orders = st.builds(
    OrderState,
    state=st.sampled_from(JobState),
    share=st.none() | st.floats(0, 1),
    good=st.none() | st.integers(0, 400),
    forecast=st.none() | minutes(),
    lamp=st.sampled_from(Lamp),
    reason=st.none() | st.sampled_from(DelayReason),
)


@given(states | orders, st.sampled_from(LEVELS[1:]))
def test_a_report_is_read_as_it_was_written(state: PackageState | OrderState, level: Level) -> None:
    report = disclose(state, level, STEP)
    assert report is not None
    assert read(json.loads(sent(state, level)), level) == report


@given(orders, st.sampled_from(LEVELS[2:]))
def test_what_is_not_known_of_an_order_travels_as_unknown(state: OrderState, level: Level) -> None:
    told = json.loads(sent(state, level))
    known = {"progress": state.share, "forecast_s": state.forecast, "good": state.good}
    for key in set(known) & set(told):
        assert (told[key] is None) == (known[key] is None), key


def test_the_table_has_no_row_for_what_is_never_told() -> None:
    oracle = {
        Level.L1: {"lamp"},
        Level.L2: {
            "productionStatus", "progress", "forecast_s", "precisionOfForecast", "reasonsForDelay",
        },
        Level.L3: {"good", "departedLots", "lotsBefore", "lotsDeparted"},
    }  # fmt: skip
    assert {field.key for field in FIELDS} == set().union(*oracle.values())
    for field in FIELDS:
        assert field.key in oracle[field.level], field.key


def test_everything_about_what_partners_see_follows_from_the_table() -> None:
    assert HIDDEN[Level.L0] == (
        "lamp",
        "status",
        "progress",
        "forecast_s",
        "reason",
        "good",
        "lots",
    )
    assert HIDDEN[Level.L1] == HIDDEN[Level.L0][1:]
    assert HIDDEN[Level.L2] == ("good", "lots")
    assert HIDDEN[Level.L3] == HIDDEN[Level.L4] == ()
    assert HIDDEN_ORDER[Level.L0] == ("lamp", "progress", "forecast_s", "complete")
    assert HIDDEN_ORDER[Level.L2] == ("complete",)
    assert CUSTOMER == ("progress", "forecast_s", "complete")
    assert set(AT_ONCE) == {"lamp", "productionStatus", "lotsDeparted"}
    assert KEYS[Level.L0] == ()
    assert KEYS[Level.L4] == KEYS[Level.L3]


@given(states, st.sampled_from(LEVELS))
def test_no_key_speaks_of_what_is_never_told(state: PackageState, level: Level) -> None:
    spoken = {key.lower() for key in keys(json.loads(sent(state, level)))}
    allowed = {"productionstatus"}  # the class of Catena-X, not a machine's state
    assert not [k for k in spoken - allowed for word in NEVER_WORDS if word in k]


@pytest.mark.parametrize(
    ("level", "told"),
    [
        (Level.L1, {}),
        (Level.L1, {"lamp": "purple"}),
        (Level.L2, {"lamp": "green"}),
    ],
)
def test_a_report_that_lacks_a_field_of_its_level_is_refused(
    level: Level, told: dict[str, object]
) -> None:
    with pytest.raises(ExchangeError):
        read(told, level)


@pytest.mark.parametrize(("good", "told"), [(0, 0), (119, 0), (120, 5), (2399, 95), (2600, 100)])
def test_progress_leaves_in_steps_of_five_percent_rounded_down(good: int, told: int) -> None:
    assert percent(min(1.0, good / 2400)) == told


L3_FIELDS: dict[str, Any] = {
    "lamp": "green",
    "productionStatus": "itemInProduction",
    "progress": 25,
    "forecast_s": 90_000,
    "precisionOfForecast": {"value": 5, "timeUnit": "minute"},
    "reasonsForDelay": [],
    "good": 600,
    "departedLots": [{"number": 1, "quantity": 600, "departed_s": 51_000}],
}


@pytest.mark.parametrize(
    "changed",
    [
        {"forecast_s": 10**13},  # no sum with it would be a time any more
        {"forecast_s": -(10**13)},
        {"progress": 101},
        {"progress": "25"},
        {"good": -1},
        {"good": True},
        {"precisionOfForecast": {"value": 10**12, "timeUnit": "minute"}},
        {"departedLots": [{"number": 1, "quantity": 600, "departed_s": 10**13}]},
        {"departedLots": [{"number": 1, "quantity": -600, "departed_s": 51_000}]},
        {"departedLots": [{"number": 1, "quantity": 600, "departed_s": 51_000}] * 2},
        {"departedLots": [{"number": 1e300, "quantity": 600, "departed_s": 51_000}]},
        {"departedLots": 7},
        {"lotsBefore": -1},
        {"lotsDeparted": 1.0},
    ],
)
def test_values_that_nothing_can_be_reckoned_with_are_refused(changed: dict[str, Any]) -> None:
    assert read(L3_FIELDS, Level.L3) is not None
    with pytest.raises(ExchangeError, match="no sound value"):
        read(L3_FIELDS | changed, Level.L3)


@pytest.mark.parametrize("level", LEVELS[1:])
def test_a_key_of_a_newer_sender_is_left_unread(level: Level) -> None:
    """Also one of a level above, and within a value."""
    told = only(L3_FIELDS, level)
    newer = L3_FIELDS | {"mood": "fine"}
    newer["departedLots"] = [lot | {"pallet": 7} for lot in L3_FIELDS["departedLots"]]
    assert read(newer, level) == read(told, level)


def a_report(*numbers: int) -> Report:
    lots = tuple(DepartedLot(number, 600, number * MINUTE) for number in numbers)
    report = read(L3_FIELDS, Level.L3)
    assert report is not None
    return changed(report, lots=lots, lotsDeparted=len(lots))


@given(st.lists(st.tuples(st.integers(0, 260), st.integers(0, 9)), max_size=9), st.data())
def test_a_reader_learns_every_lot_in_reports_of_at_most_a_hundred(
    looks: list[tuple[int, int]], data: st.DataObject
) -> None:
    """Lots leave, now and then some are not so any more; answers come or are lost."""
    seen, known = None, dict[int, DepartedLot]()
    for count, missing in [*looks, (260, 0)]:
        whole = a_report(*range(1 + missing, 1 + count))
        for _ in range(4):
            told = unread(whole, known)
            assert len(told.lots) <= 100
            seen = joined(seen, read(as_fields(told), Level.L3))  # kept by the reader, answered
            if told.before == 0:
                known = {}
            known |= {lot.number: lot for lot in told.lots}
            if count < 260 and data.draw(st.booleans()):
                break
        assert seen is not None
        assert seen.departed == len(whole.lots)
        assert {lot.number: lot for lot in seen.lots} == known
    assert seen.lots == whole.lots


def test_what_a_report_of_schema_1_tells_is_all_that_has_left() -> None:
    before = a_report(1, 2, 3)
    told = read(L3_FIELDS, Level.L3)
    assert joined(before, told) == told
    assert told == changed(told, lotsBefore=0, lotsDeparted=1)
