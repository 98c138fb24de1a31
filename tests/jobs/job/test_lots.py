"""Lots that have left are kept in parts, each written once: a commit does not grow with them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.jobs.one_machine import Line


def left(line: Line, lots: int) -> None:
    """So many lots have left, one a minute."""
    job = line.state.jobs["j-1"]
    departures = tuple(line.at(60.0 * number + 0.25) for number in range(lots))
    line.state = line.state.with_job(replace(job, departures=departures))


def written(line: Line, known: frozenset[str] = frozenset()) -> dict[str, bytes]:
    return {k: body for k, body in line.tracker.fixed(line.state, known).items() if body}


@pytest.fixture
def job(press: Line) -> Line:
    press.add(planned=10**6, lot=1)
    return press


@pytest.mark.parametrize("lots", [0, 1, 255, 256, 257, 511, 512, 1000])
def test_every_lot_is_there_again(job: Line, lots: int) -> None:
    left(job, lots)
    kept, fixed = job.tracker.dump(job.state), written(job)
    assert len(fixed) == lots // 256
    assert job.tracker.load(kept, fixed) == job.state


def test_a_commit_of_ten_thousand_lots_is_as_small_as_one_of_some_hundred(job: Line) -> None:
    sizes, known = [], frozenset[str]()
    for lots in (250, 10_000, 10_001):
        left(job, lots)
        sizes.append(len(job.tracker.dump(job.state)) + sum(map(len, written(job, known).values())))
        known = frozenset(job.tracker.fixed(job.state, frozenset()))
    assert sizes[2] < sizes[0], "names of parts are shorter than the lots in them"


def test_a_part_is_written_once(job: Line) -> None:
    left(job, 600)
    known = frozenset(written(job))
    assert written(job, known) == {}
    assert job.tracker.fixed(job.state, known) == dict.fromkeys(known)
    left(job, 800)
    assert len(written(job, known)) == 1


def test_a_job_that_comes_again_under_its_name_has_parts_of_its_own(job: Line) -> None:
    left(job, 256)
    known = frozenset(written(job))
    again = tuple(at + timedelta(days=1) for at in job.state.jobs["j-1"].departures)
    job.state = job.state.with_job(replace(job.state.jobs["j-1"], departures=again))
    assert known.isdisjoint(written(job, known))
    assert len(written(job, known)) == 1


def test_lots_of_a_lost_part_have_left_all_the_same(job: Line) -> None:
    """Their times are lost with it: they left at latest when the next one did."""
    left(job, 600)
    kept, fixed = job.tracker.dump(job.state), written(job)
    first = min(fixed, key=lambda name: int(name.split(":")[1]))
    del fixed[first]
    lots = job.tracker.load(kept, fixed).jobs["j-1"].departures
    assert len(lots) == 600
    assert set(lots[:256]) == {job.at(60.0 * 256 + 0.25)}
    assert lots[256:] == job.state.jobs["j-1"].departures[256:]


def test_lots_of_the_second_schema_stood_in_the_state(job: Line) -> None:
    left(job, 300)
    kept = json.loads(job.tracker.dump(job.state))
    kept["schema"] = 2
    del kept["lots"]
    kept["jobs"][0]["departures"] = [at.isoformat() for at in job.state.jobs["j-1"].departures]
    assert job.tracker.load(json.dumps(kept).encode()) == job.state
