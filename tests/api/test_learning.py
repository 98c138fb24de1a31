"""Learning in the browser's place: a device in no file, a machine that runs, a stored recording."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socketserver import ThreadingTCPServer
from typing import Any

import httpx
import pytest
import yaml

from gateway.jobs.evidence.power_runs import PowerRunsConfig
from tests.api.conftest import PASSWORDS
from tests.api.running import API, RunningGateway, a_workshop, at_work, client, until
from tests.api.test_assistant import finished, seen
from tests.api.test_documents import Document, document_of
from tests.api.test_machines import drill as drill_of
from tests.cli import test_learn as terminal

LEARN = f"{API}/assistant/learn"
FASTER = 6


class Meter(terminal.Meter):
    """The recorded drill: off for 10 s, standing by for 10 s, then three runs of 2 s."""

    began = None
    speed = FASTER


@contextmanager
def drill() -> Iterator[int]:
    """Its port; it begins with the first question."""
    Meter.began = None
    with ThreadingTCPServer(("127.0.0.1", 0), Meter) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


@pytest.fixture
def owner(earnest: RunningGateway) -> Iterator[httpx.Client]:
    """An owner who leaves nothing on the desk."""
    with client(earnest.base) as web:
        body = {"role": "owner", "password": PASSWORDS["owner"]}
        assert web.post(f"{API}/login", json=body).status_code == 200
        yield web
        web.post(f"{API}/assistant/end")


@pytest.fixture
def document(owner: httpx.Client) -> Document:
    return document_of(owner)


def recorded_for(web: httpx.Client, seconds: float) -> dict[str, Any]:
    """Wait until the recording is so long."""

    def long_enough() -> dict[str, Any] | None:
        now = seen(web)["learn"]
        return now if now["length_s"] >= seconds else None

    found: dict[str, Any] = until(long_enough, 60)
    return found


def step(web: httpx.Client, do: str) -> httpx.Response:
    return web.post(f"{LEARN}/step", json={"do": do})


def test_a_device_in_no_file_is_recorded_step_by_step_and_gives_checked_evidence(
    owner: httpx.Client, document: Document
) -> None:
    with drill() as port:
        place = {"hosts": ["127.0.0.1"], "port": port, "timeout_ms": 300}
        body = {"kind": "power-runs", "place": place, "unit": 1, "template": "sdm630"}
        refused = owner.post(LEARN, json=body)
        assert refused.status_code == 422
        assert Meter.began is None, "nothing is asked without consent"
        began = owner.post(LEARN, json=body | {"consent": True})
        document.check("POST", LEARN, began)
        assert [one["name"] for one in began.json()["learn"]["steps"]] == ["off", "standby", "runs"]
        assert owner.post(LEARN, json=body | {"consent": True}).status_code == 409
        recorded_for(owner, 9.5)
        document.check("POST", f"{LEARN}/step", step(owner, "done"))
        now = recorded_for(owner, 19.5)
        assert now["step"] == 1
        assert now["now"]["power"] == pytest.approx(60, abs=10)
        step(owner, "done")
        recorded_for(owner, 29.5)
        step(owner, "done")
        found = finished(owner)
    document.check("GET", f"{API}/assistant", owner.get(f"{API}/assistant"))
    result = found["learn"]["result"]
    assert len(result["runs"]) == 3
    assert all(one["seconds"] == pytest.approx(2, abs=0.6) for one in result["runs"])
    config = PowerRunsConfig.model_validate(result["evidence"])
    assert 5 < config.off_below < 55
    assert 65 < config.standby_below < 175
    assert 190 < config.run_below < config.run_above < 530
    assert yaml.safe_load(result["lines"])["evidence"] == result["evidence"]
    assert any("cannot be seen" in one["en"] for one in result["expects"])
    assert result["every_s"] < 1, "pauses of a second want a shorter period"
    assert len(found["learn"]["curve"]) <= 400
    moved = owner.post(
        f"{LEARN}/try", json={"evidence": result["evidence"] | {"run_above": 2000.0}}
    )
    document.check("POST", f"{LEARN}/try", moved)
    assert moved.json()["runs"] == []
    assert any("0 instead of 3" in one["en"] for one in moved.json()["doubts"])
    crossed = owner.post(f"{LEARN}/try", json={"evidence": result["evidence"] | {"run_above": 1}})
    assert crossed.status_code == 422
    kept = owner.get(f"{LEARN}/recording")
    assert kept.headers["content-disposition"] == 'attachment; filename="recording.csv"'
    again = handed_in(owner, kept.text)
    assert again["learn"]["result"]["evidence"] == found["learn"]["result"]["evidence"] or (
        len(again["learn"]["result"]["runs"]) == 3
    )


def handed_in(web: httpx.Client, text: str, **more: Any) -> dict[str, Any]:
    """A stored recording, in parts as the page sends it."""
    parts = [text[i : i + 5000] for i in range(0, len(text), 5000)]
    for number, part in enumerate(parts):
        body = {
            "kind": "power-runs",
            "text": part,
            "first": number == 0,
            "last": number == len(parts) - 1,
        }
        answer = web.post(f"{LEARN}/stored", json=body | more)
        assert answer.status_code == 200, answer.text
    return finished(web)


def test_a_machine_that_runs_is_learnt_from_its_live_values(
    owner: httpx.Client, document: Document
) -> None:
    kinds = owner.post(f"{LEARN}/kinds", json={"machine": "drill-1"})
    document.check("POST", f"{LEARN}/kinds", kinds)
    possible = {one["kind"]: one["possible"] for one in kinds.json()}
    assert possible == {"power-runs": True, "counters": False, "charges": False}
    assert owner.post(LEARN, json={"kind": "counters", "machine": "drill-1"}).status_code == 422
    assert owner.post(LEARN, json={"kind": "power-runs", "machine": "mill-9"}).status_code == 404
    began = owner.post(LEARN, json={"kind": "power-runs", "machine": "drill-1"})
    assert began.status_code == 200
    assert step(owner, "skip").json()["learn"]["step"] == 1
    assert step(owner, "skip").json()["learn"]["step"] == 2
    recorded_for(owner, 3)
    back = step(owner, "back").json()["learn"]
    assert back["step"] == 1
    assert back["length_s"] < 1, "what was recorded since is forgotten"
    step(owner, "skip")
    recorded_for(owner, 8)
    step(owner, "end")
    found = finished(owner)["learn"]
    assert step(owner, "done").status_code == 409
    assert found["machine"] == "drill-1"
    assert not found["file"]
    result = found["result"]
    assert len(result["runs"]) > 3, "the drill goes on and on"
    assert any("instead of 3" in one["en"] for one in result["doubts"])
    assert any("guess" in one["en"] for one in result["doubts"])
    taken = owner.post(f"{LEARN}/take", json={"evidence": result["evidence"]})
    assert taken.status_code == 409
    assert "firm's file" in taken.json()["detail"]["en"]


def test_what_is_no_recording_is_refused(owner: httpx.Client) -> None:
    refused = owner.post(f"{LEARN}/stored", json={"kind": "power-runs", "text": "off at noon\n"})
    assert refused.status_code == 422
    assert "12.5,430" in refused.json()["detail"]["en"]
    flat = "\n".join(f"{t},60" for t in range(100))
    found = handed_in(owner, flat)["learn"]
    assert found["result"] is None
    assert "shows no run" in found["trouble"]["en"]


def test_a_recording_that_is_too_large_is_not_kept(owner: httpx.Client) -> None:
    part = {"kind": "power-runs", "text": "#" * 47_999, "last": False}
    codes = [
        owner.post(f"{LEARN}/stored", json=part | {"first": number == 0}).status_code
        for number in range(84)
    ]
    assert codes[:83] == [200] * 83
    assert codes[83] == 413


def test_thresholds_learnt_again_go_into_the_machine_s_own_file_and_count_at_once(
    tmp_path: Path,
) -> None:
    with at_work(a_workshop(tmp_path, demo=False)) as firm, client(firm.base) as web:
        code = {"code": firm.setup_code, "password": PASSWORDS["owner"]}
        assert web.post(f"{API}/setup", json=code).status_code == 200
        web.post(f"{API}/login", json={"role": "owner", "password": PASSWORDS["owner"]})
        wrong = drill_of(firm)["evidence"] | {"run_above": 5000, "run_below": 4000}
        assert web.post(f"{API}/machines", json=drill_of(firm, evidence=wrong)).json()["written"]
        file = firm.site.state / "machines" / "drill-2.yaml"
        text = file.read_text("utf-8").replace("settle: 5s", "settle: 5s   # Umspannen dauert")
        file.write_text(f"# Halle 2\n{text}", "utf-8")
        until(lambda: web.get(f"{API}/machines/drill-2").json()["state"]["known"], 20)
        assert web.get(f"{API}/machines/drill-2/runs").json() == []
        began = web.post(LEARN, json={"kind": "power-runs", "machine": "drill-2"})
        assert began.json()["learn"]["file"]
        step(web, "skip")
        step(web, "skip")
        recorded_for(web, 9)
        step(web, "end")
        found = finished(web)["learn"]
        assert found["result"] is not None, found["trouble"]
        evidence = found["result"]["evidence"]
        assert evidence["run_above"] < 1000
        taken = web.post(f"{LEARN}/take", json={"evidence": evidence})
        document_of(web).check("POST", f"{LEARN}/take", taken)
        assert taken.json()["written"], taken.text
        now = file.read_text("utf-8")
        assert now.startswith("# Halle 2\n")
        assert "# Umspannen dauert" in now
        said = yaml.safe_load(now)["evidence"]
        assert said["settle"] == "5s"
        assert said["run_above"] == evidence["run_above"]
        until(lambda: web.get(f"{API}/machines/drill-2/runs").json(), 30)
