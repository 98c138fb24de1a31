"""What the OPC UA server costs in its own process: CPU for a value, memory; one JSON line each.

    .venv/bin/python tests/bench/sink_apart.py [--quick] [CHECKOUT ...]

Real gateways at the reference load: without OPC UA, with it alone, and with one client listening to
every value, published once a second. CPU and memory are those of the gateway and all
processes below it; memory is the proportional share. Other checkouts are measured in turn with this
one, each round, by this Python: "before" and "after" beside each other.
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
from tests.reference import ROOT, VALUES, Reference, footprint, free_port
from tests.soak import listeners

QUICK = "--quick" in sys.argv
ROUNDS, SECONDS, WARM_UP = (1, 5.0, 3.0) if QUICK else (3, 30.0, 8.0)
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
    with at_work(at, kind) as pid:
        up = time.monotonic() - began
        time.sleep(WARM_UP)
        before, began = footprint(pid), time.monotonic()
        time.sleep(SECONDS)
        after, took = footprint(pid), time.monotonic() - began
    return {
        ("CPU for a value", "us"): 1e6 * (after.cpu - before.cpu) / (VALUES * took),
        ("memory", "MB"): after.share,
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
        tell_all(f"sink apart{whose}: {name}", values, unit, opcua=kind)


if __name__ == "__main__":
    main()
