"""What every series store must keep. A new store needs a case here, or a test fails."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Protocol

import pytest

from gateway import history
from gateway.core.ports import SeriesStore
from gateway.core.signals import Quality, SignalId
from gateway.history import Series
from tests.history.oracle import ODD, START, TIMEOUT, judged, naive

A, B = SignalId("m/a"), SignalId("m/b")
HOUR = timedelta(hours=1)


class Opened(SeriesStore, Protocol):
    """A store with a lifetime."""

    def open(self) -> None: ...
    def close(self) -> None: ...


STORES: dict[type[SeriesStore], Callable[[Path], Opened]] = {Series: Series}


@pytest.fixture(params=STORES.values(), ids=[store.__name__ for store in STORES])
def store(request, tmp_path):
    made = request.param(tmp_path / "store")
    made.open()
    yield made
    made.close()


def _is_store(thing: object) -> bool:
    wanted = {"append", "history", "prune"}
    return inspect.isclass(thing) and all(
        inspect.isfunction(getattr(thing, name, None)) for name in wanted
    )


def test_every_store_has_a_case():
    found = set()
    for module in pkgutil.iter_modules(history.__path__, "gateway.history."):
        for _, thing in inspect.getmembers(importlib.import_module(module.name), _is_store):
            found.add(thing)
    assert found == set(STORES)


def test_what_is_appended_is_drawn(store):
    batches = [judged(2 * n + 1, n, {"a": n / 10, "b": n % 3 == 0}) for n in range(1000)]
    store.append(batches[:400])
    store.append(batches[400:])
    for signal in (A, B):
        for points in (1, 7, 4000):
            shown = store.history(signal, START, START + HOUR, points)
            assert list(shown) == naive(batches, signal, START, START + HOUR, points)


def test_points_are_in_time_order_and_never_more_than_asked_for(store):
    store.append([judged(n + 1, n, {"a": 1.0}) for n in range(500)])
    shown = store.history(A, START, START + HOUR, 37)
    assert 0 < len(shown) <= 37
    assert [point.at for point in shown] == sorted(point.at for point in shown)
    assert all(START <= point.at < START + HOUR for point in shown)


def test_the_start_is_inside_and_the_end_is_not(store):
    store.append([judged(n + 1, n, {"a": float(n)}) for n in range(3)])
    shown = store.history(A, START, START + timedelta(seconds=2), 100)
    assert [point.last for point in shown] == [0.0, 1.0]


def test_the_same_numbers_again_change_nothing(store):
    batches = [judged(n + 1, n, {"a": float(n)}) for n in range(700)]
    store.append(batches)
    before = list(store.history(A, START, START + HOUR, 100))
    store.append(batches)
    assert list(store.history(A, START, START + HOUR, 100)) == before


def test_the_worst_quality_of_a_bucket_shows(store):
    store.append(
        [
            judged(1, 0, {"a": 1.0}),
            judged(2, 1, {"a": 2.0}, {"a": ODD}),
            judged(3, 2, {"a": None}, {"a": TIMEOUT}),
        ]
    )
    (whole,) = store.history(A, START, START + HOUR, 1)
    assert (whole.low, whole.high, whole.last, whole.quality) == (1.0, 2.0, 2.0, Quality.BAD)
    first_two = store.history(A, START, START + timedelta(seconds=2), 1)
    assert first_two[0].quality is Quality.UNCERTAIN


def test_what_is_pruned_is_gone_and_stays_gone(store):
    store.append([judged(n + 1, n, {"a": float(n)}) for n in range(3000)])
    before = START + timedelta(seconds=1000)
    store.prune(before)
    shown = store.history(A, START, START + HOUR, 5000)
    assert (shown[0].last, len(shown)) == (1000.0, 2000)
    store.append([judged(3001, 500, {"a": -1.0})])
    assert store.history(A, START, START + HOUR, 5000)[0].last == 1000.0


def test_a_signal_that_nobody_wrote_has_no_points(store):
    assert list(store.history(A, START, START + HOUR, 10)) == []


def test_a_chart_without_points_is_a_mistake(store):
    with pytest.raises(ValueError, match="at least one"):
        store.history(A, START, START + HOUR, 0)
