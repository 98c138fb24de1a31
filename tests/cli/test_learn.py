"""``werkverbund learn``: from a machine, or from a recording, to the lines for the firm's file."""

from __future__ import annotations

import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer

import pytest
import yaml

from gateway import resources
from gateway.cli.kinds import problems_of
from gateway.jobs.evidence.recording import read

RECORDING = resources.configs() / "demo" / "recordings" / "drill-1.csv"
FASTER = 15
"""The recording is played so many times faster, and ends after some twelve seconds."""

SITE = """\
schema: 1
firm: werkstatt
name: Werkstatt
plant: markt
state: state
machines:
  - name: drill-1
    title: {de: Bohrmaschine, en: Drill}
    template: sdm630
    connect: {type: modbus-tcp, host: 127.0.0.1, port: %d, unit: 1}
    every: 20ms
"""


class Meter(BaseRequestHandler):
    """A meter that shows the recorded power, from the first question on."""

    began: float | None = None
    speed = FASTER
    samples = read(RECORDING.read_text("utf-8"), "power").samples("power")

    def handle(self) -> None:
        while head := self.request.recv(12, 0x100):  # MSG_WAITALL
            number, _, _, unit, function, address, count = struct.unpack(">HHHBBHH", head)
            cls = type(self)
            cls.began = cls.began or time.monotonic()
            t = (time.monotonic() - cls.began) * cls.speed
            watts = next((w for at, w in reversed(self.samples) if at <= t), 0.0)
            words = bytearray(2 * count)
            if address <= 52 < address + count:
                struct.pack_into(">f", words, 2 * (52 - address), watts)
            answer = struct.pack(">BBB", unit, function, len(words)) + words
            self.request.sendall(struct.pack(">HHH", number, 0, len(answer)) + answer)


class SlowerMeter(Meter):
    """The same, over half a minute."""

    began = None
    speed = 6

    @classmethod
    def wait(cls, seconds: float) -> None:
        """Until so much of it has passed, at the latest a minute from now."""
        deadline = time.monotonic() + 60
        while cls.began is None or time.monotonic() - cls.began < seconds:
            assert time.monotonic() < deadline, "the meter was not asked"
            time.sleep(0.05)


@pytest.fixture
def meter() -> Iterator[int]:
    with ThreadingTCPServer(("127.0.0.1", 0), Meter) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


@pytest.fixture
def site(tmp_path: Path) -> Path:
    file = tmp_path / "firm.yaml"
    file.write_text(SITE % 5020, "utf-8")
    return file


def test_a_machine_is_recorded_and_its_lines_fit_into_the_file(program, meter, tmp_path):
    file, kept = tmp_path / "firm.yaml", tmp_path / "drill.csv"
    file.write_text(SITE % meter, "utf-8")
    answer = program(
        "--lang", "de", "learn", file, "drill-1", "--for", "14s", "--save", kept, LANG="C"
    )
    assert answer.code == 0, answer.err
    assert "Maschine aus, In Bereitschaft, Genau drei Läufe" in answer.err
    assert "# Lauf 3:" in answer.out
    lines = [line for line in answer.out.splitlines() if not line.startswith("#")]
    file.write_text(file.read_text("utf-8") + "\n".join(lines) + "\n", "utf-8")
    assert problems_of(file, "site", {}) == ()
    evidence = yaml.safe_load(file.read_text("utf-8"))["machines"][0]["evidence"]
    assert 5 < evidence["off_below"] < 55  # standing by 60 W, loading 180 W, drilling 550 W
    assert 65 < evidence["standby_below"] < 175
    assert 190 < evidence["run_below"] < evidence["run_above"] < 530
    again = program("learn", file, "drill-1", "--recording", kept, LANG="C")
    assert [line for line in again.out.splitlines() if not line.startswith("#")] == lines


