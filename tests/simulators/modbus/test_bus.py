"""A serial line with its units, in time that jumps: every moment is exact."""

from __future__ import annotations

import asyncio
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.modbus.bus import Bus
from simulators.modbus.framing import of_rtu, rtu
from simulators.modbus.pace import Pace
from simulators.modbus.pdu import words_told_by
from simulators.modbus.script import Fate, always_well
from tests.simulators.modbus.jumping_loop import played

PACE = Pace(9600)
UNITS = {number: words_told_by(lambda at, number=number: number * 100 + at) for number in (1, 2)}


def question(unit=1, first=0, count=1, function=3):
    return rtu(unit, struct.pack(">BHH", function, first, count))


class Ear:
    """Notes what is heard and when, in seconds of the line since the test began."""

    def __init__(self, bus):
        self.bus, self.began, self.heard = bus, bus.now, []
        bus.hear = lambda characters: self.heard.append((self.now, characters))

    @property
    def now(self):
        return self.bus.now - self.began

    @property
    def all(self):
        return b"".join(characters for _, characters in self.heard)


def heard(*steps, wait=5.0, **settings):
    """Say each of ``steps`` (seconds, characters) at its time; what is heard, and the bus."""

    async def play():
        bus = Bus(UNITS, settings.pop("pace", PACE), **settings)
        ear = Ear(bus)
        for at, characters in steps:
            await asyncio.sleep((at - ear.now) / bus.speed)
            bus.say(characters)
        await asyncio.sleep(wait / bus.speed)
        bus.close()
        return ear, bus

    return played(play())


def words(frame):
    _, content = of_rtu(frame)
    return list(struct.unpack(f">{content[1] // 2}H", content[2:]))


@given(
    st.sampled_from([1200, 9600, 19200, 115200]),
    st.integers(1, 125),
    st.floats(0, 0.5),
    st.sampled_from([1.0, 20.0]),
)
def test_an_answer_has_passed_when_the_pace_says_so(baud, count, takes, speed):
    pace = Pace(baud)
    ear, _ = heard((0, question(count=count)), pace=pace, takes=takes, speed=speed, wait=10)
    assert words(ear.all) == [100 + at for at in range(count)]
    expected = pace.exchange(8, 5 + 2 * count, takes) - pace.silence
    assert ear.heard[-1][0] == pytest.approx(expected, abs=1e-5)


def test_no_character_is_heard_before_it_has_passed_and_none_much_later():
    ear, _ = heard((0, question(count=20)))
    begins = PACE.lasts(8) + PACE.silence + 0.005
    passed = 0
    for at, characters in ear.heard:
        passed += len(characters)
        due = begins + PACE.lasts(passed)
        assert due - 1e-5 <= at <= due + 0.016 + 1e-5
    assert len(ear.heard) >= 4


def test_a_request_that_is_said_in_pieces_is_one_request_on_the_wire():
    whole = question()
    ear, bus = heard((0, whole[:3]), (0.001, whole[3:]))
    assert words(ear.all) == [100]
    assert bus.tally.requests == 1


def test_a_pause_shorter_than_that_silence_does_not_break_a_request():
    whole = question()
    ear, _ = heard((0, whole[:3]), (PACE.lasts(3) + 0.9 * PACE.silence, whole[3:]))
    assert words(ear.all) == [100]


def test_a_silence_in_the_middle_of_a_request_breaks_it():
    whole = question()
    ear, bus = heard((0, whole[:3]), (0.1, whole[3:]))
    assert ear.all == b""
    assert (bus.tally.requests, bus.tally.garbled) == (0, 2)


def test_units_answer_for_themselves_and_nobody_for_an_unknown_one():
    ear, bus = heard((0, question(1)), (1, question(2)), (2, question(9)), (3, question(0)))
    assert ear.all == rtu(1, b"\x03\x02\x00\x64") + rtu(2, b"\x03\x02\x00\xc8")
    assert bus.tally.units == {1: 1, 2: 1, 9: 1, 0: 1}
    assert bus.tally.functions == {3: 4}


