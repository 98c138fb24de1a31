from __future__ import annotations

import errno
import math
import sqlite3
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.core.batches import Judged
from gateway.core.errors import JournalError
from gateway.core.signals import Quality, SignalId
from gateway.history import Series
from tests.disks import fill_up, small_disk
from tests.history.oracle import ODD, START, TIMEOUT, judged, naive

A = SignalId("m/a")
HOUR = timedelta(hours=1)


def ramp(count: int, step: float = 1.0, first_seq: int = 1) -> list[Judged]:
    return [judged(first_seq + n, n * step, {"a": float(n % 97)}) for n in range(count)]


def test_the_open_end_is_part_of_the_chart(series):
    batches = ramp(20)
    series.append(batches)
    assert series.history(A, START, START + HOUR, 100) == naive(
        batches, A, START, START + HOUR, 100
    )


def test_stored_chunks_and_open_end_make_one_chart(series):
    batches = ramp(3000)
    for place in range(0, 3000, 7):
        series.append(batches[place : place + 7])
    for points in (1, 2, 13, 100, 5000):
        shown = series.history(A, START, START + HOUR, points)
        assert shown == naive(batches, A, START, START + HOUR, points)


def test_a_peak_stays_however_coarse_the_chart(series):
    batches = ramp(2000)
    batches[777] = judged(778, 777, {"a": 9999.0})
    series.append(batches)
    (point,) = series.history(A, START, START + HOUR, 1)
    assert (point.low, point.high) == (0.0, 9999.0)


def test_different_rates_stand_side_by_side(series):
    fast = [judged(n + 1, n / 10, {"a": n % 7, "b": n % 2 == 0}) for n in range(6000)]
    slow = [judged(10_000 + n, 6 * n, {"c": 850.0 + n / 10}) for n in range(100)]
    batches = sorted(fast + slow, key=lambda batch: batch.seq0)
    series.append(batches)
    for name in ("m/a", "m/b", "m/c"):
        shown = series.history(SignalId(name), START, START + HOUR, 50)
        assert shown == naive(batches, name, START, START + HOUR, 50)


def test_true_and_false_are_drawn_as_one_and_zero(series):
    series.append([judged(1, 0, {"a": True}), judged(2, 1, {"a": False})])
    (point,) = series.history(A, START, START + HOUR, 1)
    assert (point.low, point.high, point.last) == (0.0, 1.0, 0.0)


def test_a_text_is_kept_as_the_last_value_only(series):
    series.append([judged(1, 0, {"a": "warm"}), judged(2, 1, {"a": "heiß"})])
    (point,) = series.history(A, START, START + HOUR, 1)
    assert (point.low, point.high, point.last) == (None, None, "heiß")


def test_a_bad_value_leaves_its_mark_and_no_number(series):
    series.append(
        [
            judged(1, 0, {"a": 5.0}),
            judged(2, 1, {"a": None}, {"a": TIMEOUT}),
            judged(3, 2, {"a": 70.0}, {"a": ODD}),
        ]
    )
    first, second, third = series.history(A, START, START + timedelta(seconds=3), 3)
    assert (first.last, first.quality) == (5.0, Quality.GOOD)
    assert (second.low, second.last, second.quality) == (None, None, Quality.BAD)
    assert (third.last, third.quality) == (70.0, Quality.UNCERTAIN)


@pytest.mark.parametrize("value", [math.nan, math.inf, None])
def test_what_is_no_number_never_becomes_one(series, value):
    series.append([judged(1, 0, {"a": value})])
    (point,) = series.history(A, START, START + HOUR, 1)
    assert (point.low, point.high, point.last, point.quality) == (None, None, None, Quality.BAD)


def test_the_last_value_is_found_wherever_it_stands(series):
    assert series.last(A) is None
    batches = ramp(1200)
    for batch in batches:
        series.append([batch])
        point = series.last(A)
        assert (point.at, point.last) == (batch.at, batch.batch.values[0])
    series.append([judged(5000, 90_000, {"b": 1.0})])
    series._write()
    point = series.last(A)
    assert (point.at, point.last) == (batches[-1].at, batches[-1].batch.values[0])


def test_an_unknown_signal_has_no_points(series):
    assert series.history(SignalId("m/nothing"), START, START + HOUR, 10) == []


def test_the_same_numbers_again_change_nothing(series):
    batches = ramp(700)
    series.append(batches)
    series.append(batches)
    series.append(batches[300:])
    assert series.history(A, START, START + HOUR, 60) == naive(batches, A, START, START + HOUR, 60)


