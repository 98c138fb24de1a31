"""``werkverbund record``: a real meter becomes a file that stands for it, and a bug report."""

from __future__ import annotations

import gzip
import json
import signal
import socket
import subprocess
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.sources import recordings
from tests.cli.test_assistant import COMMAND, ROOT, at_work

SITE = """\
schema: 1
firm: werkstatt
name: Schlosserei Annegret Kowalski
state: state
machines:
  - name: drill-1
    title: {de: Die von Herrn Obermaier, en: Mr Obermaier's}
    template: sdm630
    connect: {type: modbus-tcp, host: localhost, port: %d, unit: 1}
    every: 100ms
sinks:
  - type: mqtt
    broker: "mqtts://broker.kowalski.example:8883"
    user: annegret
    password: "${MQTT_PASSWORD}"
"""
PLAYED = """\
schema: 1
firm: werkstatt
name: Werkstatt
state: state
simulated: true
machines:
  - name: drill-1
    title: {de: Bohrmaschine, en: Drill}
    template: sdm630
    connect: {type: replay, file: drill-1.jsonl.gz}
"""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@pytest.fixture
def meter() -> Iterator[int]:
    """The port of a simulated meter."""
    port = free_port()
    with at_work("--template", "sdm630", "--listen", f"127.0.0.1:{port}"):
        yield port


@pytest.fixture
def site(tmp_path: Path, meter: int) -> Path:
    file = tmp_path / "firm.yaml"
    file.write_text(SITE % meter, "utf-8")
    return file


@pytest.fixture(autouse=True)
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MQTT_PASSWORD", "open-sesame-7")


