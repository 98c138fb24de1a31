from __future__ import annotations

from gateway.api.throttle import FREE_TRIES, MOST_CALLERS, THROTTLE_SECONDS, Throttle


def failed(times: int, caller: str = "a", now: float = 100.0) -> Throttle:
    throttle = Throttle()
    for _ in range(times):
        throttle.note(caller, now, good=False)
    return throttle


def test_the_first_tries_are_free() -> None:
    assert not failed(FREE_TRIES - 1).refuses("a", 100.0)
    assert failed(FREE_TRIES).refuses("a", 100.0)


def test_one_try_per_half_minute_after_that() -> None:
    throttle = failed(FREE_TRIES)
    assert throttle.refuses("a", 100.0 + THROTTLE_SECONDS - 0.1)
    assert not throttle.refuses("a", 100.0 + THROTTLE_SECONDS)
    throttle.note("a", 130.0, good=False)
    assert throttle.refuses("a", 131.0)


def test_a_good_try_forgives() -> None:
    throttle = failed(FREE_TRIES)
    throttle.note("a", 140.0, good=True)
    assert not throttle.refuses("a", 140.0)


def test_callers_have_counts_of_their_own() -> None:
    assert not failed(FREE_TRIES).refuses("b", 100.0)


def test_many_callers_cost_little_memory() -> None:
    throttle = failed(FREE_TRIES, "first")
    for number in range(MOST_CALLERS):
        throttle.note(str(number), 200.0, good=False)
    assert not throttle.refuses("first", 200.0)
    assert len(throttle._failed) == MOST_CALLERS