@pytest.mark.parametrize("clean", [True, False])
def test_after_a_restart_the_journal_fills_in_what_was_open(tmp_path: Path, clean: bool):
    batches = [judged(2 * n + 1, n, {"a": float(n), "b": float(-n)}) for n in range(2000)]
    first = Series(tmp_path)
    first.open()
    first.append(batches[:1500])
    if clean:
        first.close()
    else:
        first._file.close()
    second = Series(tmp_path)
    second.open()
    assert 0 < second.seq < batches[1499].last_seq
    kept = [batch for batch in batches if batch.last_seq > second.seq]
    second.append(kept)
    for name in ("m/a", "m/b"):
        shown = second.history(SignalId(name), START, START + HOUR, 500)
        assert shown == naive(batches, name, START, START + HOUR, 500)
    second.close()


def test_a_clock_set_back_loses_nothing(series):
    batches = [*ramp(600), *[judged(601 + n, 200 + n, {"a": -1.0}) for n in range(300)]]
    series.append(batches)
    shown = series.history(A, START, START + HOUR, 30)
    assert shown == naive(batches, A, START, START + HOUR, 30)


def test_what_is_pruned_is_gone_and_the_rest_stays(series, tmp_path):
    batches = ramp(4000)
    series.append(batches)
    series._write()
    before = START + timedelta(seconds=2000)
    series.prune(before)
    later = [batch for batch in batches if batch.at >= before]
    assert series.history(A, START, START + 2 * HOUR, 10_000) == [
        point for point in naive(batches, A, START, START + 2 * HOUR, 10_000) if point.at >= before
    ]
    assert len(series.history(A, before, START + 2 * HOUR, 10_000)) == len(later)
    connection = sqlite3.connect(tmp_path / "history.db")
    (oldest,) = connection.execute("SELECT min(first) FROM spans").fetchone()
    (chunks,) = connection.execute("SELECT count(*) FROM chunks").fetchone()
    (spans,) = connection.execute("SELECT count(*) FROM spans").fetchone()
    connection.close()
    assert oldest >= (before.timestamp() - 300) * 1000
    assert chunks == spans


def test_signals_close_their_chunks_at_different_moments(series):
    names = [f"s{n}" for n in range(200)]
    closed = []
    for second in range(900):
        before = series._tails.next_chunk
        series.append([judged(1 + 200 * second, second, dict.fromkeys(names, 1.0 * second))])
        closed.append(series._tails.next_chunk - before)
    assert sum(closed) > 400
    assert max(closed) <= 10


@pytest.mark.parametrize("step", [-86_400, 86_400])
def test_a_step_of_the_clock_breaks_the_chunks_once_and_no_more(series, step: int):
    names = [f"s{n}" for n in range(200)]
    for second in range(1200):
        at = second if second < 600 else second + step
        series.append([judged(1 + 200 * second, at, dict.fromkeys(names, 1.0 * second))])
    without_a_step = 200 * 1200 // 300
    assert series._tails.next_chunk - 1 <= without_a_step + 200


@pytest.mark.parametrize("step", [0, -86_400, 86_400])
def test_a_silent_signal_does_not_hold_the_rest_back(series, step: int):
    series.append([judged(1, 0, {"gone": 1.0})])
    series.append([judged(n + 2, n + step, {"a": float(n)}) for n in range(3000)])
    series._write()
    assert series.seq - series._tails.resume_seq() < 400


def _garbage(path: Path) -> None:
    for part in path.parent.glob("history.db-*"):
        part.unlink()
    path.write_bytes(b"no history at all " * 1000)


def test_a_damaged_file_is_put_aside_and_built_anew(tmp_path):
    batches = ramp(2000)
    first = Series(tmp_path)
    first.open()
    first.append(batches)
    first.close()
    _garbage(tmp_path / "history.db")
    second = Series(tmp_path)
    second.open()
    assert second.seq == 0
    assert len(second.broken) == 1
    second.append(batches)
    assert second.history(A, START, START + HOUR, 9) == naive(batches, A, START, START + HOUR, 9)
    second.close()


def test_a_file_of_a_newer_version_is_put_aside_and_built_anew(tmp_path):
    batches = ramp(2000)
    first = Series(tmp_path)
    first.open()
    first.append(batches)
    first.close()
    with sqlite3.connect(tmp_path / "history.db") as newer:
        newer.execute("PRAGMA user_version=99")
    newer.close()
    second = Series(tmp_path)
    second.open()
    assert second.seq == 0
    second.append(batches)
    assert second.history(A, START, START + HOUR, 9) == naive(batches, A, START, START + HOUR, 9)
    second.close()
    [aside] = second.broken
    kept = sqlite3.connect(aside)
    assert kept.execute("PRAGMA user_version").fetchone() == (99,)
    kept.close()


