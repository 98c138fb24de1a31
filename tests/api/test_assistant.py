"""The assistant in the browser's place: who may, what it refuses, what it finds, how it ends."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from ipaddress import IPv4Interface, IPv4Network
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.api.access import Role
from gateway.api.assistant_bodies import doors
from gateway.assistant.inquiry import Scan
from gateway.sources.line.tcp import ModbusTcpConnect
from simulators.modbus.pdu import words_told_by
from simulators.modbus.tcp_device import TcpDevice
from tests.api.conftest import PASSWORDS
from tests.api.running import API, RunningGateway, client, free_port, until
from tests.api.test_documents import Document, document_of

ROOT = Path(__file__).parents[2]
ASSISTANT = f"{API}/assistant"
FIVE_A_SECOND = 0.2


@pytest.fixture
def owner(earnest: RunningGateway) -> Iterator[httpx.Client]:
    """An owner who leaves nothing on the desk."""
    with client(earnest.base) as web:
        body = {"role": "owner", "password": PASSWORDS["owner"]}
        assert web.post(f"{API}/login", json=body).status_code == 200
        yield web
        web.post(f"{API}/login", json=body)
        web.post(f"{ASSISTANT}/end")


@pytest.fixture
def document(owner: httpx.Client) -> Document:
    return document_of(owner)


@contextmanager
def simulated(link: Path, *words: str) -> Iterator[subprocess.Popen[str]]:
    """A machine at the serial port ``link``; what is written to it switches it."""
    command = [sys.executable, "-P", "-m", "gateway", "--lang", "en", "simulate"]
    process = subprocess.Popen(
        [*command, "--link", str(link), "--baud", "115200", *words],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert str(link) in process.stdout.readline()
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=20)


def switch(machine: subprocess.Popen[str], mode: str) -> None:
    """Type a mode into the simulator, and hear that it is so."""
    assert machine.stdin is not None
    assert machine.stdout is not None
    machine.stdin.write(f"{mode}\n")
    machine.stdin.flush()
    assert machine.stdout.readline().startswith(mode)


@contextmanager
def silent_device(host: str = "127.0.0.1") -> Iterator[tuple[int, list[float]]]:
    """A port that takes connections and says nothing; the moments at which questions came."""
    heard: list[float] = []
    with closing(socket.create_server((host, 0))) as server:

        def listen(peer: socket.socket) -> None:
            with closing(peer):
                try:
                    while peer.recv(1024):
                        heard.append(time.monotonic())
                except OSError:
                    pass

        def accept() -> None:
            while True:
                try:
                    peer, _ = server.accept()
                except OSError:
                    return
                threading.Thread(target=listen, args=(peer,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield int(server.getsockname()[1]), heard


def scan_of(units: list[int], **place: Any) -> dict[str, Any]:
    return {"place": place, "units": units, "consent": True}


def over_tcp(port: int) -> dict[str, Any]:
    return {"hosts": ["127.0.0.1"], "port": port, "timeout_ms": 50}


def over_serial(link: Path) -> dict[str, Any]:
    return {"serial": str(link), "baud": 115200, "timeout_ms": 100}


def seen(web: httpx.Client) -> dict[str, Any]:
    found: dict[str, Any] = web.get(ASSISTANT).json()
    return found


def finished(web: httpx.Client, seconds: float = 60) -> dict[str, Any]:
    found: dict[str, Any] = until(lambda: None if (now := seen(web))["busy"] else now, seconds)
    return found


def test_a_meter_on_a_serial_line_is_found_with_its_template_and_lines_for_the_file(
    owner: httpx.Client, document: Document, tmp_path: Path
) -> None:
    link = tmp_path / "rs485"
    with simulated(link, "--template", "sdm630", "--unit", "2"):
        began = owner.post(f"{ASSISTANT}/scan", json=scan_of([1, 2], **over_serial(link)))
        assert began.status_code == 200
        document.check("POST", f"{ASSISTANT}/scan", began)
        found = finished(owner)
    document.check("GET", ASSISTANT, owner.get(ASSISTANT))
    assert found["trouble"] is None
    assert found["scan"]["tried"] == found["scan"]["of"] == 2
    (device,) = found["scan"]["found"]
    assert (device["line"], device["unit"]) == (str(link), 2)
    best = device["templates"][0]
    assert (best["name"], best["likely"]) == ("sdm630", True)
    assert "V at 0" in best["evidence"]["en"]
    site = tmp_path / "firm.yaml"
    site.write_text(
        f"schema: 1\nfirm: workshop\nname: W\nstate: {tmp_path}/state\nmachines:\n{best['entry']}"
    )
    checked = subprocess.run(
        [sys.executable, "-P", "-m", "gateway", "check", str(site)],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert checked.returncode == 0, checked.stdout + checked.stderr
    changes = [e["what"] for e in owner.get(f"{API}/audit").json() if e["event"] == "changed"]
    assert f"POST {ASSISTANT}/scan" in changes
    assert not any(str(link) in what for what in changes), "never what was sent"


def test_an_unknown_device_is_looked_at_switched_and_becomes_a_template(
    owner: httpx.Client, document: Document, tmp_path: Path
) -> None:
    link = tmp_path / "rs485"
    body = {
        "place": over_serial(link), "unit": 7, "table": "input-registers", "first": 1024,
        "count": 24, "samples": 3, "consent": True,
    }  # fmt: skip
    with simulated(link, "--unknown", "--seed", "5", "--unit", "7") as machine:
        switch(machine, "off")
        assert owner.post(f"{ASSISTANT}/look", json=body).status_code == 200
        first = finished(owner)["look"]
        assert first["in_vain"] is None
        assert (first["rounds"], len(first["registers"])) == (1, 24)
        assert all(row["change"] is None for row in first["registers"])
        voltage = next(row for row in first["registers"] if row["address"] == 1026)
        assert voltage["meanings"][0]["unit"] == "V"
        switch(machine, "on")
        again = owner.post(f"{ASSISTANT}/look/again")
        document.check("POST", f"{ASSISTANT}/look/again", again)
        second = finished(owner)["look"]
    document.check("GET", ASSISTANT, owner.get(ASSISTANT))
    assert second["rounds"] == 2
    changed = {row["address"]: row["change"] for row in second["registers"] if row["change"]}
    assert changed[1030]["before"] == 0 < changed[1030]["after"]
    assert {change["rank"] for change in changed.values()} == set(range(1, len(changed) + 1))
    mark = {"name": "power", "address": 1029, "encoding": "int32", "order": "ABCD", "unit": "W"}
    wanted = {"name": "old-press", "title": "Alte Presse", "table": "input-registers"}
    made = owner.post(f"{ASSISTANT}/template", json={**wanted, "marks": [mark]})
    document.check("POST", f"{ASSISTANT}/template", made)
    assert made.json()["file"] == "old-press.yaml"
    assert "address: 1029" in made.json()["text"]
    assert "template: old-press.yaml" in made.json()["entry"]
    broken = owner.post(f"{ASSISTANT}/template", json={**wanted, "marks": [mark, mark]})
    assert broken.status_code == 422
    assert set(broken.json()["detail"]) == {"de", "en"}


def test_a_silent_device_is_asked_five_times_a_second_and_found_by_nobody(
    owner: httpx.Client,
) -> None:
    with silent_device() as (port, heard):
        body = scan_of([1, 2, 3, 4, 5, 6], **over_tcp(port))
        assert owner.post(f"{ASSISTANT}/scan", json=body).status_code == 200
        found = finished(owner)
    assert (found["scan"]["tried"], found["scan"]["found"]) == (6, [])
    assert len(heard) == found["scan"]["asked"] == 12, "one lost answer hides nobody"
    assert heard[-1] - heard[0] >= 11 * FIVE_A_SECOND * 0.9


def test_many_addresses_are_asked_no_faster_than_one(owner: httpx.Client) -> None:
    hosts = [f"127.0.0.{last}" for last in range(1, 7)]
    with silent_device("") as (port, heard):
        place = {"hosts": hosts, "port": port, "timeout_ms": 10}
        assert owner.post(f"{ASSISTANT}/scan", json=scan_of([1], **place)).status_code == 200
        assert finished(owner)["scan"]["tried"] == len(hosts)
    assert len(heard) == 2 * len(hosts)
    assert heard[-1] - heard[0] >= 11 * FIVE_A_SECOND * 0.9


def test_a_line_that_is_not_there_is_named_with_its_reason(owner: httpx.Client) -> None:
    owner.post(f"{ASSISTANT}/scan", json=scan_of([1], **over_tcp(free_port())))
    (line,) = finished(owner)["scan"]["unreachable"]
    assert line["line"].startswith("127.0.0.1:")
    assert line["why"]["de"]


def test_one_at_a_time_and_the_end_hangs_up_and_forgets(owner: httpx.Client) -> None:
    with silent_device() as (port, heard):
        body = scan_of(list(range(1, 200)), **over_tcp(port))
        assert owner.post(f"{ASSISTANT}/scan", json=body).status_code == 200
        refused = owner.post(f"{ASSISTANT}/scan", json=body)
        assert refused.status_code == 409
        assert "brechen Sie ab" in refused.json()["detail"]["de"]
        until(lambda: heard)
        assert owner.post(f"{ASSISTANT}/end").json() == seen(owner)
        assert seen(owner) == {
            **dict.fromkeys(("trouble", "scan", "look", "learn")),
            "busy": False,
        }
        asked = len(heard)
        owner.post(f"{ASSISTANT}/scan", json=scan_of([9], **over_tcp(port)))
        finished(owner)
        assert len(heard) == asked + 2, "after the end, only what was asked anew"


def test_a_line_that_the_gateway_polls_is_refused_whatever_it_is_called(
    owner: httpx.Client, earnest: RunningGateway
) -> None:
    port = earnest.site.machines[0].devices[0].connect.port  # type: ignore[attr-defined]
    for host in ("127.0.0.1", "localhost"):
        place = {"hosts": [host], "port": port}
        looks = {"place": place, "unit": 1, "consent": True}
        for path, body in (("scan", scan_of([1], **place)), ("look", looks)):
            refused = owner.post(f"{ASSISTANT}/{path}", json=body)
            assert refused.status_code == 409, (host, path)
            assert "drill-1" in refused.json()["detail"]["de"]
            assert "Take the machine out" in refused.json()["detail"]["en"]
    assert seen(owner)["scan"] is None


@pytest.mark.parametrize(
    "body",
    [
        {"place": {"hosts": ["127.0.0.1"]}, "units": [1]},
        {"place": {"hosts": ["127.0.0.1"]}, "units": [1], "consent": False},
        scan_of([1]),
        scan_of([1], hosts=["127.0.0.1"], serial="/dev/ttyS0"),
        scan_of([1], hosts=["http://127.0.0.1"]),
        scan_of([0], serial="/dev/ttyS0"),
        scan_of([1], serial="/dev/null"),
        scan_of([1], serial="/dev/pts/../../etc/passwd"),
        scan_of([], hosts=["127.0.0.1"]),
        scan_of([1], hosts=["127.0.0.1"] * 17),
    ],
)
def test_without_consent_or_a_sound_place_nothing_is_asked(
    owner: httpx.Client, body: dict[str, Any]
) -> None:
    refused = owner.post(f"{ASSISTANT}/scan", json=body)
    assert refused.status_code == 422
    assert set(refused.json()["detail"]) == {"de", "en"}
    assert not seen(owner)["busy"]


def test_a_foreign_page_begins_nothing(owner: httpx.Client) -> None:
    body = scan_of([1], **over_tcp(free_port()))
    headers = {"origin": "http://elsewhere.example"}
    assert owner.post(f"{ASSISTANT}/scan", json=body, headers=headers).status_code == 403
    assert not seen(owner)["busy"]


def test_it_ends_with_its_owner_s_session(owner: httpx.Client, earnest: RunningGateway) -> None:
    with silent_device() as (port, _), client(earnest.base) as other:
        body = {"role": Role.OWNER, "password": PASSWORDS["owner"]}
        assert other.post(f"{API}/login", json=body).status_code == 200
        assert other.post(
            f"{ASSISTANT}/scan", json=scan_of(list(range(1, 200)), **over_tcp(port))
        ).json()["busy"]
        assert seen(owner)["busy"]
        other.post(f"{API}/logout")
        assert finished(owner, 20)["scan"] is None


def test_it_hangs_up_when_the_gateway_ends(fresh: RunningGateway) -> None:
    with client(fresh.base) as web, closing(socket.create_server(("127.0.0.1", 0))) as server:
        code = {"code": fresh.setup_code, "password": PASSWORDS["owner"]}
        assert web.post(f"{API}/setup", json=code).status_code == 200
        body = scan_of(list(range(1, 200)), **over_tcp(server.getsockname()[1]))
        assert web.post(f"{ASSISTANT}/scan", json=body).status_code == 200
        server.settimeout(20)
        peer, _ = server.accept()
        with closing(peer):
            peer.settimeout(20)
            assert peer.recv(1024), "it asks"
            fresh.stop()
            while peer.recv(1024):
                pass  # until it has hung up


def test_own_networks_are_named_and_no_other_one_is_searched(
    owner: httpx.Client, document: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = [IPv4Interface("192.168.1.20/24"), IPv4Interface("8.8.8.8/24")]
    monkeypatch.setattr("gateway.assistant.network.interfaces", lambda: own)
    named = owner.get(f"{ASSISTANT}/networks")
    document.check("GET", f"{ASSISTANT}/networks", named)
    (network,) = named.json()
    assert network["network"] == "192.168.1.0/24"
    assert "254 Adressen" in network["about"]["de"]
    for other in ("8.8.8.0/24", "192.168.0.0/16", "127.0.0.0/24"):
        refused = owner.post(f"{ASSISTANT}/scan", json=scan_of([1], network=other))
        assert refused.status_code == 422
        assert "192.168.1.0/24" in refused.json()["detail"]["de"]
    both = scan_of([1], network="192.168.1.0/24", hosts=["a"])
    assert owner.post(f"{ASSISTANT}/scan", json=both).status_code == 422
    assert seen(owner)["scan"] is None


async def test_who_accepts_a_connection_in_the_network_is_asked_and_who_is_in_use_is_not() -> None:
    units = {1: words_told_by(lambda address: address)}
    async with TcpDevice(units, "127.9.9.3") as one, TcpDevice(units, "127.9.9.5", one.port) as two:
        at = lambda host: ModbusTcpConnect(host=host, port=one.port, timeout="100ms")  # noqa: E731
        network = IPv4Network("127.9.9.0/29")
        work = Scan([], [1], network, one.port, frozenset({("127.9.9.5", one.port)}), at)
        await work.run()
        assert (work.knocked, [connect.key for connect in work.connects]) == (
            5,
            [f"127.9.9.3:{one.port}"],
        )
        assert [(connect.key, found.unit) for connect, found in work.found] == [
            (f"127.9.9.3:{one.port}", 1)
        ]
        assert two.tally.connections == 0


async def test_the_doors_of_its_own_devices_are_known(earnest: RunningGateway) -> None:
    connect: Any = earnest.site.machines[0].devices[0].connect
    assert ("127.0.0.1", connect.port) in await doors(earnest.site)
