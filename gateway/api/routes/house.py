"""The gateway itself: how it does, what it stores, what happened."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, cast

from fastapi import Depends, Query, Request

from gateway.api import views
from gateway.api.access import (
    EVERYONE,
    OWNER,
    PLANT,
    PRIVACY,
    Access,
    Change,
    Role,
    allowed,
    changing,
)
from gateway.api.answers import Here, Json, group
from gateway.api.audit import KEEP
from gateway.api.refusals import absent, refusal
from gateway.api.rooms import Rooms
from gateway.api.shapes import (
    ClockShape,
    HealthShape,
    LogShape,
    OutletShape,
    ParkedShape,
    ReloadedShape,
    SinkShape,
    StoredShape,
)
from gateway.core.events import EventKind
from gateway.core.outlets import EVERYTHING, ON_REQUEST, Outlet, reach
from gateway.core.text import Text
from gateway.flow.moment import synchronised
from gateway.sinks.base import SinkConfig

router = group("house")

NEVER = (
    Text(
        "Namen, Personalnummern, Schichten, Anmeldungen einzelner Personen",
        "Names, personnel numbers, shifts, log-ins of single persons",
    ),
    Text(
        "Zeiten einzelner Handgriffe an Handarbeitsplätzen",
        "Times of single movements at manual stations",
    ),
    Text("Ranglisten oder Vergleiche von Personen", "Rankings or comparisons of persons"),
    Text("Ton, Bild, Standort", "Sound, pictures, location"),
)
SEEN = Text(
    f"{EVERYTHING.de}, je nach Rolle und mit Passwort",
    f"{EVERYTHING.en}, by role and with a password",
)
AGREED = Text(
    "nur die vereinbarten Felder, je Partner versiegelt",
    "only the agreed fields, sealed for each partner",
)
REPORTED = Text("wie vereinbart", "as agreed")
IN_STEP = Text(
    "Die Uhr dieses Rechners wird abgeglichen.", "This computer's clock is kept in step."
)
ALONE = Text(
    "Die Uhr dieses Rechners wird nicht abgeglichen, oder er weiß es nicht: "
    "Zeiten können falsch sein.",
    "This computer's clock is not kept in step, or it does not know: times may be wrong.",
)


@router.get("/health")
async def health(
    rooms: Here, role: Annotated[Role, Depends(allowed(EVERYONE))]
) -> Json[HealthShape]:
    """How each part of the gateway does, plainly; a customer learns nothing of its parts."""
    return Json(health_for(role, health_view(rooms)))


def health_view(rooms: Rooms) -> HealthShape:
    """The whole health."""
    return {
        "firm": rooms.site.firm,
        "name": rooms.site.name,
        "version": rooms.version,
        "started": views.moment(rooms.started),
        "now": views.moment(rooms.now()),
        "parts": [
            {
                "name": part.name,
                "state": part.state,
                "text": views.words(part.text),
                "remedy": part.remedy,
            }
            for part in rooms.parts()
        ],
        "clock": _clock(),
    }


def health_for(role: Role, health: HealthShape) -> HealthShape:
    """Health as a role may see it: parts name machines, addresses and brokers."""
    return {**health, "parts": []} if role is Role.CUSTOMER else health


def _clock() -> ClockShape:
    if synchronised():
        return {"state": "synced", "text": views.words(IN_STEP)}
    return {"state": "unsynced", "text": views.words(ALONE)}


@router.get("/stored", dependencies=[Depends(allowed(PRIVACY))])
async def stored(request: Request, rooms: Here) -> Json[StoredShape]:
    """What this gateway stores, how finely and for how long, and what it never records."""
    access: Access = request.app.state.access
    keep = rooms.site.history.keep.total_seconds()
    size = await rooms.journal.size()
    lapses = _lapses(rooms)
    return Json(
        {
            "signals": [
                {
                    "id": what.id,
                    "means": views.words(what.means),
                    "unit": what.unit.display,
                    "every_s": what.every,
                    "step_s": round(what.every * lapses[what.id.split("/", 1)[0]], 3),
                    "keep_s": keep,
                }
                for what in rooms.signals.values()
            ],
            "outlets": [_outlet(name, entry) for name, entry in _outlets(rooms)],
            "curves_seen_by": sorted(
                PLANT - ({Role.VISITOR} if access.demo_token is None else set())
            ),
            "never": [views.words(entry) for entry in NEVER],
            "journal": {
                "bytes": size.bytes,
                "most_bytes": rooms.site.history.journal_size,
                "committed_seq": rooms.journal.committed_seq,
                "oldest": views.iso(size.oldest),
            },
            "history": {
                "bytes": _bytes(rooms.site.state, "history.db*"),
                "oldest": views.iso(await asyncio.to_thread(rooms.series.oldest)),
            },
            "audit": {
                "bytes": access.audit.size() if access.audit is not None else 0,
                "keep_s": KEEP.total_seconds(),
            },
        }
    )


def _outlets(rooms: Rooms) -> list[tuple[str, Outlet]]:
    """The pages, the sinks of the firm's file, and the broker of the consortium."""
    site = rooms.site
    found = [
        (config.type, config.outlet()) for config in site.sinks if isinstance(config, SinkConfig)
    ]
    listen = str(site.web.listen)
    found.insert(0, ("pages", Outlet(listen, reach(listen), SEEN, ON_REQUEST, asks=True)))
    if site.network is not None:
        broker = site.network.broker
        found.append(("partners", Outlet(broker, reach(broker), AGREED, REPORTED)))
    return found


