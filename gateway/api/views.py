"""The JSON forms of our words: machines, signals, jobs. Pure; absent means not known."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from gateway.api.live import Latest
from gateway.api.rooms import Rooms
from gateway.config import Machine
from gateway.core.signals import Quality, Reason, Signal
from gateway.core.text import Text
from gateway.core.work import Job, MachineStatus

Json = dict[str, object]


def iso(at: datetime | None) -> str | None:
    """ISO 8601 in UTC with milliseconds and Z."""
    if at is None:
        return None
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def text(value: Text | None) -> dict[str, str] | None:
    """Both languages."""
    return value.as_json() if value is not None else None


def seconds(value: timedelta | None) -> float | None:
    """Seconds, to the millisecond."""
    return round(value.total_seconds(), 3) if value is not None else None


def signal(rooms: Rooms, what: Signal, now: datetime) -> Json:
    """One signal with its newest reading."""
    found = rooms.latest.reading(what.id)
    quality, reason = (
        Latest.trust(found, what, now) if found else (Quality.BAD, Reason.NO_CONNECTION)
    )
    return {
        "id": what.id,
        "point": what.id.split("/", 1)[1],
        "means": what.means.as_json(),
        "unit": what.unit.display,
        "value": found.value if found else None,
        "quality": quality.name.lower(),
        "reason": reason.value,
        "code": found.fault.code if found else None,
        "at": iso(found.at) if found else None,
        "seq": found.seq if found else None,
        "role": what.role,
    }


def state(status: MachineStatus) -> Json:
    """What a machine does now."""
    return {
        "state": int(status.state),
        "name": status.state.name.lower(),
        "mode": int(status.mode),
        "since": iso(status.since),
        "because": text(status.because),
        "known": status.known,
        "phase": text(status.phase),
    }


def machine(rooms: Rooms, what: Machine, *, thresholds: bool = True) -> Json:
    """One machine with state, signals and its job."""
    now = rooms.now()
    status = next(entry for entry in rooms.machines() if entry.machine == what.name)
    jobs = [entry for entry in rooms.jobs() if entry.machine == what.name]
    current = next((entry for entry in jobs if entry.ended is None), jobs[-1] if jobs else None)
    view: Json = {
        "firm": rooms.site.firm,
        "name": what.name,
        "title": {"de": what.title.de, "en": what.title.en},
        "template": what.devices[0].template,
        "built": what.built,
        "simulated": rooms.site.simulated,
        "connection": {
            "type": what.devices[0].connect.type,
            "host": getattr(what.devices[0].connect, "host", None),
            "port": getattr(what.devices[0].connect, "port", None),
            "units": [getattr(device.connect, "unit", None) for device in what.devices],
        },
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
            {"signal": of, "value": value, "means": text(means)}
            for of, value, means in rooms.tracker.thresholds(what.name)
        ]
    return view


def job(what: Job) -> Json:
    """One job, in order time where a key ends in ``_s``."""
    return {
        "id": what.id,
        "machine": what.machine,
        "order": what.order,
        "package": what.package,
        "item": text(what.item),
        "planned": what.planned,
        "lot": what.lot,
        "state": what.state.value,
        "substate": what.substate.value,
        "because": text(what.because),
        "good": what.good,
        "scrap": what.scrap,
        "origins": {origin.value: count for origin, count in what.origins.items()},
        "runs_started": what.runs_started,
        "runs_completed": what.runs_completed,
        "pieces_per_run": what.pieces_per_run,
        "planned_per_piece_s": seconds(what.planned_per_piece),
        "per_piece_s": seconds(what.per_piece),
        "run_began": iso(what.run_began),
        "run_expected_s": seconds(what.run_expected),
        "started": iso(what.started),
        "ended": iso(what.ended),
        "departures": [iso(at) for at in what.departures],
        "inbound": what.inbound,
        "degraded": what.degraded,
        "gaps": [
            {"start": iso(gap.start), "end": iso(gap.end), "why": text(gap.why)}
            for gap in what.gaps
        ],
        "lapse": what.lapse,
        "simulated": what.simulated,
    }