def test_a_device_in_no_file_is_learnt_step_by_step(tmp_path):
    """Somebody presses Enter when a step is done, as the instructions say."""
    kept = tmp_path / "drill.csv"
    with ThreadingTCPServer(("127.0.0.1", 0), SlowerMeter) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        at = ["--host", "127.0.0.1", "--port", str(server.server_address[1])]
        words = ["learn", "--template", "sdm630", *at, "--save", str(kept)]
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "gateway", "--lang", "en", *words],
            cwd=Path(__file__).parents[2],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert process.stdin is not None
        assert process.stderr is not None
        heard = iter(process.stderr.readline, "")
        for title, until in (("[1/3] Machine off", 9.5), ("[2/3] Standing by", 19.5),
                             ("[3/3] Exactly three", 29.5)):  # fmt: skip
            assert any(line.startswith(title) for line in heard)
            SlowerMeter.wait(until)
            process.stdin.write("\n")
            process.stdin.flush()
        out, err = process.communicate(timeout=30)
        server.shutdown()
        thread.join()
    assert process.returncode == 0, err
    assert "# run 3: after" in out
    assert "cannot be seen reliably" in out
    evidence = yaml.safe_load(out)["evidence"]
    assert 5 < evidence["off_below"] < 55
    assert 65 < evidence["standby_below"] < 175
    assert [name for name, _ in read(kept.read_text("utf-8"), "power").steps] == [
        "off", "standby", "runs",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("column", "kind", "says"),
    [
        ("good-count", "counters", "# count 3: after"),
        ("power", "power-runs", "# run 3: after"),
    ],
)
def test_the_columns_of_a_recording_say_what_it_teaches(
    werkverbund, tmp_path, column: str, kind: str, says: str
):
    text = RECORDING.read_text("utf-8")
    if kind == "counters":
        shown = "\n".join(f"{t},{7 + min(3, t // 10)}" for t in range(60))
        text = f"# columns: seconds, {column}\n{shown}\n"
    file = tmp_path / "kept.csv"
    file.write_text(text, "utf-8")
    answer = werkverbund("--lang", "en", "learn", "--recording", file)
    assert answer.code == 0, answer.err
    assert says in answer.out
    assert f"type: {kind}" in answer.out


def test_a_stored_recording_is_learnt_from_without_a_machine(werkverbund, site: Path):
    answer = werkverbund("--lang", "en", "learn", site, "drill-1", "--recording", RECORDING)
    assert answer.code == 0
    assert "# run 1: after 126 s, 12.0 s long" in answer.out
    assert "# pauses: 6.0 s, 6.0 s" in answer.out
    assert "      min_run: 9s\n      min_pause: 4.5s" in answer.out


def test_a_recording_that_shows_too_little_says_what_to_record(werkverbund, site, tmp_path):
    short = tmp_path / "short.csv"
    short.write_text("\n".join(f"{t},{60 + t % 2}" for t in range(100)))
    answer = werkverbund("--lang", "en", "learn", site, "drill-1", "--recording", short)
    assert answer.code == 1
    assert "Please record again" in answer.err


def test_what_is_no_recording_is_said_with_an_example(werkverbund, site, tmp_path):
    text = tmp_path / "notes.txt"
    text.write_text("off at noon\n")
    answer = werkverbund("--lang", "en", "learn", site, "drill-1", "--recording", text)
    assert answer.code == 2
    assert "for example 12.5,430" in answer.err


def test_a_machine_without_a_power_meter_is_told(werkverbund, tmp_path):
    file = tmp_path / "firm.yaml"
    file.write_text((SITE % 5020).replace("sdm630", "e1210-laser"), "utf-8")
    answer = werkverbund("--lang", "en", "learn", file, "drill-1", "--kind", "power-runs")
    assert answer.code == 2
    assert "a meter such as sdm630 measures it" in answer.err


def test_nobody_there_is_told_with_what_to_check(werkverbund, site: Path):
    answer = werkverbund("--lang", "en", "learn", site, "drill-1", "--for", "300ms")
    assert answer.code == 1
    assert "check the connection with werkverbund read" in answer.err
    assert "The recording is too short" in answer.err
