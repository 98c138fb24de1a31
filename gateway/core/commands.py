"""Commands that the gateway itself gives to the job logic."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Restarted:
    """The gateway is back. ``last`` is the time of the last committed batch (None: the first start).

    What measured machines did between ``last`` and ``now`` nobody saw: the job logic records it as
    a gap. Device counters went on by themselves.
    """

    last: datetime | None
    now: datetime
