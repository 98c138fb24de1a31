"""InfluxDB: the lines as such, a real server that takes them, and a stub that answers badly."""

from __future__ import annotations

import asyncio
import json
import math
import re
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from gateway.core.clock import to_ms
from gateway.core.errors import NotConnected, Rejected
from gateway.core.work import JobState
from gateway.drivers.influx import InfluxClient
from gateway.flow.backoff import Backoff
from gateway.flow.forward_runner import ForwardRunner
from gateway.journal import Journal
from gateway.sinks.base import Lane
from gateway.sinks.influx import InfluxConfig, InfluxSink, Lines
from tests.flow.test_forward_runner import NoJobs
from tests.peers import need
from tests.sinks.small_firm import (
    AT,
    SIGNALS,
    TIMED_OUT,
    TOO_HIGH,
    batch,
    executing,
    firm,
    free_port,
    job,
)

MS = to_ms(AT)
LINES = Lines("zerspanung-rennweg", SIGNALS)


# The lines


def test_a_line_per_kind_of_value_with_its_quality_as_a_number():
    (line,) = LINES.of(batch("mill-1", {"power": 1500.25, "energy": 812}))
    series, fields, at = line.split(" ")
    assert series == "energie,firma=zerspanung-rennweg,maschine=mill-1"
    assert fields == "power=1500.25,power_q=0i,energy=812.0,energy_q=0i"
    assert int(at) == MS


def test_contacts_counters_and_the_rest_have_their_measurements():
    judged = batch("press-1", {"mould-closed": True, "shots": 17, "never-asked": 2.5})
    assert [line.split(",")[0] for line in LINES.of(judged)] == ["prozess", "zaehler", "zustand"]
    assert any("mould-closed=1.0,mould-closed_q=0i" in line for line in LINES.of(judged))


def test_a_bad_value_leaves_its_quality_and_no_number():
    judged = batch(
        "mill-1", {"power": None, "energy": 99.0}, {"power": TIMED_OUT, "energy": TOO_HIGH}
    )
    (line,) = LINES.of(judged)
    assert line.split(" ")[1] == "power_q=2i,energy=99.0,energy_q=1i"


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_never_becomes_one(value):
    (line,) = LINES.of(batch("mill-1", {"power": value}))
    assert line.split(" ")[1] == "power_q=2i"


def test_names_are_escaped():
    (line,) = Lines("Müller, Söhne=2", ()).of(batch("a b", {"x y": 1.0}))
    assert line.startswith(r"prozess,firma=Müller\,\ Söhne\=2,maschine=a\ b x\ y=1.0,x\ y_q=0i ")


def test_a_text_stays_on_its_line():
    (line,) = LINES.of(batch("mill-1", {"power": 'say "no"\\\nnow'}))
    assert line.split(" ", 1)[1].startswith(r'power="say \"no\"\\ now",power_q=0i ')


FIELD = re.compile(r'([^\s,="]+)=(-?\d[\d.e+-]*i?|"(?:[^"\\]|\\.)*")')


@given(
    st.dictionaries(
        st.sampled_from(["power", "energy"]),
        st.one_of(
            st.floats(),
            st.integers(-(2**31), 2**32),
            st.booleans(),
            st.none(),
            st.text(max_size=20),
        ),
        min_size=1,
    )
)
def test_every_line_can_be_parsed_again(values):
    (line,) = LINES.of(batch("mill-1", values))
    head, rest = line.split(" ", 1)
    fields, at = rest.rsplit(" ", 1)
    assert head == "energie,firma=zerspanung-rennweg,maschine=mill-1"
    assert int(at) == MS
    found = dict(FIELD.findall(fields))
    assert ",".join(f"{key}={value}" for key, value in found.items()) == fields
    for name, value in values.items():
        if isinstance(value, str):
            unescaped = found[name][1:-1].replace('\\"', '"').replace("\\\\", "\\")
            assert unescaped == value.replace("\n", " ").replace("\r", " ")
        elif value is None or not math.isfinite(value):
            assert name not in found
        else:
            assert float(found[name]) == value


def test_the_config_says_that_it_reads_from_the_journal(tmp_path):
    config = InfluxConfig(type="influx", url="http://127.0.0.1:1", org="o", bucket="b", token="t")
    assert config.lane is Lane.JOURNAL
    assert isinstance(config.build(firm(tmp_path), SIGNALS, tmp_path), InfluxSink)
    assert "token='t'" not in repr(config)


