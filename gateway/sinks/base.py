"""What every sink's config offers to the gateway that runs it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import ClassVar, Protocol

from gateway.config import SiteConfig, Variant
from gateway.core.outlets import Outlet
from gateway.core.ports import Sink
from gateway.core.signals import Signal, SignalId
from gateway.core.text import Text
from gateway.core.work import Job, JobState


class Lane(StrEnum):
    """Where a sink gets its batches: the live stream, or the journal with a cursor of its own."""

    LIVE = "live"
    JOURNAL = "journal"


@dataclass(frozen=True, slots=True)
class Apart:
    """The bounds of a sink in a process of its own: ``memory`` is megabytes of its own data."""

    memory: int


@dataclass(frozen=True, slots=True)
class Fact:
    """One part of a place: its name for programs, its label for people, what it says."""

    name: str
    label: Text
    value: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where the values of a signal can be found at a sink's peer; ``sink`` is its type."""

    sink: str
    title: str
    facts: tuple[Fact, ...]


class FirmSink(Sink, Protocol):
    """A sink that is told of other machines: what ``build`` of its config makes."""

    async def equip(self, site: SiteConfig, signals: Sequence[Signal]) -> None:
        """The firm has these machines now, connected or not. Same errors as ``show``.

        Values of a machine that is gone may still come, and are passed over.
        """


class SinkConfig(Variant, ABC):
    """A sink as a site's file names it.

    ``lane`` says which runner feeds it; ``apart`` gives a live sink that strangers talk to a
    process of its own, within these bounds. ``title`` is its name for people, ``well`` what is
    said of it while nothing is wrong; a firm without an ``optional`` one is told that it could
    have it.
    """

    lane: ClassVar[Lane] = Lane.LIVE
    apart: ClassVar[Apart | None] = None
    title: ClassVar[str]
    well: ClassVar[Text] = Text("verbunden", "connected")
    optional: ClassVar[bool] = True

    @abstractmethod
    def build(self, site: SiteConfig, signals: Sequence[Signal], folder: Path) -> FirmSink:
        """The sink, without connecting; ``folder`` is its own place in the firm's state folder."""

    @abstractmethod
    def outlet(self) -> Outlet:
        """Where this sink hands values to, for whoever asks what leaves the gateway."""

    def where(self, site: SiteConfig, signal: SignalId) -> Place | None:  # noqa: ARG002
        """Where to find the values of a signal of ``site``; None: nowhere one could look."""
        return None


def present_jobs(jobs: Sequence[Job]) -> dict[str, Job]:
    """The job to show at each machine: the oldest that has not ended, else the last that has."""
    shown: dict[str, Job] = {}
    for job in jobs:
        before = shown.get(job.machine)
        if before is None or before.state in (JobState.ENDED, JobState.ABORTED):
            shown[job.machine] = job
    return shown
