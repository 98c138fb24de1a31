"""Machines are added, changed, exchanged and removed by their owner while the gateway works."""

from __future__ import annotations

import json
import stat
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, cast

import httpx
import pytest

from gateway.cli.rooms import variants
from gateway.config import Files
from gateway.core.signals import Value
from gateway.machines import catalog
from simulators.device import Device
from simulators.modbus.tcp_device import TcpDevice
from simulators.simulation import Simulation
from tests.api.conftest import PASSWORDS, owner_of
from tests.api.running import API, RunningGateway, a_workshop, at_work, client, free_port, until
from tests.api.test_assistant import (
    ASSISTANT,
    over_serial,
    scan_of,
    silent_device,
    simulated,
    switch,
)
from tests.api.test_documents import document_of
from tests.disks import fill_up, small_disk

EVIDENCE = {
    "type": "power-runs", "off_below": 20, "standby_below": 300, "run_above": 1200,
    "run_below": 900, "min_run": "3s", "min_pause": "1s",
}  # fmt: skip


@pytest.fixture
def owner(firm_owner: httpx.Client) -> httpx.Client:
    return firm_owner


def drill(firm: RunningGateway, name: str = "drill-2", **more: Any) -> dict[str, Any]:
    """The second meter of the simulated drill, as a machine."""
    port = firm.site.machines[0].devices[0].connect.port  # type: ignore[attr-defined]
    return {
        "name": name,
        "title": {"de": "Zweite Bohrmaschine", "en": "Second drill"},
        "place": {"hosts": ["127.0.0.1"], "port": port, "timeout_ms": 300},
        "unit": 2,
        "template": "sdm630",
        "every": "100ms",
        "evidence": {**EVIDENCE, "standby_below": 120, "run_above": 400, "run_below": 300,
                     "min_run": "100ms", "min_pause": "50ms", "settle": "5s"},
        "write": True,
        **more,
    }  # fmt: skip


def state(firm: RunningGateway) -> Path:
    return firm.site.state


def files(firm: RunningGateway) -> list[str]:
    return sorted(one.name for one in (state(firm) / "machines").iterdir() if one.is_file())


def names(web: httpx.Client) -> list[str]:
    return [one["name"] for one in web.get(f"{API}/machines").json()]


def audit(web: httpx.Client) -> list[str]:
    return [e["what"] for e in web.get(f"{API}/audit").json() if e["event"] == "changed"]


def first_run(web: httpx.Client, name: str, seconds: float = 60) -> dict[str, Any]:
    found: dict[str, Any] = until(
        lambda: (web.get(f"{API}/machines/{name}/runs").json() or [None])[0], seconds
    )
    return found


def test_a_machine_is_shown_then_written_and_counts_its_first_run(
    firm: RunningGateway, owner: httpx.Client
) -> None:
    document = document_of(owner)
    shown = owner.post(f"{API}/machines", json=drill(firm, write=False))
    document.check("POST", f"{API}/machines", shown)
    assert shown.json()["problems"] == []
    assert not shown.json()["written"]
    assert not (state(firm) / "machines").exists() or files(firm) == []
    assert names(owner) == ["drill-1"]
    text = shown.json()["text"]
    assert "# Anzeigename\n# display name\ntitle: {de: 'Zweite Bohrmaschine'" in text
    done = owner.post(f"{API}/machines", json=drill(firm)).json()
    assert done["written"], done
    assert done["outcome"]["changes"] == [{"de": "neu: drill-2", "en": "new: drill-2"}]
    path = state(firm) / "machines" / "drill-2.yaml"
    assert path.read_text("utf-8") == text
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert names(owner) == ["drill-1", "drill-2"]
    assert first_run(owner, "drill-2")["pieces"] == 1
    assert any("drill-2: name, title" in what for what in audit(owner))
    sheet = owner.get(f"{API}/machines/drill-2/sheet")
    document.check("GET", f"{API}/machines/{{name}}/sheet", sheet)
    said = json.dumps(sheet.json(), ensure_ascii=False)
    for told in (
        "First counted run",
        "Erster gezählter Lauf",
        "127.0.0.1",
        "200 ms",
        "input register",
    ):
        assert told in said


