"""Machine states and jobs between the two processes: whole once, then what has changed."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from gateway.core.work import Job, MachineStatus

AT_ONCE = 200
"""Jobs in one message, so that making it never holds the gateway."""


@dataclass(frozen=True, slots=True)
class Change:
    """What is new. ``ids`` are all jobs, in order, where other jobs are there than before.

    ``last``: the change is complete with this one.
    """

    machines: tuple[MachineStatus, ...]
    jobs: tuple[Job, ...]
    ids: tuple[str, ...] | None
    last: bool


class Shown:
    """What the other process has been told."""

    def __init__(self) -> None:
        self._machines: dict[str, MachineStatus] = {}
        self._jobs: dict[str, Job] = {}

    def changes(self, machines: Sequence[MachineStatus], jobs: Sequence[Job]) -> Iterator[Change]:
        """What has to be told so that it knows these; nothing where it knows them."""
        new = tuple(one for one in machines if self._machines.get(one.machine) != one)
        fresh = [job for job in jobs if self._jobs.get(job.id) != job]
        ids = tuple(job.id for job in jobs)
        other = ids != tuple(self._jobs)
        self._machines = {one.machine: one for one in machines}
        self._jobs = {job.id: job for job in jobs}
        while len(fresh) > AT_ONCE:
            yield Change((), tuple(fresh[:AT_ONCE]), None, last=False)
            del fresh[:AT_ONCE]
        if new or fresh or other:
            yield Change(new, tuple(fresh), ids if other else None, last=True)


class Known:
    """What this process has been told."""

    def __init__(self) -> None:
        self._machines: dict[str, MachineStatus] = {}
        self._jobs: dict[str, Job] = {}

    def only(self, machines: Collection[str]) -> None:
        """Forget all other machines: they are gone."""
        self._machines = {name: one for name, one in self._machines.items() if name in machines}

    def take(self, change: Change) -> tuple[list[MachineStatus], list[Job]] | None:
        """All machines and jobs after a change; None while it is not complete."""
        self._machines.update((one.machine, one) for one in change.machines)
        self._jobs.update((job.id, job) for job in change.jobs)
        if not change.last:
            return None
        if change.ids is not None:
            self._jobs = {job: self._jobs[job] for job in change.ids}
        return list(self._machines.values()), list(self._jobs.values())