def test_damage_met_by_a_chart_has_the_file_replaced(series, tmp_path):
    batches = ramp(2000)
    series.append(batches)
    series._write()
    beside = sqlite3.connect(tmp_path / "history.db")
    beside.execute("UPDATE chunks SET body = zeroblob(length(body))")
    beside.commit()
    beside.close()
    with pytest.raises(JournalError):
        series.history(A, START, START + HOUR, 5000)
    series.append(ramp(1, first_seq=2001))
    assert series.seq == 0
    series.append(batches)
    shown = series.history(A, START, START + HOUR, 5000)
    assert shown == naive(batches, A, START, START + HOUR, 5000)


def test_a_history_on_a_full_disk_is_opened_when_there_is_room(tmp_path):
    batches = ramp(200)
    with small_disk(tmp_path / "disk") as disk:
        fill_up(disk / "ballast")
        series = Series(disk)
        series.open()
        assert series.trouble is not None
        with pytest.raises(JournalError):
            series.append(batches)
        series.prune(START)
        assert series.history(A, START, START + HOUR, 9) == []
        (disk / "ballast").unlink()
        series.append(batches)
        assert (series.trouble, series.seq) == (None, 0)
        series.append(batches)
        shown = series.history(A, START, START + HOUR, 9)
        assert shown == naive(batches, A, START, START + HOUR, 9)
        series.close()


def test_a_damaged_file_that_cannot_be_put_aside_is_tried_again(series, tmp_path, monkeypatch):
    batches = ramp(2000)
    series.append(batches)
    series._suspect = "met by a chart"

    def read_only(*_) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", read_only)
        for _ in range(2):
            with pytest.raises(JournalError, match="cannot be put aside"):
                series.append(batches)
        series.prune(START)
    series.append(batches)
    assert series.seq == 0
    series.append(batches)
    shown = series.history(A, START, START + HOUR, 9)
    assert shown == naive(batches, A, START, START + HOUR, 9)


values = (
    st.none()
    | st.booleans()
    | st.integers(-(2**31), 2**32)
    | st.floats(width=32)
    | st.integers(-3000, 3000).map(lambda n: n * 0.1)
    | st.floats()
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=4)
)
marks = st.sampled_from([None, None, None, TIMEOUT, ODD])


@st.composite
def streams(draw: st.DrawFn) -> list[Judged]:
    """Batches with any values, of two shapes, with pauses, bursts and a clock that may jump."""
    batches, seq, seconds = [], 1, 0.0
    for _ in range(draw(st.integers(0, 40))):
        seconds += draw(
            st.sampled_from([0.0, 0.001, 0.1, 1.0, 6.0, 299.0, 301.0, 4000.0, -10.0, -700.0])
        )
        names = draw(st.sampled_from([("a",), ("a", "b"), ("b",)]))
        found = {name: draw(values) for name in names}
        wrong = {name: mark for name in names if (mark := draw(marks)) is not None}
        batches.append(judged(seq, seconds, found, wrong))
        seq += len(names) + draw(st.sampled_from([0, 5]))
    return batches


@given(data=st.data(), batches=streams())
@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_any_history_equals_the_plain_one(tmp_path_factory, data, batches: list[Judged]):
    folder = tmp_path_factory.mktemp("history")
    series = Series(folder)
    series.open()
    try:
        place = 0
        while place < len(batches):
            count = data.draw(st.integers(1, 10))
            series.append(batches[place : place + count])
            place += count
            what = data.draw(st.sampled_from(["go on", "write", "crash"]))
            if what == "write":
                with series._lock:
                    series._write()
            elif what == "crash":
                series._file.close()
                series = Series(folder)
                series.open()
                series.append([b for b in batches[:place] if b.last_seq > series.seq])
        start = START + timedelta(seconds=data.draw(st.integers(-1000, 9000)))
        end = start + timedelta(milliseconds=data.draw(st.integers(1, 20_000_000)))
        points = data.draw(st.integers(1, 300))
        shown = series.history(A, start, end, points)
        assert shown == naive(batches, A, start, end, points)
    finally:
        series.close()


def test_a_floor_from_a_clock_that_ran_ahead_hides_nothing_that_comes(tmp_path):
    """A first start 400 days ahead, a retention that followed it, then the right time."""
    ahead = timedelta(days=400)
    first = Series(tmp_path)
    first.open()
    early = ramp(20)
    first.append([replace(one, batch=replace(one.batch, at=one.at + ahead)) for one in early])
    first.prune(early[-1].at + ahead - timedelta(days=30))
    first.close()
    again = Series(tmp_path)
    again.open()
    now = ramp(20, first_seq=early[-1].last_seq + 1)
    again.append(now)
    assert again.hides_the_newest
    again.prune(now[-1].at - timedelta(days=30))
    drawn = again.history(A, START, START + HOUR, 100)
    again.close()
    assert drawn == naive(now, A, START, START + HOUR, 100)
