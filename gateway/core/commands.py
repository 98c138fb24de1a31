"""Commands that the gateway itself gives to the job logic."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Restarted:
    """Between ``last`` and ``now`` no batch reached the journal.

    Either the gateway is back, or its store could take nothing for too long (disk full). ``last``
    is the time of the last committed batch (None: there is none). What measured machines did in
    between nobody saw: the job logic records it as a gap. Device counters went on by themselves.

    ``computer`` names the computer's run since it was switched on: the same name again means that
    its monotonic clock went on meanwhile. None: this very process went on; empty: not known.
    """

    last: datetime | None
    now: datetime
    computer: str | None = ""