def test_a_mistake_is_told_as_check_tells_it_and_nothing_is_written(
    firm: RunningGateway, owner: httpx.Client
) -> None:
    for wrong, told in (
        ({"template": "sdm631"}, "there is no template sdm631"),
        ({"every": "1"}, "the duration has no unit"),
        ({"name": "Drill 2"}, "Drill 2"),
        ({"name": "../../evil"}, "evil"),
        ({"title": {"de": "", "en": "x"}}, ""),
        ({"name": "drill-1"}, "the machine drill-1 stands in"),
        ({"evidence": {**EVIDENCE, "run_above": 5}}, "thresholds are not in the right order"),
        ({"evidence": {"type": "power-ruins"}}, "power-ruins"),
        ({"parameters": {"ct": 4}}, "no parameter ct"),
    ):
        answer = owner.post(f"{API}/machines", json=drill(firm, **wrong)).json()
        assert not answer["written"], wrong
        assert any(told in problem["what"]["en"] for problem in answer["problems"]), answer
        assert all(problem["fix"]["de"] for problem in answer["problems"])
    assert names(owner) == ["drill-1"]
    assert not list(state(firm).rglob("*.yaml"))


def test_two_browsers_that_add_one_name_at_once_make_one_machine(
    firm: RunningGateway, owner: httpx.Client
) -> None:
    with owner_of(firm) as other, ThreadPoolExecutor(2) as two:
        ready = threading.Barrier(2)

        def adds(web: httpx.Client) -> dict[str, Any]:
            ready.wait(20)
            answer: dict[str, Any] = web.post(f"{API}/machines", json=drill(firm)).json()
            return answer

        found = list(two.map(adds, (owner, other)))
    assert sorted(one["written"] for one in found) == [False, True]
    problems = next(one for one in found if not one["written"])["problems"]
    assert any("the machine drill-2 stands in" in one["what"]["en"] for one in problems)
    assert files(firm) == ["drill-2.yaml"]
    assert names(owner) == ["drill-1", "drill-2"]


def test_a_wrong_file_beside_is_named_and_the_new_one_is_not_left_behind(
    firm: RunningGateway, owner: httpx.Client
) -> None:
    folder = state(firm) / "machines"
    folder.mkdir(mode=0o700)
    (folder / "broken.yaml").write_text("name: [\n")
    answer = owner.post(f"{API}/machines", json=drill(firm)).json()
    assert not answer["written"]
    assert [Path(one["file"]).name for one in answer["problems"]] == ["broken.yaml"]
    assert files(firm) == ["broken.yaml"]
    (folder / "broken.yaml").unlink()
    assert owner.post(f"{API}/machines", json=drill(firm)).json()["written"]


def test_what_the_reload_refuses_is_taken_back(firm: RunningGateway, owner: httpx.Client) -> None:
    """The assistant asks on the line that the new machine is on: nobody talks there twice."""
    with silent_device() as (port, heard):
        place = {"hosts": ["127.0.0.1"], "port": port, "timeout_ms": 50}
        scan = scan_of(list(range(1, 200)), **place)
        assert owner.post(f"{ASSISTANT}/scan", json=scan).status_code == 200
        until(lambda: heard)
        there = {**place, "hosts": ["localhost"]}
        answer = owner.post(f"{API}/machines", json=drill(firm, place=there)).json()
        assert not answer["written"]
        assert "the assistant is asking" in answer["outcome"]["why"]["en"]
        assert files(firm) == []
        assert names(owner) == ["drill-1"]
        assert owner.post(f"{ASSISTANT}/end").status_code == 200
        assert owner.post(f"{API}/machines", json=drill(firm, place=there)).json()["written"]
        refused = owner.post(f"{ASSISTANT}/scan", json=scan)
        assert refused.status_code == 409, "and the other way round"
        assert "drill-2" in refused.json()["detail"]["en"]


