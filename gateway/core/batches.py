"""Batches: what one machine said in one polling cycle. The unit of all work on the hot path."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from gateway.core.signals import Fault, Quality, Reason, SignalId, Value

OK = Fault(Reason.OK)
BOOT_SPAN = 2**40
"""A sequence number is boot counter x BOOT_SPAN + running number: never reissued after a crash."""


class Clock(StrEnum):
    """Whether the computer's clock was known to be right when the batch was stamped."""

    SYNCED = "synced"
    UNSYNCED = "unsynced"


@dataclass(frozen=True, slots=True)
class Batch:
    """Unjudged values of one machine, one entry per signal asked.

    ``at``      UTC time at which the machine answered (or failed to)
    ``mono``    monotonic time of the same moment, in seconds, meaningful within one boot
    ``values``  beside ``signals``; None where there is none
    ``faults``  beside ``signals``; None as a whole when nothing failed. A fault beside a value:
                it is there, and not to be trusted wholly
    """

    machine: str
    at: datetime
    mono: float
    clock: Clock
    signals: tuple[SignalId, ...]
    values: tuple[Value | None, ...]
    faults: tuple[Fault | None, ...] | None = None


@dataclass(frozen=True, slots=True)
class Mark:
    """The quality of one entry that is not simply good."""

    quality: Quality
    fault: Fault


@dataclass(frozen=True, slots=True)
class Reading:
    """One judged value: a view for code that wants a single value, never used on the hot path."""

    signal: SignalId
    value: Value | None
    quality: Quality
    fault: Fault
    at: datetime
    seq: int


@dataclass(frozen=True, slots=True)
class Judged:
    """A batch that has been judged: what journal, sinks and jobs accept.

    ``seq0`` is the sequence number of the first entry; entry i has ``seq0 + i``. ``marks`` holds
    the entries that are not good, by index.
    """

    batch: Batch
    seq0: int
    marks: Mapping[int, Mark]

    @property
    def machine(self) -> str:
        """The machine that spoke."""
        return self.batch.machine

    @property
    def at(self) -> datetime:
        """UTC time at which it spoke."""
        return self.batch.at

    @property
    def last_seq(self) -> int:
        """The sequence number of the last entry."""
        return self.seq0 + len(self.batch.signals) - 1

    def readings(self) -> Iterator[Reading]:
        """Every entry as a reading."""
        for index in range(len(self.batch.signals)):
            yield self.reading(index)

    def reading(self, index: int) -> Reading:
        """Entry ``index`` as a reading."""
        mark = self.marks.get(index)
        quality, fault = (mark.quality, mark.fault) if mark else (Quality.GOOD, OK)
        batch = self.batch
        return Reading(
            batch.signals[index],
            batch.values[index],
            quality,
            fault,
            batch.at,
            self.seq0 + index,
        )

    def good(self) -> dict[SignalId, Value]:
        """The entries that can be trusted, by signal: good, or uncertain with a value."""
        return {
            signal: value
            for index, (signal, value) in enumerate(
                zip(self.batch.signals, self.batch.values, strict=True)
            )
            if value is not None
            and (index not in self.marks or self.marks[index].quality is not Quality.BAD)
        }
