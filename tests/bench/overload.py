"""Ten times more than there should be: memory, age of what is sent, losses; one JSON line each.

    .venv/bin/python tests/bench/overload.py [--quick]

Ten devices with 100 signals are polled every 10 ms: 100,000 values a second. What cannot be done
is left out and counted, what is sent is new, and memory stays.
"""

from __future__ import annotations

import re
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import httpx

from tests.figures import tell
from tests.reference import until
from tests.yard.contenders import ours
from tests.yard.measuring import load, memory_of, started
from tests.yard.meter import Heard
from tests.yard.scene import TOKEN, Work, Yard, yard

QUICK = "--quick" in sys.argv
WARM_UP, SECONDS = (1.0, 3.0) if QUICK else (10.0, 60.0)
RUN = ours("werkverbund")
COUNTED = ("polls", "polls_skipped", "sink_delivered", "sink_missed", "journal_dropped")


def counts(place: Yard) -> dict[str, float]:
    """What the gateway has counted so far, of all lines and sinks together."""
    headers = {"authorization": f"Bearer {TOKEN}", "x-werkverbund-role": "owner"}
    text = httpx.get(f"http://127.0.0.1:{place.web}/metrics", headers=headers, timeout=30).text
    return {
        name: sum(
            float(value)
            for value in re.findall(rf"^werkverbund_{name}_total\S* (\S+)$", text, re.MULTILINE)
        )
        for name in COUNTED
    }


def main() -> None:
    work = Work("10 x 100 at 100 Hz", every=0.01)
    with yard(work) as place, started(place, RUN) as (process, _, log):
        until(lambda: all(one in log.read_text("utf-8") for one in RUN.ready))
        time.sleep(WARM_UP)
        place.meter.take()
        memory, before, began = memory_of(process.pid, "VmRSS"), counts(place), time.monotonic()
        time.sleep(SECONDS)
        after, took = counts(place), time.monotonic() - began
        heard, grown = Heard.of(place.meter.take()), memory_of(process.pid, "VmRSS") - memory
    done = {name: after[name] - before[name] for name in COUNTED}
    said = {"work": work.name, "seconds": took, "load": round(load(), 1)}
    tell("overload: memory grown", grown, "MB", at_most=10, memory=memory, **said)
    tell("overload: values", heard.values / took, "per s", offered=work.offered, **said)
    tell("overload: age of what is sent, half is younger", heard.age_of(0.5), "ms", **said)
    tell("overload: age of what is sent, 99 of 100 are younger", heard.age_of(0.99), "ms", **said)
    due = work.devices * took / work.every
    known = (done["polls"] + done["polls_skipped"]) / due
    tell("overload: polls made or counted as left out", known, "share", **said, **done)
    sent = (done["sink_delivered"] + done["sink_missed"]) / max(1.0, done["polls"])
    tell("overload: polls sent or counted as not sent", sent, "share", **said)


if __name__ == "__main__":
    main()
