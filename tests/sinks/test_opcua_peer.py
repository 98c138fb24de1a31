"""node-opcua's client finds everything by type, without knowing our node ids, and subscribes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pydantic import SecretStr

from gateway.config import Endpoint
from gateway.sinks.opcua import OpcUaConfig
from gateway.sinks.opcua.security import Pki
from gateway.sinks.opcua.server import OpcUaSink
from tests.sinks import node_peer
from tests.sinks.opcua_client import make_certificate
from tests.sinks.small_firm import AT, SIGNALS, TIMED_OUT, batch, executing, firm, free_port


class Peer:
    """The running script: one JSON object per line."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._other: list[str] = []

    async def requests(self) -> int:
        """How many requests it has sent so far."""
        assert self._process.stdin is not None
        self._process.stdin.write(b"count\n")
        return int((await self.hear(kind="sent"))["count"])

    async def hear(self, **expected: Any) -> Mapping[str, Any]:
        """The next line that has all of ``expected``."""
        assert self._process.stdout is not None
        async with asyncio.timeout(60):
            while line := (await self._process.stdout.readline()).decode():
                if not line.startswith("{"):
                    self._other.append(line)  # node-opcua's own remarks
                    continue
                said: dict[str, Any] = json.loads(line)
                if expected.items() <= said.items():
                    return said
        assert self._process.stderr is not None
        errors = (await self._process.stderr.read()).decode()[-2000:]
        raise AssertionError("".join(self._other[-20:]) + errors)


