"""A gateway at the reference load, for seconds: whoever comes and goes leaves nothing behind."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from tests import soak
from tests.reference import METERS, Footprint, Reference, footprint, until

VISITS = 12


@pytest.mark.timeout(300)
def test_visitors_leave_neither_files_nor_threads_behind(tmp_path: Path) -> None:
    at = Reference(tmp_path)
    with at.around(), at.gateway() as gateway, soak.listeners(at) as heard:
        until(lambda: heard.values > METERS)
        for _ in range(3):
            soak.visit(at)
        before = footprint(gateway.pid)
        for _ in range(VISITS):
            soak.visit(at)
        until(lambda: footprint(gateway.pid).files <= before.files, 20)
        until(lambda: footprint(gateway.pid).threads <= before.threads, 20)
        assert footprint(gateway.pid).processes == before.processes
        assert not gateway.poll(), "it works on"


@pytest.mark.timeout(300)
def test_browsers_that_come_and_go_leave_no_memory_behind(tmp_path: Path) -> None:
    def anonymous() -> float:
        """MB that no file stands behind."""
        status = Path(f"/proc/{gateway.pid}/status").read_text("utf-8")
        return int(status.partition("RssAnon:")[2].split()[0]) / 1024

    def come_and_go(browsers: int) -> None:
        for _ in range(browsers):
            with page.stream("GET", "/events") as events:
                assert any(line.startswith("event: health") for line in events.iter_lines())

    at = Reference(tmp_path, with_opcua=False)
    with at.around(), at.gateway() as gateway, at.page() as page:
        come_and_go(50)
        before = anonymous()
        come_and_go(200)
        assert anonymous() - before < 4


def taken(memory, files=lambda _: 40, minutes: float = 20) -> list[tuple[float, Footprint]]:
    return [
        (at, Footprint(1, memory(at), 100, files(at), 7, at / 60, at / 50))
        for at in range(0, round(minutes * 60) + 1, 5)
    ]


def growing(mb_per_hour: float):
    """Memory that grows so fast beside peaks that come and go."""
    return lambda at: 150 + mb_per_hour * at / 3600 + 5 * (at % 50 == 0) + math.sin(at / 7)


@pytest.mark.parametrize(
    ("watched", "promised"),
    [
        (taken(growing(0)), True),
        (taken(growing(3)), False),
        (taken(growing(3), minutes=5), True),  # too short to say
        (taken(growing(0), lambda at: 40 + at // 150), False),
        (taken(growing(0), lambda at: 40 + 3 * (at % 35 == 0)), True),  # somebody visits
        (taken(growing(0), lambda at: 40 + 9 * (at < 100)), True),  # the start
    ],
    ids=["level", "memory grows", "too short", "files grow", "visitors", "warm-up"],
)
def test_a_soak_fails_when_something_grows(watched, promised, capsys) -> None:
    assert soak.told(watched, soak.Heard()) == promised
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert all({"figure", "value", "unit"} <= set(line) for line in lines)


def test_the_slope_of_memory_is_told_in_mb_per_hour_whatever_the_peaks(capsys) -> None:
    soak.told(taken(growing(6)), soak.Heard())
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    [found] = [line["value"] for line in lines if line["figure"] == "soak: slope of memory"]
    assert 5.5 < found < 6.5
