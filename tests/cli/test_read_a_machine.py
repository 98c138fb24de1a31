"""``werkverbund read`` against a simulated machine in a process of its own."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from simulators.modbus.port import SerialPort
from simulators.modbus.script import Fate
from simulators.modbus.serial_server import SerialServer
from tests.cli.test_assistant import at_work
from tests.sources.fault_bus import Faults
from tests.sources.fault_line import FaultLine, frame_of, told

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 20.0

SIMULATION = """\
schema: 1
start: day 1 06:00
transport: 1h
machines:
  - name: drill-1
    firm: retrofit
    listen: "127.0.0.1:${METER_PORT}"
    model: {type: drill, loading: 6s, drilling: 12s, batch: 20, pause: 40s}
    devices:
      - {template: sdm630, unit: 1, counters: {energy: 318.6}}
"""


@pytest.fixture
def meter(tmp_path: Path) -> Iterator[int]:
    """The port of a simulated meter."""
    port, control = free_port(), free_port()
    file = tmp_path / "simulation.yaml"
    file.write_text(SIMULATION, "utf-8")
    arguments = ["simulate", str(file), "--control", f"127.0.0.1:{control}"]
    process = subprocess.Popen(
        [sys.executable, "-m", "gateway", *arguments],
        cwd=ROOT,
        env={**os.environ, "METER_PORT": str(port)},
    )
    try:
        wait_for(port, process)
        yield port
    finally:
        process.terminate()
        process.wait(PATIENCE)


def test_a_value_is_what_its_registers_say(werkverbund, meter: int):
    answer = werkverbund("read", "--json", *at(meter))
    assert answer.code == 0
    points = {one["point"]: one for one in map(json.loads, answer.out.splitlines())}
    power = points["power"]
    assert (power["function"], power["address"], power["unit"]) == (4, 52, "W")
    assert (power["quality"], power["reason"]) == ("good", "ok")
    [told] = struct.unpack(">f", struct.pack(">2H", *power["words"]))
    assert power["value"] == pytest.approx(told)
    assert power["at"].endswith("Z")


def test_the_table_shows_value_unit_quality_and_registers(werkverbund, meter: int):
    answer = werkverbund("--lang", "de", "read", *at(meter))
    assert answer.code == 0
    [row] = [line.split() for line in answer.out.splitlines() if line.split()[:1] == ["power"]]
    assert row[2:6] == ["W", "gut", "4", "52"]
    assert all(len(word) == 4 for word in row[6:])
    [asked] = [line for line in answer.out.splitlines() if "Gerätenummer 1, Funktion 4" in line]
    assert asked.endswith(" ms")


def test_a_unit_that_is_not_there_is_silent(werkverbund, meter: int):
    answer = werkverbund("read", *at(meter), "--unit", "9")
    assert answer.code == 1
    assert f"no answer (127.0.0.1:{meter}, unit 9)" in answer.out or "bad: refused" in answer.out


def test_where_nobody_answers_it_is_said_once_with_what_to_check(werkverbund):
    port = free_port()
    answer = werkverbund("--lang", "de", "read", *at(port))
    assert answer.code == 1
    told, check = answer.out.splitlines()
    assert told == f"device: keine Verbindung (127.0.0.1:{port}, Gerätenummer 1)"
    assert check.startswith("  → Prüfen Sie Strom und Netzwerkkabel")


@pytest.fixture
def line() -> Iterator[FaultLine]:
    """A line of devices that misbehave, served by a thread."""
    loop, line = asyncio.new_event_loop(), FaultLine()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    asyncio.run_coroutine_threadsafe(line.start(), loop).result(PATIENCE)
    yield line
    asyncio.run_coroutine_threadsafe(line.stop(), loop).result(PATIENCE)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(PATIENCE)
    loop.close()


def test_who_answers_for_whom_is_said(werkverbund, line: FaultLine):
    line.misbehave = lambda asked: line.answer(asked)[:6] + b"\x00" + line.answer(asked)[7:]
    english = werkverbund("--lang", "en", "read", *at(line.port))
    german = werkverbund("--lang", "de", "read", *at(line.port))
    assert english.code == german.code == 1
    told, check = english.out.splitlines()
    assert told == (
        "device: the answer does not fit: unit 0 answers for unit 1 "
        f"(127.0.0.1:{line.port}, unit 1)"
    )
    assert check.startswith("  → Check unit")
    assert "unit: 0, or ignore_unit: true" in check
    assert "Gerät 0 antwortet für Gerät 1" in german.out


def test_who_accepts_connections_and_says_nothing_may_be_a_converter(werkverbund, line: FaultLine):
    line.misbehave = lambda _: None
    german = werkverbund("--lang", "de", "read", *at(line.port))
    assert german.code == 1
    told, check = german.out.splitlines()
    assert told.startswith("device: keine Antwort (")
    assert "--rtu" in check
    assert "modbus-rtu-over-tcp" in check


@dataclass
class Serial:
    """Two serial lines: at a pseudo-terminal, and behind a converter."""

    faults: Faults
    port: SerialPort
    converter: SerialServer


@pytest.fixture
def serial(tmp_path: Path) -> Iterator[Serial]:
    """Served by a thread."""
    loop, faults = asyncio.new_event_loop(), Faults()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    port = SerialPort(faults.bus(19_200), tmp_path / "port")
    serial = Serial(faults, port, SerialServer(faults.bus(19_200)))

    async def close() -> None:
        serial.port.close()
        serial.converter.close()

    for opened in (serial.port.open(), serial.converter.open()):
        asyncio.run_coroutine_threadsafe(opened, loop).result(PATIENCE)
    yield serial
    asyncio.run_coroutine_threadsafe(close(), loop).result(PATIENCE)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(PATIENCE)
    loop.close()


@pytest.mark.parametrize("way", ["serial port", "converter"])
def test_a_device_on_a_serial_line_is_read(werkverbund, serial: Serial, way: str):
    port = ["--serial", serial.port.path, "--baud", "19200"]
    converter = ["--host", "127.0.0.1", "--port", str(serial.converter.port), "--rtu"]
    reached = port if way == "serial port" else converter
    answer = werkverbund("read", "--json", "--template", "sdm630", "--unit", "7", *reached)
    points = {one["point"]: one for one in map(json.loads, answer.out.splitlines())}
    assert points["power"]["words"] == [told(7, 52), told(7, 53)]
    assert {asked.unit for asked in serial.faults.asked} == {7}


def test_where_nobody_answers_on_a_serial_line_it_is_said_what_to_check(
    werkverbund, serial: Serial
):
    serial.faults.fate = lambda _: Fate(lost=True)
    port = serial.port.path
    at_port = ["--template", "sdm630", "--serial", port, "--baud", "19200"]
    answer = werkverbund("--lang", "de", "read", *at_port)
    told, check = answer.out.splitlines()
    assert told == f"device: keine Antwort ({port}, Gerätenummer 1)"
    assert "A und B vertauscht" in check
    missing = werkverbund("--lang", "de", "read", "--template", "sdm630", "--serial", port + "2")
    assert "den Anschluss gibt es nicht: steckt der Adapter?" in missing.out


def test_what_a_gateway_says_of_a_silent_device_is_said(werkverbund, line: FaultLine):
    line.misbehave = lambda asked: frame_of(asked, bytes([asked.function | 0x80, 11]))
    answer = werkverbund("--lang", "en", "read", *at(line.port))
    assert "no answer (11): gateway: target does not respond" in answer.out


def test_what_is_refused_and_why_stands_in_the_table_and_in_json(werkverbund, line: FaultLine):
    line.refuse = {52: 2, 53: 2}
    table = werkverbund("--lang", "en", "read", *at(line.port))
    refused = "bad: refused by the device (2): the device has no such address"
    assert [line.split()[0] for line in table.out.splitlines() if refused in line] == ["power"]
    answer = werkverbund("read", "--json", *at(line.port))
    points = {one["point"]: one for one in map(json.loads, answer.out.splitlines())}
    assert points["power"]["detail"]["en"] == "the device has no such address"
    assert points["energy"]["detail"] is None
    assert (points["power"]["function"], points["power"]["address"]) == (4, 52)
    [row] = [line for line in table.out.splitlines() if refused in line]
    assert row.split()[-3:] == ["4", "52", "-"]


MINE = """\
schema: 2
template: mine
title: {de: Meins, en: Mine}
identification: {manufacturer: Acme, model: M1}
points:
"""


def mine(folder: Path, first: int, table: str = "holding-registers") -> Path:
    """A template of five registers."""
    file = folder / "mine.yaml"
    points = [
        f"  - {{name: p{at}, means: {{de: P, en: P}}, table: {table}, address: {at}, "
        "encoding: uint16}"
        for at in range(first, first + 5)
    ]
    file.write_text(MINE + "\n".join(points) + "\n", "utf-8")
    return file


def mine_at(file: Path, port: int) -> list[str]:
    return ["--template", str(file), "--host", "127.0.0.1", "--port", str(port)]


def test_only_the_last_address_refused_means_perhaps_that_the_list_counts_from_one(
    werkverbund, line: FaultLine, tmp_path: Path
):
    line.refuse = {14: 2}
    file = mine(tmp_path, 10)
    english = werkverbund("--lang", "en", "read", *mine_at(file, line.port))
    assert "Only the last point is refused (p14, 14)" in english.out
    assert "write numbering: from-one" in english.out
    german = werkverbund("--lang", "de", "read", *mine_at(file, line.port))
    assert "schreiben Sie numbering: from-one" in german.out


@pytest.mark.parametrize("refused", [{10: 2}, {13: 2, 14: 2}, {12: 2}, {14: 3}])
def test_other_refusals_say_nothing_of_the_numbering(
    werkverbund, line: FaultLine, tmp_path: Path, refused: dict[int, int]
):
    line.refuse = refused
    answer = werkverbund("--lang", "en", "read", *mine_at(mine(tmp_path, 10), line.port))
    assert "refused by the device" in answer.out
    assert "numbering" not in answer.out


def test_who_has_said_how_the_list_counts_is_not_asked_again(
    werkverbund, line: FaultLine, tmp_path: Path
):
    line.refuse = {13: 2}
    file = mine(tmp_path, 10)
    file.write_text(
        MINE.replace("points:", "numbering: from-one\npoints:")
        + "".join(file.read_text("utf-8").partition("points:\n")[2:])
    )
    answer = werkverbund("--lang", "en", "read", *mine_at(file, line.port))
    assert "14, 13 on the wire" in answer.out
    assert "write numbering" not in answer.out


def test_numbers_of_a_manual_that_are_all_refused_are_known_for_what_they_are(
    werkverbund, line: FaultLine, tmp_path: Path
):
    line.refuse = dict.fromkeys(range(40001, 40006), 2)
    answer = werkverbund("--lang", "en", "read", *mine_at(mine(tmp_path, 40001), line.port))
    assert "If the manual counts so, write: numbering: 40001" in answer.out


@pytest.mark.parametrize(
    ("table", "other"),
    [
        ("holding-registers", "Perhaps table: input-registers (function 4)"),
        ("input-registers", "Perhaps table: holding-registers (function 3)"),
    ],
)
def test_a_function_that_the_device_does_not_know_is_another_table_perhaps(
    werkverbund, line: FaultLine, tmp_path: Path, table: str, other: str
):
    line.misbehave = lambda asked: frame_of(asked, bytes([asked.function | 0x80, 1]))
    answer = werkverbund("--lang", "en", "read", *mine_at(mine(tmp_path, 0, table), line.port))
    assert f"does its list really say {table}? {other}" in answer.out


def test_a_device_that_does_not_count_the_questions_is_told_from_others(
    werkverbund, line: FaultLine
):
    line.misbehave = lambda asked: b"\x77\x77" + line.answer(asked)[2:]
    answer = werkverbund("--lang", "en", "read", *at(line.port))
    assert "an answer to another question" in answer.out
    assert "ignore_transaction: true" in answer.out


def test_an_echo_may_be_a_converter(werkverbund, line: FaultLine):
    line.misbehave = lambda asked: (
        line.answer(asked)[:5]
        + b"\x06"
        + bytes([asked.unit])
        + (struct.pack(">BHH", asked.function, asked.first, asked.count))
    )
    answer = werkverbund("--lang", "en", "read", *at(line.port))
    assert "an answer of the wrong length" in answer.out
    assert "modbus-rtu-over-tcp" in answer.out


@pytest.mark.parametrize(
    ("options", "fix"),
    [
        (["--table", "3"], "Function 3 reads holding-registers; numbers like 30001"),
        (["--table", "4x"], "Did you mean holding-registers?"),
        (["--table", "holding", "--as", "float"], "Did you mean float32 or float64?"),
        (["--table", "holding", "--as", "REAL"], "Did you mean float32?"),
        (
            ["--table", "holding", "--as", "float32", "--order", "little-endian"],
            "If only the words are swapped write low-word-first",
        ),
        (["--template", "sdm630", "--timeout", "300"], "Write 300ms."),
        (["--template", "sdm630", "--timeout", "0,5"], "Write 0.5s."),
        (["--template", "sdm630.yaml"], "The template that comes with us is called sdm630."),
        (["--template", "sdm630", "--parity", "N", "--serial", "/dev/x"], "Did you mean none?"),
    ],
)
def test_an_option_in_the_words_of_others_is_answered_with_ours(
    werkverbund, options: list[str], fix: str
):
    reached = [] if "--serial" in options else ["--host", "127.0.0.1"]
    answer = werkverbund("--lang", "en", "read", *reached, *options)
    assert answer.code == 2
    assert fix in answer.err


def test_a_serial_port_in_the_place_of_a_host_is_told_its_option(werkverbund):
    answer = werkverbund("--lang", "en", "read", "--template", "sdm630", "--host", "/dev/ttyUSB0")
    assert "A serial port needs --serial with its path." in answer.err


def at(port: int) -> list[str]:
    return ["--template", "sdm630", "--host", "127.0.0.1", "--port", str(port)]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    """Until somebody listens."""
    deadline = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < deadline:
        with socket.socket() as probe:
            probe.settimeout(0.2)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        with suppress(subprocess.TimeoutExpired):
            process.wait(0.05)
    raise AssertionError("the simulated meter did not start")


def test_question_and_answer_are_shown_as_they_were_on_the_line(werkverbund, meter: int):
    answer = werkverbund("read", *at(meter), "--hex")
    lines = answer.out.splitlines()
    [sent] = [line for line in lines if line.startswith("    →")]
    [received] = [line for line in lines if line.startswith("    ←")]
    assert sent.split()[3:] == ["00", "00", "00", "06", "01", "04", "00", "00", "00", "4A"]
    assert received.split()[5:10] == ["00", "97", "01", "04", "94"]
    raw = werkverbund("read", *at(meter)[2:], "--table", "input", "--count", "2", "--hex")
    assert " ".join(raw.out.splitlines()[1].split()[3:]) == "00 00 00 06 01 04 00 00 00 02"
    as_json = werkverbund("read", *at(meter), "--hex", "--json").out.splitlines()[0]
    point = json.loads(as_json)
    assert point["sent"].endswith("01040000004a")
    assert point["received"][12:16] == "0104"
    assert point["answer_ms"] > 0


def test_refused_and_unanswered_questions_are_shown_in_hexadecimal_too(
    werkverbund, line: FaultLine
):
    line.refuse[0] = 2
    refused = werkverbund("--lang", "de", "read", *raw_at(line.port), "--unit", "1", "--hex")
    assert refused.out.splitlines()[2].split()[-2:] == ["83", "02"]
    assert "diese Adresse gibt es im Gerät nicht (2)" in refused.out
    line.silent.add(2)
    silent = werkverbund("read", *raw_at(line.port), "--unit", "2", "--hex")
    assert silent.out.splitlines()[2].split() == ["←", "-"]


def test_frames_of_rtu_are_shown_with_their_checksum(werkverbund, tmp_path: Path):
    link = tmp_path / "rs485"
    with serial_meter(link):
        answer = werkverbund(
            *("read", "--serial", link, "--baud", 115200, "--table", "input", "--count", 2, "--hex")
        )
    question, told = (line.split()[1:] for line in answer.out.splitlines()[1:3])
    assert question[:6] == ["01", "04", "00", "00", "00", "02"]
    assert len(question) == 8
    assert (told[:3], len(told)) == (["01", "04", "04"], 9)


def test_a_refused_point_has_its_function_address_and_number_in_the_manual(
    werkverbund, line: FaultLine, tmp_path: Path
):
    template = tmp_path / "from-one.yaml"
    template.write_text(FROM_ONE, "utf-8")
    line.refuse[9] = 2
    place = ["--template", template, "--host", "127.0.0.1", "--port", line.port]
    table = werkverbund("--lang", "en", "read", *place)
    [row] = [line.split() for line in table.out.splitlines() if line.split()[:1] == ["gone"]]
    assert " ".join(row[-7:]) == "3 40010, 9 on the wire -"
    assert "refused by the device (2): the device has no such address" in table.out
    found = [json.loads(one) for one in werkverbund("read", *place, "--json").out.splitlines()]
    assert [(one["function"], one["address"], one["number"]) for one in found] == [
        (3, 0, 40001),
        (3, 9, 40010),
    ]


def test_several_units_and_parameters_of_a_template(werkverbund, line: FaultLine):
    place = ["--template", "sdm630", "--host", "127.0.0.1", "--port", line.port]
    answer = werkverbund("read", *place, "--unit", 1, "--unit", 3, "--json")
    machines = {json.loads(one)["machine"] for one in answer.out.splitlines()}
    assert machines == {"device-1", "device-3"}


FROM_ONE = """\
schema: 1
template: from-one
title: {de: Test, en: Test}
identification: {manufacturer: none, model: none}
numbering: "40001"
points:
  - {name: there, means: {de: da, en: there}, table: holding-registers, address: 40001,
     encoding: uint16}
  - {name: gone, means: {de: weg, en: gone}, table: holding-registers, address: 40010,
     encoding: uint16}
"""


def raw_at(port: int) -> list[object]:
    place = ["--host", "127.0.0.1", "--port", port]
    return [*place, "--timeout", "200ms", "--table", "holding", "--count", 2]


@contextmanager
def serial_meter(link: Path) -> Iterator[None]:
    with at_work("--template", "sdm630", "--link", str(link), "--baud", "115200"):
        yield


def test_what_a_template_leaves_open_is_said_on_the_command_line(werkverbund, meter: int):
    assert werkverbund("read", *at(meter), "--parameter", "usage=producer").code == 0
    wrong = werkverbund("read", *at(meter), "--parameter", "usage=nobody")
    assert wrong.code == 2
    assert "producer" in wrong.err
