"""Machines and their history."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Annotated, TypedDict

from fastapi import Depends, Query
from pydantic import AfterValidator, AwareDatetime

from gateway.api import views
from gateway.api.access import PLANT, allowed
from gateway.api.answers import Here, Json, group
from gateway.api.plant_shapes import (
    HistoryShape,
    MachineShape,
    ReadRegisterShape,
    RunShape,
    SinkPlaceShape,
    StoredPointShape,
    TraceShape,
)
from gateway.api.refusals import absent, refusal
from gateway.config import Device, Machine
from gateway.core.clock import from_ms, to_ms
from gateway.core.events import Detail, EventKind
from gateway.core.ports import Point, SeriesStore, Words
from gateway.core.signals import SignalId
from gateway.machines import catalog
from gateway.machines.derived import Derived
from gateway.machines.point import Point as MachinePoint
from gateway.machines.template import Template
from gateway.sinks.base import Place

router = group("plant")
seeing = [Depends(allowed(PLANT))]

MAX_POINTS = 5000
MAX_RUNS = 2000
FIRST_YEAR, LAST_YEAR = 1970, 2200
LOOK_BACK = timedelta(minutes=5)


def _within_reason(at: datetime) -> datetime:
    if not FIRST_YEAR <= at.year <= LAST_YEAR:
        raise ValueError(f"the year must lie between {FIRST_YEAR} and {LAST_YEAR}")
    return at.astimezone(UTC)


When = Annotated[AwareDatetime, AfterValidator(_within_reason)]
"""A moment with its time zone, of our times."""


def _machine(rooms: Here, name: str) -> Machine:
    found = next((entry for entry in rooms.site.machines if entry.name == name), None)
    if found is None:
        raise absent()
    return found


Wanted = Annotated[Machine, Depends(_machine)]


@router.get("/machines", dependencies=seeing)
async def machines(rooms: Here) -> Json[list[MachineShape]]:
    """All machines with their newest readings."""
    return Json([views.machine(rooms, entry) for entry in rooms.site.machines])


@router.get("/machines/{name}", dependencies=seeing)
async def machine(rooms: Here, wanted: Wanted) -> Json[MachineShape]:
    """One machine: state and why, signals with quality and reason, thresholds, job."""
    return Json(views.machine(rooms, wanted))


@router.get("/machines/{name}/trace", dependencies=seeing)
async def trace(rooms: Here, wanted: Wanted, signal: str) -> Json[TraceShape]:
    """One number followed back: reading, register words, OPC UA node, MQTT topic, stored point."""
    what = rooms.signals.get(SignalId(signal))
    if what is None or not signal.startswith(f"{wanted.name}/"):
        raise absent()
    now = rooms.now()
    device, template, point = _origin(wanted, signal.split("/", 1)[1])
    last = await asyncio.to_thread(_stored, rooms.series, what.id, now)
    kept: StoredPointShape | None = None
    if last is not None:
        shown = rooms.latest.reading(what.id)
        kept = {
            "seq": shown.seq if shown and to_ms(shown.at) == to_ms(last.at) else None,
            "at": views.iso(last.at),
            "value": last.last,
            "quality": views.NUMBERS[last.quality],
        }
    return Json(
        {
            "signal": views.signal(rooms, what, now),
            "register": _register(rooms.words(what.id)),
            **_made_of(point),
            "template": device.template,
            "unit": getattr(device.connect, "unit", None),
            "source": template.source_of(point) if isinstance(point, MachinePoint) else None,
            "places": [_place(place) for place in rooms.places(what.id)],
            "stored": kept,
            "committed_seq": rooms.journal.committed_seq,
        }
    )


def _origin(machine: Machine, name: str) -> tuple[Device, Template, MachinePoint | Derived]:
    """The device that has a point, its template, and the point."""
    for device in machine.devices:
        template = catalog.of(device)
        points: tuple[MachinePoint | Derived, ...] = (*template.points, *template.derived)
        for point in points:
            if point.name == name:
                return device, template, point
    raise KeyError(name)


class _Made(TypedDict):
    encoding: str
    order: str | None
    scale: float
    plain: bool


def _made_of(point: MachinePoint | Derived) -> _Made:
    """How registers make the value; what is derived says of which points."""
    if isinstance(point, Derived):
        made = f"{point.operation}: {', '.join(point.parts)}"
        return {"encoding": made, "order": None, "scale": 1.0, "plain": False}
    return {
        "encoding": point.encoding.value,
        "order": point.order.value if point.order else None,
        "scale": point.scale,
        "plain": point.is_plain,
    }


def _stored(series: SeriesStore, signal: SignalId, now: datetime) -> Point | None:
    """The last point with a number that the history holds of the last ten minutes."""
    found = series.history(signal, now - timedelta(minutes=10), now, 1)
    if not found:
        return None
    at = found[-1].at  # its quality is the worst of the ten minutes; the point has its own
    return series.history(signal, at, at + timedelta(milliseconds=1), 1)[-1]


def _place(place: Place) -> SinkPlaceShape:
    return {
        "sink": place.sink,
        "title": place.title,
        "facts": [
            {"name": fact.name, "label": views.words(fact.label), "value": fact.value}
            for fact in place.facts
        ],
    }


def _register(words: Words | None) -> ReadRegisterShape | None:
    if words is None:
        return None
    return {
        "function": words.function,
        "address": words.address,
        "words": list(words.words),
        "at": views.iso(words.at),
    }


@router.get("/machines/{name}/runs", dependencies=seeing)
async def runs(
    rooms: Here, wanted: Wanted, start: When | None = None, end: When | None = None
) -> Json[list[RunShape]]:
    """The newest finished runs that the job logic recognised, oldest first, to mark a curve."""
    until = end or rooms.now()
    found = [
        kept.event
        for kept in await rooms.journal.events(
            machine=wanted.name,
            kinds=(EventKind.RUN_FINISHED,),
            start=start or until - LOOK_BACK,
            end=until,
            limit=MAX_RUNS,
            newest=True,
        )
    ]
    return Json(
        [
            {
                "number": _whole(event.details.get("run")),
                "start": _moment(event.details.get("began_ms")),
                "end": views.iso(event.at),
                "seconds": _number(event.details.get("seconds")),
                "pieces": _whole(event.details.get("pieces")),
                "partial": bool(event.details.get("partial")),
                "job": event.job,
            }
            for event in found
        ]
    )


def _number(value: Detail) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _moment(value: Detail) -> str | None:
    return views.moment(from_ms(value)) if isinstance(value, int) else None


def _whole(value: Detail) -> int | None:
    return value if isinstance(value, int) else None


@router.get("/history", dependencies=seeing)
async def history(
    rooms: Here,
    signal: str,
    start: When | None = None,
    end: When | None = None,
    points: Annotated[int, Query(ge=1, le=MAX_POINTS)] = 500,
) -> Json[HistoryShape]:
    """A chart's points; each bucket keeps its lowest and highest value, so peaks stay."""
    what = rooms.signals.get(SignalId(signal))
    if what is None:
        raise absent()
    until = end or rooms.now()
    since = start or until - LOOK_BACK
    if since >= until:
        raise refusal(422, "Der Anfang muss vor dem Ende liegen.", "start must be before end.")
    found = await asyncio.to_thread(rooms.series.history, what.id, since, until, points)
    return Json(
        {
            "signal": what.id,
            "unit": what.unit.display,
            "points": [
                (to_ms(point.at), point.low, point.high, point.last, views.NUMBERS[point.quality])
                for point in found
            ],
        }
    )
