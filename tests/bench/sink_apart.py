"""What the OPC UA server costs in its own process: CPU for a value, memory; one JSON line each.

    .venv/bin/python tests/bench/sink_apart.py [--quick] [CHECKOUT ...]

Real gateways at the reference load: without OPC UA, with it alone, and with one client listening to
every value, published once a second. CPU and memory are those of the gateway and all
processes below it, CPU by the values that came (on a busy computer polls are left out; without
Mosquitto by those that were due); memory is the proportional share. Other checkouts are measured
in turn with this one, each round, by this Python: "before" and "after" beside each other.
"""

from __future__ import annotations

import contextlib
import logging
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.figures import tell_all
from tests.reference import ROOT, VALUES, Reference, broker, footprint, free_port
from tests.soak import listeners
from tests.yard.measuring import cpu_of, load
from tests.yard.meter import Heard, Meter

QUICK = "--quick" in sys.argv
ROUNDS, SECONDS, WARM_UP = (1, 2.0, 0.5) if QUICK else (3, 30.0, 8.0)
KINDS = ("without", "alone", "listening")


@contextlib.contextmanager
def at_work(at: Reference, kind: str) -> Iterator[int]:
    """A gateway, perhaps with somebody who listens; its process."""
    with at.gateway() as process, contextlib.ExitStack() as stack:
        if kind == "listening":
            stack.enter_context(listeners(at, a_page=False))
        yield process.pid


def cost(at: Reference, kind: str) -> dict[tuple[str, str], float]:
    """Figures of one gateway, by name and unit."""
    began = time.monotonic()
    with contextlib.ExitStack() as stack:
        meter = stack.enter_context(Meter.listening(at.mqtt)) if broker() else None
        pid = stack.enter_context(at_work(at, kind))
        up = time.monotonic() - began
        time.sleep(WARM_UP)
        if meter is not None:
            meter.take()
        cpu, began = cpu_of(pid), time.monotonic()
        time.sleep(SECONDS)
        used, took, memory = cpu_of(pid) - cpu, time.monotonic() - began, footprint(pid).share
        due = VALUES * took
        values = Heard.of(meter.take()).values if meter is not None else due
    return {
        ("CPU for a value", "us"): 1e6 * used / max(1, values),
        ("values that came", "share"): values / due,
        ("memory", "MB"): memory,
        ("until all is well", "s"): up,
    }


def main() -> None:
    logging.getLogger("asyncua").setLevel(logging.ERROR)
    checkouts = [Path(one).resolve() for one in sys.argv[1:] if one != "--quick"]
    found: dict[tuple[str, str, str, str], list[float]] = {}
    with tempfile.TemporaryDirectory() as place:
        around = Reference(Path(place))
        with around.around():
            for kind in KINDS * ROUNDS:
                for checkout in (*checkouts, ROOT):
                    at = replace(
                        around,
                        folder=Path(tempfile.mkdtemp(dir=place)),
                        checkout=checkout,
                        with_opcua=kind != "without",
                        web=free_port(),
                        opcua=free_port(),
                    )
                    whose = "" if checkout == ROOT else f" of {checkout.name}"
                    for (name, unit), value in cost(at, kind).items():
                        found.setdefault((name, unit, kind, whose), []).append(value)
    for (name, unit, kind, whose), values in found.items():
        tell_all(f"sink apart{whose}: {name}", values, unit, opcua=kind, load=round(load(), 1))


if __name__ == "__main__":
    main()