def _outlet(name: str, entry: Outlet) -> OutletShape:
    return {
        "name": name,
        "address": entry.address,
        "reach": entry.reach.value,
        "fields": views.words(entry.fields),
        "when": views.words(entry.when),
        "asks": entry.asks,
    }


def _lapses(rooms: Rooms) -> dict[str, int]:
    """How many times faster order time runs at each machine."""
    jobs = rooms.jobs()
    found = {machine.name: views.current_job(jobs, machine.name) for machine in rooms.site.machines}
    return {name: 1 if job is None else job.lapse for name, job in found.items()}


def _bytes(folder: Path, pattern: str) -> int:
    return sum(file.stat().st_size for file in folder.glob(pattern))


@router.get("/parked", dependencies=[Depends(allowed(OWNER))])
async def parked(
    rooms: Here, limit: Annotated[int, Query(ge=1, le=1000)] = 100
) -> Json[list[ParkedShape]]:
    """What the peers of sinks have refused for good, newest last."""
    found = await rooms.journal.parked()
    return Json(
        [
            {
                "sink": entry.sink,
                "first_seq": entry.first_seq,
                "last_seq": entry.last_seq,
                "noted": views.iso(entry.noted),
                "why": entry.why,
            }
            for entry in found[-limit:]
        ]
    )


@router.post("/parked/{sink}/again", status_code=202)
async def send_again(
    rooms: Here, sink: str, change: Annotated[Change, Depends(changing(OWNER))]
) -> Json[SinkShape]:
    """Send what a sink has parked once more; what is refused again stays."""
    sent = rooms.send_again(sink)
    if sent is None:
        raise absent()
    if not sent:
        raise refusal(
            409,
            f"Für {sink} liegt nichts beiseite.",
            f"Nothing is parked for {sink}.",
        )
    change.note()
    return Json({"sink": sink}, 202)


@router.post("/reload")
async def reload(
    rooms: Here, change: Annotated[Change, Depends(changing(OWNER))]
) -> Json[ReloadedShape]:
    """Read the firm's file and those of its machines again; what is wrong changes nothing."""
    change.note()
    outcome = await rooms.reload()
    return Json(cast("ReloadedShape", outcome.as_json()))


@router.get("/log", dependencies=[Depends(allowed(PLANT))])
async def log(
    rooms: Here,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    kind: Annotated[list[EventKind] | None, Query()] = None,
) -> Json[LogShape]:
    """What happened, newest last: what the job logic found, and what the journal lacks.

    ``kind`` narrows it to some kinds of event; it may be given more than once.
    """
    events = await rooms.journal.events(limit=limit, kinds=kind, newest=True)
    gaps = await rooms.journal.gaps()
    return Json(
        {
            "events": [views.event(entry) for entry in events],
            "gaps": [views.gap_record(entry) for entry in gaps[-limit:]],
        }
    )
