"""Faults by their words: which requests they hit, always the same for one seed."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.modbus.fault_kinds import GATEWAY, MANNERS, WORDS
from simulators.modbus.fault_words import WrongFault, read_faults
from simulators.modbus.pdu import Asked, Shows
from simulators.modbus.script import WELL, Fate, Manners


def asked(number=1, unit=1, first=0, count=1, at=0.0):
    return Asked(number, unit, struct.pack(">BHH", 3, first, count), at=at)


def fates(words, requests, seed=17):
    script = read_faults(words).script(seed)
    return [script(request) for request in requests]


def hit(words, how_many, seed=17):
    """The numbers of the requests that a fault hits."""
    found = fates(words, [asked(n) for n in range(1, how_many + 1)], seed)
    return [n for n, fate in enumerate(found, start=1) if fate is not WELL]


@pytest.mark.parametrize(
    ("words", "fate"),
    [
        ("late=300ms", Fate(late=0.3)),
        ("late=1s, late=2s", Fate(late=3)),
        ("lost", Fate(lost=True)),
        ("swapped", Fate(swapped=True)),
        ("truncated=5", Fate(cut=5)),
        ("doubled", Fate(copies=2)),
        ("torn=20ms", Fate(torn=0.02)),
        ("other-unit=9", Fate(unit=9)),
        ("other-transaction=0", Fate(transaction=0)),
        ("exception=4", Fate(exception=4)),
        ("busy", Fate(exception=6)),
        ("sentinels", Fate(shows=Shows.SENTINELS)),
        ("glitch", Fate(shows=Shows.COUNTERS_AT_ZERO)),
        ("reset", Fate(shows=Shows.COUNTERS_BEGIN_ANEW)),
        ("drops", Fate(resets=True)),
        ("closes", Fate(closes=True)),
        ("doubled, late=1s", Fate(copies=2, late=1)),
        ("# nothing, lost\n  late=1s\n\n, doubled\n", Fate(copies=2, late=1)),
        ("", WELL),
    ],
)
def test_what_a_word_does(words, fate):
    assert fates(words, [asked()]) == [fate]


def test_the_manners_of_a_device():
    faults = read_faults("connections=1, forgets=60s, hangs-up=30s, wakes=1500ms, pause=120ms")
    assert faults.manners == Manners(1, 60, 30, 1.5, 0.12)
    assert faults.faults == ()


def test_a_gateway_that_waits_keeps_what_is_late_and_says_so():
    faults = read_faults("waits=3s, keeps-late, says-so")
    assert faults.gateway == {"waits": 3.0, "flushes": False, "says_so": True}


@pytest.mark.parametrize(
    ("words", "numbers"),
    [
        ("lost @1/30", [30, 60, 90]),
        ("lost @17", [17]),
        ("lost @17-19", [17, 18, 19]),
        ("lost @98-", [98, 99, 100]),
        ("lost @1/10 @50-80", [50, 60, 70, 80]),
        ("lost @100%", list(range(1, 101))),
        ("lost @0%", []),
    ],
)
def test_which_requests_it_hits(words, numbers):
    assert hit(words, 100) == numbers


@given(st.integers(0, 2**32), st.integers(1, 99))
def test_a_share_is_that_share_and_the_same_for_one_seed(seed, percent):
    numbers = hit(f"lost @{percent}%", 1000, seed)
    assert abs(len(numbers) - 10 * percent) < 100
    assert numbers == hit(f"lost @{percent}%", 1000, seed)


def test_another_seed_and_another_fault_hit_other_requests():
    first, second = hit("lost @20%", 200, 1), hit("lost @20%", 200, 2)
    assert first != second
    both = fates("lost @20%, doubled @20%", [asked(n) for n in range(1, 201)])
    assert {fate.lost for fate in both if fate.copies == 2} == {True, False}


def test_a_fault_of_one_unit_counts_only_its_requests():
    requests = [asked(n, unit=1 + n % 3) for n in range(1, 31)]
    lost = [fate.lost for fate in fates("lost @1/2 unit=3", requests)]
    assert [r.number for r, gone in zip(requests, lost, strict=True) if gone] == [5, 11, 17, 23, 29]


@given(st.integers(0, 60), st.integers(1, 20))
def test_a_hole_refuses_what_touches_it(first, count):
    [fate] = fates("hole=40-45", [asked(first=first, count=count)])
    touches = any(40 <= address <= 45 for address in range(first, first + count))
    assert fate == (Fate(exception=2) if touches else WELL)


def test_a_hole_does_not_mind_what_reads_nothing():
    assert fates("hole=0", [Asked(1, 1, b"\x2b\x0e\x01\x00")]) == [WELL]


@pytest.mark.parametrize(
    ("words", "fate"), [("most=60", Fate(exception=3)), ("mute-above=60", Fate(lost=True))]
)
def test_a_block_that_is_too_long(words, fate):
    assert fates(words, [asked(count=60), asked(count=61)]) == [WELL, fate]


def test_a_restart_cuts_off_is_silent_and_then_has_no_values_for_as_long():
    moments = [0, 1, 1.1, 3.9, 4.1, 6.9, 7.1, 8]
    requests = [asked(n, at=at) for n, at in enumerate(moments, start=1)]
    silent, empty = Fate(lost=True), Fate(shows=Shows.SENTINELS)
    assert fates("reboot=3s @2", requests) == [
        WELL, Fate(resets=True), silent, silent, empty, empty, WELL, WELL,
    ]  # fmt: skip


def test_one_unit_restarts_without_the_others():
    requests = [asked(n, unit=1 + n % 2, at=n * 0.1) for n in range(1, 7)]
    found = fates("reboot=3s @1 unit=1", requests)
    assert [fate is WELL for fate in found] == [True, False] * 3


@pytest.mark.parametrize("name", [*WORDS, *MANNERS, *GATEWAY])
def test_the_example_of_each_word_is_understood_and_its_meaning_is_said(name):
    word = (WORDS | MANNERS | GATEWAY)[name]
    read_faults(f"{name}={word.example}" if word.example else name)
    assert word.means.de
    assert word.means.en


@pytest.mark.parametrize("name", [*WORDS, *MANNERS, *GATEWAY])
def test_a_value_that_does_not_fit_is_answered_with_an_example(name):
    word = (WORDS | MANNERS | GATEWAY)[name]
    meant = f"{name}={word.example}" if word.example else name
    wrong = f"{name}=x" if word.example else f"{name}=1"
    for words in (wrong, *([name, f"{name}=0", f"{name}=-1"] if word.example == "5" else [])):
        with pytest.raises(WrongFault) as refused:
            read_faults(words)
        assert refused.value.text.en.endswith(f"Write for example {meant}.")
        assert refused.value.text.de.endswith(f"Schreiben Sie zum Beispiel {meant}.")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("lots", "there is no fault “lots”; possible: late, lost, swapped"),
        ("Lost", "there is no fault “Lost”"),
        ("late 3s", "“late 3s” cannot be understood. Write for example late=3s."),
        ("lost @often", "“@often” in “lost @often” is no condition; possible: @5%, @1/30"),
        ("lost 5%", "“5%” in “lost 5%” is no condition"),
        ("closes, forgets=60s @5%", "“forgets=60s @5%” is always true: leave @5% out"),
    ],
)
def test_what_cannot_be_understood_is_named(words, said):
    with pytest.raises(WrongFault) as refused:
        read_faults(words)
    assert refused.value.text.en.startswith(said)
    assert refused.value.text.de != refused.value.text.en
