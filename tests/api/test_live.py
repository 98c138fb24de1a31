from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import orjson
import pytest

from gateway.api import live
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
    stream = hub.stream(lambda _event, _key: True, [])
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


async def test_more_browsers_than_it_serves_are_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "MOST_CLIENTS", 2)
    hub = Hub()
    streams = [hub.stream(lambda _event, _key: True, []) for _ in range(2)]
    for stream in streams:
        assert not hub.full
        await anext(stream)
    assert hub.full
    await streams[0].aclose()
    assert not hub.full
    await streams[1].aclose()


async def test_a_browser_gets_only_what_it_wants() -> None:
    hub = Hub()
    stream = hub.stream(lambda event, _key: event == "order", [("order", b'{"first":true}')])
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
