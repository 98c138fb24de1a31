"""Plan and forecast of any network are what networkx finds by longest ways through a graph."""

from __future__ import annotations

from datetime import timedelta

import networkx as nx
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.network.arrivals import arrivals
from gateway.network.forecast import forecast
from gateway.network.plan import Known, plan
from tests.network.random_orders import (
    ORIGIN,
    TARGET,
    drawn,
    expected,
    half_made,
    planned,
)

NONE = timedelta()
sizes = st.integers(1, 200) | st.integers(1, 6)
seeds = st.integers(0, 2**32)


@given(sizes, seeds)
@settings(max_examples=40)
def test_times_slack_and_critical_path_of_any_network_are_those_of_networkx(
    packages: int, seed: int
) -> None:
    order = drawn(packages, seed)
    made, graph = plan(order), planned(order)
    times, after = graph.times(), graph.longest_after()
    assert made.end == times[TARGET]
    assert made.slack == order.due - times[TARGET]
    for name, entry in made.packages.items():
        every = range(len(entry.starts))
        assert list(entry.starts) == [times[name, lot, "starts"] for lot in every]
        assert list(entry.ends) == [times[name, lot, "ends"] for lot in every]
        assert list(entry.latest) == [made.end - after[name, lot, "ends"] for lot in every]
        slack = min(made.end - after[name, lot, "ends"] - times[name, lot, "ends"] for lot in every)
        assert entry.slack == slack
        assert entry.critical == (slack < order.interval)


@given(sizes, seeds)
@settings(max_examples=40)
def test_the_longest_way_leads_through_packages_without_slack(packages: int, seed: int) -> None:
    order = drawn(packages, seed)
    made, graph = plan(order), planned(order).graph
    for _, _, edge in graph.edges(data=True):
        edge["weight"] = -edge["weight"]
    way = [moment for moment in nx.dag_longest_path(graph) if moment not in (ORIGIN, TARGET)]
    assert way
    for package, *_ in way:
        assert made.packages[package].slack == NONE
        assert made.packages[package].critical


@given(sizes, seeds, st.integers(0, 9000))
@settings(max_examples=40)
def test_what_firms_expect_of_any_network_is_what_networkx_finds(
    packages: int, seed: int, minutes: int
) -> None:
    """Every firm from its own job and from when its suppliers' lots leave; then the whole plan."""
    order, now = drawn(packages, seed), timedelta(minutes=minutes)
    jobs = half_made(order, seed)
    times = expected(order, jobs, now).times()
    leaving: dict[str, dict[int, timedelta]] = {}
    known: dict[str, Known] = {}
    for package in order.in_turn():
        inbound = [arrivals(order, package, need, leaving) for need in package.needs]
        ahead = forecast(order, package, jobs[package.id], inbound, now=now)
        found = [times[package.id, lot, "ends"] for lot in range(len(package.sizes))]
        assert list(ahead.leaves) == found
        leaving[package.id] = ahead.by_number
        known[package.id] = Known(ahead.leaves[: ahead.gone], ahead.leaves[ahead.gone :])
    ends = [at for moment, at in times.items() if moment[-1] == "ends"]
    assert plan(order, known).end == max(ends)
