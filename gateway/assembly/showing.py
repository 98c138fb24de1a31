"""What sinks show of machines and jobs: new after each commit that changed something."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

from gateway.assembly.works import Works
from gateway.core.work import MachineStatus

SILENCE = 2.0
"""Seconds without a commit after which it is looked whether states are still known."""
REFRESH = 10.0
"""Seconds after which the sentences are shown anew although no state has changed."""


async def follow_commits(works: Works) -> None:
    """After each commit that changed a job, a state or its phase, the sinks show the new ones.

    Also where a state is not known any more, be it that no commit comes: what was true last
    must not stand there as true for ever. The numbers in the sentences change all the time:
    these are shown anew every ``REFRESH`` seconds.
    """
    feed = works.journal.commits()
    clock = asyncio.get_running_loop().time
    shown, at = show(works), clock()
    while True:
        changed = False
        try:
            async with asyncio.timeout(SILENCE):
                changed = bool((await anext(feed)).events)
        except TimeoutError:
            pass  # nothing could be stored
        except StopAsyncIteration:
            return
        if changed or shown != _gist(_machines(works)) or clock() - at >= REFRESH:
            shown, at = show(works), clock()


def show(works: Works) -> list[object]:
    """Show what is true now in every sink; gives what would have to change to show it at once."""
    machines = _machines(works)
    works.sinks.changed(machines, works.tracker.jobs(works.journal.state))
    return _gist(machines)


def _machines(works: Works) -> Sequence[MachineStatus]:
    """Those that everything else knows, too: during a reload the job logic is a step ahead."""
    machines = works.tracker.machines(works.journal.state, datetime.now(UTC))
    return [one for one in machines if one.machine in works.plant.equipment.specs]


def _gist(machines: Sequence[MachineStatus]) -> list[object]:
    """What is shown at once when it changes: everything but the numbers in the sentences."""
    return [(one.known, one.state, one.mode, one.phase) for one in machines]
