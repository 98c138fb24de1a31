"""``werkverbund demo`` as a command: what it says, how it ends, what it leaves behind."""

from __future__ import annotations

import json
import re
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.system.conftest import Demos
from tests.system.factory import (
    MINI,
    READY,
    ROOT,
    STOP,
    Console,
    Json,
    alive,
    console,
    eventually,
    offspring,
)

MEMBERS = {
    "zerspanung-rennweg": ("member", "mill-1", [("sdm630", 1)]),
    "spritzguss-ilmtal": ("member", "press-1", [("e1210-press", 1)]),
    "haerterei-glutofen": ("member", "furnace-1", [("pid-furnace", 1), ("sdm630", 2)]),
    "laser-saalebogen": ("member", "laser-1", [("e1210-laser", 1)]),
    "montage-holzland": ("lead", "bench-1", [("e1210-bench", 1)]),
    "haertetechnik-vogtei": ("reserve", "furnace-2", [("pid-furnace", 1), ("sdm630", 2)]),
    "retrofit": ("retrofit", "drill-1", [("sdm630", 1)]),
}


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory, demos: Demos) -> Path:
    """One state folder for the demos of this file, one after the other."""
    demos.stop()
    return tmp_path_factory.mktemp("command") / "state"


@pytest.fixture(scope="module")
def first(state: Path) -> Iterator[tuple[Console, Json]]:
    """The first demo in that folder."""
    with console(state, MINI) as started:
        yield started, started.until("ready")


def order_of(ready: Json) -> str:
    """The order that runs when the demo says that it is ready."""
    lead = ready["firms"]["montage-holzland"]["web"]
    headers = {"authorization": f"Bearer {ready['credentials']['bearer']}"}
    answer = httpx.get(f"{lead}api/v1/orders/{ready['order']}", headers=headers, timeout=15)
    assert answer.status_code == 200
    assert answer.json()["lapse"] == 144
    return answer.json()["id"]


def test_the_ready_line_is_complete(first: tuple[Console, Json]) -> None:
    started, ready = first
    assert [event["kind"] for event in started.said] == ["ready"], "it is the first line"
    assert all(event["schema"] == 1 for event in started.said)
    assert ready["seconds"] > 0
    assert ready["lan"] is None
    assert ready["pin"] is None
    assert set(ready["credentials"]) == {"bearer"}
    assert ready["shared_broker"].startswith("mqtt://127.0.0.1:")
    firms = ready["firms"]
    for firm, (kind, machine, devices) in MEMBERS.items():
        facts = firms[firm]
        assert facts["kind"] == kind
        assert facts["name"]
        assert facts["opcua"].startswith("opc.tcp://127.0.0.1:")
        assert facts["broker"].startswith("mqtt://127.0.0.1:")
        (endpoint,) = facts["modbus"]
        assert (endpoint["machine"], endpoint["host"]) == (machine, "127.0.0.1")
        assert [(d["template"], d["unit"]) for d in endpoint["devices"]] == devices
    assert set(firms) == set(MEMBERS)
    page = (ROOT / "docs/interfaces.md").read_text("utf-8")
    samples = map(json.loads, re.findall(r"```json\n(.+?)```", page, re.DOTALL))
    (sample,) = [one for one in samples if one.get("kind") == "ready"]
    assert set(sample) == set(ready), "the documented line"
    (told_firm,) = sample["firms"].values()
    assert all(set(told_firm) == set(facts) for facts in firms.values())
    assert order_of(ready) == ready["order"] == "MINI-1"


def test_every_address_of_the_ready_line_answers(first: tuple[Console, Json]) -> None:
    _, ready = first
    bearer = {"authorization": f"Bearer {ready['credentials']['bearer']}"}
    with httpx.Client(timeout=15) as web:
        assert web.get(f"{ready['stage']}stage/v1/state").json()["ready"] is True
        control = f"{ready['simulator_control']}/state"
        eventually(lambda: web.get(control).json()["running"], what="the simulated machines work")
        for firm, facts in ready["firms"].items():
            health = web.get(f"{facts['web']}api/v1/health", headers=bearer).json()
            assert health["firm"] == firm
            assert web.get(f"{facts['web']}api/v1/health").status_code == 401
            assert web.get(f"{facts['pages']}api/v1/session").json()["firm"] == firm
    addresses = [ready["shared_broker"]]
    for facts in ready["firms"].values():
        addresses += [facts["opcua"], facts["broker"]]
        addresses += [f"modbus://{m['host']}:{m['port']}" for m in facts["modbus"]]
    for address in addresses:
        host, port = address.split("//")[1].rsplit(":", 1)
        socket.create_connection((host, int(port)), timeout=10).close()


