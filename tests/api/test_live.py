from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import orjson

from gateway.api.live import Hub, Latest
from gateway.core.batches import Batch, Clock, Judged, Mark
from gateway.core.signals import Fault, Kind, Limits, Quality, Reason, Signal, SignalId
from gateway.core.text import Text
from gateway.core.units import UNITS

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
POWER = Signal(
    SignalId("mill-1/power"), Text("Leistung", "Power"), UNITS["W"], Kind.GAUGE, Limits(), 1.0
)


def judged(value: float | None, *, mark: Mark | None = None) -> Judged:
    batch = Batch("mill-1", NOON, 0.0, Clock.SYNCED, (POWER.id,), (value,))
    return Judged(batch, 7, {} if mark is None else {0: mark})


def test_a_value_that_was_not_renewed_is_stale() -> None:
    latest = Latest()
    latest.take(judged(1500.0))
    reading = latest.reading(POWER.id)
    assert reading is not None
    assert Latest.trust(reading, POWER, NOON) == (Quality.GOOD, Reason.OK)
    late = NOON + timedelta(seconds=6)
    assert Latest.trust(reading, POWER, late) == (Quality.UNCERTAIN, Reason.STALE)


def test_a_bad_value_stays_bad_with_its_own_reason() -> None:
    latest = Latest()
    latest.take(judged(None, mark=Mark(Quality.BAD, Fault(Reason.TIMEOUT))))
    reading = latest.reading(POWER.id)
    assert reading is not None
    late = NOON + timedelta(hours=1)
    assert Latest.trust(reading, POWER, late) == (Quality.BAD, Reason.TIMEOUT)


async def test_a_slow_browser_gets_the_newest_of_each_thing() -> None:
    hub = Hub()
    stream = hub.stream(lambda _event, _key: True, list)
    assert await anext(stream) == b"retry: 1000\n\n"
    reading = asyncio.ensure_future(anext(stream))
    await asyncio.sleep(0)  # let the stream register
    for number in range(1000):
        hub.publish("machine", "mill-1", {"n": number})
        hub.publish("machine", "press-1", {"n": -number})
    frames = (await reading).split(b"\n\n")
    contents = [orjson.loads(frame.split(b"data: ")[1]) for frame in frames if frame]
    assert contents == [{"n": 999}, {"n": -999}]
    await stream.aclose()
    assert not hub.watched


Stream = AsyncIterator[bytes]


async def listening(hub: Hub, holder: str | None, count: int = 1) -> list[Stream]:
    streams = [hub.stream(lambda _event, _key: True, list, holder=holder) for _ in range(count)]
    for stream in streams:
        assert await anext(stream) == b"retry: 1000\n\n"
    return streams


async def ends(stream: Stream) -> list[bytes]:
    async with asyncio.timeout(5):
        return [part async for part in stream]


async def test_one_session_has_ten_streams_and_its_newest_end_its_oldest() -> None:
    hub = Hub()
    (other,) = await listening(hub, "other")
    streams = await listening(hub, "one", 11)
    assert await ends(streams[0]) == [b"retry: 30000\n\n"], "its browser is in no hurry"
    hub.publish("order", "", {"id": "GA-17"})
    for stream in (other, *streams[1:]):
        assert b"GA-17" in await anext(stream)


async def test_who_has_the_most_streams_gives_way_when_there_are_too_many() -> None:
    hub = Hub()
    greedy = [await listening(hub, f"customer {n}", 10) for n in range(20)]
    assert hub.room("owner")
    await listening(hub, "owner")
    assert len(hub._clients) == 200
    assert await ends(greedy[0][0]) == [b"retry: 30000\n\n"]


async def test_where_everybody_has_one_stream_a_newcomer_is_told_so() -> None:
    hub = Hub()
    for number in range(200):
        await listening(hub, f"session {number}")
    assert not hub.room("one more")
    assert not hub.room(None)
    assert [part async for part in hub.stream(lambda _e, _k: True, list, holder="one more")] == []
    assert hub.room("session 3") is False


async def test_what_changes_while_the_first_states_are_told_is_told_after_them() -> None:
    hub = Hub()
    state = {"n": 1}

    def first() -> list[tuple[str, bytes]]:
        told = orjson.dumps(state)
        state["n"] = 2  # it changes right after it was looked at
        hub.publish("order", "", state)
        return [("order", told)]

    stream = hub.stream(lambda _event, _key: True, first)
    told = [await anext(stream) for _ in range(3)]
    assert [b'{"n":1}' in told[1], b'{"n":2}' in told[2]] == [True, True]
    await stream.aclose()


async def test_a_browser_gets_only_what_it_wants() -> None:
    hub = Hub()
    stream = hub.stream(
        lambda event, _key: event == "order", lambda: [("order", b'{"first":true}')]
    )
    await anext(stream)
    assert b'"first":true' in await anext(stream)
    reading = asyncio.ensure_future(anext(stream))
    await asyncio.sleep(0)
    hub.publish("machine", "", {"secret": 1})
    hub.publish("order", "", {"id": "GA-17"})
    frame = await reading
    assert b"GA-17" in frame
    assert b"secret" not in frame
    await stream.aclose()
