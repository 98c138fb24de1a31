"""Long history in InfluxDB (or whatever takes its v2 write API), from the journal.

One line per machine, cycle and kind of value. Tags are what a value belongs to (``firma``,
``maschine``); values are fields named after their point, each with its quality as a number
(``power=1500.2,power_q=0i``: 0 good, 1 uncertain, 2 bad). A bad value leaves its quality and no
number; ``clock_q=1i`` marks a time for which nobody vouches. Ids of jobs and orders are fields.
Every number is a float, so that a field never changes its type; ``True`` is 1, an enumeration its
number. A whole number that a float cannot hold to the last digit is uncertain. The same line again
changes nothing: the server keeps one per time.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field

from gateway.config import Secret, SiteConfig
from gateway.core.batches import Clock, Judged
from gateway.core.clock import to_ms
from gateway.core.errors import Rejected
from gateway.core.outlets import EACH_CYCLE, EVERYTHING, Outlet, reach
from gateway.core.signals import Kind, Quality, Signal, SignalId, Value, is_exact
from gateway.core.units import ELECTRICAL
from gateway.core.work import Job, JobState, MachineStatus
from gateway.drivers.influx import InfluxClient
from gateway.sinks.base import FirmSink, Lane, SinkConfig, present_jobs

_JOB_NUMBERS = {state: number for number, state in enumerate(JobState, 1)}
_KEY = str.maketrans({",": r"\,", "=": r"\=", " ": r"\ ", "\n": r"\ ", "\r": r"\ "})
UNVOUCHED = "clock_q=1i"
"""Nobody vouches for the clock that stamped this line; lines without it are vouched for."""
_TEXT = str.maketrans({"\\": r"\\", '"': r"\"", "\n": " ", "\r": " "})


class InfluxConfig(SinkConfig):
    """Long history in InfluxDB."""

    lane: ClassVar[Lane] = Lane.JOURNAL
    title: ClassVar[str] = "InfluxDB"

    type: Literal["influx"] = Field(description="Langzeitarchiv / long history: InfluxDB v2 API")
    url: str = Field(
        pattern=r"^https?://[^\s/@?]+(/[^\s?]*)?$",
        description="Adresse ohne Zugangsdaten / address without credentials, "
        "e.g. http://127.0.0.1:8086",
    )
    org: str = Field(min_length=1, description="Organisation / organisation")
    bucket: str = Field(min_length=1, description="Ablage / bucket")
    token: Secret = Field(description="Zugriffsschlüssel, als Verweis / token, by reference")

    def build(self, site: SiteConfig, signals: Sequence[Signal], folder: Path) -> FirmSink:  # noqa: ARG002
        """The sink for this bucket."""
        client = InfluxClient(
            self.url,
            org=self.org,
            bucket=self.bucket,
            token=self.token.get_secret_value(),
        )
        return InfluxSink(client, site.firm, signals)

    def outlet(self) -> Outlet:
        """Everything, to the archive."""
        return Outlet(self.url, reach(self.url), EVERYTHING, EACH_CYCLE)


def _now() -> datetime:
    return datetime.now(UTC)


class InfluxSink:
    """Writes what one firm's machines say as line protocol."""

    def __init__(
        self,
        client: InfluxClient,
        firm: str,
        signals: Sequence[Signal],
        clock: Callable[[], datetime] = _now,
    ) -> None:
        self._client = client
        self._firm = firm
        self._lines = Lines(firm, signals)
        self._clock = clock
        self._shown: dict[str, str] = {}

    async def connect(self) -> None:
        """Connect. Raises NotConnected."""
        await self._client.connect()

    async def write(self, batches: Sequence[Judged]) -> None:
        """Deliver all. Raises NotConnected, or Rejected where it is not known which."""
        try:
            await self._send(line for batch in batches for line in self._lines.of(batch))
        except Rejected as refused:
            raise Rejected(str(refused), range(len(batches))) from refused

    async def show(self, machines: Sequence[MachineStatus], jobs: Sequence[Job]) -> None:
        """Write the states and jobs that have changed, with the present time."""
        present = [
            *(_state_fields(self._firm, status) for status in machines),
            *(_job_fields(self._firm, job) for job in present_jobs(jobs).values()),
        ]
        changed = {key: fields for key, fields in present if self._shown.get(key) != fields}
        at = to_ms(self._clock())
        await self._send(f"{key} {fields} {at}" for key, fields in changed.items())
        self._shown.update(changed)

    async def equip(self, site: SiteConfig, signals: Sequence[Signal]) -> None:  # noqa: ARG002
        """Know the kinds of value of new machines; what is in the journal of others still comes."""
        self._lines.learn(signals)

    async def close(self) -> None:
        """Close; safe twice and before ``connect``."""
        await self._client.close()

    async def _send(self, lines: Iterator[str]) -> None:
        body = "\n".join(lines)
        if body:
            await self._client.write(body.encode())