def test_a_broken_request_is_answered_by_nobody():
    ear, bus = heard((0, question()[:-1] + b"\x00"))
    assert (ear.all, bus.tally.garbled) == (b"", 1)


def test_a_request_into_an_answer_spoils_both():
    ear, bus = heard((0, question(1, count=50)), (0.04, question(2)))
    assert of_rtu(ear.all) is None
    assert 0 < len(ear.all) < 105
    assert (bus.tally.requests, bus.tally.collisions, bus.tally.garbled) == (1, 1, 1)


def test_two_units_that_speak_at_once_are_not_understood():
    late = {1: 0.1, 2: 0.08}
    ear, bus = heard(
        (0, question(1, count=20)),
        (0.03, question(2, count=20)),
        script=lambda asked: Fate(late=late[asked.unit]),
    )
    assert of_rtu(ear.all) is None
    assert bus.tally.collisions == 1


def test_a_busy_unit_hears_nothing_and_its_late_answer_comes_for_the_next_question():
    ear, bus = heard(
        (0, question(1, first=5)),
        (0.2, question(1, first=7)),
        script=lambda asked: Fate(late=0.3) if asked.number == 1 else Fate(),
    )
    assert words(ear.all) == [105]
    assert ear.heard[-1][0] > 0.3
    assert bus.tally.unheard == 1


def test_a_busy_unit_that_queues_answers_one_after_the_other():
    ear, bus = heard(
        (0, question(1, first=5)),
        (0.2, question(1, first=7)),
        script=lambda asked: Fate(late=0.3) if asked.number == 1 else Fate(),
        queues=True,
    )
    assert (words(ear.all[:7]), words(ear.all[7:])) == ([105], [107])
    assert bus.tally.unheard == 0


@pytest.mark.parametrize("strict", [False, True])
def test_requests_too_close_to_an_answer_are_counted_and_by_strict_units_not_heard(strict):
    ends = PACE.exchange(8, 7, 0.005) - PACE.silence
    ear, bus = heard(
        (0, question()),
        (ends + 0.9 * PACE.silence, question()),
        (1, question()),
        (1 + ends + 1.1 * PACE.silence, question()),
        strict=strict,
    )
    assert bus.tally.crowded == 1
    assert bus.tally.closest == pytest.approx(0.9 * PACE.silence, abs=1e-5)
    assert bus.tally.answers == (3 if strict else 4)
    assert len(ear.all) == 7 * bus.tally.answers


def test_fates_of_answers():
    fates = {
        1: Fate(lost=True),
        2: Fate(copies=2),
        3: Fate(cut=4),
        4: Fate(exception=6),
        5: Fate(swapped=True),
        7: Fate(change=lambda frame: b"\xff" + frame),
    }
    ear, _ = heard(
        *((second, question(first=second)) for second in range(1, 8)),
        script=lambda asked: fates.get(asked.number, Fate()),
    )

    def told(at):
        return rtu(1, bytes([3, 2, 0, 100 + at]))

    assert ear.all == b"".join(
        (told(2) * 2, told(3)[:4], rtu(1, b"\x83\x06"), told(6), told(5), b"\xff", told(7))
    )


@pytest.mark.parametrize("speed", [1, 100])
def test_a_line_that_runs_faster_does_the_same(speed):
    steps = [(n * 0.07, question(1 + n % 2, n, 1 + n)) for n in range(20)]
    slow, _ = heard(*steps, script=lambda asked: Fate(late=0.05 * (asked.number % 3)))
    fast, _ = heard(*steps, script=lambda asked: Fate(late=0.05 * (asked.number % 3)), speed=speed)
    assert fast.all == slow.all


def test_closing_is_safe_twice_and_nothing_comes_after_it():
    async def play():
        bus = Bus(UNITS, script=always_well)
        ear = Ear(bus)
        bus.say(question())
        await asyncio.sleep(0.01)
        bus.close()
        bus.close()
        await asyncio.sleep(1)
        return ear.all

    assert played(play()) == b""