def test_a_file_is_changed_in_its_lines_and_what_somebody_else_changed_is_not_lost(
    firm: RunningGateway, owner: httpx.Client
) -> None:
    owner.post(f"{API}/machines", json=drill(firm))
    path = state(firm) / "machines" / "drill-2.yaml"
    path.write_text(f"# Halle 2, dritter Schrank\n{path.read_text('utf-8')}", "utf-8")
    here = owner.get(f"{API}/machines/drill-2/file").json()
    assert here["own"]
    assert here["content"]["evidence"]["run_above"] == 400
    body = {
        "of": here["of"], "every": "200ms", "title": {"de": "Bohrwerk", "en": "Borer"},
        "evidence": {**here["content"]["evidence"], "run_above": 420},
    }  # fmt: skip
    shown = owner.post(f"{API}/machines/drill-2/edit", json=body).json()
    assert not shown["written"]
    assert [line for line in shown["difference"] if line[0] in "+-"] == [
        "-title: {de: 'Zweite Bohrmaschine', en: 'Second drill'}",
        "+title: {de: Bohrwerk, en: Borer}",
        "-every: 100ms",
        "+every: 200ms",
        "-  run_above: 400",
        "+  run_above: 420",
    ]
    assert "every: 100ms" in path.read_text("utf-8")
    assert owner.post(f"{API}/machines/drill-2/edit", json={**body, "write": True}).json()[
        "written"
    ]
    assert "# Halle 2, dritter Schrank" in path.read_text("utf-8")
    now = owner.get(f"{API}/machines/drill-2").json()
    assert now["title"]["en"] == "Borer"
    late = owner.post(f"{API}/machines/drill-2/edit", json={**body, "write": True})
    assert late.status_code == 409
    assert "has been changed meanwhile" in late.json()["detail"]["en"]
    assert any("drill-2: title, every, evidence" in what for what in audit(owner))


def test_a_machine_goes_when_it_is_called_by_its_name_and_comes_back(
    firm: RunningGateway, owner: httpx.Client
) -> None:
    owner.post(f"{API}/machines", json=drill(firm))
    first_run(owner, "drill-2")
    wrong = owner.post(f"{API}/machines/drill-2/remove", json={"name": "drill-1"})
    assert wrong.status_code == 409
    gone = owner.post(f"{API}/machines/drill-2/remove", json={"name": "drill-2"}).json()
    assert gone["written"], gone
    assert names(owner) == ["drill-1"]
    assert files(firm) == []
    assert [one["name"] for one in owner.get(f"{API}/removed").json()] == ["drill-2"]
    assert owner.post(f"{API}/removed/drill-2/back").json()["written"]
    assert names(owner) == ["drill-1", "drill-2"]
    assert owner.get(f"{API}/removed").json() == []
    assert len(owner.get(f"{API}/machines/drill-2/runs").json()) >= 1, "its history stays"


def test_what_stands_in_the_firm_s_own_file_is_told_plainly(
    firm: RunningGateway, owner: httpx.Client
) -> None:
    here = owner.get(f"{API}/machines/drill-1/file").json()
    assert (here["own"], here["of"]) == (False, None)
    for path, body in (
        ("edit", {"of": "", "every": "1s"}),
        ("remove", {"name": "drill-1"}),
        ("exchange", {"what": "new meter", "template": "sdm120", "write": True}),
    ):
        refused = owner.post(f"{API}/machines/drill-1/{path}", json=body)
        assert refused.status_code == 409, path
        assert "stands in the firm's file" in refused.json()["detail"]["en"]
        assert "workshop.yaml" in refused.json()["detail"]["de"]
    assert owner.get(f"{API}/machines/drill-1").status_code == 200


