"""What every sink must keep, whatever it speaks. A new sink needs a case here, or a test fails."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydantic import SecretStr

from gateway import sinks
from gateway.config import Endpoint
from gateway.core.errors import NotConnected
from gateway.core.signals import Kind
from gateway.sinks.base import FirmSink, SinkConfig
from gateway.sinks.console import ConsoleConfig
from gateway.sinks.influx import InfluxConfig
from gateway.sinks.mqtt import MqttConfig
from gateway.sinks.opcua import OpcUaConfig
from tests.drivers.brokers import mosquitto, running
from tests.peers import need
from tests.sinks.small_firm import (
    SIGNALS,
    TIMED_OUT,
    TOO_HIGH,
    UNREACHED,
    batch,
    executing,
    firm,
    free_port,
    job,
    signal,
)

BATCHES = [
    batch("mill-1", {"power": 1500.5, "energy": 12.25}),
    batch("press-1", {"mould-closed": True, "shots": 7}),
    batch("mill-1", {"power": None, "energy": 12.25}, {"power": TIMED_OUT}),
    batch("mill-1", {"power": 99_000.0}, {"power": TOO_HIGH}),
    batch("press-1", {"mould-closed": None, "shots": None}, {"shots": UNREACHED}),
    batch("press-1", {"mould-closed": False, "shots": 2**32 - 1}),
]


@dataclass(frozen=True)
class Case:
    """``away`` is a config whose peer is not there (None: the peer cannot be away)."""

    here: Callable[[Path], AsyncIterator[SinkConfig]]
    away: Callable[[], SinkConfig] | None


async def console(_folder: Path) -> AsyncIterator[SinkConfig]:
    yield ConsoleConfig(type="console")


async def opcua(_folder: Path) -> AsyncIterator[SinkConfig]:
    yield OpcUaConfig(type="opcua", listen=Endpoint("127.0.0.1", free_port()), open=True)


def opcua_away() -> SinkConfig:
    # An address of the documentation network: nobody can listen there.
    users = {"leitstand": SecretStr("x")}
    return OpcUaConfig(type="opcua", listen=Endpoint("192.0.2.1", 4840), users=users)


async def mqtt(folder: Path) -> AsyncIterator[SinkConfig]:
    async with running(mosquitto(folder)) as broker:
        yield MqttConfig(type="mqtt", broker=broker.url)


def mqtt_away() -> SinkConfig:
    return MqttConfig(type="mqtt", broker=f"mqtt://127.0.0.1:{free_port()}")


def _influx(port: int) -> InfluxConfig:
    url, token = f"http://127.0.0.1:{port}", SecretStr("x")
    return InfluxConfig(type="influx", url=url, org="o", bucket="b", token=token)


async def influx(folder: Path) -> AsyncIterator[SinkConfig]:
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        need("victoria-metrics"),
        f"-storageDataPath={folder / 'series'}",
        f"-httpListenAddr=127.0.0.1:{port}",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(20):
            while True:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                except OSError:
                    await asyncio.sleep(0.05)
                else:
                    writer.close()
                    break
        yield _influx(port)
    finally:
        process.kill()
        await process.wait()


CASES: Mapping[str, Case] = {
    "console": Case(console, None),
    "influx": Case(influx, lambda: _influx(free_port())),
    "mqtt": Case(mqtt, mqtt_away),
    "opcua": Case(opcua, opcua_away),
}


@asynccontextmanager
async def built(kind: str, folder: Path) -> AsyncIterator[FirmSink]:
    async for config in CASES[kind].here(folder):
        sink = config.build(firm(folder), SIGNALS, folder / "sink")
        try:
            yield sink
        finally:
            await sink.close()


def test_every_sink_has_a_case_here() -> None:
    assert set(sinks.variants()) == set(CASES)
    assert all(issubclass(variant, SinkConfig) for variant in sinks.variants().values())


@pytest.mark.parametrize("kind", CASES)
async def test_every_kind_of_value_can_be_handed_over(kind: str, tmp_path: Path) -> None:
    async with built(kind, tmp_path) as sink:
        await sink.connect()
        await sink.write(BATCHES)
        await sink.write(BATCHES[:1])
        await sink.write([])
        await sink.show([executing(), executing("press-1", known=False)], [job()])
        await sink.show([], [])


@pytest.mark.parametrize("kind", CASES)
async def test_it_can_be_closed_at_any_time_and_used_again(kind: str, tmp_path: Path) -> None:
    async with built(kind, tmp_path) as sink:
        await sink.close()
        await sink.connect()
        await sink.close()
        await sink.close()
        await sink.connect()
        await sink.write(BATCHES[:1])


@pytest.mark.parametrize("kind", CASES)
async def test_machines_come_and_go_connected_or_not(kind: str, tmp_path: Path) -> None:
    """What is still on its way of one that is gone, or comes too early, is passed over."""
    both, late = firm(tmp_path), batch("mill-2", {"power": 1.0})
    named = both.machines[0].model_copy(update={"name": "mill-2"})
    other = both.model_copy(update={"machines": (named,)})
    signals = (signal("mill-2", "power", "W", Kind.GAUGE, "power"),)
    async with built(kind, tmp_path) as sink:
        await sink.equip(other, signals)
        await sink.equip(both, SIGNALS)
        await sink.connect()
        await sink.write(BATCHES)
        for site, known in ((other, signals), (both, SIGNALS), (other, signals)):
            await sink.equip(site, known)
            await sink.write([*BATCHES, late])
            await sink.show([executing("mill-2"), executing("mill-1")], [job()])
        nobody = both.model_copy(update={"machines": ()})
        await sink.equip(nobody, ())
        await sink.write([*BATCHES, late])
        await sink.close()
        await sink.connect()
        await sink.write([late])


@pytest.mark.parametrize("kind", [kind for kind, case in CASES.items() if case.away])
async def test_a_missing_peer_is_not_connected_and_nothing_waits(kind: str, tmp_path: Path) -> None:
    away = CASES[kind].away
    assert away is not None
    sink = away().build(firm(tmp_path, simulated=False), SIGNALS, tmp_path / "sink")
    async with asyncio.timeout(10):
        with pytest.raises(NotConnected):
            await sink.write(BATCHES[:1])
        with pytest.raises(NotConnected):
            await sink.connect()
        with pytest.raises(NotConnected):
            await sink.write(BATCHES[:1])
        await sink.close()


def test_looking_for_sinks_loads_no_driver() -> None:
    """In a fresh interpreter, so that other tests have loaded nothing for us."""
    heavy = ("asyncua", "paho", "influxdb_client")
    code = (
        "import sys\n"
        "from gateway import sinks\n"
        "sinks.variants()\n"
        f"print([name for name in {heavy!r} if name in sys.modules])\n"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    assert answer.stdout.strip() == "[]"
