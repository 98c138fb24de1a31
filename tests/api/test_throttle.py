from __future__ import annotations

from gateway.api.throttle import Throttle, Wait


def failed(times: int, caller: str = "a", now: float = 100.0) -> Throttle:
    throttle = Throttle()
    for _ in range(times):
        throttle.note(caller, "owner", now, good=False)
    return throttle


def test_the_first_tries_are_free() -> None:
    assert failed(4).refuses("a", "owner", 100.0) is None
    assert failed(5).refuses("a", "owner", 100.0) is Wait.CALLER


def test_one_try_per_half_minute_after_that() -> None:
    throttle = failed(5)
    assert throttle.refuses("a", "owner", 129.9) is Wait.CALLER
    assert throttle.refuses("a", "owner", 130.0) is None
    throttle.note("a", "owner", 130.0, good=False)
    assert throttle.refuses("a", "owner", 131.0) is Wait.CALLER


def test_a_good_try_forgives_what_failed_for_the_same_role() -> None:
    throttle = failed(5)
    throttle.note("a", "customer", 101.0, good=True)
    assert throttle.refuses("a", "owner", 101.0) is Wait.CALLER
    throttle.note("a", "owner", 140.0, good=True)
    assert throttle.refuses("a", "owner", 140.0) is None


def test_callers_and_roles_have_counts_of_their_own() -> None:
    assert failed(5).refuses("b", "owner", 100.0) is None
    assert failed(5).refuses("a", "customer", 100.0) is None


def test_many_callers_cost_little_memory() -> None:
    throttle = failed(5, "first")
    for number in range(1000):
        throttle.note(str(number), "owner", 200.0, good=False)
    assert throttle.refuses("first", "owner", 200.0, known=True) is None
    assert len(throttle._failed) == 1000


def test_all_strangers_together_have_a_hundred_tries_and_then_one_in_ten_seconds() -> None:
    throttle = Throttle()
    tries, now = 0, 0.0
    while now < 3600.0:
        if throttle.refuses(f"stranger {tries}", "owner", now) is None:
            throttle.note(f"stranger {tries}", "owner", now, good=False)
            tries += 1
        now += 0.5
    assert 455 <= tries <= 465


def test_who_is_known_neither_waits_for_strangers_nor_makes_them_wait() -> None:
    throttle = Throttle()
    for number in range(150):
        throttle.note(f"known {number}", "owner", 100.0, good=False, known=True)
    assert throttle.refuses("stranger", "owner", 100.0) is None
    for number in range(100):
        throttle.note(f"stranger {number}", "owner", 100.0, good=False)
    assert throttle.refuses("another", "owner", 100.0) is Wait.ROLE
    assert throttle.refuses("another", "customer", 100.0) is None
    assert throttle.refuses("owner's browser", "owner", 100.0, known=True) is None
