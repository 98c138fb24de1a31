"""The newest events of the journal, found without reading the old ones."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.api.rooms import Rooms
from gateway.core.events import EventKind
from gateway.journal import KeptEvent

NEAR = 256
LOOK_BACK = 20_000
"""So many events back rare kinds are looked for: about a day of a machine with short runs."""


async def newest_events(
    rooms: Rooms, limit: int, kinds: Sequence[EventKind] | None = None
) -> list[KeptEvent]:
    """The last ``limit`` events, newest last; of some ``kinds``, the last that are near.

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
    after = max(0, low - (limit if kinds is None else LOOK_BACK))
    while page := await rooms.journal.events(after=after, limit=limit + NEAR, kinds=kinds):
        found += page
        after = page[-1].id
    return found[-limit:]


async def _any_after(rooms: Rooms, event: int) -> bool:
    return bool(await rooms.journal.events(after=event, limit=1))
