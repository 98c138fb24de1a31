"""The OPC UA server's process stopped, killed, hogged: machines are polled and values kept."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from asyncua import Client

from gateway.apart.runner import ApartRunner
from tests.api.running import (
    API,
    RunningGateway,
    a_workshop,
    at_work,
    demo_client,
    free_port,
    until,
)


@pytest.fixture
def workshop(tmp_path: Path) -> Iterator[RunningGateway]:
    opcua = f'sinks: [{{type: opcua, listen: "127.0.0.1:{free_port()}", open: true}}]\n'
    with at_work(a_workshop(tmp_path, demo=True, more=opcua)) as running:
        until(lambda: server(running).health.connected, 120)
        yield running


def server(running: RunningGateway) -> ApartRunner:
    found = running.gateway.sinks.runners["opcua"]
    assert isinstance(found, ApartRunner)
    return found


def pid(running: RunningGateway) -> int:
    process = server(running).process
    assert process is not None
    return process.pid


def power(running: RunningGateway) -> tuple[float, str]:
    """Power and status, as an OPC UA client reads them."""

    async def read() -> tuple[float, str]:
        [config] = running.site.sinks
        async with Client(f"opc.tcp://{config.listen}", timeout=10) as client:
            node = client.get_node("ns=4;s=drill-1.power")
            value = await node.read_data_value(raise_on_bad_status=False)
        assert value.Value is not None
        assert value.StatusCode is not None
        return value.Value.Value, value.StatusCode.name

    return asyncio.run(read())


def health(running: RunningGateway) -> dict[str, str]:
    with demo_client(running.base, "foreman") as page:
        parts = page.get(f"{API}/health").json()["parts"]
    return {part["name"]: part["state"] for part in parts}


def test_a_stopped_server_delays_no_poll_and_no_commit(workshop: RunningGateway) -> None:
    [runner] = workshop.gateway.runners
    journal = workshop.gateway.journal
    os.kill(pid(workshop), signal.SIGSTOP)
    polls, skipped, kept = runner.polls, runner.skipped, journal.committed_seq
    until(lambda: runner.polls >= polls + 100)  # every 50 ms
    until(lambda: journal.committed_seq > kept + 300)
    assert runner.skipped - skipped <= 5
    assert health(workshop)["journal"] == "ok"
    assert server(workshop).health.connected, "it was not missed yet"
    os.kill(pid(workshop), signal.SIGCONT)
    assert power(workshop)[1] == "Good"


def test_a_killed_server_is_back_with_present_values(workshop: RunningGateway) -> None:
    first = pid(workshop)
    assert power(workshop)[1] == "Good"
    os.kill(first, signal.SIGKILL)
    until(lambda: not server(workshop).health.connected)
    until(lambda: server(workshop).health.connected, 60)
    assert pid(workshop) != first
    assert power(workshop)[1] == "Good"


def test_a_server_that_stands_still_is_ended_and_health_says_so(
    workshop: RunningGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.apart.runner.SILENCE", 4.0)
    first = pid(workshop)
    os.kill(first, signal.SIGSTOP)
    until(lambda: not server(workshop).health.connected)
    assert server(workshop).health.cause == "4 s: its process gave no sign of life"
    assert health(workshop)["opcua"] == "absent"
    until(lambda: server(workshop).health.connected, 60)
    assert power(workshop)[1] == "Good"


def test_no_server_no_process(tmp_path: Path) -> None:
    before = children()
    with at_work(a_workshop(tmp_path, demo=True)):
        assert children() <= before


def children() -> set[str]:
    """The processes that this one has started."""
    files = Path("/proc/self/task").glob("*/children")
    return {child for file in files for child in file.read_text("ascii").split()}
