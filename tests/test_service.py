"""The process around a gateway: whatever it is told and whenever, and a network that is silent."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import pytest

from gateway import ending
from gateway.core import batches
from gateway.flow.moment import Moment
from gateway.flow.numbering import Numbering
from gateway.flow.source_runner import SourceRunner
from gateway.journal import Journal
from gateway.service import Manager, until_signal
from tests.api.running import API, SITE, free_port
from tests.flow.test_forward_runner import NoJobs, numbered
from tests.peers import need, need_root

ROOT = Path(__file__).parent.parent
PATIENCE = 60.0
ENDS_WITHIN = 5.0
"""Seconds: what is promised from SIGTERM to the end, everything stored."""


def until(what: Callable[[], object], process: subprocess.Popen[bytes] | None = None) -> None:
    deadline = time.monotonic() + PATIENCE
    pause = threading.Event()
    while not what():
        assert process is None or process.poll() is None, "it has ended"
        assert time.monotonic() < deadline, "it did not happen in time"
        pause.wait(0.01)


class Place:
    """A firm's file, and a gateway that is started with it in a process of its own."""

    def __init__(self, folder: Path, sinks: str = "", lang: str = "en") -> None:
        self.folder, self.lang = folder, lang
        self.web = free_port()
        self.state = folder / "state"
        self.file = folder / "firm.yaml"
        ports = {"modbus": free_port(), "web": self.web}
        text = SITE.format(**ports, state=self.state, simulated="true", more=sinks)
        self.file.write_text(text, "utf-8")

    @contextmanager
    def running(self, *before: str, **env: str) -> Iterator[subprocess.Popen[bytes]]:
        asked = ["--lang", self.lang, "run", str(self.file)]
        command = [*before, sys.executable, "-P", "-m", "gateway", *asked]
        with (self.folder / "log").open("wb") as log:
            process = subprocess.Popen(
                command, cwd=ROOT, env={**os.environ, **env}, stdout=log, stderr=log
            )
            try:
                yield process
            finally:
                process.kill()
                process.wait()

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()


def catches(process: subprocess.Popen[bytes], number: signal.Signals) -> bool:
    """Whether the process has said what a signal does; before that it is no gateway yet."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    fields = dict(line.split(":\t", 1) for line in status.splitlines())
    sets = {name: int(fields[name], 16) for name in ("SigCgt", "SigIgn")}
    return bool((sets["SigCgt"] | sets["SigIgn"]) >> (number - 1) & 1)


def serves(place: Place) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{place.web}{API}/session").is_success
    except httpx.TransportError:
        return False


MOMENTS: dict[str, Callable[[Place, subprocess.Popen[bytes]], bool]] = {
    "at first": lambda _, process: catches(process, signal.SIGTERM),
    "when its folder is made": lambda place, _: place.state.exists(),
    "when its journal is there": lambda place, _: (place.state / "journal.db").exists(),
    "at work": lambda place, _: serves(place),
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_sigterm_ends_it_in_order_whenever_it_comes(tmp_path: Path, moment: str) -> None:
    place = Place(tmp_path)
    with place.running() as process:
        until(lambda: MOMENTS[moment](place, process), process)
        process.terminate()
        assert process.wait(ENDS_WITHIN) == 0, place.log
    assert "Traceback" not in place.log


async def test_a_sigterm_whose_exception_was_dropped_ends_it_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As it is where it comes while Python runs a destructor."""
    monkeypatch.setattr(ending, "_asked", [])
    with pytest.raises(SystemExit):
        ending.ask(signal.SIGTERM, None)
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    gateway = Idle()
    try:
        async with asyncio.timeout(PATIENCE):
            await until_signal(gateway, Manager({}))
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    assert gateway.stop.is_set()


@pytest.mark.parametrize("moment", MOMENTS)
def test_sighup_never_ends_it(tmp_path: Path, moment: str) -> None:
    place = Place(tmp_path)
    with place.running() as process:
        until(lambda: catches(process, signal.SIGHUP), process)
        until(lambda: MOMENTS[moment](place, process), process)
        process.send_signal(signal.SIGHUP)
        until(lambda: serves(place), process)  # behind the signal: it works
        said = place.log.count("The files have been read again")
        process.send_signal(signal.SIGHUP)
        until(lambda: place.log.count("The files have been read again") > said, process)
        process.terminate()
        assert process.wait(ENDS_WITHIN) == 0, place.log


SILENT = """\
set -e
ip link set lo up
ip link add silent type veth peer name nobody
ip link set nobody up
ip addr add 192.0.2.1/24 dev silent
ip link set silent up
ip neigh add 192.0.2.53 lladdr 02:00:00:00:00:01 dev silent
ip neigh add 192.0.2.66 lladdr 02:00:00:00:00:02 dev silent
echo nameserver 192.0.2.53 > "$0"
mount --bind "$0" /etc/resolv.conf
exec "$@"
"""
"""A network of the test's own whose packets are swallowed; names are asked for in vain."""
SINKS = """\
sinks:
  - {type: mqtt, broker: 'mqtt://broker.example'}
  - {type: influx, url: 'http://archive.example', org: o, bucket: b, token: '${KEY}'}
  - {type: mqtt, broker: 'mqtt://192.0.2.66'}
  - {type: influx, url: 'http://192.0.2.66:8086', org: o, bucket: b, token: '${KEY}'}
"""


