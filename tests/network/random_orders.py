"""Joint orders drawn by chance, of any size, and what networkx says about them.

networkx knows nothing of lots: an order becomes a graph of moments, whose edges say how much later
one is than the other at least, and a moment is the longest way to it. Lots that leave in turn
arrive in turn, so a lot waits for one lot of each supplier, and for the lot before it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import accumulate
from random import Random

import networkx as nx

from gateway.core.work import Job
from gateway.network.order import JointOrder, Need, WorkPackage
from tests.network.large import LEAD, WORD, a_job, large

MICROSECOND = timedelta(microseconds=1)
ORIGIN = "the beginning of day 1"
TARGET = "what the plan is asked to keep"


def drawn(packages: int, seed: int) -> JointOrder:
    """So many packages of up to six lots, each with up to three suppliers among the last dozen."""
    chance, made = Random(seed), list[WorkPackage]()
    for index in range(packages):
        near = made[-12:]
        suppliers = chance.sample(near, min(len(near), chance.choice((0, 1, 1, 2, 3))))
        needs = [Need(s.id, 2 if s.quantity >= 240 and chance.random() < 0.2 else 1)
                 for s in suppliers]  # fmt: skip
        most = min(
            (s.quantity // n.per for s, n in zip(suppliers, needs, strict=True)), default=480
        )
        quantity = max(1, most - chance.choice((0, 0, 0, 1, 7)))
        time = timedelta(seconds=chance.randint(30, 9000))
        charge = chance.random() < 0.3
        made.append(
            WorkPackage(
                id=f"AP{index}", title=WORD, item=WORD,
                firm=chance.choice((LEAD, *(f"firm-{n}" for n in range(1, 30)))),
                quantity=quantity, lot=-(-quantity // chance.randint(1, 6)),
                weight=chance.randint(1, 9), needs=tuple(needs),
                lot_time=time if charge else None, piece_time=None if charge else time / 97,
                earliest_start=chance.choice((None, timedelta(minutes=chance.randint(0, 9000)))),
            )
        )  # fmt: skip
    chance.shuffle(made)
    return replace(large(1, 1), packages=tuple(made), planned_end=None)


@dataclass
class Moments:
    """A graph of moments; its longest ways are when they come, in microseconds."""

    graph: nx.DiGraph = field(default_factory=nx.DiGraph)

    def after(self, earlier: object, later: object, least: timedelta) -> None:
        """``later`` is at least so much later than ``earlier``."""
        weight = -(least // MICROSECOND)
        known = self.graph.get_edge_data(earlier, later, {"weight": weight})
        self.graph.add_edge(earlier, later, weight=min(weight, known["weight"]))

    def times(self) -> dict[object, timedelta]:
        """When each moment comes: the longest way to it from the beginning."""
        ways = nx.single_source_bellman_ford_path_length(self.graph, ORIGIN)
        return {moment: -way * MICROSECOND for moment, way in ways.items()}

    def longest_after(self) -> dict[object, timedelta]:
        """How long it is at least from each moment to the target."""
        turned = self.graph.reverse(copy=False)
        ways = nx.single_source_bellman_ford_path_length(turned, TARGET)
        return {moment: -way * MICROSECOND for moment, way in ways.items()}


def planned(order: JointOrder) -> Moments:
    """The plan of an order: of each lot the moments ``(package, lot, "starts" or "ends")``."""
    moments = Moments()
    for package in order.packages:
        first = max(order.start, package.earliest_start or order.start)
        for index, size in enumerate(package.sizes):
            time = package.time_for(size)
            assert time is not None
            begins, ends = (package.id, index, "starts"), (package.id, index, "ends")
            moments.after(ORIGIN, begins, first)
            moments.after(begins, ends, time)
            moments.after(ends, TARGET, timedelta())
            if index:
                moments.after((package.id, index - 1, "ends"), begins, timedelta())
        for (source, place), index, way in waits(order, package):
            moments.after((source, place, "ends"), (package.id, index, "starts"), way)
    return moments


def expected(order: JointOrder, jobs: Mapping[str, Job], now: timedelta) -> Moments:
    """What firms expect of their packages whose jobs stand like this, each from its suppliers'.

    A job has made whole lots, which have left, and part of the next one; nothing runs.
    """
    moments = Moments()
    for package in order.packages:
        job = jobs[package.id]
        gone = len(job.departures)
        first = max(order.start, package.earliest_start or order.start)
        free: object = (package.id, "free")
        moments.after(ORIGIN, free, max(first, now - order.interval))
        through = list(accumulate(package.sizes))
        for index, left in enumerate(job.departures):
            at = order.clock.order(left)
            moments.after(ORIGIN, (package.id, index, "ends"), at)
            moments.after(ORIGIN, free, at)
        for index in range(gone, len(through)):
            work = job.per_piece * (
                through[index] - max(job.good, through[index] - package.sizes[index])
            )
            begins, done = (package.id, index, "starts"), (package.id, index, "done")
            moments.after(free, begins, timedelta())
            moments.after(begins, done, work)
            moments.after(done, (package.id, index, "ends"), timedelta())
            moments.after(ORIGIN, (package.id, index, "ends"), now)
            free = done
        for (source, place), index, way in waits(order, package):
            begun = job.good > through[index] - package.sizes[index]
            if index >= gone and not begun:
                moments.after((source, place, "ends"), (package.id, index, "starts"), way)
    return moments


def waits(
    order: JointOrder, package: WorkPackage
) -> Iterator[tuple[tuple[str, int], int, timedelta]]:
    """For which lot of a supplier each lot of a package waits, and how long that is on its way."""
    for need in package.needs:
        source = order.package(need.package)
        way = order.transport if source.firm != package.firm else timedelta()
        for index, pieces in enumerate(accumulate(package.sizes)):
            place = -(-pieces * need.per // source.lot) - 1
            yield (source.id, place), index, way


def half_made(order: JointOrder, seed: int) -> dict[str, Job]:
    """A job for each package that has made some of it, at a rate of its own."""
    chance, found = Random(seed), dict[str, Job]()
    for package in order.packages:
        gone = chance.randint(0, len(package.sizes))
        left = sorted(timedelta(minutes=chance.randint(0, 9000)) for _ in range(gone))
        good = sum(package.sizes[:gone])
        good += (
            chance.choice((0, (package.sizes[gone] - 1) // 2)) if gone < len(package.sizes) else 0
        )
        job = a_job(package, good, tuple(order.clock.real(at) for at in left))
        found[package.id] = replace(job, per_piece=timedelta(seconds=chance.randint(1, 300)))
    return found
