"""The console sink, the blueprint for others."""

from __future__ import annotations

import asyncio
import io
import os
import threading

import pytest

from gateway.core.errors import NotConnected
from gateway.sinks.console import ConsoleSink
from tests.sinks.small_firm import SIGNALS, TIMED_OUT, TOO_HIGH, batch, executing


async def test_a_line_per_value_with_unit_and_doubt() -> None:
    out = io.StringIO()
    sink = ConsoleSink(SIGNALS, "de", out)
    values = {"power": 99_000.0, "energy": None}
    await sink.write([batch("mill-1", values, {"power": TOO_HIGH, "energy": TIMED_OUT})])
    await sink.write([batch("press-1", {"shots": 7})])
    assert out.getvalue().splitlines() == [
        "08:30:00 mill-1/power = 99000.0 W (out_of_range)",
        "08:30:00 mill-1/energy = - (timeout)",
        "08:30:00 press-1/shots = 7 Stück",
    ]


@pytest.mark.parametrize(
    ("language", "line"),
    [
        ("de", "mill-1: executing, Leistung über 1200 W seit 3 s"),
        ("en", "mill-1: executing, Power above 1200 W for 3 s"),
    ],
)
async def test_a_line_per_change_of_state_with_its_reason(language: str, line: str) -> None:
    out = io.StringIO()
    sink = ConsoleSink(SIGNALS, language, out)  # type: ignore[arg-type]
    await sink.show([executing()], [])
    await sink.show([executing()], [])
    assert out.getvalue().splitlines() == [line]


async def test_who_has_stopped_reading_holds_nobody_up() -> None:
    reading, writing = os.pipe()
    others_went_on = threading.Event()
    in_time: list[bool] = []

    def read_on() -> None:
        in_time.append(others_went_on.wait(10))
        while os.read(reading, 2**16):
            pass

    reader = threading.Thread(target=read_on)
    reader.start()
    with os.fdopen(writing, "w") as out:
        many = [batch("mill-1", {"power": float(n)}) for n in range(5000)]
        printing = asyncio.create_task(ConsoleSink(SIGNALS, "de", out).write(many))
        await asyncio.sleep(0)
        others_went_on.set()
        await printing
    reader.join(10)
    os.close(reading)
    assert in_time == [True]


async def test_nobody_reading_is_not_connected() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    out = os.fdopen(writing, "w", buffering=1)
    with pytest.raises(NotConnected):
        await ConsoleSink(SIGNALS, "de", out).write([batch("mill-1", {"power": 1.0})])
    with pytest.raises(BrokenPipeError):
        out.close()
