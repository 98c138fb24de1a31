"""Answers that are late, foreign or broken: none of them is ever published."""

from __future__ import annotations

import asyncio

import pytest

from gateway.core.signals import Fault, Reason
from tests.sources.fault_line import frame_of, told
from tests.sources.line_reading import WITHIN, unit, values_of


async def test_a_late_answer_is_never_published(line, reading, clock):
    line.late[1] = WITHIN * 3
    source = reading(unit(1, 10), unit(2, 20))
    for _ in range(4):
        batches = await source.read(source.signals)
        assert values_of(batches) == {"m1/w10": None, "m2/w20": told(2, 20)}
        clock.mono += 60
    assert line.connections == 1, "its transaction number tells it from an answer"


async def test_a_late_answer_meets_nobody_elses_question(line, reading):
    line.late = {1: WITHIN * 3, 2: WITHIN * 0.7}
    source = reading(unit(1, 10), unit(2, 20))
    batches = await source.read(source.signals)
    assert values_of(batches) == {"m1/w10": None, "m2/w20": told(2, 20)}
    assert [a.connection for a in line.asked] == [1, 1]


@pytest.mark.size(polls=(60, 3000))
async def test_no_wrong_value_among_many_late_answers(line, reading, clock, polls):
    source = reading(*(unit(n, *range(n * 10, n * 10 + 5), within=0.03) for n in (1, 2, 3)))
    for cycle in range(polls):
        line.late = {1 + cycle % 3: 0.02 + 0.005 * (cycle % 5)}
        for batch in await source.read(source.signals):
            number = int(batch.machine[1:])
            for signal, value in zip(batch.signals, batch.values, strict=True):
                assert value in (None, told(number, int(signal.partition("/w")[2])))
        clock.mono += 10


@pytest.mark.parametrize(
    ("what", "lie"),
    [
        ("an older transaction", lambda _, right: b"\x00\x63" + right[2:]),
        ("transaction zero", lambda _, right: b"\x00\x00" + right[2:]),
        ("another protocol", lambda _, right: right[:2] + b"\x00\x07" + right[4:]),
        ("another unit", lambda _, right: right[:6] + b"\x09" + right[7:]),
        ("another function", lambda _, right: right[:7] + b"\x04" + right[8:]),
        ("too few registers", lambda a, _: frame_of(a, bytes([3, 2, 0, 1]))),
        ("too many registers", lambda a, _: frame_of(a, bytes([3, 8]) + bytes(8))),
        ("a byte count beyond the frame", lambda _, right: right[:8] + b"\xff" + right[9:]),
        ("an unknown function", lambda _, right: right[:7] + b"\x63" + right[8:]),
        ("a long exception", lambda a, _: frame_of(a, bytes([0x83, 2, 9]))),
        ("garbage in front", lambda _, right: b"\xde\xad\xbe\xef" + right),
    ],
)
async def test_an_answer_that_does_not_fit_is_a_desync_and_ends_the_connection(
    line, reading, clock, what, lie
):
    line.misbehave = lambda asked: lie(asked, line.answer(asked))
    source = reading(unit(1))
    [batch] = await source.read(source.signals)
    assert batch.values == (None, None, None), what
    assert set(batch.faults) == {Fault(Reason.DESYNC)}, what
    assert not source.connected
    assert line.connections == 2, "the new try has one of its own"
    line.misbehave = None
    clock.mono += 60
    [batch] = await source.read(source.signals)
    assert batch.faults is None
    assert line.connections == 3


async def test_who_answers_for_whom_is_said(line, reading):
    line.misbehave = lambda asked: line.answer(asked)[:6] + b"\x00" + line.answer(asked)[7:]
    source = reading(unit(1))
    [batch] = await source.read(source.signals)
    assert batch.faults[0].detail.en == "unit 0 answers for unit 1"
    assert batch.faults[0].detail.de == "Gerät 0 antwortet für Gerät 1"


async def test_a_desync_is_found_at_once_not_at_the_deadline(line, reading):
    line.misbehave = lambda asked: b"\x00\x63" + line.answer(asked)[2:]
    source = reading(unit(1, within=30))
    async with asyncio.timeout(5):
        await source.read(source.signals)


async def test_an_answer_in_pieces_is_put_together(line, reading):
    def trickle(asked):
        whole = line.answer(asked)
        line.late[1] = 0
        asyncio.get_running_loop().call_later(0.02, line._writers[-1].write, whole[7:])
        return whole[:7]

    line.misbehave = trickle
    source = reading(unit(1, within=2))
    [batch] = await source.read(source.signals)
    assert batch.faults is None


async def test_an_unasked_answer_ends_the_connection(line, reading):
    source = reading(unit(1))
    await source.read(source.signals)
    line._writers[-1].write(b"\x00\x01\x00\x00\x00\x05\x01\x03\x02\x12\x34")
    async with asyncio.timeout(5):
        while source.connected:
            await asyncio.sleep(0)
    [batch] = await source.read(source.signals)
    assert batch.faults is None
    assert line.connections == 2
