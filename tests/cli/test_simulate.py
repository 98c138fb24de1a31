"""``werkverbund simulate``: one machine of any type, as a program of its own."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulators.modbus.framing import of_rtu, rtu
from tests.peers import need
from tests.reference import free_port as a_free_port

ROOT = Path(__file__).resolve().parents[2]


class Simulated:
    """A running simulation; what it says is read line by line."""

    def __init__(self, *arguments: object, language: str = "en") -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "gateway", "--lang", language, "simulate", *map(str, arguments)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )
        self.opening = self.line()

    def line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def type(self, word: str) -> str:
        assert self.process.stdin is not None
        self.process.stdin.write(word + "\n")
        return self.line()

    def end(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        code = self.process.wait(20)
        self.process.communicate()
        return code


@pytest.fixture
def simulated() -> Iterator[type[Simulated]]:
    begun: list[Simulated] = []

    class Kept(Simulated):
        def __init__(self, *arguments: object, **more: str) -> None:
            begun.append(self)
            super().__init__(*arguments, **more)

    yield Kept
    for one in begun:
        if one.process.poll() is None:
            one.end(signal.SIGKILL)


@pytest.fixture
def free_port() -> int:
    return a_free_port()


def mbpoll(*arguments: str) -> list[str]:
    done = subprocess.run(
        [need("mbpoll"), "-1", "-0", *arguments],
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    return re.findall(r"^\[\d+\]:\s+(\S+)", done.stdout, re.MULTILINE)


def at_port(path: object, unit: int, *arguments: str) -> list[str]:
    return mbpoll("-m", "rtu", "-b", "9600", "-P", "none", "-a", str(unit), *arguments, str(path))


def test_two_templates_are_units_of_one_serial_port(simulated, tmp_path):
    link = tmp_path / "rs485"
    running = simulated(
        "--template", "sdm630", "--template", "pid-furnace", "--unit", "4", "--link", link
    )
    assert running.opening == (
        f"Simulated: {link} (9600 8N1); units: sdm630 = 4, pid-furnace = 5. "
        "Type on, standby or off; Ctrl-C ends."
    )
    [power] = at_port(link, 4, "-t", "3:float", "-B", "-r", "52")
    assert 600 < float(power) < 1_600
    [temperature] = at_port(link, 5, "-t", "4", "-r", "0")
    assert 200 < int(temperature) < 700
    assert running.end() == 0
    assert not link.is_symlink()


def test_a_machine_is_switched_by_typed_words_in_both_languages(simulated, tmp_path):
    link = tmp_path / "rs485"
    running = simulated("--template", "sdm630", "--link", link, language="de")
    assert "Tippen Sie an, bereit oder aus" in running.opening
    assert running.type("aus").startswith("aus: 0 W, 0 Läufe; 0 Anfragen")
    assert at_port(link, 1, "-t", "3:float", "-B", "-r", "52") == ["0"]
    assert running.type("standby").startswith("bereit: 180 W, 0 Läufe; 1 Anfragen")
    assert running.type("").startswith("bereit: 180 W")
    assert running.type("fort").startswith("»fort«? Möglich: off, aus")
    assert running.type("an").startswith("an: 620 W")
    assert running.end(signal.SIGINT) == 0


def test_without_anything_to_type_it_goes_on(simulated, tmp_path):
    link = tmp_path / "rs485"
    running = simulated("--unknown", "--seed", "3", "--link", link)
    assert running.process.stdin is not None
    running.process.stdin.close()
    assert at_port(link, 1, "-t", "3:hex", "-r", "512", "-c", "1"), "register 512 of seed 3"
    running.process.stdin = None
    assert running.end() == 0


@pytest.mark.parametrize("behind", [(), ("--behind", "gateway")])
def test_a_template_over_tcp_with_faults(simulated, behind, free_port):
    faults = "exception=4 @2" + (", waits=100ms" if behind else "")
    running = simulated(
        "--template", "sdm630", "--listen", f"127.0.0.1:{free_port}", "--faults", faults, *behind
    )
    assert f"127.0.0.1:{free_port}" in running.opening
    read = ("-m", "tcp", "-p", str(free_port), "-t", "3:float", "-B", "-r", "70", "127.0.0.1")
    answers = [mbpoll(*read) for _ in range(3)]
    assert [bool(answer) for answer in answers] == [True, False, True]
    assert float(answers[0][0]) == pytest.approx(50, abs=0.1)


def test_raw_bytes_over_tcp(simulated, free_port):
    running = simulated(
        "--template", "sdm630", "--behind", "server", "--listen", f"127.0.0.1:{free_port}"
    )
    assert "RTU over TCP, 9600 8N1" in running.opening

    async def ask() -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", free_port)
        writer.write(rtu(1, bytes([4, 0, 70, 0, 2])))
        async with asyncio.timeout(10):
            answer = await reader.readexactly(9)
        writer.close()
        return answer

    parts = of_rtu(asyncio.run(ask()))
    assert parts is not None
    assert parts[1][:2] == b"\x04\x04"


@pytest.mark.parametrize("where", ["tcp", "serial", "gateway", "server"])
def test_our_own_read_finds_what_is_simulated(simulated, werkverbund, tmp_path, free_port, where):
    link = tmp_path / "rs485"
    serve = {
        "tcp": ("--listen", f"127.0.0.1:{free_port}"),
        "serial": ("--link", link),
        "gateway": ("--behind", "gateway", "--listen", f"127.0.0.1:{free_port}"),
        "server": ("--behind", "server", "--listen", f"127.0.0.1:{free_port}"),
    }
    simulated("--template", "sdm630", *serve[where])
    at = ("--host", "127.0.0.1", "--port", free_port)
    reach = {"serial": ("--serial", link), "server": (*at, "--rtu")}.get(where, at)
    answer = werkverbund("read", "--template", "sdm630", *reach, "--json")
    values = {
        told["point"]: told
        for line in answer.out.splitlines()
        if "point" in (told := json.loads(line))
    }
    assert {told["quality"] for told in values.values()} == {"good"}
    assert 600 < values["power"]["value"] < 1_600
    assert values["frequency"]["value"] == pytest.approx(50, abs=0.1)


def test_a_file_of_faults(simulated, tmp_path, free_port):
    file = tmp_path / "faults.txt"
    file.write_text("# always\nexception=4\n")
    simulated("--template", "sdm630", "--listen", f"127.0.0.1:{free_port}", "--faults", file)
    read = ("-m", "tcp", "-p", str(free_port), "-t", "3:float", "-B", "-r", "70", "127.0.0.1")
    assert mbpoll(*read) == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "Name either a simulation's file, or --template, --unknown or --recording."),
        (("--template", "sdm630", "--unknown"), "Name either"),
        (("a.yaml", "--template", "sdm630"), "Name either"),
        (("--template", "sdm63"), "There is no template sdm63. Did you mean sdm630?"),
        (("--template", "sdm630", "--parity", "mark"), "There is no --parity mark. Possible: none"),
        (("--template", "sdm630", "--behind", "me"), "There is no --behind me. Possible: gateway"),
        (("--template", "sdm630", "--behind", "server", "--serial"), "Leave out --serial"),
        (("--template", "sdm630", "--template", "sdm630", "--unit", "247"), "Units go up to 247"),
        (("--template", "sdm630", "--listen", "here"), "here is not an address with a port"),
        (("--template", "sdm630", "--faults", "late 3s"), "Write for example late=3s."),
        (("--template", "sdm630", "--faults", "waits=3s"), "exist with --behind gateway only"),
        (("--unknown", "--serial", "--faults", "closes, forgets=3s"), "has no connections"),
    ],
)
def test_what_cannot_be_served_is_said(werkverbund, arguments, said):
    answer = werkverbund("simulate", *arguments)
    assert answer.code == 2
    assert said in answer.err


def test_a_link_that_cannot_be_made_is_said(werkverbund, tmp_path):
    (tmp_path / "rs485").write_text("kept")
    answer = werkverbund("simulate", "--unknown", "--link", tmp_path / "rs485")
    assert answer.code == 1
    assert f"{tmp_path / 'rs485'} cannot be made" in answer.err
    assert [file.name for file in tmp_path.iterdir()] == ["rs485"]


def test_an_address_that_is_taken_is_said(werkverbund):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        answer = werkverbund("simulate", "--unknown", "--listen", address)
    assert answer.code == 1
    assert f"nobody can listen on {address}" in answer.err
