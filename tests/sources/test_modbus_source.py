"""The source on its line: shared, silent, broken, and open again."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from gateway.core.batches import Clock
from gateway.core.errors import Unreachable
from gateway.core.signals import Fault, Reason
from gateway.flow.moment import Moment
from gateway.machines.template import FUNCTIONS
from gateway.sources.source import ModbusSource
from tests.sources.fault_line import told
from tests.sources.line_reading import faults_of, on, unit, values_of


async def test_values_come_from_their_own_registers(line, reading):
    source = reading(unit(1, 0, 1, 40))
    [batch] = await source.read(source.signals)
    assert values_of([batch]) == {"m1/w0": told(1, 0), "m1/w1": told(1, 1), "m1/w40": told(1, 40)}
    assert batch.faults is None


async def test_every_entry_asked_is_answered_whatever_happens(line, reading):
    line.silent.add(2)
    line.refuse[1] = 2
    source = reading(unit(1), unit(2), unit(3))
    batches = await source.read(source.signals)
    assert sorted(s for b in batches for s in b.signals) == sorted(source.signals)
    for batch in batches:
        assert len(batch.signals) == len(batch.values) == len(batch.faults or batch.values)


async def test_units_of_one_endpoint_share_one_connection(line, reading):
    source = reading(unit(1), unit(2), unit(3))
    for _ in range(3):
        await source.read(source.signals)
    assert line.connections == 1


async def test_two_units_of_one_machine_make_one_batch(line, reading):
    source = reading(unit(1, 0, machine="furnace"), unit(2, 7, machine="furnace"))
    [batch] = await source.read(source.signals)
    assert values_of([batch]) == {"furnace/w0": told(1, 0), "furnace/w7": told(2, 7)}


async def test_only_due_signals_are_asked(line, reading):
    source = reading(unit(1, 0, 40))
    [batch] = await source.read(("m1/w40",))
    assert batch.signals == ("m1/w40",)
    assert [(a.first, a.count) for a in line.asked] == [(40, 1)]


async def test_a_silent_unit_costs_one_deadline_per_backoff_period(line, reading, clock):
    line.silent.add(2)
    source = reading(unit(1), unit(2), unit(3))
    for _ in range(10):
        batches = await source.read(source.signals)
        clock.mono += 0.05
        faults = faults_of(batches)
        assert faults["m2/w0"] == Fault(Reason.TIMEOUT)
        assert faults["m1/w0"] is None
        assert faults["m3/w0"] is None
    assert line.count(unit=2) == 2, "once more with the next poll"
    assert line.count(unit=1) == line.count(unit=3) == 10


async def test_a_unit_in_doubt_is_asked_last(line, reading, clock):
    line.silent.add(1)
    source = reading(unit(1), unit(2), unit(3))
    await source.read(source.signals)
    clock.mono += 60
    line.asked.clear()
    await source.read(source.signals)
    assert [a.unit for a in line.asked] == [2, 3, 1]


async def test_a_unit_that_answers_again_is_read_again(line, reading, clock):
    line.silent.add(2)
    source = reading(unit(2))
    await source.read(source.signals)
    line.silent.clear()
    clock.mono += 60
    [batch] = await source.read(source.signals)
    assert batch.faults is None


async def test_a_reset_connection_is_found_at_once_and_opened_anew_within_the_poll(line, reading):
    source = reading(unit(1, within=30), unit(2, within=30))
    await source.read(source.signals)
    line.reset_next = True
    async with asyncio.timeout(5):
        faults = faults_of(await source.read(source.signals))
    assert not any(faults.values())
    assert line.connections == 2


async def test_a_device_that_always_resets_is_no_connection_and_says_so(line, reading, clock):
    source = reading(unit(1, within=30))
    line.always_reset = True
    for _ in range(40):
        async with asyncio.timeout(5):
            faults = faults_of(await source.read(source.signals))
        assert set(faults.values()) == {Fault(Reason.NO_CONNECTION)}
        clock.mono += 0.1
    assert faults["m1/w0"].detail.en == "the connection was closed"
    assert line.connections <= 6, "two at once, then one after each growing pause"


async def test_a_line_that_is_down_is_tried_again_at_once_and_then_once_a_second(
    line, reading, clock
):
    source = reading(unit(1))
    attempts = []
    really_open = source._line.link.open

    async def counted():
        attempts.append(clock.mono)
        await really_open()

    source._line.link.open = counted
    await line.stop()
    for _ in range(60):
        faults = faults_of(await source.read(source.signals))
        assert set(faults.values()) == {Fault(Reason.NO_CONNECTION)}
        clock.mono += 0.05
    assert len(attempts) == 3
    assert attempts[1] - attempts[0] <= 0.06, "with the next poll"
    assert attempts[2] - attempts[1] >= 1.0
    await line.start()
    clock.mono += 5
    assert not any(faults_of(await source.read(source.signals)).values())
    assert line.connections == 1


async def test_a_shared_line_that_is_down_is_tried_once_a_poll_for_all_its_units(
    line, reading, clock
):
    source = reading(*(unit(n) for n in range(1, 6)))
    attempts = []
    really_open = source._line.link.open

    async def counted():
        attempts.append(clock.mono)
        await really_open()

    source._line.link.open = counted
    await line.stop()
    for _ in range(4):
        faults = faults_of(await source.read(source.signals))
        assert set(faults.values()) == {Fault(Reason.NO_CONNECTION)}
        clock.mono += 0.1
    assert attempts == [100.0, 100.1]


async def test_connecting_to_nothing_is_unreachable(line, reading):
    await line.stop()
    with pytest.raises(Unreachable):
        await reading(unit(1)).connect()


async def test_a_connection_closed_between_polls_is_opened_without_losing_one(line, reading):
    source = reading(unit(1))
    await source.read(source.signals)
    line._writers[-1].close()
    async with asyncio.timeout(5):
        while source.connected:
            await asyncio.sleep(0)
    [batch] = await source.read(source.signals)
    assert batch.faults is None


async def test_the_raw_words_can_be_followed_back(line, reading, clock):
    source = reading(unit(1, 0, 40))
    assert source.words("m1/w40") is None
    await source.read(source.signals)
    words = source.words("m1/w40")
    assert (words.function, words.address, words.words) == (3, 40, (told(1, 40),))
    assert words.at == clock().at
    assert source.words("nobody/here") is None


async def test_a_batch_is_stamped_when_the_machine_answered_not_when_a_unit_stayed_silent(
    line, reading
):
    class Ticking:
        def __init__(self):
            self.mono = 0.0

        def __call__(self):
            self.mono = asyncio.get_running_loop().time()
            return Moment(datetime.now(UTC), self.mono, Clock.SYNCED)

    line.silent.add(2)
    source = ModbusSource(
        on(line, unit(1, machine="furnace"), unit(2, 7, machine="furnace", within=0.2)),
        now=Ticking(),
    )
    try:
        [batch] = await source.read(source.signals)
        assert asyncio.get_running_loop().time() - batch.mono >= 0.19
    finally:
        await source.close()


async def test_only_reading_function_codes_are_ever_sent(line, reading):
    units = [
        unit(1, 0, 5, table=table, machine=table) for table in ("coils", "discrete-inputs")
    ] + [unit(2, 0, 5, table=table, machine=table) for table in ("holding-registers",)]
    source = reading(*units, unit(3, 0, 5, table="input-registers"))
    await source.read(source.signals)
    assert {a.function for a in line.asked} == set(FUNCTIONS.values()) == {1, 2, 3, 4}


async def test_a_frame_that_would_write_never_leaves(line, reading):
    source = reading(unit(1))
    await source.connect()
    before = line.count()
    with pytest.raises(AssertionError, match="must never be sent"):
        await source._line.link._client.write_register(0, 1, device_id=1)
    await source.read(source.signals)
    assert line.count() == before + 1


async def test_the_pause_between_requests_is_kept(line, reading):
    source = reading(*(unit(n, how={"pause": timedelta(milliseconds=60)}) for n in (1, 2, 3)))
    loop = asyncio.get_running_loop()
    began = loop.time()
    await source.read(source.signals)
    assert loop.time() - began >= 0.12


async def test_one_device_serves_two_machines_and_each_gets_its_own_points(line, reading):
    source = reading(unit(1, 0, 1, machine="press-1"), unit(1, 8, 9, machine="press-2"), unit(2))
    first, second, _ = await source.read(source.signals)
    assert (first.machine, second.machine) == ("press-1", "press-2")
    assert first.values == (told(1, 0), told(1, 1))
    assert second.values == (told(1, 8), told(1, 9))
    assert line.connections == 1
    line.refuse = {8: 2, 9: 2}
    first, second, _ = await source.read(source.signals)
    assert first.faults is None, "what one machine's points are refused does not touch the other"
    assert second.values == (None, None)


async def test_a_device_that_is_alone_in_two_machines_is_no_shared_line(line, reading):
    """A lost answer is asked for again, as for one machine."""
    source = reading(unit(1, 0, machine="press-1"), unit(1, 8, machine="press-2"))
    line.misbehave = lambda asked: None if asked.transaction == 1 else line.answer(asked)
    assert not any(faults_of(await source.read(source.signals)).values())


async def test_answers_of_another_unit_are_taken_where_that_is_wanted(line, reading):
    line.misbehave = lambda asked: line.answer(asked)[:6] + b"\x09" + line.answer(asked)[7:]
    source = reading(unit(1))
    [fault] = set(faults_of(await source.read(source.signals)).values())
    assert fault.detail.en == "unit 9 answers for unit 1"
    source = reading(unit(1, how={"ignore_unit": True}))
    for _ in range(3):
        assert values_of(await source.read(source.signals))["m1/w2"] == told(1, 2)


async def test_answers_with_a_wrong_number_are_taken_where_that_is_wanted(line, reading):
    line.misbehave = lambda asked: b"\x00\x00" + line.answer(asked)[2:]
    source = reading(unit(1))
    [fault] = set(faults_of(await source.read(source.signals)).values())
    assert fault.reason is Reason.DESYNC
    source = reading(unit(1, how={"ignore_transaction": True}))
    for _ in range(3):
        assert values_of(await source.read(source.signals))["m1/w2"] == told(1, 2)


async def test_a_late_answer_without_a_number_is_no_value_of_another_address(line, reading, clock):
    """Its length is that of the next questions: they are asked in another, or not."""
    late = iter([0.07])

    def without_number(asked):
        answer = b"\x00\x00" + line.answer(asked)[2:]
        seconds = next(late, 0.0)
        if not seconds:
            return answer
        asyncio.get_running_loop().call_later(seconds, line._writers[-1].write, answer)
        return None

    line.misbehave = without_number
    source = reading(unit(1, 0, 200, 400, within=0.05, how={"ignore_transaction": True}))
    for _ in range(5):
        for signal, value in values_of(await source.read(source.signals)).items():
            assert value in (None, told(1, int(signal[4:])))
        clock.mono += 1


async def test_unit_0_is_asked_for_as_any_other(line, reading):
    line.units.add(0)
    source = reading(unit(0))
    assert values_of(await source.read(source.signals))["m0/w2"] == told(0, 2)


async def test_each_poll_has_a_connection_of_its_own_where_that_is_wanted(line, reading):
    source = reading(unit(1, how={"reconnect": "each-poll"}), unit(2))
    for count in (1, 2, 3):
        assert not any(faults_of(await source.read(source.signals)).values())
        assert not source.connected
        assert line.connections == count


async def test_after_connecting_a_device_is_left_alone_for_a_while(line, reading):
    connected, asked = [], []
    now = asyncio.get_running_loop().time
    line.connected = lambda _number: connected.append(now())

    def note(question):
        asked.append(now())
        return line.answer(question)

    line.misbehave = note
    pause = {"pause_after_connect": timedelta(milliseconds=150), "reconnect": "each-poll"}
    source = reading(unit(1, 0, 500, how=pause))
    for _ in range(2):
        assert not any(faults_of(await source.read(source.signals)).values())
    assert [asked[0] - connected[0] >= 0.149, asked[2] - connected[1] >= 0.149] == [True, True]


async def test_closing_twice_and_before_connecting_is_safe(line, reading):
    source = reading(unit(1))
    await source.close()
    await source.read(source.signals)
    await source.close()
    await source.close()


async def test_the_next_try_is_told(line, reading, clock):
    line.silent.add(1)
    source = reading(unit(1), unit(2))
    assert source.next_try("m1") is None
    await source.read(source.signals)
    assert source.next_try("m1") is None, "with the next poll"
    await source.read(source.signals)
    assert 1.0 <= source.next_try("m1") - clock.mono <= 5.0
    assert source.next_try("m2") is None
