"""Machine states and jobs are told whole once, then what has changed, and are always the same."""

from __future__ import annotations

import pickle
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from gateway.apart.states import Known, Shown
from gateway.core.work import Job, MachineStatus
from tests.sinks.small_firm import executing, job

JOBS = st.lists(
    st.builds(lambda name, good: job(name, good=good), st.sampled_from("ABCDE"), st.integers(0, 3)),
    unique_by=lambda one: one.id,
)
MACHINES = st.lists(
    st.builds(
        lambda name, known: executing(name, known=known), st.sampled_from("xyz"), st.booleans()
    ),
    unique_by=lambda one: one.machine,
    min_size=3,
)


@given(st.lists(st.tuples(MACHINES, JOBS), min_size=1, max_size=8))
def test_both_sides_know_the_same_after_each_change(
    shows: list[tuple[list[MachineStatus], list[Job]]],
) -> None:
    shown, known = Shown(), Known()
    told: tuple[list[MachineStatus], list[Job]] = ([], [])
    for machines, jobs in shows:
        for change in shown.changes(machines, jobs):
            told = known.take(pickle.loads(pickle.dumps(change))) or told
        assert sorted(told[0], key=str) == sorted(machines, key=str)
        assert told[1] == jobs


def test_what_has_not_changed_is_not_told_again() -> None:
    shown = Shown()
    jobs = [job("A"), job("B"), job("C")]
    [first] = shown.changes([executing()], jobs)
    assert (len(first.machines), len(first.jobs), first.ids) == (1, 3, ("A", "B", "C"))
    assert list(shown.changes([executing()], jobs)) == []
    jobs[1] = replace(jobs[1], good=25)
    [second] = shown.changes([executing()], jobs)
    assert (second.machines, second.jobs, second.ids) == ((), (jobs[1],), None)


def test_many_jobs_go_in_messages_of_200() -> None:
    jobs = [job(f"J-{number}") for number in range(1001)]
    changes = list(Shown().changes([], jobs))
    assert [len(change.jobs) for change in changes] == [200, 200, 200, 200, 200, 1]
    known = Known()
    assert [known.take(change) for change in changes[:-1]] == [None] * 5
    assert known.take(changes[-1]) == ([], jobs)