def test_a_silent_network_does_not_hold_up_the_end(tmp_path: Path) -> None:
    for program in ("ip", "unshare"):
        need(program)
    need_root("makes networks")
    place = Place(tmp_path, SINKS)
    shell = ("unshare", "-n", "-m", "sh", "-c", SILENT, str(tmp_path / "resolv.conf"))
    with (
        closing(Ear(tmp_path)) as said,
        place.running(*shell, KEY="k", NOTIFY_SOCKET=said.address) as process,
    ):
        said.until("READY=1")
        process.terminate()
        assert process.wait(ENDS_WITHIN) == 0, place.log
    assert (place.state / "journal.db").stat().st_size > 0
    assert "Traceback" not in place.log


class Ear:
    """The service manager's socket."""

    def __init__(self, folder: Path) -> None:
        self.address = str(folder / "notify")
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self.address)
        self._socket.settimeout(PATIENCE)

    def close(self) -> None:
        self._socket.close()

    def until(self, state: str) -> None:
        while self._socket.recv(4096).decode() != state:
            pass


def test_the_service_manager_is_told_of_readiness_life_and_end(tmp_path: Path) -> None:
    place = Place(tmp_path)
    with (
        closing(Ear(tmp_path)) as said,
        place.running(NOTIFY_SOCKET=said.address, WATCHDOG_USEC="200000") as process,
    ):
        for state in ("READY=1", "WATCHDOG=1", "WATCHDOG=1"):
            said.until(state)
        process.terminate()
        said.until("STOPPING=1")
        assert process.wait(ENDS_WITHIN) == 0, place.log


class Idle:
    """Works until it is asked to stop."""

    def __init__(self) -> None:
        self.stop = asyncio.Event()

    async def run(self) -> None:
        await self.stop.wait()

    def working(self) -> bool:
        return True

    def stuck(self) -> str | None:
        return None

    def reload(self) -> asyncio.Future[object]:
        return asyncio.get_running_loop().create_future()


class Loose(Manager):
    def __init__(self) -> None:
        super().__init__({"WATCHDOG_USEC": "20000"})
        self.told: list[str] = []

    def tell(self, state: str) -> None:
        self.told.append(state)


class Hanging:
    """Works, hangs for a hundred looks, and works again."""

    def __init__(self, manager: Loose) -> None:
        self.stop = asyncio.Event()
        self.looks = 0
        self.manager = manager
        self.fed_while_it_hung = 0

    def working(self) -> bool:
        return True

    def stuck(self) -> str | None:
        self.looks += 1
        if self.looks == 10:
            self.fed = len(self.manager.told)
        if self.looks == 110:
            self.fed_while_it_hung = len(self.manager.told) - self.fed
        if self.looks == 120:
            self.stop.set()
        return "a line" if 10 <= self.looks < 110 else None

    async def run(self) -> None:
        await self.stop.wait()


async def test_the_watchdog_is_not_fed_while_something_hangs(caplog) -> None:
    manager = Loose()
    gateway = Hanging(manager)
    async with asyncio.timeout(PATIENCE):
        await until_signal(gateway, manager)
    for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().remove_signal_handler(number)
    assert gateway.fed > 5
    assert gateway.fed_while_it_hung == 0
    assert manager.told.count("READY=1") == 1
    assert [entry.message for entry in caplog.records] == [
        "a line makes no progress; the watchdog is not fed"
    ]


class Clock:
    mono = 1000.0

    def __call__(self) -> Moment:
        return Moment(numbered(1, 1).batch.at, self.mono, batches.Clock.SYNCED)


class DeafLine:
    """Is asked once and never answers, not even by its deadline."""

    endpoint = "nowhere"
    patience = 0.0
    signals = ()

    async def close(self) -> None:
        pass


async def test_a_line_that_does_not_go_on_is_overdue(tmp_path: Path) -> None:
    clock = Clock()
    runner = SourceRunner(DeafLine(), (), lambda _: None, Numbering(1), now=clock)
    assert runner.overdue() == 0
    clock.mono += 31
    assert runner.overdue() == 31


class Thoughtful(NoJobs):
    """Job logic that takes a commit hostage."""

    def __init__(self) -> None:
        self.go_on = threading.Event()

    def command(self, state: int, what: object):
        if what == "think":
            assert self.go_on.wait(PATIENCE)
        return state + 1, ()


async def test_a_writer_that_hangs_is_overdue_and_one_that_works_is_not(tmp_path: Path) -> None:
    tracker = Thoughtful()
    journal = Journal(tmp_path, tracker)
    await journal.open()
    assert journal.overdue() == 0
    thinking = asyncio.create_task(journal.apply("think"))
    async with asyncio.timeout(PATIENCE):
        for seq in itertools.count(1):  # what comes meanwhile is not taken in its second
            if journal.overdue():
                break
            journal.offer(numbered(journal.boot, seq))
            await asyncio.sleep(0.05)
    tracker.go_on.set()
    await thinking
    await journal.close()