def test_a_full_disk_leaves_no_half_a_machine(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 8) as disk:
        running = a_workshop(tmp_path, demo=False)
        folder = disk / "machines"
        folder.mkdir(mode=0o700)
        with at_work(running), client(running.base) as web:
            code = {"code": running.setup_code, "password": PASSWORDS["owner"]}
            assert web.post(f"{API}/setup", json=code).status_code == 200
            (state(running) / "machines").symlink_to(folder)
            fill_up(folder / ".ballast")
            refused = web.post(f"{API}/machines", json=drill(running))
            assert refused.status_code == 409, refused.text
            assert "drill-2.yaml" in refused.json()["detail"]["en"]
            assert {one.name for one in folder.iterdir()} == {".ballast", "more"}
            (folder / ".ballast").unlink()
            assert web.post(f"{API}/machines", json=drill(running)).json()["written"]


def test_a_serial_port_that_is_not_there_becomes_a_machine_that_does_not_answer(
    firm: RunningGateway, owner: httpx.Client, tmp_path: Path
) -> None:
    link = tmp_path / "rs485"
    link.symlink_to("/dev/ttyS99")
    answer = owner.post(f"{API}/machines", json=drill(firm, place=over_serial(link))).json()
    assert answer["written"], answer
    found = until(
        lambda: next(
            (
                s
                for s in owner.get(f"{API}/machines/drill-2").json()["signals"]
                if s["detail"] is not None
            ),
            None,
        )
    )
    assert found["quality"] == "bad"


@pytest.mark.parametrize("role", ["foreman", "works_council", "customer", "visitor", "nobody"])
def test_only_the_owner_changes_machines(role: str, callers: dict[str, httpx.Client]) -> None:
    web = callers[role]
    for method, path in (
        ("POST", "machines"),
        ("GET", "machines/drill-1/file"),
        ("POST", "machines/drill-1/edit"),
        ("POST", "machines/drill-1/exchange"),
        ("POST", "machines/drill-1/remove"),
        ("GET", "removed"),
        ("POST", "removed/drill-1/back"),
        ("GET", "templates"),
    ):
        assert web.request(method, f"{API}/{path}", json={}).status_code in (401, 403), path


def test_a_drafted_template_is_written_beside_and_counts_runs_on_a_serial_line(
    firm: RunningGateway, owner: httpx.Client, tmp_path: Path
) -> None:
    link = tmp_path / "rs485"
    mark = {"name": "power", "address": 1029, "encoding": "int32", "order": "ABCD", "unit": "W"}
    drafted = {
        "name": "old-press",
        "title": "Alte Presse",
        "table": "input-registers",
        "marks": [mark],
    }
    with simulated(link, "--unknown", "--seed", "5", "--unit", "7") as machine:
        switch(machine, "standby")
        body = drill(
            firm, "press-1", place=over_serial(link), unit=7, template=None, drafted=drafted,
            every="200ms", evidence=EVIDENCE,
        )  # fmt: skip
        answer = owner.post(f"{API}/machines", json=body).json()
        assert answer["written"], answer
        assert "template: ../templates/old-press.yaml" in answer["text"]
        assert (state(firm) / "templates" / "old-press.yaml").is_file()
        own = [one["name"] for one in owner.get(f"{API}/templates").json() if one["own"]]
        assert own == ["../templates/old-press.yaml"]
        switch(machine, "on")
        assert first_run(owner, "press-1", 90)["seconds"] > 9
        other = {**drafted, "marks": [{**mark, "name": "watts"}]}
        taken = owner.post(f"{API}/machines", json={**body, "name": "press-2", "drafted": other})
        assert taken.status_code == 409
        assert "another name" in taken.json()["detail"]["en"]
    sheet = owner.get(f"{API}/machines/press-1/sheet").json()
    assert str(link) in json.dumps(sheet)


MOULDERS = """\
schema: 1
firm: workshop
name: Werkstatt
state: {state}
machines: []
web:
  listen: "127.0.0.1:{web}"
"""


