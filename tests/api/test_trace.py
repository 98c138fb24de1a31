"""One number followed back: the stored point is named only where it is the very reading."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.api.access import Access
from gateway.api.app import create_app
from gateway.api.live import Latest
from gateway.assembly.pages import rooms as rooms_of
from gateway.core.batches import Batch, Clock, Judged, Mark
from gateway.core.ports import Point
from gateway.core.signals import Fault, Quality, Reason, SignalId
from gateway.core.text import Text
from tests.api.running import API, TOKEN, RunningGateway

POWER = SignalId("drill-1/power")
READ = datetime(2026, 3, 1, 12, tzinfo=UTC)


class OnePoint:
    """A store that holds one point."""

    def __init__(self, at: datetime) -> None:
        self._at = at

    def history(self, *_: object) -> Sequence[Point]:
        return [Point(self._at, 1.5, 1.5, 1.5, Quality.GOOD)]


async def stored(demo: RunningGateway, folder: Path, at: datetime) -> dict[str, Any]:
    latest = Latest()
    latest.take(Judged(Batch("drill-1", READ, 0.0, Clock.SYNCED, (POWER,), (1.5,)), 4711, {}))
    store: Any = OnePoint(at)
    rooms = replace(rooms_of(demo.gateway), latest=latest, series=store)
    app = create_app(rooms, Access(folder, TOKEN), pages=None)
    transport = httpx.ASGITransport(app)
    headers = {"authorization": f"Bearer {TOKEN}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://x", headers=headers) as web:
        answer = await web.get(f"{API}/machines/drill-1/trace?signal={POWER}")
    found: dict[str, Any] = answer.json()["stored"]
    return found


@pytest.mark.parametrize(("later", "seq"), [(0, 4711), (50, None)])
async def test_the_stored_point_carries_the_number_of_the_reading_that_it_is(
    demo: RunningGateway, tmp_path: Path, later: int, seq: int | None
) -> None:
    found = await stored(demo, tmp_path, READ + timedelta(milliseconds=later))
    assert found["seq"] == seq
    assert found["value"] == 1.5


async def test_a_signal_says_what_was_found_where_it_has_no_value(
    demo: RunningGateway, tmp_path: Path
) -> None:
    latest = Latest()
    found = Text("Gerät 0 antwortet für Gerät 1", "unit 0 answers for unit 1")
    bad = {0: Mark(Quality.BAD, Fault(Reason.DESYNC, detail=found))}
    latest.take(Judged(Batch("drill-1", READ, 0.0, Clock.SYNCED, (POWER,), (None,)), 4711, bad))
    rooms = replace(rooms_of(demo.gateway), latest=latest)
    transport = httpx.ASGITransport(create_app(rooms, Access(tmp_path, TOKEN), pages=None))
    headers = {"authorization": f"Bearer {TOKEN}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://x", headers=headers) as web:
        answer = await web.get(f"{API}/machines/drill-1")
    signals = {signal["id"]: signal for signal in answer.json()["signals"]}
    assert signals[POWER]["reason"] == "desync"
    assert signals[POWER]["detail"] == {"de": found.de, "en": found.en}
    assert signals["drill-1/energy"]["detail"] is None
