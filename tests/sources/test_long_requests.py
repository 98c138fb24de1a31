"""A device that says nothing to a long request is read in shorter ones, and its limit is told."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gateway.config import Bilingual, Device, Machine, SiteConfig
from gateway.sources.read_once import read_once
from tests.sources.fault_line import told
from tests.sources.line_reading import unit, values_of
from tests.sources.plain_templates import words_template

ADDRESSES = tuple(range(0, 100, 5))


def silent_above(line, most):
    plain = line.answer
    line.misbehave = lambda asked: None if asked.count > most else plain(asked)


def site_with(line, folder):
    """A firm with one device behind the port of ``line``."""
    template = folder / "words.yaml"
    template.write_text(
        words_template(*ADDRESSES).model_dump_json(by_alias=True, exclude_unset=True)
    )
    connect = line.connect.model_copy(update={"timeout": timedelta(seconds=0.05), "unit": 1})
    machine = Machine(
        name="m",
        title=Bilingual(de="m", en="m"),
        devices=(Device(template=str(template), connect=connect),),
    )
    return SiteConfig(firm="f", name="f", state=folder, machines=(machine,))


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
    assert 1 <= device.lengths.proposed <= most
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
    assert device.lengths.proposed is None


@pytest.mark.parametrize("most", [60, 30, 5])
async def test_one_look_finds_the_limit_and_tells_it(line, tmp_path, most):
    silent_above(line, most)
    found = await read_once(site_with(line, tmp_path), "m")
    assert [point.reading.value for point in found] == [told(1, at) for at in ADDRESSES]
    assert {point.max_registers for point in found} == {found[0].max_registers}
    assert 1 <= found[0].max_registers <= most


async def test_one_look_at_a_device_that_is_away_ends_after_two_lengths(line, tmp_path):
    line.silent.add(1)
    found = await read_once(site_with(line, tmp_path), "m")
    assert {asked.count for asked in line.asked} == {96, 1}
    assert len(line.asked) <= 4
    assert {point.max_registers for point in found} == {None}


@pytest.mark.parametrize(("most", "polls"), [(60, 12), (30, 14), (5, 20)])
async def test_a_device_that_answers_is_not_spared_while_its_limit_is_looked_for(
    line, reading, clock, most, polls
):
    """Polled once a second; the two first lengths may as well mean that it is away."""
    silent_above(line, most)
    source = reading(unit(1, *ADDRESSES, within=0.05))
    for _ in range(polls):
        values = values_of(await source.read(source.signals))
        clock.mono += 1
    assert values == {f"m1/w{at}": told(1, at) for at in ADDRESSES}
