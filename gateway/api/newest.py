"""The newest events of the journal, found without reading the old ones."""

from __future__ import annotations

from gateway.api.rooms import Rooms
from gateway.journal import KeptEvent

NEAR = 256


async def newest_events(rooms: Rooms, limit: int) -> list[KeptEvent]:
    """The last ``limit`` events, newest last.

    Event ids rise by one, so the last is found by doubling and halving: some twenty questions by
    primary key, even in a journal of a million events.
    """
    low, step = 0, NEAR
    while await _any_after(rooms, low + step):
        low, step = low + step, step * 2
    while step > NEAR:
        step //= 2
        if await _any_after(rooms, low + step):
            low += step
    found: list[KeptEvent] = []
    after = max(0, low - limit)
    while page := await rooms.journal.events(after=after, limit=limit + NEAR):
        found += page
        after = page[-1].id
    return found[-limit:]


async def _any_after(rooms: Rooms, event: int) -> bool:
    return bool(await rooms.journal.events(after=event, limit=1))
