"""What the journal keeps: round trips, crashes at any point, any cut into batches."""

from __future__ import annotations

import json
from collections.abc import Sequence
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.config import Variant
from gateway.core.batches import Judged
from gateway.core.errors import JournalError
from gateway.core.signals import Value
from gateway.core.work import Origin
from gateway.jobs.commands import Book, Hold, Inbound, Opening, Resume
from gateway.jobs.tracker import JobTracker, MachineSpec
from tests.jobs.one_machine import (
    Line,
    furnace_evidence,
    mill_evidence,
    press_evidence,
    signals,
)

Sample = tuple[float, dict[str, Value | None]]


def mill_samples(chance: Random) -> list[Sample]:
    watts, samples, real = 1500.0, [], 0.0
    for _ in range(150):
        if chance.random() < 0.2:
            watts = chance.choice([3.0, 400.0, 1500.0, 2000.0, 2400.0])
        samples.append((real, {"power": None if chance.random() < 0.03 else watts}))
        real += chance.choice([0.1, 0.1, 0.1, 0.3, 2.0])
    return samples


def press_samples(chance: Random) -> list[Sample]:
    shots, rejects, samples, real = 2**32 - 40, 7, [], 0.0
    for _ in range(150):
        shots += chance.choice([0, 1, 2])
        rejects += chance.choice([0, 0, 1])
        if chance.random() < 0.02:
            shots = rejects = 0
        seen: dict[str, Value | None] = {
            "good-count": shots % 2**32,
            "reject-count": rejects,
            "running": chance.random() < 0.5,
            "fault": chance.random() < 0.1,
        }
        if chance.random() < 0.03:
            seen = dict.fromkeys(seen)
        samples.append((real, seen))
        real += chance.choice([0.2, 0.25, 3.0])
    return samples


def furnace_samples(chance: Random) -> list[Sample]:
    warm, wanted, samples, real = 20.0, 20.0, [], 0.0
    for _ in range(150):
        if chance.random() < 0.1:
            wanted = chance.choice([20.0, 250.0, 860.0])
        warm += max(-90.0, min(90.0, wanted - warm))
        amps = 52.0 if warm < wanted else 14.0
        dead = 0.0 if chance.random() < 0.3 else amps
        seen: dict[str, Value | None] = {
            "temperature": round(warm, 1),
            "setpoint": wanted,
            "current-l1": amps,
            "current-l2": dead,
            "current-l3": amps,
        }
        samples.append((real, seen))
        real += chance.choice([0.25, 2.0, 20.0])
    return samples


KINDS = [
    pytest.param(mill_evidence(), mill_samples, id="power-runs"),
    pytest.param(press_evidence(), press_samples, id="counters"),
    pytest.param(furnace_evidence(), furnace_samples, id="charges"),
]


def commands(line: Line, step: int, real: float) -> None:
    """What people and the network do meanwhile."""
    if step == 20:
        line.tell(Inbound("j-1", 1200, line.at(real)))
    elif step == 50:
        line.tell(Hold("j-1", line.at(real)))
    elif step == 55:
        line.tell(Resume("j-1", line.at(real)))
    elif step == 80:
        line.tell(Book("j-1", 5, 1, Origin.ENTERED, line.at(real)))


def add(line: Line) -> None:
    line.add(
        planned=10**8,
        lot=48,
        needs_input=True,
        opening=Opening(good=36, runs=3, run_began=line.at(-1.0)),
    )


@pytest.mark.parametrize(("evidence", "samples"), KINDS)
@pytest.mark.parametrize("seed", range(4))
def test_dump_and_load_at_any_point_change_nothing(
    evidence: Variant, samples: object, seed: int
) -> None:
    plain, reloaded = Line(evidence), Line(evidence, reload=True)
    for line in (plain, reloaded):
        add(line)
        for step, (real, seen) in enumerate(samples(Random(seed))):  # type: ignore[operator]
            line.take(line.batch(real, seen))
            commands(line, step, real)
    assert plain.state == reloaded.state
    assert plain.events == reloaded.events
    assert plain.tracker.dump(plain.state) == reloaded.tracker.dump(reloaded.state)
    assert plain.tracker.load(plain.tracker.dump(plain.state)) == plain.state


@pytest.mark.parametrize(("evidence", "samples"), KINDS)
@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10**6), cut=st.integers(0, 10**6))
def test_any_cut_of_the_same_samples_into_batches_gives_the_same(
    evidence: Variant, samples: object, seed: int, cut: int
) -> None:
    whole, parts = Line(evidence), Line(evidence)
    chance = Random(cut)
    for line in (whole, parts):
        add(line)
    for step, (real, seen) in enumerate(samples(Random(seed))):  # type: ignore[operator]
        whole.take(whole.batch(real, seen))
        roles = list(seen)
        chance.shuffle(roles)
        while roles:
            some = [roles.pop() for _ in range(chance.randint(1, len(roles)))]
            parts.take(parts.batch(real, {role: seen[role] for role in some}))
        for line in (whole, parts):
            commands(line, step, real)
    assert whole.tracker.jobs(whole.state) == parts.tracker.jobs(parts.state)
    assert whole.events == parts.events


