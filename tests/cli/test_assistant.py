"""From the cable to a template on the command line: scan, look, mark, read; with real processes."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
COMMAND = [sys.executable, "-P", "-m", "gateway"]


def werkverbund(*words: str, lang: str = "en", said: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, "--lang", lang, *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        input=said,
        timeout=100,
        check=False,
    )


@contextmanager
def simulated(link: Path, *words: str) -> Iterator[subprocess.Popen[str]]:
    """A machine at the serial port ``link``; what is written to it switches it."""
    with at_work("--link", str(link), "--baud", "115200", *words) as process:
        yield process


@contextmanager
def at_work(*words: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [*COMMAND, "--lang", "en", "simulate", *words],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert "units" in process.stdout.readline()
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=20)


def places(link: Path) -> list[str]:
    return ["--serial", str(link), "--baud", "115200", "--timeout", "500ms"]


def test_a_meter_on_a_serial_line_is_found_and_read_by_the_template_that_fits(tmp_path) -> None:
    link = tmp_path / "rs485"
    with simulated(link, "--template", "sdm630", "--unit", "2"):
        found = werkverbund("scan", *places(link), "--units", "1-2", "--yes", "--json")
        assert found.returncode == 0, found.stderr
        (device,) = map(json.loads, found.stdout.splitlines())
        assert (device["line"], device["unit"]) == (str(link), 2)
        best = device["templates"][0]
        assert (best["name"], best["likely"]) == ("sdm630", True)
        assert "V at 0" in best["evidence"]["en"]
        read = werkverbund("read", "--template", best["name"], *places(link), "--unit", "2")
        assert read.returncode == 0, read.stdout


def test_a_meter_behind_a_gateway_is_found_though_the_gateway_waits_for_silent_units() -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = str(probe.getsockname()[1])
    words = ["--template", "sdm630", "--unit", "3", "--behind", "gateway", "--baud", "115200"]
    with at_work(*words, "--listen", f"127.0.0.1:{port}"):
        at = ["--host", "127.0.0.1", "--port", port, "--units", "2-3"]
        found = werkverbund("scan", *at, "--yes", "--json")
        (device,) = map(json.loads, found.stdout.splitlines())
        assert device["unit"] == 3
        assert device["templates"][0]["name"] == "sdm630"


def test_nothing_is_asked_without_consent(tmp_path) -> None:
    link = tmp_path / "rs485"
    with simulated(link, "--template", "sdm630") as machine:
        refused = werkverbund("scan", *places(link), said="n\n")
        assert refused.returncode == 1
        assert "requests a second" in refused.stderr
        assert not refused.stdout, "nothing was found, as nothing was asked"
        assert machine.stdin is not None
        machine.stdin.write("on\n")
        machine.stdin.flush()
        assert machine.stdout is not None
        assert " 0 requests" in machine.stdout.readline()


def test_an_unknown_machine_becomes_a_template_that_reads(tmp_path) -> None:
    link, template = tmp_path / "rs485", tmp_path / "old-press.yaml"
    with simulated(link, "--unknown", "--seed", "5", "--unit", "7"):
        found = werkverbund("scan", *places(link), "--units", "7", "--yes", "--json")
        (device,) = map(json.loads, found.stdout.splitlines())
        assert not any(match["likely"] for match in device["templates"])
        table, first = device["registers"][0]
        look = ["look", *places(link), "--unit", "7", "--table", table, "--first", str(first)]
        seen = werkverbund(*look, "--count", "24", "--json")
        meanings = [json.loads(line) for line in seen.stdout.splitlines()]
        mains = next(meaning for meaning in meanings if meaning["unit"] == "V")
        marks = f"voltage={mains['address']} {mains['encoding']} V x{mains['scale']}"
        drafted = werkverbund(*look, "--mark", marks, "--save", str(template))
        assert drafted.returncode == 0, drafted.stderr
        assert "Template written" in drafted.stdout
        read = werkverbund(
            "read", "--template", str(template), *places(link), "--unit", "7", "--json"
        )
        (point,) = map(json.loads, read.stdout.splitlines())
        assert point["quality"] == "good"
        assert 200 < point["value"] < 260


def test_registers_are_read_raw_and_every_refusal_has_its_advice(tmp_path) -> None:
    link = tmp_path / "rs485"
    with simulated(link, "--template", "sdm630", "--unit", "3"):
        at = ["read", *places(link), "--unit", "3", "--table"]
        volts = werkverbund(*at, "input", "--count", "2", "--as", "float32")
        assert volts.returncode == 0
        value = float(volts.stdout.splitlines()[1].split()[-1])
        assert 200 < value < 260
        wrong = werkverbund(*at, "holding", "--count", "2")
        assert wrong.returncode == 1
        assert "no such function (1)" in wrong.stdout
        assert "--table" in wrong.stdout
        odd = werkverbund(*at, "input", "--count", "3")
        assert "even number" in odd.stdout
        beyond = werkverbund(*at, "input", "--first", "0", "--count", "2", "--unit", "9", "--json")
        told = [json.loads(line) for line in beyond.stdout.splitlines()]
        assert [line["unit"] for line in told] == [3, 9]
        assert told[0]["words"] is not None
        assert told[1]["words"] is None
        assert told[0]["answer_ms"] > 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["scan"], "--host"),
        (["scan", "--host", "127.0.0.1", "--units", "a-b"], "1-10"),
        (["scan", "--host", "127.0.0.1", "--units", "1-900"], "1-10"),
        (["look"], "--serial"),
        (["read", "--host", "127.0.0.1", "--table", "input", "--as", "float31"], "float32"),
        (
            [
                *["read", "--host", "127.0.0.1", "--table", "input"],
                "--as",
                "float32",
                "--order",
                "AB",
            ],
            "CDAB",
        ),
        (["look", "--host", "127.0.0.1", "--table", "4x"], "holding"),
        (["look", "--host", "127.0.0.1", "--mark", "x=1"], "--save"),
        (["look", "--host", "127.0.0.1", "--mark", "X", "--save", "new.yaml"], "262"),
        (["look", "--host", "127.0.0.1", "--mark", "a=1", "--save", "none/a.yaml"], "none"),
        (["look", "--host", "127.0.0.1", "--mark", "a=1 x0", "--save", "a.yaml"], "x0"),
        (
            [
                *["look", "--host", "127.0.0.1", "--mark", "a=1", "--mark", "a=2"],
                *["--save", "a.yaml"],
            ],
            "a ",
        ),
    ],
)
@pytest.mark.parametrize("lang", ["de", "en"])
def test_what_is_missing_or_wrong_is_named(words, said, lang) -> None:
    answer = werkverbund(*words, lang=lang)
    assert answer.returncode == 2, answer
    assert said in answer.stderr
    assert "Traceback" not in answer.stderr


def test_numbers_are_whole_and_have_the_comma_of_the_language(tmp_path) -> None:
    link = tmp_path / "rs485"
    with simulated(link, "--template", "sdm630", "--unit", "3") as machine:
        at = [*places(link), "--unit", "3", "--table", "input"]
        whole = werkverbund("read", *at, "--count", "2", "--as", "uint32")
        assert int(whole.stdout.split()[-1]) > 1_000_000_000
        for lang, other in (("de", "."), ("en", ",")):
            volts = werkverbund("read", *at, "--count", "2", "--as", "float32", lang=lang)
            assert other not in volts.stdout.split()[-1]
        assert machine.poll() is None


def test_a_switch_that_nobody_presses_is_told_and_spoils_no_output(tmp_path) -> None:
    link = tmp_path / "rs485"
    with simulated(link, "--template", "sdm630", "--unit", "3"):
        look = ["look", *places(link), "--unit", "3", "--table", "input", "--count", "4"]
        look += ["--samples", "2", "--switch"]
        answer = werkverbund(*look)
        assert (answer.returncode, answer.stdout) == (2, "")
        assert "Traceback" not in answer.stderr
        assert "Enter" in answer.stderr
        pressed = werkverbund(*look, "--json", said="\n")
        assert pressed.returncode == 0
        assert all(map(json.loads, pressed.stdout.splitlines()))


def test_an_interrupted_switch_ends_at_once(tmp_path) -> None:
    link = tmp_path / "rs485"
    with simulated(link, "--template", "sdm630", "--unit", "3"):
        words = ["look", *places(link), "--unit", "3", "--table", "input", "--count", "4"]
        look = subprocess.Popen(
            [*COMMAND, "--lang", "en", *words, "--samples", "1", "--switch"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        assert look.stderr is not None
        seen = look.stderr.read(len("Now switch"))
        assert seen == b"Now switch"
        look.send_signal(signal.SIGINT)
        assert look.wait(20) == 130
        assert b"Traceback" not in look.stderr.read()
        look.communicate()


@pytest.mark.parametrize("command", ["scan", "look"])
def test_a_port_that_is_not_there_is_told(command, tmp_path) -> None:
    words = ["--yes"] if command == "scan" else []
    answer = werkverbund(command, "--serial", str(tmp_path / "none"), *words)
    assert answer.returncode in (1, 4)
    assert str(tmp_path / "none") in answer.stderr
    assert "Traceback" not in answer.stderr
