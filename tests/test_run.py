"""A whole gateway: what fails alone, what a full disk leaves standing, how it ends."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import threading
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from gateway.api.rooms import Part
from gateway.assembly import showing
from gateway.assembly.pages import all_parts
from gateway.cli.main import run_command_line
from gateway.core.work import MachineStatus
from gateway.database import Unwritable
from gateway.history import Series
from gateway.run import Gateway
from gateway.service import Manager, until_signal
from gateway.sinks.console import ConsoleSink
from tests.api.running import API, a_workshop, at_work, demo_client, until
from tests.disks import fill_up, small_disk

CONSOLE = "sinks:\n  - {type: console}\n"


def _part(gateway: Gateway, name: str) -> Part:
    return next(part for part in all_parts(gateway) if part.name == name)


def test_a_part_with_a_bug_is_shown_as_failed_until_it_works_again(tmp_path: Path, monkeypatch):
    write, mended = ConsoleSink.write, threading.Event()

    async def faulty(self, batches) -> None:
        if not mended.is_set():
            raise ZeroDivisionError("a bug")
        await write(self, batches)

    monkeypatch.setattr(ConsoleSink, "write", faulty)
    with at_work(a_workshop(tmp_path, demo=True, more=CONSOLE)) as workshop:
        gateway = workshop.gateway
        until(lambda: _part(gateway, "console").state == "failed")
        mended.set()
        until(lambda: _part(gateway, "console").state == "ok")
        until(lambda: gateway.sinks.runners["console"].health.delivered)


def test_a_bug_in_the_store_of_charts_ends_nothing_else(tmp_path: Path, monkeypatch):
    append, mended = Series.append, threading.Event()

    def faulty(self, batches) -> None:
        if not mended.is_set():
            raise ZeroDivisionError("a bug")
        append(self, batches)

    monkeypatch.setattr(Series, "append", faulty)
    with at_work(a_workshop(tmp_path, demo=True)) as workshop:
        gateway = workshop.gateway
        until(lambda: _part(gateway, "history").state == "failed")
        stored = gateway.journal.committed_seq
        until(lambda: gateway.journal.committed_seq > stored)
        mended.set()
        until(lambda: _part(gateway, "history").state == "ok" and gateway.series.seq > stored)


def test_a_part_that_gets_no_thread_is_told_in_one_line_until_it_gets_one(
    tmp_path: Path, monkeypatch, caplog
):
    refusals = [RuntimeError("can't start new thread")]
    connect = ConsoleSink.connect

    async def cramped(self) -> None:
        if refusals:
            raise refusals.pop()
        await connect(self)

    monkeypatch.setattr(ConsoleSink, "connect", cramped)
    with at_work(a_workshop(tmp_path, demo=True, more=CONSOLE)) as workshop:
        until(lambda: not refusals and _part(workshop.gateway, "console").state == "ok")
    [told] = [one for one in caplog.records if one.message.startswith("console failed")]
    assert "ulimit" in told.message
    assert told.exc_info is None


def test_a_taken_address_of_the_pages_is_one_line_and_all_else_goes_on(tmp_path: Path, caplog):
    workshop = a_workshop(tmp_path, demo=True)
    listen = workshop.site.web.listen
    with socket.socket() as somebody:
        somebody.bind((listen.host, listen.port))
        somebody.listen()
        workshop._thread.start()
        try:
            until(lambda: [one for one in caplog.records if one.message.startswith("pages failed")])
            until(lambda: workshop.gateway.journal.committed_seq)
        finally:
            workshop.stop()
    assert [one for one in caplog.records if one.exc_info] == []
    [told, *_] = [one.message for one in caplog.records if one.message.startswith("pages failed")]
    assert str(listen) in told


@pytest.mark.parametrize("file", ["boot", "journal.lock"])
def test_a_file_that_the_state_needs_and_cannot_have_is_one_clear_sentence(
    tmp_path: Path, capsys, file: str
):
    """As after a start by another user; root may write every file, but none where a folder is."""
    with at_work(a_workshop(tmp_path, demo=False)):
        pass
    place = tmp_path / "state" / file
    place.unlink()
    place.mkdir()
    assert run_command_line(["--lang", "de", "run", str(tmp_path / "workshop.yaml")]) == 1
    [sentence] = capsys.readouterr().err.splitlines()
    assert sentence.startswith(f"In {place} lässt sich nichts schreiben: das ist ein Ordner.")


def test_a_gateway_starts_on_a_full_disk_and_stores_when_there_is_room(tmp_path: Path):
    with small_disk(tmp_path / "state", 4) as disk:
        first = a_workshop(tmp_path, demo=True)
        first.gateway.site = first.site.model_copy(update={"jobs": ()})
        with at_work(first):
            until(lambda: first.gateway.journal.committed_seq)
            boot = first.gateway.journal.boot
        ballast = disk / "ballast"
        fill_up(ballast)
        with at_work(a_workshop(tmp_path, demo=True)) as second:
            gateway = second.gateway
            assert gateway.journal.boot == boot + 1
            with demo_client(second.base, "foreman") as page:
                parts = {part["name"]: part for part in page.get(f"{API}/health").json()["parts"]}
                assert parts["journal"]["state"] == parts["history"]["state"] == "failed"
                until(
                    lambda: any(
                        signal["quality"] == "good"
                        for signal in page.get(f"{API}/machines/drill-1").json()["signals"]
                    )
                )
                assert page.get(f"{API}/jobs").json() == []
                ballast.unlink()
                until(lambda: gateway.journal.health.trouble is None)
                jobs = until(lambda: page.get(f"{API}/jobs").json())
                assert "B-1" in [job["id"] for job in jobs]


def test_a_bug_in_the_job_logic_is_what_the_gateway_dies_of(tmp_path: Path, monkeypatch):
    """Whoever restarts it reads the cause, not that the journal was closed meanwhile."""

    def faulty(*_) -> None:
        raise ZeroDivisionError("a bug")

    workshop = a_workshop(tmp_path, demo=True)
    workshop.start()
    monkeypatch.setattr(workshop.gateway.tracker, "advance", faulty)
    until(lambda: not workshop._thread.is_alive())
    with pytest.raises(ZeroDivisionError):
        workshop.stop()


def test_what_a_gateway_writes_is_for_its_own_account_alone(tmp_path: Path):
    """Also in a folder that others may look into."""
    a_workshop(tmp_path, demo=False)
    state = tmp_path / "state"
    state.mkdir(mode=0o755)
    with subprocess.Popen(
        [sys.executable, "-m", "gateway", "run", str(tmp_path / "workshop.yaml")],
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            until(lambda: (state / "history.db").exists() and (state / "boot").exists())
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0
        finally:
            process.kill()
    readable = [file.name for file in state.rglob("*") if file.stat().st_mode & 0o077]
    assert readable == []


def test_a_state_that_nobody_follows_any_more_is_shown_as_unknown(tmp_path: Path, monkeypatch):
    """On a disk that takes nothing the jobs stand still; the last state must not look present."""
    shown: list[bool] = []

    async def show(_self, machines, _jobs) -> None:
        shown.append(machines[0].known)

    def full(*_) -> None:
        raise Unwritable("no space left")

    monkeypatch.setattr(ConsoleSink, "show", show)
    with at_work(a_workshop(tmp_path, demo=True, more=CONSOLE)) as workshop:
        until(lambda: shown and shown[-1])
        monkeypatch.setattr(workshop.gateway.journal._writer._file, "commit", full)
        until(lambda: not shown[-1])
        monkeypatch.undo()


@pytest.fixture
def told(monkeypatch) -> list[MachineStatus]:
    """What the sinks are shown of a machine."""
    shown: list[MachineStatus] = []

    async def show(_self, machines, _jobs) -> None:
        shown.append(machines[0])

    monkeypatch.setattr(ConsoleSink, "show", show)
    return shown


def _finds_nothing(gateway: Gateway) -> None:
    """From now on the job logic goes on, and has nothing to tell."""
    advance = gateway.tracker.advance
    gateway.tracker.advance = lambda state, batch: (advance(state, batch)[0], ())


def test_the_sinks_are_shown_a_phase_that_begins_within_a_state(tmp_path: Path, told):
    with at_work(a_workshop(tmp_path, demo=True, more=CONSOLE)) as workshop:
        _finds_nothing(workshop.gateway)
        told.clear()
        phases = {"Lauf", "Laden"}
        until(lambda: phases <= {one.phase.de for one in told if one.phase is not None})


def test_the_sinks_are_shown_fresh_numbers_of_a_state_that_lasts(tmp_path: Path, told, monkeypatch):
    monkeypatch.setattr(showing, "REFRESH", 0.3)
    with at_work(a_workshop(tmp_path, demo=True, more=CONSOLE)) as workshop:
        until(lambda: told and told[-1].known)
        _finds_nothing(workshop.gateway)
        workshop.unplug("drill-1")  # no answer, for longer and longer
        until(lambda: len({one.because.de for one in told if not one.known}) > 2)


def test_a_page_that_is_open_at_the_stop_ends_in_order(tmp_path: Path, caplog):
    with ExitStack() as pages:
        workshop = a_workshop(tmp_path, demo=True)
        with at_work(workshop):
            page = pages.enter_context(demo_client(workshop.base, "foreman"))
            events = pages.enter_context(page.stream("GET", f"{API}/events")).iter_lines()
            assert next(events) == "retry: 1000"
        assert list(events)
    assert [record for record in caplog.records if record.exc_info] == []


def test_every_start_tells_where_the_pages_are(tmp_path: Path):
    """And the set-up code as long as nobody owns the gateway."""
    workshop = a_workshop(tmp_path, demo=False)
    pages = f"Seiten: {workshop.base}/"
    with at_work(workshop), httpx.Client(base_url=workshop.base) as browser:
        [told] = workshop.console
        assert told.startswith(f"{pages}\nEinrichtungscode (gilt einmal): ")
        body = {"code": workshop.setup_code, "password": "a word of the owner"}
        own = {"origin": workshop.base}
        assert browser.post(f"{API}/setup", json=body, headers=own).status_code == 200
    with at_work(a_workshop(tmp_path, demo=False)) as again:
        assert again.console == [f"Seiten: {again.base}/"]


def test_the_second_signal_ends_a_gateway_at_once():
    """The first one asks it to end in order; whoever sends another does not want to wait."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}

    class Ending:
        stop = asyncio.Event()

        async def run(self) -> None:
            os.kill(os.getpid(), signal.SIGTERM)
            await asyncio.wait_for(self.stop.wait(), 10)
            assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
            assert signal.getsignal(signal.SIGINT) is signal.SIG_DFL

        def working(self) -> bool:
            return True

        def stuck(self) -> None:
            return None

    try:
        asyncio.run(until_signal(Ending(), Manager({})))
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
