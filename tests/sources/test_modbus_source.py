"""The source on a line that misbehaves: nothing wrong is ever published, and neighbours live on."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from gateway.core.batches import Clock
from gateway.core.errors import Unreachable
from gateway.core.signals import Fault, Reason
from gateway.flow.moment import Moment
from gateway.machines.template import FUNCTIONS
from gateway.sources.modbus_source import ModbusSource
from gateway.sources.unit import Unit
from tests.sources.fault_line import frame_of, told
from tests.sources.plain_templates import words_template

WITHIN = 0.15


class HandClock:
    """Monotonic time that only moves when told to, so that backoffs can be crossed at will."""

    def __init__(self):
        self.mono = 100.0

    def __call__(self):
        at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.mono)
        return Moment(at, self.mono, Clock.SYNCED)


def unit(number, *addresses, machine=None, within=WITHIN, **more):
    template = words_template(*(addresses or (0, 1, 2)), **more)
    return Unit(machine or f"m{number}", number, template, within)


@pytest.fixture
def clock():
    return HandClock()


@pytest.fixture
async def reading(line, clock):
    sources = []

    def make(*units, **more):
        source = ModbusSource(line.endpoint, units, now=clock, **more)
        sources.append(source)
        return source

    yield make
    for source in sources:
        await source.close()


def faults_of(batches):
    return {
        signal: batch.faults[i] if batch.faults else None
        for batch in batches
        for i, signal in enumerate(batch.signals)
    }


def values_of(batches):
    return {s: v for batch in batches for s, v in zip(batch.signals, batch.values, strict=True)}


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
    assert line.count(unit=2) == 1
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


async def test_a_late_answer_is_never_published(line, reading, clock):
    line.late[1] = WITHIN * 1.3
    source = reading(unit(1, 10), unit(2, 20))
    for _ in range(4):
        batches = await source.read(source.signals)
        assert values_of(batches) == {"m1/w10": None, "m2/w20": told(2, 20)}
        await asyncio.sleep(WITHIN * 0.5)
        clock.mono += 60
    assert len({a.connection for a in line.asked if a.unit == 1}) == 4


async def test_no_wrong_value_among_many_late_answers(line, reading, clock):
    source = reading(*(unit(n, *range(n * 10, n * 10 + 5), within=0.03) for n in (1, 2, 3)))
    for cycle in range(60):
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
    line.misbehave = None
    clock.mono += 60
    [batch] = await source.read(source.signals)
    assert batch.faults is None
    assert line.connections == 2


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


@pytest.mark.parametrize("code", [4, 5, 6, 8])
async def test_a_passing_refusal_is_bad_and_not_remembered(line, reading, code):
    line.refuse[0] = code
    source = reading(unit(1))
    [batch] = await source.read(source.signals)
    assert set(batch.faults) == {Fault(Reason.REFUSED, code)}
    assert line.count() == 1
    line.refuse.clear()
    [batch] = await source.read(source.signals)
    assert batch.faults is None
    assert line.connections == 1


async def test_a_refused_block_is_bisected_once_and_only_the_bad_address_stays_bad(line, reading):
    line.refuse[5] = 2
    source = reading(unit(1, *range(12)))
    faults = faults_of(await source.read(source.signals))
    assert {s for s, f in faults.items() if f} == {"m1/w5"}
    assert faults["m1/w5"] == Fault(Reason.REFUSED, 2)
    searched = line.count()
    line.asked.clear()
    for _ in range(5):
        batches = await source.read(source.signals)
        assert {s for s, f in faults_of(batches).items() if f} == {"m1/w5"}
        assert values_of(batches)["m1/w4"] == told(1, 4)
    assert searched <= 9
    assert line.count() == 10
    assert not any(a.first <= 5 < a.first + a.count for a in line.asked)


async def test_a_refused_address_is_tried_again_alone_after_a_while(line, reading, clock):
    line.refuse[5] = 2
    source = reading(unit(1, 4, 5, 6))
    await source.read(source.signals)
    clock.mono += 3600
    line.refuse.clear()
    line.asked.clear()
    assert not any(faults_of(await source.read(source.signals)).values())
    assert (5, 1) in [(a.first, a.count) for a in line.asked]
    line.asked.clear()
    await source.read(source.signals)
    assert [(a.first, a.count) for a in line.asked] == [(4, 3)]


async def test_a_hole_that_cannot_be_read_is_cut_out_and_no_value_is_lost(line, reading):
    line.refuse[7] = 2
    source = reading(unit(1, 0, 1, 2, 3, 10, 11))
    assert not any(faults_of(await source.read(source.signals)).values())
    line.asked.clear()
    assert not any(faults_of(await source.read(source.signals)).values())
    assert line.count() == 2


async def test_a_table_that_the_device_does_not_have_is_not_searched(line, reading):
    line.refuse = dict.fromkeys(range(20), 1)
    source = reading(unit(1, *range(10)))
    assert set(faults_of(await source.read(source.signals)).values()) == {Fault(Reason.REFUSED, 1)}
    assert line.count() == 1
    await source.read(source.signals)
    assert line.count() == 1


@pytest.mark.parametrize(("code", "reason"), [(10, Reason.NO_CONNECTION), (11, Reason.TIMEOUT)])
async def test_a_gateway_that_speaks_for_a_silent_unit_is_believed(line, reading, code, reason):
    line.refuse[0] = code
    source = reading(unit(1), unit(2, 50))
    for _ in range(5):
        faults = faults_of(await source.read(source.signals))
        assert faults["m1/w0"] == Fault(reason)
        assert faults["m2/w50"] is None
    assert line.count(unit=1) == 1
    assert line.connections == 1


async def test_a_reset_connection_is_no_connection_and_found_at_once(line, reading, clock):
    source = reading(unit(1, within=30), unit(2, within=30))
    await source.connect()
    line.reset_next = True
    async with asyncio.timeout(5):
        faults = faults_of(await source.read(source.signals))
    assert set(faults.values()) == {Fault(Reason.NO_CONNECTION)}
    clock.mono += 60
    assert not any(faults_of(await source.read(source.signals)).values())


async def test_a_line_that_is_down_is_tried_at_most_once_a_second(line, reading, clock):
    source = reading(unit(1))
    attempts = []
    really_open = source._link.open

    async def counted():
        attempts.append(clock.mono)
        await really_open()

    source._link.open = counted
    await line.stop()
    for _ in range(60):
        faults = faults_of(await source.read(source.signals))
        assert set(faults.values()) == {Fault(Reason.NO_CONNECTION)}
        clock.mono += 0.05
    assert len(attempts) == 2
    assert attempts[1] - attempts[0] >= 1.0
    await line.start()
    clock.mono += 5
    assert not any(faults_of(await source.read(source.signals)).values())
    assert line.connections == 1


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
        line.endpoint,
        [unit(1, machine="furnace"), unit(2, 7, machine="furnace", within=0.2)],
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
        await source._link._client.write_register(0, 1, device_id=1)
    await source.read(source.signals)
    assert line.count() == before + 1


async def test_the_pause_between_requests_is_kept(line, reading):
    source = reading(unit(1), unit(2), unit(3), pause=timedelta(milliseconds=60))
    loop = asyncio.get_running_loop()
    began = loop.time()
    await source.read(source.signals)
    assert loop.time() - began >= 0.12


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
    assert 1.0 <= source.next_try("m1") - clock.mono <= 5.0
    assert source.next_try("m2") is None
