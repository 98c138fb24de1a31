"""The jobs that stand in the firm's own file."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from datetime import UTC, datetime

from gateway.config import SiteConfig
from gateway.core.errors import JournalError
from gateway.core.text import Text
from gateway.flow.backoff import Backoff
from gateway.jobs.commands import AddJob, FileJobs
from gateway.jobs.state import TrackerState
from gateway.journal import Journal


async def open_jobs(journal: Journal[TrackerState], site: SiteConfig) -> None:
    """Have them opened; on a full disk as soon as there is room."""
    backoff = Backoff(most=30.0)
    while True:
        try:
            await journal.apply(file_jobs(site))
        except JournalError:  # the journal itself says so, in log and health
            await asyncio.sleep(backoff.failed(time.monotonic()))
        else:
            break


def file_jobs(site: SiteConfig) -> FileJobs:
    """All of them, as one command."""
    now = datetime.now(UTC)
    return FileJobs(
        tuple(
            AddJob(
                job_id=entry.id,
                machine=entry.machine,
                order=None,
                package=None,
                item=Text(entry.item.de, entry.item.en),
                planned=entry.quantity,
                lot=entry.lot or entry.quantity,
                pieces_per_run=entry.pieces_per_run,
                planned_per_piece=entry.per_piece,
                at=now,
                simulated=site.simulated,
            )
            for entry in site.jobs
        )
    )


def new_jobs(before: SiteConfig, after: SiteConfig) -> Iterator[Text]:
    """What a reload says of jobs that the file has got."""
    known = {entry.id for entry in before.jobs}
    named = ", ".join(entry.id for entry in after.jobs if entry.id not in known)
    if named:
        yield Text(f"neue Aufträge: {named}", f"new jobs: {named}")
