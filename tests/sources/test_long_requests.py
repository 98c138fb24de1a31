"""A device that says nothing to a long request is read in shorter ones, and its limit is told."""

from __future__ import annotations

import pytest

from tests.sources.fault_line import told
from tests.sources.line_reading import unit, values_of

ADDRESSES = tuple(range(0, 100, 5))


def silent_above(line, most):
    plain = line.answer
    line.misbehave = lambda asked: None if asked.count > most else plain(asked)


async def read_until_all_is_there(source, clock, polls):
    for _ in range(polls):
        clock.mono += 60
        values = values_of(await source.read(source.signals))
        if None not in values.values():
            return values
    raise AssertionError(f"still silent after {polls} polls")


@pytest.mark.parametrize("most", [60, 30, 5])
async def test_a_device_that_is_silent_to_long_requests_is_read_in_shorter_ones(
    line, reading, clock, most
):
    silent_above(line, most)
    device = unit(1, *ADDRESSES, within=0.05)
    source = reading(device)
    for _ in range(16):
        clock.mono += 60
        await source.read(source.signals)
    values = await read_until_all_is_there(source, clock, 1)
    assert values == {f"m1/w{at}": told(1, at) for at in ADDRESSES}
    assert 1 <= device.proposed_registers <= most
    line.asked.clear()
    await source.read(source.signals)
    assert max(asked.count for asked in line.asked) <= most


async def test_a_device_that_was_away_is_read_in_long_requests_again(line, reading, clock):
    line.silent.add(1)
    device = unit(1, *ADDRESSES, within=0.05)
    source = reading(device)
    for _ in range(5):
        clock.mono += 60
        await source.read(source.signals)
    line.silent.clear()
    await read_until_all_is_there(source, clock, 5)
    line.asked.clear()
    await source.read(source.signals)
    assert [asked.count for asked in line.asked] == [96]
    assert device.proposed_registers is None