@pytest.mark.parametrize(
    "url", ["http://me:secret@127.0.0.1:8086", "http://127.0.0.1:8086/write?token=secret"]
)
def test_the_address_carries_no_credentials(url):
    """It is shown on the health page and in the log."""
    with pytest.raises(ValidationError, match="url"):
        InfluxConfig(type="influx", url=url, org="o", bucket="b", token="t")


# A real server


@dataclass
class Victoria:
    """A running victoria-metrics and the questions that tests ask it."""

    url: str

    def series(self, name: str) -> list[dict[str, object]]:
        """Everything that it holds of a series, as it exports it."""
        self._get("/internal/force_flush")
        query = urllib.parse.urlencode({"match[]": f'{{__name__="{name}"}}'})
        return [json.loads(line) for line in self._get(f"/api/v1/export?{query}").splitlines()]

    def _get(self, path: str) -> str:
        with urllib.request.urlopen(self.url + path, timeout=10) as answer:
            return answer.read().decode()


@pytest.fixture
async def victoria(tmp_path: Path):
    program = need("victoria-metrics")
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        program,
        f"-storageDataPath={tmp_path / 'vm'}",
        f"-httpListenAddr=127.0.0.1:{port}",
        "-retentionPeriod=100y",
        "-loggerLevel=ERROR",
        stderr=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(30):
            while not await _listens(port):
                await asyncio.sleep(0.05)
        yield Victoria(f"http://127.0.0.1:{port}")
    finally:
        process.terminate()
        await process.wait()


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    await writer.wait_closed()
    return True


def sink_at(url: str) -> InfluxSink:
    client = InfluxClient(url, org="werk", bucket="maschinen", token="geheim")
    return InfluxSink(client, "zerspanung-rennweg", SIGNALS, lambda: AT)


async def test_a_real_server_takes_values_qualities_states_and_jobs(victoria):
    sink = sink_at(victoria.url)
    await sink.connect()
    await sink.write(
        [
            batch("mill-1", {"power": 1500.25, "energy": 812}),
            batch("press-1", {"mould-closed": True, "shots": 17}, {"shots": TOO_HIGH}),
            batch("mill-1", {"power": None}, {"power": TIMED_OUT}, at=AT + timedelta(seconds=1)),
        ]
    )
    await sink.show([executing()], [job()])
    await sink.close()

    (power,) = await asyncio.to_thread(victoria.series, "energie_power")
    assert power["metric"] == {
        "__name__": "energie_power",
        "firma": "zerspanung-rennweg",
        "maschine": "mill-1",
    }
    assert (power["values"], power["timestamps"]) == ([1500.25], [MS])
    (trust,) = await asyncio.to_thread(victoria.series, "energie_power_q")
    assert (trust["values"], trust["timestamps"]) == ([0, 2], [MS, MS + 1000])
    (closed,) = await asyncio.to_thread(victoria.series, "zustand_mould-closed")
    assert closed["values"] == [1]
    (shots,) = await asyncio.to_thread(victoria.series, "zaehler_shots_q")
    assert shots["values"] == [1]
    (state,) = await asyncio.to_thread(victoria.series, "zustand_state")
    assert state["values"] == [3]
    (good,) = await asyncio.to_thread(victoria.series, "auftrag_good")
    assert good["values"] == [24]


async def test_states_and_jobs_are_written_only_when_they_change(victoria):
    now = [AT]
    client = InfluxClient(victoria.url, org="werk", bucket="maschinen", token="geheim")
    sink = InfluxSink(client, "zerspanung-rennweg", SIGNALS, lambda: now[0])
    await sink.connect()
    for good in (24, 24, 36):
        await sink.show([executing()], [job(good=good)])
        now[0] += timedelta(seconds=1)
    await sink.show([executing()], [replace(job(good=36), state=JobState.ENDED)])
    await sink.close()
    (good,) = await asyncio.to_thread(victoria.series, "auftrag_good")
    assert good["timestamps"] == [MS, MS + 2000, MS + 3000]
    (state,) = await asyncio.to_thread(victoria.series, "zustand_state")
    assert len(state["values"]) == 1