class Modules:
    """Two I/O modules that count from far apart, a shot each 0.3 s."""

    def __init__(self, counts: Mapping[int, int]) -> None:
        template = catalog.template("e1210-press")
        self.servers = [
            TcpDevice(
                {1: Device(template, 1, partial(self._shown, first)).answer}, "127.0.0.1", port
            )
            for port, first in counts.items()
        ]

    @staticmethod
    def _shown(first: int) -> dict[str, Value]:
        shots = first + int(time.monotonic() / 0.3) % 100_000
        return {"mould-closed": False, "alarm": False, "shots": shots, "rejects": 0}

    async def open(self) -> None:
        for server in self.servers:
            await server.open()

    def close(self) -> None:
        for server in self.servers:
            server.close()


@pytest.fixture
def moulders(tmp_path: Path) -> Iterator[tuple[RunningGateway, list[int]]]:
    """A firm beside two modules, none of which is at a machine of its yet."""
    ports = [free_port(), free_port()]
    file = tmp_path / "workshop.yaml"
    file.write_text(MOULDERS.format(state=tmp_path / "state", web=free_port()))
    files = Files(file, variants(), {})
    modules = Modules(dict(zip(ports, (7_000_000, 12), strict=True)))
    running = RunningGateway(files.read(), cast("Simulation", modules), files)
    with at_work(running):
        with client(running.base) as web:
            code = {"code": running.setup_code, "password": PASSWORDS["owner"]}
            assert web.post(f"{API}/setup", json=code).status_code == 200
        yield running, ports


def events(web: httpx.Client, *kinds: str) -> list[dict[str, Any]]:
    asked = "&".join(f"kind={kind}" for kind in kinds)
    found: list[dict[str, Any]] = web.get(f"{API}/log?limit=1000&{asked}").json()["events"]
    return found


def test_an_exchanged_module_invents_nothing_and_loses_nothing(
    moulders: tuple[RunningGateway, list[int]],
) -> None:
    running, (old, new) = moulders

    def place(port: int) -> dict[str, Any]:
        return {"hosts": ["127.0.0.1"], "port": port, "timeout_ms": 300}

    def counted() -> int:
        return sum(int(one["details"]["good"]) for one in events(web, "counted"))

    def shots() -> int:
        found = web.get(f"{API}/machines/press-1").json()["signals"]
        return int(next(one["value"] for one in found if one["point"] == "shots") or 0)

    with owner_of(running) as web:
        added = web.post(
            f"{API}/machines",
            json={
                "name": "press-1", "title": {"de": "Presse", "en": "Press"}, "place": place(old),
                "unit": 1, "template": "e1210-press", "every": "50ms", "write": True,
                "evidence": {"type": "counters", "idle_after": "10s"},
            },
        )  # fmt: skip
        assert added.json()["written"], added.text
        until(lambda: counted() >= 3)
        assert shots() > 7_000_000
        before = counted()
        body = {"what": "E1210, Nr. 4711", "place": place(new), "unit": 1, "write": True}
        swapped = web.post(f"{API}/machines/press-1/exchange", json=body).json()
        assert swapped["written"], swapped
        said = [one["en"] for one in swapped["outcome"]["changes"]]
        assert "exchanged: press-1" in said
        until(lambda: 0 < shots() < 1_000_000)
        begins = shots()
        until(lambda: shots() >= begins + 5)
        done = until(lambda: counted() if counted() >= before + 5 else None)
        assert done < before + 60, "the step to the new counter is no work"
        assert events(web, "counter_reset", "counter_jumped", "counter_glitch") == []
        (exchanged,) = events(web, "device_exchanged")
        assert exchanged["details"]["what"] == "E1210, Nr. 4711"
        again = web.post(f"{API}/machines/press-1/exchange", json={"what": "zurück", "write": True})
        assert again.json()["written"], "another device at the same place"
        now = counted()
        until(lambda: counted() >= now + 2)
        assert len(events(web, "device_exchanged")) == 2
        assert any("/exchange press-1: connect" in what for what in audit(web))
        first = web.get(f"{API}/machines/press-1/sheet").json()["first"]
        assert first["seconds"] is None
        assert first["at"] <= exchanged["at"]
