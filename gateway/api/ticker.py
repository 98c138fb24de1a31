"""Tells the browsers what has changed, a few times a second and only if somebody watches."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from gateway.api import views
from gateway.api.access import Role
from gateway.api.order_json import order_shown
from gateway.api.order_shapes import OrderEvent
from gateway.api.plant_shapes import JobsEvent, MachineEvent, MachinesEvent, QuestionsEvent
from gateway.api.rooms import Rooms
from gateway.api.routes.house import health_for, health_view
from gateway.api.routes.orders import order_for
from gateway.api.shapes import SentEvent

TICK = 0.25
"""Seconds between looks at what has changed: at most four machine events a second."""
SLOW_TICKS = 20
"""Health is told every five seconds."""
FOR_CUSTOMERS = "for customers"
"""The key of events that are cut down to what a customer may see."""

Told = tuple[str, str, object]
"""An event, the key of the thing it is about, its content."""


def machine_event(rooms: Rooms, name: str) -> MachineEvent | None:
    """The event of one machine; None where it has just gone."""
    what = next((entry for entry in rooms.site.machines if entry.name == name), None)
    if what is None:
        return None
    return {
        "firm": rooms.site.firm,
        "machine": views.machine(rooms, what, thresholds=False),
    }


def machines_event(rooms: Rooms) -> MachinesEvent:
    """Which machines there are."""
    return {"firm": rooms.site.firm, "names": [entry.name for entry in rooms.site.machines]}


def jobs_event(rooms: Rooms) -> JobsEvent:
    """The event of all jobs."""
    return {"firm": rooms.site.firm, "jobs": [views.job(job) for job in rooms.jobs()]}


def questions_event(rooms: Rooms) -> QuestionsEvent:
    """The event of all open questions."""
    return {
        "firm": rooms.site.firm,
        "questions": [views.question(rooms, one) for one in rooms.questions()],
    }


def order_events(rooms: Rooms) -> Iterator[Told]:
    """The newest joint order, as this firm sees it and as its customers do."""
    for view in rooms.exchange.orders(1) if rooms.exchange else ():
        order = order_shown(rooms, view)
        seen: OrderEvent = {"firm": rooms.site.firm, "order": order}
        yield "order", "", seen
        reduced: OrderEvent = {
            "firm": rooms.site.firm,
            "order": order_for(Role.CUSTOMER, order),
        }
        yield "order", FOR_CUSTOMERS, reduced


def health_events(rooms: Rooms) -> Iterator[Told]:
    """Health, whole and for customers."""
    health = health_view(rooms)
    yield "health", "", health
    yield "health", FOR_CUSTOMERS, health_for(Role.CUSTOMER, health)


def sent_event(rooms: Rooms) -> SentEvent:
    """How many messages left and came, so that a page knows when to look again."""
    sent, received = rooms.exchange.counts() if rooms.exchange else (0, 0)
    return {"firm": rooms.site.firm, "sent": sent, "received": received}


def whole(rooms: Rooms) -> Iterator[Told]:
    """Everything as it stands: what a browser gets first."""
    for machine in rooms.site.machines:
        yield "machine", machine.name, machine_event(rooms, machine.name)
    yield "jobs", "", jobs_event(rooms)
    yield "questions", "", questions_event(rooms)
    yield from order_events(rooms)
    yield "sent", "", sent_event(rooms)
    yield from health_events(rooms)


async def tick(rooms: Rooms) -> None:
    """Publish changes until cancelled. What has not changed is not built."""
    last: dict[tuple[str, str], object] = {}
    jobs: object = None
    order: tuple[object, object] | None = None
    for count in _forever():
        await asyncio.sleep(TICK)
        if not rooms.hub.watched:
            last.clear()
            jobs = order = None
            continue
        changed, rooms.latest.changed = rooms.latest.changed, set()
        for name in changed:
            if (event := machine_event(rooms, name)) is not None:
                rooms.hub.publish("machine", name, event)
        states: list[Told] = [
            ("machines", "", machines_event(rooms)),
            ("sent", "", sent_event(rooms)),
            ("questions", "", questions_event(rooms)),
        ]
        before, jobs = jobs, rooms.jobs()
        if jobs is not before:
            states.append(("jobs", "", jobs_event(rooms)))
        # The newest order moves by itself (its clock does); twice a second is enough for people.
        if count % 2 == 0:
            shown, order = order, _newest(rooms)
            if not _same(shown, order):
                states += order_events(rooms)
        if count % SLOW_TICKS == 0:
            states += health_events(rooms)
        for kind, key, content in states:
            if last.get((kind, key)) != content:
                last[(kind, key)] = content
                rooms.hub.publish(kind, key, content)


def _newest(rooms: Rooms) -> tuple[object, object] | None:
    return rooms.exchange.newest() if rooms.exchange else None


def _same(before: tuple[object, object] | None, now: tuple[object, object] | None) -> bool:
    """Whether an order looks as before; what is known of it is one object while it is the same."""
    if before is None or now is None:
        return before is now
    return before[0] is now[0] and before[1] == now[1]


def _forever() -> Iterator[int]:
    count = 0
    while True:
        count += 1
        yield count
