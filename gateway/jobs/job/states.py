"""The states of a job and of a work package, and what other worlds call them: one table.

Numbers and transitions after OPC 10031-4 (ISA-95 Job Control); ``response`` after ISA-95,
``production_status`` after Catena-X. A job begins to run because the machine shows it
(transition 5), never because somebody called a method.
"""

from __future__ import annotations

from dataclasses import dataclass

from gateway.core.text import Text
from gateway.core.work import JobState, Substate


@dataclass(frozen=True, slots=True)
class StateRow:
    """One line of the mapping table. ``lamp`` is the calm case: lateness colours it further."""

    state: JobState
    substate: Substate
    name: Text
    number: int
    subnumber: int
    response: str
    production_status: str
    lamp: str


TABLE: tuple[StateRow, ...] = (
    StateRow(
        JobState.PLANNED,
        Substate.WAITING,
        Text("angelegt", "planned"),
        *(1, 1, "Waiting", "itemReceived", "grey"),
    ),
    StateRow(
        JobState.RELEASED,
        Substate.WAITING,
        Text("freigegeben, wartet auf Material", "released, waiting for material"),
        *(2, 1, "Waiting", "itemPlanned", "grey"),
    ),
    StateRow(
        JobState.RELEASED,
        Substate.READY,
        Text("freigegeben", "released"),
        *(2, 2, "Ready", "itemPlanned", "grey"),
    ),
    StateRow(
        JobState.RUNNING,
        Substate.NONE,
        Text("in Arbeit", "running"),
        *(3, 0, "Running", "itemInProduction", "green"),
    ),
    StateRow(
        JobState.INTERRUPTED,
        Substate.HELD,
        Text("angehalten", "held"),
        *(4, 1, "Held", "itemInProduction", "yellow"),
    ),
    StateRow(
        JobState.INTERRUPTED,
        Substate.SUSPENDED,
        Text("wartet auf Anlieferung", "waiting for a delivery"),
        *(4, 2, "Suspended", "itemInProduction", "yellow"),
    ),
    StateRow(
        JobState.ENDED,
        Substate.COMPLETED,
        Text("fertig", "completed"),
        *(5, 1, "Completed", "itemCompleted", "done"),
    ),
    StateRow(
        JobState.ENDED,
        Substate.CLOSED,
        Text("geschlossen", "closed"),
        *(5, 2, "Closed", "itemCompleted", "done"),
    ),
    StateRow(
        JobState.ABORTED,
        Substate.NONE,
        Text("abgebrochen", "aborted"),
        *(6, 0, "Aborted", "statusUndefined", "red"),
    ),
)

_ROWS = {(row.state, row.substate): row for row in TABLE}

TRANSITIONS: dict[tuple[JobState, JobState], int] = {
    (JobState.PLANNED, JobState.RELEASED): 2,
    (JobState.RELEASED, JobState.PLANNED): 3,
    (JobState.RELEASED, JobState.RUNNING): 5,
    (JobState.RUNNING, JobState.INTERRUPTED): 6,
    (JobState.RUNNING, JobState.ENDED): 7,
    (JobState.RUNNING, JobState.ABORTED): 8,
    (JobState.INTERRUPTED, JobState.ABORTED): 9,
    (JobState.INTERRUPTED, JobState.RUNNING): 10,
    (JobState.INTERRUPTED, JobState.ENDED): 11,
    (JobState.PLANNED, JobState.ABORTED): 12,
    (JobState.RELEASED, JobState.ABORTED): 13,
}
"""Every change of state that may happen, with its number in OPC 10031-4."""

OVER = frozenset({JobState.ENDED, JobState.ABORTED})
"""The states in which a job takes no more counts."""


def row(state: JobState, substate: Substate) -> StateRow:
    """The line of the table for a state. Raises KeyError for a pair that does not exist."""
    return _ROWS[state, substate]


def may_change(before: JobState, after: JobState) -> bool:
    """Whether Job Control knows the way from one state to the other; staying is no change."""
    return before is after or (before, after) in TRANSITIONS
