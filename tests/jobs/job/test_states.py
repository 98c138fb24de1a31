"""The mapping table of the states, as a table."""

from __future__ import annotations

import pytest

from gateway.core.work import JobState, Substate
from gateway.jobs.job.states import OVER, TABLE, TRANSITIONS, may_change, row

EXPECTED = {
    ("planned", "waiting"): (1, 1, "Waiting", "itemReceived", "grey"),
    ("released", "waiting"): (2, 1, "Waiting", "itemPlanned", "grey"),
    ("released", "ready"): (2, 2, "Ready", "itemPlanned", "grey"),
    ("running", ""): (3, 0, "Running", "itemInProduction", "green"),
    ("interrupted", "held"): (4, 1, "Held", "itemInProduction", "yellow"),
    ("interrupted", "suspended"): (4, 2, "Suspended", "itemInProduction", "yellow"),
    ("ended", "completed"): (5, 1, "Completed", "itemCompleted", "done"),
    ("ended", "closed"): (5, 2, "Closed", "itemCompleted", "done"),
    ("aborted", ""): (6, 0, "Aborted", "statusUndefined", "red"),
}


@pytest.mark.parametrize(("pair", "expected"), EXPECTED.items())
def test_row_of_a_state(pair: tuple[str, str], expected: tuple[object, ...]) -> None:
    found = row(JobState(pair[0]), Substate(pair[1]))
    assert expected == (
        found.number,
        found.subnumber,
        found.response,
        found.production_status,
        found.lamp,
    )


def test_table_has_each_state_once_and_nothing_else() -> None:
    assert {(str(r.state), str(r.substate)) for r in TABLE} == set(EXPECTED)
    assert len(TABLE) == len(EXPECTED)
    assert {r.state for r in TABLE} == set(JobState)


def test_numbers_are_those_of_job_control() -> None:
    assert [r.number for r in TABLE] == sorted(r.number for r in TABLE)
    assert all(r.name.de and r.name.en for r in TABLE)


def test_a_pair_outside_the_table_does_not_exist() -> None:
    with pytest.raises(KeyError):
        row(JobState.RUNNING, Substate.HELD)


def test_running_begins_only_from_released_or_interrupted() -> None:
    into = {before for before, after in TRANSITIONS if after is JobState.RUNNING}
    assert into == {JobState.RELEASED, JobState.INTERRUPTED}
    assert TRANSITIONS[JobState.RELEASED, JobState.RUNNING] == 5


def test_nothing_leaves_the_end() -> None:
    assert not [pair for pair in TRANSITIONS if pair[0] in OVER]
    assert not may_change(JobState.ENDED, JobState.RUNNING)
    assert may_change(JobState.ENDED, JobState.ENDED)
