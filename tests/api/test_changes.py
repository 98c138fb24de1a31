"""A change that is none: refused, and nobody claims it. What has not changed is not built."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.api import views
from tests.api.conftest import PASSWORDS
from tests.api.running import (
    API,
    RunningGateway,
    a_workshop,
    at_work,
    client,
    demo_client,
    until,
)
from tests.api.test_documents import events_of

NOTHING: tuple[tuple[str, Any], ...] = (
    ("jobs/B-1/resume", None),
    ("jobs/B-1/start", None),
    ("jobs/B-1/bookings", {"good": 0, "scrap": 0}),
    ("jobs/B-1/rate", {}),
    ("passwords/customer/remove", None),
)


def test_what_changes_nothing_is_refused_and_stands_in_no_log_as_a_change(
    fresh: RunningGateway,
) -> None:
    with client(fresh.base) as web:
        code = {"code": fresh.setup_code, "password": PASSWORDS["owner"]}
        assert web.post(f"{API}/setup", json=code).status_code == 200
        until(lambda: web.get(f"{API}/jobs/B-1").json()["runs_completed"] >= 1)
        before = web.get(f"{API}/audit").json()
        for path, body in NOTHING:
            answer = web.post(f"{API}/{path}", json=body)
            assert answer.status_code == 409, path
            assert set(answer.json()["detail"]) == {"de", "en"}
        assert web.get(f"{API}/audit").json() == before
        assert web.post(f"{API}/jobs/B-1/hold").status_code == 200
        assert web.post(f"{API}/jobs/B-1/hold").status_code == 409
        after = web.get(f"{API}/audit").json()
    assert [entry["event"] for entry in after[len(before) :]] == ["changed"]


def test_a_run_s_start_and_end_are_its_own(owner: httpx.Client) -> None:
    runs = until(
        lambda: (r := owner.get(f"{API}/machines/drill-1/runs").json()) and len(r) > 3 and r
    )
    started = {
        entry["at"]
        for entry in owner.get(f"{API}/log?limit=1000&kind=run_started").json()["events"]
    }
    for run in runs:
        start, end = datetime.fromisoformat(run["start"]), datetime.fromisoformat(run["end"])
        assert run["partial"] or run["start"] in started
        # here order time is real time, and looks are 50 ms apart
        assert abs((end - start).total_seconds() - run["seconds"]) < 0.1
        assert end > start


def test_the_newest_runs_are_told_where_there_are_too_many(
    owner: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = until(
        lambda: len(runs := owner.get(f"{API}/machines/drill-1/runs").json()) > 3 and runs
    )
    monkeypatch.setattr("gateway.api.routes.plant.MAX_RUNS", 2)
    end = known[-1]["start"]  # whatever began before it is committed: nothing comes between
    found = owner.get(f"{API}/machines/drill-1/runs?end={end}").json()
    monkeypatch.undo()
    whole = owner.get(f"{API}/machines/drill-1/runs?end={end}").json()
    assert found == whole[-2:]


def test_jobs_are_built_for_pages_only_when_one_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built: list[str] = []
    view = views.job

    def counting(job: Any) -> Any:
        built.append(job.id)
        return view(job)

    with (
        at_work(a_workshop(tmp_path, demo=True)) as gateway,
        demo_client(gateway.base, "owner") as web,
        web.stream("GET", f"{API}/events") as told,
    ):
        found = events_of(told)
        next(content for event, content in found if event == "jobs")
        for job in ("B-1", "B-2"):
            assert web.post(f"{API}/jobs/{job}/end").status_code == 200
        over = {"ended", "aborted"}
        for event, content in found:
            if event == "jobs" and {job["state"] for job in content["jobs"]} <= over:
                break
        monkeypatch.setattr(views, "job", counting)
        machines = (content for event, content in found if event == "machine")
        looks = {str(next(machines)["machine"]["signals"]) for _ in range(8)}
        assert len(looks) == 8, "for two seconds the machine worked on"
        assert "B-1" not in built, "and no job changed"