async def test_from_the_journal_to_the_server_everything_arrives(victoria, tmp_path):
    journal = Journal(tmp_path, NoJobs(), commit_every=timedelta(milliseconds=10))
    await journal.open()
    count = 1500
    start = datetime.now(UTC) - timedelta(hours=1)
    for number in range(count):
        journal.offer(
            batch(
                "mill-1",
                {"power": float(number)},
                seq0=journal.boot * 2**40 + number,
                at=start + timedelta(seconds=number),
            )
        )
    runner = ForwardRunner(sink_at(victoria.url), journal, "influx", backoff=Backoff(0.01, 0.1))
    task = asyncio.create_task(runner.run())
    async with asyncio.timeout(30):
        while runner.cursor < journal.boot * 2**40 + count - 1:
            await asyncio.sleep(0.01)
    await journal.close()
    await task
    (power,) = await asyncio.to_thread(victoria.series, "energie_power")
    assert power["values"] == list(range(count))
    assert power["timestamps"] == [to_ms(start + timedelta(seconds=n)) for n in range(count)]


# A server that answers badly


@dataclass
class BadServer:
    """The v2 write API of a server that refuses and stumbles as told."""

    poison: str = "=666.0"
    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    largest: int = 10**6
    posts: int = 0
    url: str = ""

    def answer(self, body: str) -> tuple[int, dict[str, str]]:
        self.posts += 1
        if self.answers:
            return self.answers.pop(0)
        if len(body) > self.largest:
            return 413, {}
        if self.poison in body:
            return 400, {}
        self.lines += body.split("\n")
        return 204, {}


@pytest.fixture
def bad_server() -> Iterator[BadServer]:
    stub = BadServer()

    class Api(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(204)
            self.end_headers()

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            status, headers = stub.answer(body)
            text = b'{"code":"invalid","message":"partial write: field type conflict"}'
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            if status != 204:
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            if status != 204:
                self.wfile.write(text)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Api)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    stub.url = f"http://127.0.0.1:{server.server_address[1]}"
    yield stub
    server.shutdown()
    server.server_close()
    thread.join()


def values_of(lines: list[str]) -> list[float]:
    return [float(line.split("power=")[1].split(",")[0]) for line in lines]


@pytest.fixture
async def forwarded(bad_server, tmp_path):
    """A journal of 100 values, a runner into the bad server, and how to wait for it."""
    journal = Journal(tmp_path, NoJobs(), commit_every=timedelta(milliseconds=10))
    await journal.open()
    for number in range(100):
        value = 666.0 if number == 42 else float(number)
        journal.offer(
            batch(
                "mill-1",
                {"power": value},
                seq0=journal.boot * 2**40 + number,
                at=AT + timedelta(seconds=number),
            )
        )
    runner = ForwardRunner(sink_at(bad_server.url), journal, "influx", backoff=Backoff(0.01, 0.05))

    async def finish() -> ForwardRunner:
        task = asyncio.create_task(runner.run())
        async with asyncio.timeout(30):
            while runner.cursor < journal.boot * 2**40 + 99:
                await asyncio.sleep(0.005)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return runner

    yield finish
    await journal.close()


async def test_one_poison_value_is_parked_and_the_rest_arrives(forwarded, bad_server):
    runner = await forwarded()
    assert sorted(values_of(bad_server.lines)) == [float(n) for n in range(100) if n != 42]
    assert runner.health.refused == 1
    assert "partial write" not in bad_server.lines


async def test_a_server_that_is_busy_gets_everything_later(forwarded, bad_server):
    bad_server.answers = [(503, {}), (429, {"Retry-After": "0"}), (500, {}), (401, {})]
    await forwarded()
    assert len(values_of(bad_server.lines)) == 99


async def test_what_is_too_large_is_sent_in_parts(forwarded, bad_server):
    bad_server.largest = 900
    await forwarded()
    assert len(values_of(bad_server.lines)) == 99


async def test_the_pause_that_a_server_asks_for_is_passed_on(bad_server):
    sink = sink_at(bad_server.url)
    await sink.connect()
    bad_server.answers = [(429, {"Retry-After": "17"})]
    with pytest.raises(NotConnected, match="429") as caught:
        await sink.write([batch("mill-1", {"power": 1.0})])
    assert caught.value.retry_after == timedelta(seconds=17)
    bad_server.answers = [(400, {})]
    with pytest.raises(Rejected, match="field type conflict") as refused:
        await sink.write([batch("mill-1", {"power": 1.0})] * 3)
    assert refused.value.which == (0, 1, 2)
    await sink.close()


async def test_a_server_that_is_away_is_not_connected():
    sink = sink_at(f"http://127.0.0.1:{free_port()}")
    with pytest.raises(NotConnected, match="refused"):
        await sink.connect()
    with pytest.raises(NotConnected):
        await sink.write([batch("mill-1", {"power": 1.0})])
    await sink.close()
    await sink.close()
    with pytest.raises(NotConnected):
        await sink.write([batch("mill-1", {"power": 1.0})])
