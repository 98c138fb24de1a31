"""How long requests may be is found out once, and not again at every start."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.assembly.kept_lengths import KeptLengths
from gateway.config import Bilingual, Device, Machine, SiteConfig
from gateway.sources.opening import open_sources
from tests.sources.fault_line import FaultLine, told
from tests.sources.line_reading import HandClock, values_of
from tests.sources.plain_templates import words_template

ADDRESSES = tuple(range(0, 100, 5))
RIGHT = {f"m/w{at}": told(1, at) for at in ADDRESSES}
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


@pytest.fixture
async def line():
    """A device that says nothing to more than 30 registers."""
    device = FaultLine()
    device.misbehave = lambda asked: None if asked.count > 30 else device.answer(asked)
    await device.start()
    yield device
    await device.stop()


def firm(line: FaultLine, folder: Path, *, serial: str | None = None, name: str = "words"):
    template = folder / f"{name}.yaml"
    content = words_template(*ADDRESSES, template=name)
    template.write_text(content.model_dump_json(by_alias=True, exclude_unset=True))
    connect = line.connect.model_copy(update={"timeout": timedelta(seconds=0.05), "unit": 1})
    machine = Machine(
        name="m",
        title=Bilingual(de="m", en="m"),
        serial=serial,
        devices=(Device(template=str(template), connect=connect),),
    )
    return SiteConfig(firm="f", name="f", state=folder, machines=(machine,))


async def started(site: SiteConfig, at: datetime = NOON, *, polls: int = 1):
    """The values of the last of the first polls after a start; then it ends in order."""
    clock, kept = HandClock(), KeptLengths(site.state, lambda: at)
    kept.open()
    [source] = open_sources(site, now=clock)
    kept.give(site, [source])
    for _ in range(polls):
        clock.mono += 60
        values = values_of(await source.read(source.signals))
    kept.note(site, [source])
    await kept.save()
    await source.close()
    return values


async def test_after_a_restart_the_first_poll_brings_everything(line, tmp_path):
    site = firm(line, tmp_path)
    assert None in (await started(site)).values(), "the first time it has to be found out"
    assert await started(site, polls=16) == RIGHT
    line.asked.clear()
    for days in range(6):
        assert await started(site, NOON + timedelta(days=days)) == RIGHT
    assert max(asked.count for asked in line.asked) <= 30


@pytest.mark.parametrize("how", [{"serial": "B-2"}, {"name": "others"}])
async def test_another_device_in_its_place_is_asked_anew(line, tmp_path, how):
    await started(firm(line, tmp_path), polls=16)
    line.asked.clear()
    await started(firm(line, tmp_path, **how))
    assert max(asked.count for asked in line.asked) == 96


async def test_an_exchanged_device_is_asked_anew(line, tmp_path):
    site = firm(line, tmp_path)
    await started(site, polls=16)
    kept = KeptLengths(tmp_path)
    kept.open()
    kept.forget(site, open_sources(site), {"others"})
    await kept.save()
    line.asked.clear()
    await started(site)
    assert max(asked.count for asked in line.asked) <= 30
    kept.forget(site, open_sources(site), {"m"})
    await kept.save()
    line.asked.clear()
    await started(site)
    assert max(asked.count for asked in line.asked) == 96


@pytest.mark.parametrize("days", [8, -1])
async def test_after_some_time_a_device_is_asked_anew_and_so_it_is_with_a_wrong_clock(
    line, tmp_path, days
):
    site = firm(line, tmp_path)
    await started(site, polls=16)
    line.asked.clear()
    await started(site, NOON + timedelta(days=days))
    assert max(asked.count for asked in line.asked) == 96


async def test_a_device_that_takes_even_less_is_found_out_as_the_first_one_was(line, tmp_path):
    site = firm(line, tmp_path)
    await started(site, polls=16)
    line.misbehave = lambda asked: None if asked.count > 8 else line.answer(asked)
    assert await started(site, polls=16) == RIGHT
    assert await started(site) == RIGHT


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"devices": [{}]}', b"\xff\xfe", b"7"])
async def test_a_damaged_file_is_said_and_replaced(line, tmp_path, caplog, content):
    site = firm(line, tmp_path)
    (tmp_path / "lengths.json").write_bytes(content)
    assert await started(site, polls=16) == RIGHT
    assert "lengths.json is damaged" in caplog.text
    caplog.clear()
    assert await started(site) == RIGHT
    assert not caplog.records


async def test_the_file_says_which_device_and_how_many_registers(line, tmp_path):
    await started(firm(line, tmp_path, serial="B-2"), polls=16)
    [one] = json.loads((tmp_path / "lengths.json").read_bytes())["devices"]
    assert one["device"] == f"127.0.0.1:{line.port} unit 1"
    assert (one["template"], one["serial"], one["found"]) == ("words", "B-2", NOON.isoformat())
    assert 1 <= one["registers"] <= 30
    assert (tmp_path / "lengths.json").stat().st_mode & 0o777 == 0o600


async def test_what_cannot_be_written_is_written_later(line, tmp_path):
    """Something lies in the way."""
    site = firm(line, tmp_path)
    (tmp_path / "lengths.json").mkdir()
    (tmp_path / "lengths.json" / "x").touch()
    assert await started(site, polls=16) == RIGHT