def measurement(signal: Signal) -> str:
    """The measurement of a signal, by the kind of machine data that it is."""
    if signal.unit.ucum in ELECTRICAL:
        return "energie"
    if signal.kind is Kind.COUNTER:
        return "zaehler"
    return "zustand" if signal.kind in (Kind.STATE, Kind.TEXT) else "prozess"


@dataclass(frozen=True, slots=True)
class _Group:
    """The entries of a batch that share a line: index and field name of each."""

    head: str
    fields: tuple[tuple[int, str], ...]


class Lines:
    """Turns batches into line protocol."""

    def __init__(self, firm: str, signals: Sequence[Signal]) -> None:
        self._firm = firm
        self._measurements: dict[SignalId, str] = {}
        self._groups: dict[tuple[SignalId, ...], tuple[_Group, ...]] = {}
        self.learn(signals)

    def learn(self, signals: Sequence[Signal]) -> None:
        """Know these signals, beside those that are known already."""
        self._measurements.update((signal.id, measurement(signal)) for signal in signals)
        self._groups.clear()

    def of(self, judged: Judged) -> Iterator[str]:
        """The lines of one batch."""
        batch, marks = judged.batch, judged.marks
        at = to_ms(batch.at)
        for group in self._grouped(batch.machine, batch.signals):
            parts: list[str] = []
            for index, name in group.fields:
                quality = marks[index].quality if index in marks else Quality.GOOD
                found = batch.values[index]
                value = None if quality is Quality.BAD else _value(found)
                if value is None:
                    quality = Quality.BAD
                else:
                    if quality is Quality.GOOD and found is not None and not is_exact(found):
                        quality = Quality.UNCERTAIN
                    parts.append(f"{name}={value}")
                parts.append(f"{name}_q={quality:d}i")
            if batch.clock is Clock.UNSYNCED:
                parts.append(UNVOUCHED)
            yield f"{group.head} {','.join(parts)} {at}"

    def _grouped(self, machine: str, signals: tuple[SignalId, ...]) -> tuple[_Group, ...]:
        known = self._groups.get(signals)
        if known is None:
            kinds: dict[str, list[tuple[int, str]]] = {}
            for index, signal in enumerate(signals):
                kind = self._measurements.get(signal, "prozess")
                name = signal.partition("/")[2].translate(_KEY)
                kinds.setdefault(kind, []).append((index, name))
            known = tuple(
                _Group(_head(kind, self._firm, machine), tuple(fields))
                for kind, fields in sorted(kinds.items())
            )
            self._groups[signals] = known
        return known


def _head(kind: str, firm: str, machine: str) -> str:
    return f"{kind},firma={firm.translate(_KEY)},maschine={machine.translate(_KEY)}"


def _value(value: Value | None) -> str | None:
    """A value as a field, or None where it is no value that a line may carry."""
    if isinstance(value, str):
        return _text(value)
    if value is None or not math.isfinite(value):
        return None
    return repr(float(value) + 0.0)


def _text(text: str) -> str:
    return f'"{text.translate(_TEXT)}"'


def _state_fields(firm: str, status: MachineStatus) -> tuple[str, str]:
    fields = f"known={float(status.known)}"
    if status.state is not None and status.mode is not None:
        fields = f"state={float(status.state)},mode={float(status.mode)},{fields}"
    return _head("zustand", firm, status.machine), fields


def _job_fields(firm: str, job: Job) -> tuple[str, str]:
    texts = {"job": job.id, "order": job.order, "package": job.package}
    named = "".join(f"{key}={_text(text)}," for key, text in texts.items() if text is not None)
    counts = f"planned={float(job.planned)},good={float(job.good)},scrap={float(job.scrap)}"
    return (
        _head("auftrag", firm, job.machine),
        f"{named}state={float(_JOB_NUMBERS[job.state])},{counts}",
    )