def begun(*words: object) -> subprocess.Popen[str]:
    """A recording that goes on, and has heard something."""
    process = subprocess.Popen(
        [*COMMAND, "--lang", "en", "record", *map(str, words)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    assert process.stderr.readline().startswith("Recording")
    return process


def heard(file: Path, count: int) -> None:
    """Wait until so many answers can be read from a file that is being written."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        if file.exists() and file.stat().st_size and len(recordings.read(file).answers) >= count:
            return
        time.sleep(0.05)
    raise AssertionError("nothing was recorded")


def points(out: str) -> dict[str, tuple[object, object, object]]:
    found = [json.loads(line) for line in out.splitlines()]
    return {one["point"]: (one["words"], one["quality"], one["unit"]) for one in found}


def test_a_recording_stands_for_the_machine_in_every_command(werkverbund, site: Path) -> None:
    file = site.with_name("drill-1.jsonl.gz")
    assert werkverbund("record", site, "drill-1", "--for", "1s", "--save", file).code == 0
    lines = recordings.read(file)
    assert [dict(line.settings) for line in lines.head.lines] == [{"type": "modbus-tcp"}]
    assert len(lines.answers) >= 5
    played = site.with_name("played.yaml")
    played.write_text(PLAYED, "utf-8")
    assert werkverbund("check", played).code == 0
    read = werkverbund("read", played, "--json")
    assert read.code == 0
    direct = werkverbund("read", "--template", "sdm630", "--recording", file, "--json")
    assert points(direct.out) == points(read.out)
    assert points(read.out)["voltage-l1"][1:] == ("good", "V")
    words = next(one.words for one in lines.answers if one.question and one.question.first == 0)
    assert points(read.out)["voltage-l1"][0] == list(words[:2])
    looked = werkverbund("look", "--recording", file, "--table", "input", "--count", "2")
    assert "mains voltage" in looked.out


def test_values_of_old_are_for_simulated_firms_only(werkverbund, site: Path) -> None:
    file = site.with_name("drill-1.jsonl.gz")
    werkverbund("record", site, "--for", "300ms", "--save", file)
    earnest = site.with_name("earnest.yaml")
    earnest.write_text(PLAYED.replace("simulated: true\n", ""), "utf-8")
    english = werkverbund("check", earnest)
    assert english.code == 78
    assert "Write simulated: true into the file" in english.out
    assert "Schreiben Sie simulated: true" in werkverbund("--lang", "de", "check", earnest).out
    assert werkverbund("read", earnest).code == 78


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_however_a_recording_ends_it_can_be_played(werkverbund, site: Path, number) -> None:
    file = site.with_name("r.jsonl.gz")
    process = begun(site, "drill-1", "--save", file)
    heard(file, 3)
    process.send_signal(number)
    out, _ = process.communicate(timeout=20)
    if number != signal.SIGKILL:
        assert process.returncode == 0
        assert "answers, 0 refusals" in out
    assert werkverbund("read", "--template", "sdm630", "--recording", file).code == 0


def test_registers_without_a_template_are_recorded(werkverbund, meter: int, tmp_path: Path) -> None:
    file = tmp_path / "unknown.jsonl.gz"
    at = ["--host", "127.0.0.1", "--port", meter, "--table", "input", "--count", "2"]
    every = ["--every", "50ms", "--for", "500ms", "--save", file]
    assert werkverbund("record", *at, "--unit", 1, "--unit", 2, *every).code == 0
    units = {one.question.unit for one in recordings.read(file).answers if one.question}
    assert units == {1, 2}
    again = werkverbund("read", "--recording", file, *at[4:], "--json")
    assert json.loads(again.out)["words"] is not None


def test_a_file_that_is_there_is_not_written_over(werkverbund, site: Path) -> None:
    file = site.with_name("r.jsonl.gz")
    file.write_text("mine", "utf-8")
    answer = werkverbund("record", site, "--for", "1s", "--save", file)
    assert answer.code == 2
    assert "exists already" in answer.err
    assert file.read_text("utf-8") == "mine"


def test_it_ends_where_it_is_large_enough(werkverbund, site: Path) -> None:
    file = site.with_name("r.jsonl.gz")
    answer = werkverbund("record", site, "--most", "5kB", "--save", file)
    assert answer.code == 0
    assert "as large as it may become" in answer.err
    assert recordings.read(file).answers


def test_a_bug_report_holds_no_secret_no_name_and_no_address(werkverbund, site: Path) -> None:
    file = site.with_name("r.jsonl.gz")
    answer = werkverbund("record", site, "--for", "500ms", "--save", file, "--bug-report")
    assert answer.code == 0
    assert not file.exists()
    with zipfile.ZipFile(site.with_name("r.zip")) as report:
        assert set(report.namelist()) == {"recording.jsonl.gz", "check.txt", "about.json"}
        about = json.loads(report.read("about.json"))
        report.extract("recording.jsonl.gz", site.parent / "unpacked")
        texts = [report.read("check.txt").decode(), json.dumps(about, ensure_ascii=False)]
    recording = site.parent / "unpacked" / "recording.jsonl.gz"
    texts.append(gzip.decompress(recording.read_bytes()).decode())
    port = site.read_text("utf-8").partition("port: ")[2].partition(",")[0]
    private = ["open-sesame-7", "Obermaier", "Kowalski", "annegret", "broker.", "localhost", port]
    private += ["drill-1", str(site.parent), site.name]
    assert not [word for word in private for text in texts if word.lower() in text.lower()]
    assert about["machines"] == [
        [
            {
                "template": "sdm630",
                "parameters": {},
                "every": "0.1s",
                "connect": {"type": "modbus-tcp"},
            }
        ]
    ]
    assert about["packages"]["pymodbus"]
    assert "12 values" in texts[0], "what check says is there"
    read = werkverbund("read", "--template", "sdm630", "--recording", recording)
    assert read.code == 0


def test_a_recording_is_served_to_any_client(werkverbund, site: Path, meter: int) -> None:
    file = site.with_name("r.jsonl.gz")
    assert werkverbund("record", site, "--for", "5s", "--save", file).code == 0
    port = free_port()
    with at_work("--recording", str(file), "--listen", f"127.0.0.1:{port}"):
        at = ["--host", "127.0.0.1", "--port", port, "--table", "input", "--count", "2", "--json"]
        answer = werkverbund("read", *at)
        assert answer.code == 0, answer.err
        words = next(one.words for one in recordings.read(file).answers if one.words)
        assert json.loads(answer.out)["words"] == list(words[:2])