@pytest.mark.parametrize(("evidence", "samples"), KINDS)
@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_counts_never_fall_and_every_batch_counts_once(
    evidence: Variant, samples: object, seed: int
) -> None:
    line, chance = Line(evidence), Random(seed)
    add(line)
    good, sent = line.job.good, list[Judged]()
    for real, seen in samples(Random(seed)):  # type: ignore[operator]
        sent.append(line.batch(real, seen))
        line.take(sent[-1])
        line.take(chance.choice(sent))  # delivered again
        assert line.job.good >= good
        good = line.job.good
    assert line.job.good == sum(line.job.origins.values())


def crashed(evidence: Variant, samples: Sequence[Sample], committed: Sequence[int]) -> Line:
    """The gateway dies and repeats what was not committed, again and again."""
    line = Line(evidence)
    add(line)
    kept, events, at = line.tracker.dump(line.state), list(line.events), 0
    batches = [line.batch(real, seen) for real, seen in samples]
    for until in [*committed, len(batches)]:
        for batch in batches[at : min(len(batches), until + 3)]:
            line.take(batch)  # up to three more than will be committed
        line.state, line.events = line.tracker.load(kept), list(events)
        for batch in batches[at:until]:
            line.take(batch)
        kept, events, at = line.tracker.dump(line.state), list(line.events), max(at, until)
    return line


@pytest.mark.parametrize(("evidence", "samples"), KINDS)
@settings(max_examples=8, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    committed=st.lists(st.integers(0, 150), max_size=6).map(sorted),
)
def test_crash_before_any_commit_neither_loses_nor_doubles(
    evidence: Variant, samples: object, seed: int, committed: list[int]
) -> None:
    made: list[Sample] = samples(Random(seed))  # type: ignore[operator]
    straight = Line(evidence)
    add(straight)
    for real, seen in made:
        straight.take(straight.batch(real, seen))
    again = crashed(evidence, made, committed)
    assert again.state == straight.state
    assert again.events == straight.events


def test_kept_form_has_a_schema_number_and_is_plain_json(mill: Line) -> None:
    add(mill)
    kept = json.loads(mill.tracker.dump(mill.state))
    assert kept["schema"] == 3
    assert set(kept) == {"schema", "jobs", "lots", "ended", "questions", "computer", "machines"}


def test_state_of_the_first_schema_is_read_and_its_counters_go_on(press: Line) -> None:
    """As it was kept before a counter had courses and a machine a run of its computer."""
    press.add(per_run=4, per_piece=8)
    for real, shown in ((0.0, 5_000), (0.2, 5_001)):
        press.see(real, good_count=shown, reject_count=7, running=False, fault=False)
    kept = json.loads(press.tracker.dump(press.state))
    kept["schema"] = 1
    del kept["questions"], kept["computer"]
    machine = kept["machines"]["m-1"]
    for new in ("run", "rebooted", "synced"):
        del machine[new]
    evidence = machine["evidence"]
    del evidence["fastest"]
    evidence["counter"] = {"last": 5_001, "odd": None}
    evidence["reject_counter"] = {"last": None, "odd": None}
    press.state = press.tracker.load(json.dumps(kept).encode())
    press.see(0.4, good_count=5_003, reject_count=9, running=False, fault=False)
    press.see(0.6, good_count=5_003, reject_count=9, running=False, fault=False)
    assert (press.job.good, press.job.scrap) == (4 * 3, 0)


@pytest.mark.parametrize("kept", [b"", b"[]", b'{"schema":99}', b'{"schema":1}', b"\xff"])
def test_what_cannot_be_read_is_said(mill: Line, kept: bytes) -> None:
    with pytest.raises(JournalError):
        mill.tracker.load(kept)


def test_another_evidence_begins_anew_and_keeps_the_jobs(mill: Line) -> None:
    add(mill)
    mill.see(0, power=2400.0)
    kept = mill.tracker.dump(mill.state)
    roles = ("good-count", "reject-count", "running", "fault")
    other = JobTracker([MachineSpec("m-1", signals("m-1", roles), press_evidence())])
    state = other.load(kept)
    assert state.machines["m-1"].evidence == other.initial().machines["m-1"].evidence
    assert state.current("m-1") == mill.state.current("m-1")


def test_machine_that_is_new_begins_and_one_that_is_gone_is_dropped(mill: Line) -> None:
    mill.see(0, power=2400.0)
    kept = mill.tracker.dump(mill.state)
    new = JobTracker([MachineSpec("m-2", signals("m-2", ("power",)), mill_evidence())])
    assert new.load(kept) == new.initial()


def test_charge_of_the_second_schema_has_been_tempered_since_its_phase_began(
    furnace: Line,
) -> None:
    furnace.add()
    cold = dict.fromkeys(("current_l1", "current_l2", "current_l3"), 30.0)
    for second, (warm, wanted) in enumerate([(20.0, 860.0), (860.0, 860.0), (700.0, 0.0)]):
        furnace.see(second, temperature=warm, setpoint=wanted, **cold)
    for second in range(3, 13):
        furnace.see(second, temperature=250.0, setpoint=250.0, **cold)
    kept = json.loads(furnace.tracker.dump(furnace.state))
    assert kept["machines"]["m-1"]["evidence"]["held"] == 9 * 144
    kept["schema"] = 2
    del kept["lots"]
    for gone in ("held", "hidden"):
        del kept["machines"]["m-1"]["evidence"][gone]
    assert furnace.tracker.load(json.dumps(kept).encode()) == furnace.state
