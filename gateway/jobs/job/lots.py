"""The lots of a job that have left, in parts that never change again once they are full.

They are kept beside the state, each part once: what a commit writes does not grow with them.
"""

from __future__ import annotations

import json
from collections.abc import Container, Mapping
from datetime import datetime

from gateway.core.clock import to_ms
from gateway.jobs.job.record import JobRecord

FULL = 256
"""So many lots make a part."""


def part_names(job: JobRecord) -> list[str]:
    """The names of a job's full parts; what is in one stands in its name, first and last."""
    left = job.departures
    return [
        f"{job.id}:{at // FULL}:{to_ms(left[at])}-{to_ms(left[at + FULL - 1])}"
        for at in range(0, len(left) - FULL + 1, FULL)
    ]


def parts(job: JobRecord, known: Container[str]) -> dict[str, bytes | None]:
    """The full parts by name; None for one that is known."""
    return {
        name: None if name in known else _written(job, number)
        for number, name in enumerate(part_names(job))
    }


def _written(job: JobRecord, number: int) -> bytes:
    left = job.departures[number * FULL : (number + 1) * FULL]
    return json.dumps([at.isoformat() for at in left], separators=(",", ":")).encode()


def rest(job: JobRecord) -> tuple[datetime, ...]:
    """The lots that are in no full part yet."""
    return job.departures[len(job.departures) // FULL * FULL :]


def joined(job: JobRecord, names: list[str], written: Mapping[str, bytes]) -> tuple[datetime, ...]:
    """All lots again. A part that is lost with its file left when the one after it did."""
    left, after = job.departures, job.departures[0] if job.departures else job.ended or job.begins
    for name in reversed(names):
        body = written.get(name)
        part = (
            (after,) * FULL
            if body is None
            else tuple(datetime.fromisoformat(at) for at in json.loads(body))
        )
        left, after = (*part, *left), part[0]
    return left
