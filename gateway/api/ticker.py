"""Tells the browsers what has changed, a few times a second and only if somebody watches."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from gateway.api import views
from gateway.api.rooms import Rooms
from gateway.api.routes.plant import health_view

TICK = 0.25
"""Seconds between looks at what has changed: at most four machine events a second."""
SLOW_TICKS = 20
"""Health is told every five seconds."""


def machine_event(rooms: Rooms, name: str) -> views.Json:
    """The event of one machine."""
    what = next(entry for entry in rooms.site.machines if entry.name == name)
    return {
        "firm": rooms.site.firm,
        "machine": views.machine(rooms, what, thresholds=False),
    }


def jobs_event(rooms: Rooms) -> views.Json:
    """The event of all jobs."""
    return {"firm": rooms.site.firm, "jobs": [views.job(job) for job in rooms.jobs()]}


def order_events(rooms: Rooms) -> list[views.Json]:
    """One event per joint order, as this firm sees it."""
    if rooms.exchange is None:
        return []
    return [{"firm": rooms.site.firm, "order": order} for order in rooms.exchange.orders()]


def sent_event(rooms: Rooms) -> views.Json:
    """How many messages left and came, so that a page knows when to look again."""
    sent, received = rooms.exchange.counts() if rooms.exchange else (0, 0)
    return {"firm": rooms.site.firm, "sent": sent, "received": received}


def whole(rooms: Rooms) -> Iterator[tuple[str, views.Json]]:
    """Everything as it stands: what a browser gets first."""
    for machine in rooms.site.machines:
        yield "machine", machine_event(rooms, machine.name)
    yield "jobs", jobs_event(rooms)
    for order in order_events(rooms)[:1]:
        yield "order", order
    yield "sent", sent_event(rooms)
    yield "health", health_view(rooms)


async def tick(rooms: Rooms) -> None:
    """Publish changes until cancelled."""
    last: dict[str, object] = {}
    for count in _forever():
        await asyncio.sleep(TICK)
        if not rooms.hub.watched:
            last.clear()
            continue
        changed, rooms.latest.changed = rooms.latest.changed, set()
        for name in changed:
            rooms.hub.publish("machine", name, machine_event(rooms, name))
        slow = count % SLOW_TICKS == 0
        states: list[tuple[str, str, views.Json]] = [
            ("jobs", "", jobs_event(rooms)),
            ("sent", "", sent_event(rooms)),
        ]
        # The newest order moves by itself (its clock does); twice a second is enough for people.
        if count % 2 == 0:
            states += [("order", "", order) for order in order_events(rooms)[:1]]
        if slow:
            states.append(("health", "", health_view(rooms)))
        for event, key, content in states:
            if last.get(event) != content:
                last[event] = content
                rooms.hub.publish(event, key, content)


def _forever() -> Iterator[int]:
    count = 0
    while True:
        count += 1
        yield count
