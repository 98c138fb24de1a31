"""A machine is recorded live; played, the recording says the same, its findings included."""

from __future__ import annotations

import asyncio
import gzip
import json
import random
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.core.errors import SourceError
from gateway.core.findings import Why
from gateway.core.signals import Reason
from gateway.machines.read_plan import Block
from gateway.machines.recording import NotARecording
from gateway.machines.template import Table
from gateway.sources import recordings
from gateway.sources.device import Unit
from gateway.sources.line.base import Exchange
from gateway.sources.line.connection import Connection
from gateway.sources.line.replay import ReplayConnect
from gateway.sources.line.rtu_over_tcp import ModbusRtuOverTcpConnect
from gateway.sources.line.tcp import ModbusTcpConnect
from gateway.sources.recorder import Recorder
from gateway.sources.source import ModbusSource
from simulators.modbus.bus import Bus
from simulators.modbus.fault_words import read_faults
from simulators.modbus.pace import Pace
from simulators.modbus.pdu import words_told_by
from simulators.modbus.serial_server import SerialServer
from simulators.modbus.tcp_device import TcpDevice
from tests.jobs.one_machine import Line, mill_evidence
from tests.sources.fast_loop import run_fast
from tests.sources.line_reading import HandClock
from tests.sources.plain_templates import words_template

WITHIN = timedelta(milliseconds=100)
HOLE = 40
"""The device has no register here."""
TEMPLATE = words_template(0, 1, 2, HOLE, 41, 60)


class Counting:
    """Every register shows how many polls there have been; beside its address."""

    def __init__(self) -> None:
        self.poll = 0

    def unit(self, number: int):
        plain = words_told_by(lambda address: 1000 * number + 100 * self.poll + address)

        def answer(content: bytes, shows):
            first, count = int.from_bytes(content[1:3]), int.from_bytes(content[3:5])
            if first <= HOLE < first + count:
                return bytes([content[0] | 0x80, 2])
            return plain(content, shows)

        return answer


def units(connects) -> list[Unit]:
    return [Unit(f"m{one.unit}", one, TEMPLATE) for one in connects]


def seen(batches):
    return sorted((batch.machine, batch.signals, batch.values, batch.faults) for batch in batches)


class LoopTime(HandClock):
    """The time of the loop."""

    def __call__(self):
        self.mono = asyncio.get_running_loop().time()
        return super().__call__()


async def polled(source, polls: int, machine: Counting | None = None):
    """What is read, poll by poll, a second apart, and what has happened on the line."""
    loop, batches = asyncio.get_running_loop(), []
    start = loop.time()
    for poll in range(polls):
        await asyncio.sleep(max(0.0, start + poll - loop.time()))
        if machine is not None:
            machine.poll = poll
        batches.append(seen(await source.read(source.signals)))
    await source.close()
    return batches, source.counts


async def live(path: Path, kind: str, numbers, polls: int, script):
    """What was read from a real line while it was recorded."""
    machine = Counting()
    served = {number: machine.unit(number) for number in numbers if number != SILENT}
    line = KINDS[kind](served, script)
    async with line as device:
        connects = [CONNECTS[kind](device.port, number) for number in numbers]
        recorder = Recorder(path, connects[:1], "test")
        source = ModbusSource(units(connects), now=LoopTime(), tap=recorder.tap(1))
        found = await polled(source, polls, machine)
        recorder.close()
    return found


async def played(path: Path, numbers, polls: int, **more):
    connects = [ReplayConnect(file=path, unit=one, timeout=WITHIN, **more) for one in numbers]
    return await polled(ModbusSource(units(connects), now=LoopTime()), polls)


def _tcp(port: int, unit: int) -> ModbusTcpConnect:
    return ModbusTcpConnect(host="127.0.0.1", port=port, unit=unit, timeout=WITHIN)


def _rtu(port: int, unit: int) -> ModbusRtuOverTcpConnect:
    return ModbusRtuOverTcpConnect(
        host="127.0.0.1", port=port, unit=unit, baud=115200, timeout=WITHIN
    )


CONNECTS = {"tcp": _tcp, "rtu": _rtu}
KINDS = {
    "tcp": lambda served, script: TcpDevice(served, script=script),
    "rtu": lambda served, script: SerialServer(Bus(served, Pace(115200), script=script)),
}
SILENT = 9


