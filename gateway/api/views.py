"""The JSON forms of our words: machines, signals, jobs, events. Pure; null means not known."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal, cast

from gateway.api.live import Latest
from gateway.api.plant_shapes import (
    BusShape,
    JobShape,
    LineShape,
    MachineShape,
    OriginsShape,
    QuestionShape,
    SignalShape,
    StateShape,
)
from gateway.api.rooms import Rooms
from gateway.api.shapes import EventShape, GapRecordShape, Words
from gateway.config import Bilingual, Machine
from gateway.core.signals import Quality, Reason, Signal, Value, is_exact
from gateway.core.text import Text
from gateway.core.work import Job, MachineStatus, Question
from gateway.journal import GapRecord, KeptEvent
from gateway.machines import catalog
from gateway.sources import LineUse

Trust = Literal["good", "uncertain", "bad"]
QUALITIES: dict[Quality, Trust] = {
    Quality.GOOD: "good",
    Quality.UNCERTAIN: "uncertain",
    Quality.BAD: "bad",
}
NUMBERS: dict[Quality, Literal[0, 1, 2]] = {
    Quality.GOOD: 0,
    Quality.UNCERTAIN: 1,
    Quality.BAD: 2,
}


def iso(at: datetime | None) -> str | None:
    """ISO 8601 in UTC with milliseconds and Z."""
    return None if at is None else moment(at)


def moment(at: datetime) -> str:
    """The same for a time that is there."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def words(value: Text | Bilingual) -> Words:
    """Both languages."""
    return {"de": value.de, "en": value.en}


def seconds(value: timedelta) -> float:
    """Seconds, to the millisecond."""
    return round(value.total_seconds(), 3)


def signal(rooms: Rooms, what: Signal, now: datetime) -> SignalShape:
    """One signal with its newest reading."""
    found = rooms.latest.reading(what.id)
    quality, reason = (
        Latest.trust(found, what, now) if found else (Quality.BAD, Reason.NO_CONNECTION)
    )
    return {
        "id": what.id,
        "point": what.id.split("/", 1)[1],
        "means": words(what.means),
        "unit": what.unit.display,
        "value": shown(found.value) if found else None,
        "word": words(word) if found and (word := what.word(found.value)) else None,
        "quality": QUALITIES[quality],
        "reason": reason.value,
        "code": found.fault.code if found else None,
        "detail": words(found.fault.detail) if found and found.fault.detail else None,
        "at": iso(found.at) if found else None,
        "seq": found.seq if found else None,
        "role": what.role,
    }


def shown(value: Value | None) -> Value | None:
    """A value as a browser can take it: a number that it would round goes as text."""
    return value if value is None or is_exact(value) else str(value)


def state(status: MachineStatus) -> StateShape:
    """What a machine does now."""
    return {
        "state": None if status.state is None else int(status.state),
        "name": None if status.state is None else status.state.name.lower(),
        "mode": None if status.mode is None else int(status.mode),
        "since": moment(status.since),
        "because": words(status.because),
        "known": status.known,
        "phase": words(status.phase) if status.phase is not None else None,
        "lapse": status.lapse,
    }


def current_job(jobs: Sequence[Job], machine: str) -> Job | None:
    """The job at a machine: the oldest that has not ended, else the last."""
    here = [entry for entry in jobs if entry.machine == machine]
    return next((entry for entry in here if entry.ended is None), here[-1] if here else None)


def _lines(what: Machine) -> list[LineShape]:
    """The lines that a machine's devices are on, each once."""
    found: dict[tuple[str, str], list[int | None]] = {}
    for device in what.devices:
        connect = device.connect
        units = found.setdefault((str(connect.type), connect.line() or ""), [])
        units.append(getattr(connect, "unit", None))
    return [
        {"type": kind, "place": place, "units": units} for (kind, place), units in found.items()
    ]


