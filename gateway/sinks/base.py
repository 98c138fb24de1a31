"""What every sink's config offers to the gateway that runs it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import ClassVar

from gateway.config import SiteConfig, Variant
from gateway.core.outlets import Outlet
from gateway.core.ports import Sink
from gateway.core.signals import Signal
from gateway.core.work import Job, JobState


class Lane(StrEnum):
    """Where a sink gets its batches: the live stream, or the journal with a cursor of its own."""

    LIVE = "live"
    JOURNAL = "journal"


class SinkConfig(Variant, ABC):
    """A sink as a site's file names it. ``lane`` says which runner feeds it."""

    lane: ClassVar[Lane] = Lane.LIVE

    @abstractmethod
    def build(self, site: SiteConfig, signals: Sequence[Signal], folder: Path) -> Sink:
        """The sink, without connecting; ``folder`` is its own place in the firm's state folder."""

    @abstractmethod
    def outlet(self) -> Outlet:
        """Where this sink hands values to, for whoever asks what leaves the gateway."""


def present_jobs(jobs: Sequence[Job]) -> dict[str, Job]:
    """The job to show at each machine: the oldest that has not ended, else the last that has."""
    shown: dict[str, Job] = {}
    for job in jobs:
        before = shown.get(job.machine)
        if before is None or before.state in (JobState.ENDED, JobState.ABORTED):
            shown[job.machine] = job
    return shown
