"""What grows while a gateway works: memory, open files, threads, bytes on the disk.

    make soak [ARGS="--minutes 20"]

A real gateway at the reference load (journal, history, jobs, pages, OPC UA and, where Mosquitto is
installed, MQTT) is watched from outside, all its processes together. A browser and an OPC UA client
listen all the time; others come, read everything and go. After the warm-up (half of the time, at
most ten minutes) the slope of its memory is that of the medians of pairs (Theil and Sen), so
that single peaks do not count. JSON lines: one each minute, then the figures. Ends with 1 where
files or threads have grown, or, from 20 minutes on, memory by more than 1 MB/h.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import logging
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import httpx
from asyncua import Client

from tests.figures import tell
from tests.reference import METERS, VALUES, Footprint, Reference, broker, footprint

EVERY = 5.0
VISIT = 10.0
MOST_SLOPE = 1.0
"""MB/h that memory may grow."""
WARM_UP = 600.0
"""Seconds. The journal's newest batches, kept in memory, are complete after 500."""
LONG_ENOUGH = 20.0
"""Minutes from which a slope of memory says something."""
POINTS = ("voltage-l1", "voltage-l2", "voltage-l3", "current-l1", "current-l2", "current-l3",
          "power-l1", "power-l2", "power-l3", "power", "frequency", "energy")  # fmt: skip
PAGES = ("machines", "jobs", "health", "log", "sent", "interfaces")


def visit(at: Reference) -> None:
    """Somebody comes, reads all pages and all values, listens for a moment, and goes."""
    with at.page() as page:
        for path in (*PAGES, "machines/drill-1"):
            page.get(f"/{path}")
        with page.stream("GET", "/events") as events:
            heard = 0
            lines = events.iter_lines()
            while heard < 5:
                heard += next(lines).startswith("event:")
    asyncio.run(read_values(at))


def nodes(client: Client, *points: str) -> list[Any]:
    machines = range(METERS)
    return [client.get_node(f"ns=4;s=drill-{n}.{point}") for n in machines for point in points]


async def read_values(at: Reference) -> None:
    async with Client(f"opc.tcp://127.0.0.1:{at.opcua}", timeout=30) as client:
        for node in nodes(client, "power"):
            await node.read_value()


class Heard:
    """What an OPC UA client is told."""

    def __init__(self) -> None:
        self.values = 0

    def datachange_notification(self, *_: object) -> None:
        self.values += 1


@contextmanager
def listeners(at: Reference, *, a_page: bool = True) -> Iterator[Heard]:
    """An OPC UA client that stays, and a browser."""
    heard, stop = Heard(), threading.Event()

    def watch() -> None:
        while not stop.is_set():
            try:
                with at.page() as page, page.stream("GET", "/events") as events:
                    for _ in events.iter_lines():
                        if stop.is_set():
                            return
            except httpx.TransportError:
                stop.wait(1)

    async def subscribe() -> None:
        async with Client(f"opc.tcp://127.0.0.1:{at.opcua}", timeout=30) as client:
            subscription = await client.create_subscription(1000, heard)
            await subscription.subscribe_data_change(nodes(client, *POINTS))
            await asyncio.to_thread(stop.wait)

    threads = [threading.Thread(target=lambda: asyncio.run(subscribe()), name="OPC UA client")]
    if a_page:
        threads.append(threading.Thread(target=watch, name="a page"))
    for thread in threads:
        thread.start()
    try:
        yield heard
    finally:
        stop.set()
        for thread in threads:
            thread.join(30)


def watched(at: Reference, pid: int, minutes: float) -> list[tuple[float, Footprint]]:
    """The footprint every few seconds, by the seconds that have passed; one line a minute."""
    taken: list[tuple[float, Footprint]] = []
    began, pause, told, visited = time.monotonic(), threading.Event(), 0.0, 0.0
    while (passed := time.monotonic() - began) < minutes * 60:
        now = footprint(pid)
        taken.append((passed, now))
        if passed - told >= 60:
            told = passed
            line = {"minute": round(passed / 60), "memory": round(now.memory, 1)}
            line |= {"files": now.files, "threads": now.threads, "written": round(now.written, 1)}
            sys.stdout.write(json.dumps(line) + "\n")
            sys.stdout.flush()
        if passed - visited >= VISIT:
            visited = passed
            visit(at)
        pause.wait(EVERY)
    return taken


def slope(taken: list[tuple[float, Footprint]]) -> float:
    """MB/h: the median of the slopes between all pairs of samples."""
    between = [
        (later.memory - earlier.memory) / (end - start)
        for (start, earlier), (end, later) in itertools.combinations(taken, 2)
    ]
    return 3600 * median(between)


def told(taken: list[tuple[float, Footprint]], heard: Heard) -> bool:
    """Print the figures; whether they are as promised."""
    whole = taken[-1][0]
    warm = min(whole / 2, WARM_UP)
    after = [(at, print_) for at, print_ in taken if at >= warm]
    first, last = after[0][1], after[-1][1]
    took = after[-1][0] - after[0][0]
    third = len(after) // 3 or 1
    files, threads = (
        max(getattr(print_, name) for _, print_ in after[-third:])
        - max(getattr(print_, name) for _, print_ in after[:third])
        for name in ("files", "threads")
    )
    growing = slope(after)
    long_enough = whole >= 60 * LONG_ENOUGH * 0.99
    date = {"date": datetime.now(UTC).date().isoformat(), "minutes": round(whole / 60, 1)}
    memory = [print_.memory for _, print_ in after]
    tell("soak: memory", median(memory), "MB", least=min(memory), most=max(memory), **date)
    tell("soak: slope of memory", growing, "MB/h", at_most=MOST_SLOPE, judged=long_enough)
    tell("soak: open files, last third minus first", files, "files", at_most=0, open=last.files)
    tell("soak: threads, last third minus first", threads, "threads", at_most=0, now=last.threads)
    tell("soak: processes", last.processes, "processes")
    tell("soak: written to the disk", (last.written - first.written) / took * 3600, "MB/h")
    each = (last.written - first.written) * 2**20 / took / VALUES
    tell("soak: written to the disk for a value", each, "bytes")
    tell("soak: CPU", 100 * (last.cpu - first.cpu) / took, "% of a core")
    tell("soak: values an OPC UA client heard", heard.values, "values")
    if broker() is None:
        tell("soak: MQTT was left out, mosquitto is not installed", 0, "sinks")
    return files <= 0 and threads <= 0 and (growing <= MOST_SLOPE or not long_enough)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--minutes", type=float, default=20.0)
    asked = parser.parse_args()
    logging.getLogger("asyncua").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory() as place:
        at = Reference(Path(place))
        with at.around(), at.gateway() as process, listeners(at) as heard:
            taken = watched(at, process.pid, asked.minutes)
        return 0 if told(taken, heard) else 1


if __name__ == "__main__":
    sys.exit(main())