def test_nothing_listens_beyond_this_computer(first: tuple[Console, Json]) -> None:
    started, _ = first
    inodes = {
        link.name
        for pid in {started.process.pid, *offspring(started.process.pid)}
        for link in sockets_of(pid)
    }
    listening = [
        (local, inode)
        for table in ("tcp", "tcp6")
        for local, status, inode in rows(table)
        if status == "0A" and inode in inodes
    ]
    assert len(listening) > 30
    beyond = [local for local, _ in listening if not local.startswith(("0100007F:", LOOPBACK6))]
    assert beyond == []


LOOPBACK6 = "00000000000000000000000001000000:"


def sockets_of(pid: int) -> list[Path]:
    found = []
    for link in Path(f"/proc/{pid}/fd").iterdir():
        try:
            target = str(link.readlink())
        except FileNotFoundError:
            continue
        if target.startswith("socket:["):
            found.append(Path(target[8:-1]))
    return found


def rows(table: str) -> Iterator[tuple[str, str, str]]:
    """Local address, state and inode of every TCP socket."""
    for line in Path(f"/proc/net/{table}").read_text("ascii").splitlines()[1:]:
        fields = line.split()
        yield fields[1], fields[3], fields[9]


def refusal(state: Path, base: int) -> str:
    """What a demo says that cannot start."""
    with console(state, MINI, base=base) as second:
        assert second.process.wait(READY) not in {0, -signal.SIGKILL}
        said = second.log.read_text("utf-8")
    assert "Traceback" not in said
    sentences = [line for line in said.splitlines() if line.strip()]
    assert len(sentences) == 1, said
    return sentences[0]


def test_a_second_demo_on_the_same_ports_is_refused_with_one_sentence(
    first: tuple[Console, Json], tmp_path: Path
) -> None:
    started, ready = first
    base = int(ready["stage"].rstrip("/").rsplit(":", 1)[1])
    sentence = refusal(tmp_path / "second", base)
    assert ready["stage"] in sentence
    assert "läuft schon" in sentence or "already" in sentence
    assert started.process.poll() is None, "the first one goes on"
    assert httpx.get(f"{ready['stage']}stage/v1/state", timeout=15).json()["ready"] is True


def test_a_taken_port_is_named_in_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as somebody:
        somebody.bind(("127.0.0.1", 0))
        somebody.listen()
        port = somebody.getsockname()[1]
        sentence = refusal(tmp_path / "taken", port)
    assert str(port) in sentence
    assert "--base-port" in sentence


def test_ctrl_c_ends_it_while_it_is_still_being_set_up(tmp_path: Path) -> None:
    with console(tmp_path / "early", MINI) as started:
        logs = tmp_path / "early" / "werkverbund" / "demo" / "logs"
        eventually(logs.exists, what="it makes the firms' keys", every=0.01)
        assert started.interrupt() == 130
        said = started.log.read_text("utf-8")
    assert "Traceback" not in said


def test_ctrl_c_stops_everything(first: tuple[Console, Json]) -> None:
    started, ready = first
    children = offspring(started.process.pid)
    assert set(ready["pids"].values()) <= children
    pulled = httpx.post(f"{ready['simulator_control']}/unplug", json={"machine": "mill-1"})
    assert pulled.status_code == 200
    assert started.interrupt() == 0
    assert [pid for pid in children if alive(pid)] == []


def test_the_duration_ends_it_in_order(first: tuple[Console, Json], state: Path) -> None:
    before, _ = first
    assert before.process.poll() == 0, "the first demo has left its state"
    with console(state, MINI, "--duration", "2s") as started:
        pid = started.process.pid
        children = eventually(lambda: offspring(pid), what="it has started something", every=0.05)
        assert started.until("stopping")["schema"] == 1
        children |= offspring(pid)
        assert started.process.wait(STOP) == 0
    assert [pid for pid in children if alive(pid)] == []


def test_the_next_start_goes_on_where_the_first_has_ended(
    first: tuple[Console, Json], state: Path, demos: Demos
) -> None:
    before, ready = first
    assert before.process.poll() == 0, "the first demo has left its state"
    assert ready["order"] == "MINI-1"
    mini = demos.of(MINI, state=state)  # the tests of the mini order go on with it
    assert mini.ready["state"] == ready["state"]
    assert order_of(mini.ready) == mini.ready["order"] == "MINI-1-2"
    known = [order["id"] for order in mini.get(mini.lead, "orders")]
    assert set(known) == {"MINI-1", "MINI-1-2"}, "nothing is ever erased"
    mill = mini.simulated("mill-1")
    assert mill["plugged"], "what an earlier show has pulled is back"
    eventually(
        lambda: mini.get("zerspanung-rennweg", "machines/mill-1")["state"]["known"],
        what="the mill answers",
    )