def machine(rooms: Rooms, what: Machine, *, thresholds: bool = True) -> MachineShape:
    """One machine with state, signals and its job."""
    now = rooms.now()
    status = rooms.status(what.name)
    current = current_job(rooms.jobs(), what.name)
    first = what.devices[0]
    view: MachineShape = {
        "firm": rooms.site.firm,
        "name": what.name,
        "title": words(what.title),
        "template": first.template,
        "template_title": words(catalog.template(first.template).title),
        "built": what.built,
        "simulated": rooms.site.simulated,
        "connection": {
            "type": str(first.connect.type),
            "host": getattr(first.connect, "host", None),
            "port": port if isinstance(port := getattr(first.connect, "port", None), int) else None,
            "units": [getattr(device.connect, "unit", None) for device in what.devices],
        },
        "lines": _lines(what),
        "state": state(status),
        "signals": [
            signal(rooms, entry, now)
            for entry in rooms.signals.values()
            if entry.id.startswith(f"{what.name}/")
        ],
        "job": job(current) if current else None,
    }
    if thresholds:
        view["thresholds"] = [
            {"signal": of, "value": value, "means": words(means)}
            for of, value, means in rooms.tracker.thresholds(rooms.journal.state, what.name)
        ]
        view["polling"] = [words(line) for line in rooms.polling(what.name)]
        view["bus"] = [bus(line) for line in rooms.bus(what.name)]
    return view


def bus(line: LineUse) -> BusShape:
    """How one line is in use."""
    return {
        "place": line.place,
        "requests": line.load.requests,
        "registers": line.load.registers,
        "values": line.load.values,
        "expected_s": line.expected,
        "measured_s": line.cycle,
        "share": line.share,
        "shortest_s": line.shortest,
        "told": words(line.told()),
    }


def job(what: Job) -> JobShape:
    """One job, in order time where a key ends in ``_s``."""
    return {
        "id": what.id,
        "machine": what.machine,
        "order": what.order,
        "package": what.package,
        "item": words(what.item),
        "planned": what.planned,
        "lot": what.lot,
        "state": what.state.value,
        "substate": what.substate.value,
        "because": words(what.because),
        "good": what.good,
        "scrap": what.scrap,
        "origins": cast(
            "OriginsShape", {origin.value: count for origin, count in what.origins.items()}
        ),
        "opening": what.opening,
        "runs_started": what.runs_started,
        "runs_completed": what.runs_completed,
        "pieces_per_run": what.pieces_per_run,
        "planned_per_piece_s": seconds(what.planned_per_piece),
        "per_piece_s": seconds(what.per_piece),
        "run_began": iso(what.run_began),
        "run_expected_s": None if what.run_expected is None else seconds(what.run_expected),
        "started": iso(what.started),
        "ended": iso(what.ended),
        "departures": [moment(at) for at in what.departures],
        "inbound": what.inbound,
        "degraded": what.degraded,
        "gaps": [
            {"start": moment(gap.start), "end": moment(gap.end), "why": words(gap.why)}
            for gap in what.gaps
        ],
        "lapse": what.lapse,
        "simulated": what.simulated,
    }


def question(rooms: Rooms, what: Question) -> QuestionShape:
    """One open question, with the counter that it is about."""
    about = next(
        (
            entry
            for entry in rooms.signals.values()
            if entry.role == what.role and entry.id.startswith(f"{what.machine}/")
        ),
        None,
    )
    of = next(entry for entry in rooms.jobs() if entry.id == what.job)
    return {
        "id": what.id,
        "machine": what.machine,
        "signal": None if about is None else about.id,
        "means": None if about is None else words(about.means),
        "job": what.job,
        "item": words(of.item),
        "before": what.before,
        "after": what.after,
        "counts": what.counts,
        "good": what.good,
        "scrap": what.scrap,
        "start": moment(what.start),
        "end": moment(what.end),
    }


def event(kept: KeptEvent) -> EventShape:
    """A finding of the job logic with its place in the journal."""
    what = kept.event
    return {
        "id": kept.id,
        "seq": kept.seq,
        "kind": what.kind.value,
        "machine": what.machine,
        "job": what.job,
        "at": moment(what.at),
        "details": dict(what.details),
    }


def gap_record(what: GapRecord) -> GapRecordShape:
    """A stretch that the journal lacks."""
    return {
        "why": what.why.value,
        "start": iso(what.start),
        "end": moment(what.end),
        "first_seq": what.first_seq,
        "last_seq": what.last_seq,
        "batches": what.batches,
        "entries": what.entries,
        "note": what.note,
    }
