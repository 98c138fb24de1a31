"""The event loop of a real gateway: nothing holds it for long, at work with a page open."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
from asyncua import Client

from tests.api.running import API, TOKEN, a_workshop, demo_client, free_port, until

ROOT = Path(__file__).parents[2]


def test_nothing_holds_the_loop_for_long_not_even_at_the_start(tmp_path: Path) -> None:
    """At the start 100 ms of CPU (imports alone took 250), after five seconds 50 ms."""
    port = free_port()
    opcua = f'sinks: [{{type: opcua, listen: "127.0.0.1:{port}", open: true}}, {{type: console}}]\n'
    workshop = a_workshop(tmp_path, demo=True, more=opcua)
    looked = tmp_path / "looked"
    site = str(tmp_path / "workshop.yaml")
    with subprocess.Popen(
        [sys.executable, "-m", "tests.system.looked_at", str(looked), "run", site],
        cwd=ROOT,
        env={**os.environ, "DEMO_TOKEN": TOKEN, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
    ) as gateway:
        try:
            asyncio.run(_at_work(workshop, f"opc.tcp://127.0.0.1:{port}"))
        finally:
            gateway.send_signal(signal.SIGTERM)
            assert gateway.wait(20) == 0
    notes = [json.loads(line) for line in looked.read_text("utf-8").splitlines()]
    assert [note for note in notes if note.get("part") == "rest"], "it was looked at"
    held = [note for note in notes if "cpu" in note]
    assert [note for note in held if note["cpu"] > 0.100] == []
    assert [note for note in held if note["cpu"] > 0.050 and note["at"] > 5] == []


async def _at_work(workshop, endpoint: str) -> None:
    """Simulated devices, a page that listens, an OPC UA client that reads, for a while."""
    assert workshop.simulation is not None
    await workshop.simulation.open()
    try:
        await asyncio.to_thread(until, lambda: _answers(workshop.base), 60)
        await asyncio.to_thread(until, lambda: _well(workshop.base, "opcua"), 60)
        await asyncio.to_thread(_watch, workshop.base)
        async with Client(endpoint, timeout=20) as client:
            node = client.get_node("ns=4;s=drill-1.power")
            assert await node.read_value() is not None
    finally:
        workshop.simulation.close()


def _answers(base: str) -> bool:
    try:
        return httpx.get(f"{base}{API}/session").is_success
    except httpx.TransportError:
        return False


def _well(base: str, part: str) -> bool:
    with demo_client(base, "owner") as page:
        parts = page.get(f"{API}/health").json()["parts"]
    return {one["name"]: one["state"] for one in parts}[part] == "ok"


def _watch(base: str) -> None:
    """Read every document once and a stretch of the stream of events."""
    with demo_client(base, "owner") as page:
        for path in ("machines", "jobs", "health", "log", "machines/drill-1", "openapi.json"):
            assert page.get(f"{API}/{path}").is_success
        with page.stream("GET", f"{API}/events") as events:
            lines = events.iter_lines()
            heard = 0
            while heard < 60:
                heard += next(lines).startswith("event: machine")