def counted_runs(polls) -> tuple[int, int]:
    """Runs and good pieces of the first machine, whose register w0 stands for its power.

    Four polls on, three off; a poll of the recording is a minute of the machine.
    """
    line = Line(mill_evidence(), lapse=1)
    line.add()
    for minute, batches in enumerate(polls):
        of_one = {
            s: v
            for name, ids, values, _ in batches
            if name == "m1"
            for s, v in zip(ids, values, strict=True)
        }
        seen = of_one.get("m1/w0")
        power = None if seen is None else 2400.0 if (seen // 100) % 7 < 4 else 1500.0
        line.see(60.0 * minute, power=power)
    return line.job.runs_completed, line.job.good


@pytest.mark.parametrize(
    ("kind", "numbers"),
    [("tcp", [1]), ("tcp", [1, 2, SILENT]), ("rtu", [1]), ("rtu", [1, 2, SILENT])],
    ids=["TCP", "TCP, shared with a silent one", "RTU", "RTU, shared with a silent one"],
)
@pytest.mark.seeds(3, 30)
def test_what_is_played_is_what_was_read_live(tmp_path: Path, kind, numbers, seed) -> None:
    path = tmp_path / "recording.jsonl.gz"
    faults = "lost @25%, exception=4 @10%, busy @5%" + ", other-unit=7 @5%" * (kind == "tcp")
    script = read_faults(faults).script(seed)
    random.seed(seed)  # waits after failures are drawn
    read, counted = run_fast(live(path, kind, numbers, 40, script))
    random.seed(seed)
    again, counted_again = run_fast(played(path, numbers, 40))
    assert again == read
    assert counted_again == counted
    assert counted_runs(again) == counted_runs(read)
    faults = {fault for poll in read for *_, of_one in poll for fault in of_one or () if fault}
    assert {Reason.REFUSED, Reason.TIMEOUT} <= {fault.reason for fault in faults}


def test_the_same_runs_are_counted_live_and_from_the_recording(tmp_path: Path) -> None:
    path, script = tmp_path / "r", read_faults("lost @3%").script(5)
    read, _ = run_fast(live(path, "tcp", [1], 70, script))
    again, _ = run_fast(played(path, [1], 70))
    assert counted_runs(again) == counted_runs(read) == (9, 108)


_HEAD = {"werkverbund": "recording", "version": 1, "begun": "2026-11-30T06:00:00Z", "program": "1"}
HEAD = {**_HEAD, "lines": [{"type": "modbus-tcp", "numbered": True, "gateway": False}]}
END = {"end": 10.0}


def answered(
    at: float, first: int, *words: int, unit: int = 1, **more: object
) -> dict[str, object]:
    """A line of a recording."""
    said: dict[str, object] = {"t": at, "line": 1, "unit": unit, "fn": 3, "first": first, "ms": 1}
    told = {} if more else {"words": " ".join(f"{word:04X}" for word in words)}
    return {**said, "count": max(1, len(words)), **told, **more}


def written(path: Path, *lines: dict[str, object], head: dict[str, object] = HEAD) -> Path:
    path.write_bytes(
        gzip.compress(b"".join(json.dumps(one).encode() + b"\n" for one in (head, *lines)))
    )
    return path


def asked(path: Path, *questions: tuple[float, int, int], unit: int = 1):
    """What comes back for questions (when, first register, count): words, or what is found."""

    async def ask():
        connect, found = ReplayConnect(file=path, unit=unit, timeout=WITHIN), []
        link = Connection(connect)
        loop = asyncio.get_running_loop()
        start = loop.time()
        for at, first, count in questions:
            await asyncio.sleep(start + at - loop.time())
            try:
                if not link.connected:
                    await link.open()
                block = Block(Table.HOLDING_REGISTERS, first, count, ())
                found.append(list(await link.ask(connect, block)))
            except SourceError as error:
                found.append(error.found.why)
        return found

    return run_fast(ask())


def test_registers_that_were_read_in_other_blocks_are_there_too(tmp_path: Path) -> None:
    path = written(
        tmp_path / "r", answered(0, 0, 10, 11), answered(0, 2, 12, 13), answered(5, 0, 20, 21), END
    )
    assert asked(path, (0, 1, 2), (5, 0, 1), (5, 1, 3)) == [[11, 12], [20], [21, 12, 13]]


def test_what_nobody_has_read_is_refused_as_not_in_the_recording(tmp_path: Path) -> None:
    path = written(tmp_path / "r", answered(0, 0, 10, 11), END)
    assert asked(path, (0, 1, 2)) == [Why.NOT_RECORDED]


def test_a_unit_that_was_never_asked_is_silent(tmp_path: Path) -> None:
    path = written(tmp_path / "r", answered(0, 0, 10, 11), END)
    assert asked(path, (0, 0, 2), unit=2) == [Why.NO_ANSWER]


def test_no_value_is_shown_where_the_device_was_silent(tmp_path: Path) -> None:
    path = written(
        tmp_path / "r",
        answered(0, 0, 10, 11),
        answered(5, 0, found="no_answer"),
        answered(9, 0, 20, 21),
        END,
    )
    assert asked(path, (0, 0, 2), (5, 0, 2), (5.2, 1, 1), (9, 0, 2)) == [
        [10, 11],
        Why.NO_ANSWER,
        Why.NO_ANSWER,
        [20, 21],
    ]


def test_a_value_that_was_asked_for_once_is_not_shown_later_where_a_newer_one_is_known(
    tmp_path: Path,
) -> None:
    newer = [answered(at, 0, 10 + at, 20 + at) for at in range(9)]
    path = written(tmp_path / "r", answered(0, 1, 99), *newer, END)
    assert asked(path, (0, 1, 1), (7, 1, 1)) == [[99], [27]]


def test_after_its_end_a_recording_is_no_device_any_more(tmp_path: Path) -> None:
    path = written(tmp_path / "r", answered(0, 0, 10), answered(4, 0, 11), {"end": 5})
    assert asked(path, (0, 0, 1), (5.5, 0, 1), (7, 0, 1), (8, 0, 1)) == [
        [10],
        [11],
        Why.RECORDING_ENDED,
        Why.RECORDING_ENDED,
    ]


def test_a_line_that_could_not_be_opened_cannot_be_opened(tmp_path: Path) -> None:
    closed = {"t": 0, "line": 1, "found": "no_connection"}
    path = written(tmp_path / "r", closed, answered(4, 0, 11), END)
    assert asked(path, (0, 0, 1), (4, 0, 1)) == [Why.NO_CONNECTION, [11]]


def test_a_recording_is_played_faster(tmp_path: Path) -> None:
    answers = [answered(at, 0, at, at, at) for at in range(40)]
    path = written(tmp_path / "r", *answers, {"end": 40})
    batches, _ = run_fast(played(path, [1], 4, speed=10))
    assert [values[0] for poll in batches for _, _, values, _ in poll] == [0, 10, 20, 30]


@pytest.mark.size(cuts=(40, 2000))
def test_wherever_a_file_ends_what_was_written_before_is_read(tmp_path: Path, cuts: int) -> None:
    whole, path = tmp_path / "whole", tmp_path / "cut"
    writer = recordings.Writer(whole)
    lines = [json.dumps(HEAD) + "\n"]
    lines += [json.dumps(answered(at, 0, *[at * 7 % 65536] * 40)) + "\n" for at in range(300)]
    for at, line in enumerate(lines):
        writer.write(line, float(at))
    writer.close()
    content, known = whole.read_bytes(), -1
    assert len(recordings.read(whole).answers) == 300
    first = content.index(b"\0\0\xff\xff") + 4  # the head has been flushed
    for end in range(first, len(content), max(1, len(content) // cuts)):
        path.write_bytes(content[:end])
        answers = recordings.read(path).answers
        assert list(answers) == list(recordings.read(whole).answers[: len(answers)])
        assert len(answers) >= known
        known = len(answers)
    assert known >= 298


def test_a_recording_is_no_larger_than_allowed_and_has_its_end(tmp_path: Path) -> None:
    path = tmp_path / "r"

    async def full() -> float:
        connect = ModbusTcpConnect(host="127.0.0.1")
        recorder = Recorder(path, [connect], "test", most=5000)
        block = Block(Table.HOLDING_REGISTERS, 0, 100, ())
        for _ in range(100):
            recorder.tap(1)(Exchange(1, block, [0xABCD] * 100, None, 0.0))
        assert recorder.full.is_set()
        recorder.close()
        return recorder.seconds

    run_fast(full())
    text = gzip.decompress(path.read_bytes())
    assert 4000 < len(text) <= 5000
    assert text.splitlines()[-1].startswith(b'{"end":')


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "not made by record"),
        (b"voltage,current\n1,2\n", "not made by record"),
        (b"\x1f\x8b" + b"\x00" * 100, "not made by record"),
        (json.dumps({**HEAD, "version": 2}).encode() + b"\n", "version 2, this program knows 1"),
        (json.dumps(HEAD).encode() + b'\n{"t":"now"}\n', "line 2 of the recording is damaged"),
        (json.dumps(HEAD).encode() + b"\n" + b"[" * 50_000 + b"\n", "line 2 of the recording is"),
        (json.dumps(HEAD).encode() + b"\n" + b"x" * 200_000, "too large"),
        (gzip.compress(json.dumps(HEAD).encode() + b"\n" + b"x" * 20_000_000, 1), "too large"),
    ],
    ids=[
        "empty",
        "a table",
        "broken gzip",
        "newer",
        "no answer",
        "nested",
        "a long line",
        "a bomb",
    ],
)
def test_what_is_no_recording_is_refused_with_the_reason(tmp_path: Path, content, said) -> None:
    path = tmp_path / "r"
    path.write_bytes(content)
    with pytest.raises(NotARecording, match=said):
        recordings.read(path)


def test_an_unpacked_recording_is_read_as_well(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    path.write_text(json.dumps(HEAD) + "\n" + json.dumps(answered(0, 0, 7)) + "\n", "utf-8")
    assert asked(path, (0, 0, 1)) == [[7]]