@asynccontextmanager
async def peer(
    endpoint: str,
    folder: Path,
    login: Mapping[str, str] | None = None,
    *,
    script: str = "browse.mjs",
    also: tuple[str, ...] = (),
) -> AsyncIterator[Peer]:
    node_peer.package("node-opcua-client")
    arguments = [endpoint, str(folder / "node-pki"), *([json.dumps(login)] if login else [])]
    process = await asyncio.create_subprocess_exec(
        node_peer.node(),
        script,
        *arguments,
        *also,
        cwd=node_peer.FOLDER,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield Peer(process)
        await asyncio.wait_for(process.communicate(b"end\n"), 20)
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


def seconds(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


async def test_a_dashboard_finds_machines_by_type_and_subscribes(tmp_path: Path) -> None:
    config = OpcUaConfig(type="opcua", listen=Endpoint("127.0.0.1", free_port()), open=True)
    sink = OpcUaSink(config, firm(tmp_path), SIGNALS, tmp_path)
    await sink.connect()
    try:
        await sink.write([batch("mill-1", {"power": 1500.25, "energy": 3.5})])
        await sink.show([executing(), executing("press-1", known=False)], [])
        async with peer(sink.endpoint, tmp_path) as dashboard:
            heard = await dashboard.hear(kind="machines")
            mill, press = heard["machines"]
            assert (mill["name"], press["name"]) == ("mill-1", "press-1")
            assert mill["simulated"] is True
            assert mill["counters"] is True
            assert mill["identification"]["Model"] == "Fräsmaschine"
            assert mill["identification"]["YearOfConstruction"] == 1987
            assert mill["states"]["MachineryItemState_StateMachineType"] == {
                "text": "Executing",
                "status": "Good",
                "number": 3,
                "node": "Executing",
            }
            uncertain = press["states"]["MachineryItemState_StateMachineType"]
            assert uncertain["text"] == "Executing"
            assert uncertain["status"].startswith("Uncertain")
            mode = mill["states"]["MachineryOperationModeStateMachineType"]
            assert (mode["text"], mode["number"]) == ("Processing", 3)
            assert {"name": "power", "unit": "W"} in mill["signals"]

            first = await dashboard.hear(kind="change", node="mill-1.power", value=1500.25)
            assert seconds(first["source"]) == AT
            later = AT + timedelta(seconds=1)
            await sink.write([batch("mill-1", {"power": 1600.5}, at=later)])
            change = await dashboard.hear(kind="change", node="mill-1.power", value=1600.5)
            assert seconds(change["source"]) == later
            await sink.write([batch("mill-1", {"power": None}, {"power": TIMED_OUT}, at=later)])
            await dashboard.hear(kind="change", node="mill-1.power", status="BadTimeout")
    finally:
        await sink.close()


async def test_a_secured_server_lets_the_trusted_dashboard_in(tmp_path: Path) -> None:
    config = OpcUaConfig(
        type="opcua",
        listen=Endpoint("127.0.0.1", free_port()),
        users={"leitstand": SecretStr("offen-nur-hier")},
    )
    site = firm(tmp_path, simulated=False)
    sink = OpcUaSink(config, site, SIGNALS, tmp_path)
    await sink.connect()
    try:
        certificate, key = make_certificate(tmp_path)
        pki = Pki(tmp_path, site.firm, "127.0.0.1")
        (pki.trusted / "scada.der").write_bytes(certificate.read_bytes())
        pem = tmp_path / "scada-certificate.pem"
        parsed = x509.load_der_x509_certificate(certificate.read_bytes())
        pem.write_bytes(parsed.public_bytes(Encoding.PEM))
        await sink.write([batch("mill-1", {"power": 1500.25})])
        login = {
            "certificate": str(pem),
            "key": str(key),
            "user": "leitstand",
            "password": "offen-nur-hier",
        }
        async with peer(sink.endpoint, tmp_path, login) as dashboard:
            heard = await dashboard.hear(kind="machines")
            assert heard["machines"][0]["simulated"] is False
            await dashboard.hear(kind="change", node="mill-1.power", value=1500.25)
    finally:
        await sink.close()


async def test_a_subscriber_hears_on_after_restarts_and_asks_no_more_than_before(
    tmp_path: Path,
) -> None:
    config = OpcUaConfig(type="opcua", listen=Endpoint("127.0.0.1", free_port()), open=True)
    sink = OpcUaSink(config, firm(tmp_path), SIGNALS, tmp_path)
    await sink.connect()
    try:
        await sink.write([batch("mill-1", {"power": 0.5})])
        node = sink.node(SIGNALS[0].id)
        async with peer(sink.endpoint, tmp_path, script="stay.mjs", also=(node,)) as dashboard:
            await dashboard.hear(kind="change", value=0.5)
            for restart in range(1, 4):
                before = await dashboard.requests()
                await sink.close()
                await sink.connect()
                await sink.write([batch("mill-1", {"power": float(restart)})])
                await dashboard.hear(kind="change", value=float(restart))
                for step in range(1, 6):
                    value = restart + step / 10
                    await sink.write([batch("mill-1", {"power": value})])
                    await dashboard.hear(kind="change", value=value)
                assert await dashboard.requests() - before < 100
    finally:
        await sink.close()


async def test_a_subscriber_keeps_its_session_through_lost_connections(tmp_path: Path) -> None:
    config = OpcUaConfig(type="opcua", listen=Endpoint("127.0.0.1", free_port()), open=True)
    sink = OpcUaSink(config, firm(tmp_path), SIGNALS, tmp_path)
    await sink.connect()
    try:
        assert sink._serving is not None
        server = sink._serving._server
        await sink.write([batch("mill-1", {"power": 0.5})])
        node = sink.node(SIGNALS[0].id)
        async with peer(sink.endpoint, tmp_path, script="stay.mjs", also=(node,)) as dashboard:
            await dashboard.hear(kind="change", value=0.5)
            for loss in range(1, 4):
                before = await dashboard.requests()
                for one in tuple(server.bserver.clients):
                    one.transport.abort()
                await sink.write([batch("mill-1", {"power": float(loss)})])
                await dashboard.hear(kind="change", value=float(loss))
                counts = server.iserver.counts()
                assert counts.CumulatedSessionCount == counts.CurrentSessionCount == 1
                assert counts.CurrentSubscriptionCount == 1
                assert await dashboard.requests() - before < 100
    finally:
        await sink.close()
