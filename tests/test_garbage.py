"""Garbage: rarely looked for at the start, before it is much at work."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys

import pytest

from gateway import garbage, service
from gateway.apart import bounds, child

MUCH = """
import gc, json, weakref
from gateway import garbage

class Knot:
    def __init__(self):
        self.me, self.held = self, [[] for _ in range(8)]

garbage.rarely()
stays = [[] for _ in range(100_000)]
garbage.as_it_comes()
knots, most = weakref.WeakSet(), 0
for _ in range(20_000):
    knots.add(Knot())
    most = max(most, len(knots))
print(json.dumps({"most": most, "frozen": gc.get_freeze_count()}))
"""


def test_at_work_garbage_is_found_before_it_is_much_and_what_stays_is_left_alone() -> None:
    said = subprocess.run(
        [sys.executable, "-c", MUCH], capture_output=True, check=True, timeout=60
    ).stdout
    told = json.loads(said)
    assert told["most"] <= 250  # of knots with ten objects each
    assert told["frozen"] > 100_000


class Working:
    def __init__(self) -> None:
        self.stop = asyncio.Event()
        self.works = False

    async def run(self) -> None:
        await self.stop.wait()

    def working(self) -> bool:
        return self.works

    def stuck(self) -> str | None:
        self.works = True  # from the second look on
        return None


@pytest.fixture
def looked_for(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Each time that the start is over; this process keeps its own ways."""
    said: list[str] = []
    monkeypatch.setattr(garbage, "as_it_comes", lambda: said.append("as it comes"))
    monkeypatch.setattr(bounds, "step_back", lambda: None)
    return said


async def test_a_gateway_looks_for_it_once_it_works(looked_for: list[str]) -> None:
    class Told(service.Manager):
        def tell(self, state: str) -> None:
            if state == "WATCHDOG=1" and looked_for:
                gateway.stop.set()

    gateway = Working()
    async with asyncio.timeout(20):
        await service.until_signal(gateway, Told({}))
    assert looked_for == ["as it comes"]


def test_the_process_of_a_sink_looks_for_it_once_the_sink_is_connected(
    looked_for: list[str],
) -> None:
    watch = child._Watch("opcua", lambda _kind, _content: None)
    assert not looked_for
    watch.connected()
    watch.connected()
    assert looked_for == ["as it comes"]
