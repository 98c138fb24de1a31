"""The opening balance of an order that is placed somewhere in its middle. Pure."""

from __future__ import annotations

from dataclasses import replace

from simulators.material import Timeline
from simulators.physics.mill import Mill
from simulators.tracks import EPSILON, Done, Order

TOO_SHORT_TO_SEE = 40.0
"""Seconds of a cut, in order time, that a gateway may miss between two polls at a high lapse."""

Balance = dict[str, object]


def opening(order: Order, timeline: Timeline, at: float, *, reserve: bool) -> dict[str, Balance]:
    """What every package has behind it at ``at``; a reserve's only where it takes part."""
    balances: dict[str, Balance] = {}
    for package in order.packages:
        if package.stands_in_for is not None and not reserve:
            continue
        done = timeline.tracks[package.machine].done(at)
        physics = order.machines[package.machine]
        if isinstance(physics, Mill):
            done = _as_seen_from(physics, done, at)
        begins_now = done.began is not None and at - done.began <= EPSILON
        balances[package.id] = {
            "good": done.good,
            "scrap": done.rejected,
            "runs": done.runs,
            "departures_s": [
                lot.departed for lot in timeline.departed(at) if lot.package == package.id
            ],
            "run_began_s": None if begins_now else done.began,
            "degraded": not timeline.tracks[package.machine].whole(at),
        }
    return balances


def _as_seen_from(mill: Mill, done: Done, at: float) -> Done:
    """The mill's balance for someone who watches its power from ``at`` on.

    A run that is still being loaded has not begun: its whole cut will be seen. Of a cut that is
    all but over nobody could see the end: that run counts as done.
    """
    if done.began is None:
        return done
    into = at - done.began
    if into <= mill.loading:
        return replace(done, began=None)
    if mill.cycle - into >= TOO_SHORT_TO_SEE:
        return done
    return Done(done.runs + 1, done.good + mill.pieces, done.rejected)
