"""A whole line in real time: runner, source and devices, one of them dead."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from itertools import pairwise

from gateway.core.signals import Reason
from gateway.flow.bus import Bus
from gateway.flow.numbering import Numbering
from gateway.flow.source_runner import SourceRunner
from gateway.machines.signals import signals
from gateway.sources.source import ModbusSource
from tests.sources.fault_line import told
from tests.sources.line_reading import on, unit
from tests.sources.plain_templates import words_template

EVERY = 0.02
WITHIN = 0.1


async def polled(line, units, polls, until_polled):
    """Run the line for so many polls of one machine; its batches by machine."""
    template = words_template(0, 1, 2)
    source = ModbusSource(on(line, *(unit(n, 0, 1, 2, within=WITHIN) for n in range(1, units + 1))))
    every = timedelta(seconds=EVERY)
    offered = [s for n in range(1, units + 1) for s in signals(f"m{n}", template, every)]
    bus = Bus()
    live = bus.subscribe("test", 10_000)
    runner = SourceRunner(source, offered, bus.publish, Numbering(1))
    task = asyncio.create_task(runner.run())
    batches = {}
    async with asyncio.timeout(30):
        async for judged in live:
            batches.setdefault(judged.machine, []).append(judged)
            if len(batches.get(until_polled, ())) >= polls:
                break
    health = {h.machine: h for h in runner.health()}
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()
    return batches, runner, health


async def test_a_dead_unit_leaves_its_neighbours_at_nearly_full_rate(line):
    line.units = set(range(1, 10))
    line.silent.add(10)
    batches, runner, health = await polled(line, 10, 150, "m1")
    took = batches["m1"][-1].batch.mono - batches["m1"][0].batch.mono
    # all that the dead unit may cost its neighbours: one deadline for each try of it
    assert line.count(unit=10) * WITHIN <= 0.2 * took
    assert len(batches["m1"]) >= 0.95 * runner.polls
    assert all(judged.marks == {} for judged in batches["m1"])
    assert {m.fault.reason for j in batches["m10"] for m in j.marks.values()} == {Reason.TIMEOUT}
    assert (health["m1"].connected, health["m10"].connected) == (True, False)
    assert runner.polls + runner.skipped >= 150


async def test_values_stay_right_while_a_unit_answers_late_again_and_again(line):
    line.late[2] = WITHIN * 1.05
    batches, _, _ = await polled(line, 3, 60, "m3")
    for machine, seen in batches.items():
        number = int(machine[1:])
        for judged in seen:
            for signal, value in zip(judged.batch.signals, judged.batch.values, strict=True):
                assert value in (None, told(number, int(signal.partition("/w")[2])))


async def test_a_hidden_edge_shows_as_time_between_two_good_batches(line):
    line.silent.add(2)
    batches, _, _ = await polled(line, 2, 40, "m1")
    gaps = [b.batch.mono - a.batch.mono for a, b in pairwise(batches["m1"])]
    assert max(gaps) >= WITHIN * 0.9
