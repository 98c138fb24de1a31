"""The pages on the network: encrypted, known by a name, and open to whoever has a password."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.networks import Computer, two_computers

ROOT = Path(__file__).parent.parent.parent
PATIENCE = 60.0
SITE = """\
firm: muster
name: Muster GmbH
state: {state}
simulated: true
machines:
  - name: mill-1
    title: {{de: Fräse, en: Mill}}
    template: sdm630
    connect: {{type: modbus-tcp, host: 127.0.0.1, unit: 1}}
web: {{{web}}}
"""


class Gateway:
    def __init__(self, folder: Path, computer: Computer, web: str = "listen: lan") -> None:
        self.folder, self.computer = folder, computer
        self.log = folder / "log"
        (folder / "firm.yaml").write_text(SITE.format(state=folder / "state", web=web), "utf-8")

    @contextmanager
    def running(self) -> Iterator[Gateway]:
        command = [*self.computer.enter, sys.executable, "-P", "-m", "gateway", "--lang", "en"]
        with self.log.open("wb") as log:
            process = subprocess.Popen(
                [*command, "run", str(self.folder / "firm.yaml")], cwd=ROOT, stdout=log, stderr=log
            )
            try:
                self.until(lambda: "Set-up code" in self.said)
                yield self
                process.terminate()
                assert process.wait(10) == 0, self.said
            finally:
                process.kill()
                process.wait()
        assert "Traceback" not in self.said

    @property
    def said(self) -> str:
        return self.log.read_text()

    @property
    def fingerprint(self) -> str:
        found = re.search(r"^[0-9A-F]{2}(:[0-9A-F]{2}){31}$", self.said, re.MULTILINE)
        assert found is not None, self.said
        return found.group()

    def until(self, what: Callable[[], object]) -> None:
        deadline, pause = time.monotonic() + PATIENCE, threading.Event()
        while not what():
            assert time.monotonic() < deadline, self.said
            pause.wait(0.05)


ASK = """\
import hashlib, http.client, json, ssl, sys
host, port, path, posted = sys.argv[1:5]
trusting = ssl.create_default_context()
trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
web = http.client.HTTPSConnection(host, int(port), context=trusting, timeout=20)
headers = {"Host": sys.argv[5] if len(sys.argv) > 5 else host, "Content-Type": "application/json"}
web.request("POST" if posted else "GET", path, posted or None, headers)
answer = web.getresponse()
seen = hashlib.sha256(web.sock.getpeercert(binary_form=True)).hexdigest().upper()
print(json.dumps({"fingerprint": ":".join(seen[n:n + 2] for n in range(0, 64, 2)),
    "status": answer.status, "cookies": answer.headers.get_all("set-cookie") or [],
    "body": answer.read().decode(errors="replace")}))
"""

NAME = """\
import re, socket, struct, sys
name = b"".join(bytes([len(part)]) + part.encode() for part in sys.argv[1].split(".")) + b"\\0"
asking = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
asking.settimeout(1)
asking.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(sys.argv[2]))
for _ in range(20):
    asking.sendto(struct.pack("!6H", 7, 0, 1, 0, 0, 0) + name + struct.pack("!2H", 1, 1),
        ("224.0.0.251", 5353))
    try:
        answer = asking.recv(9000)
    except TimeoutError:
        continue
    address = rb"\\x00\\x01[\\x00\\x80]\\x01.{4}\\x00\\x04(.{4})"
    if found := re.search(address, answer[12:], re.DOTALL):
        print(socket.inet_ntoa(found[1]))
        break
"""


def ask(computer: Computer, host: str, path: str, posted: str = "", name: str = "") -> dict:
    words = [host, "8443", path, posted, *([name] if name else [])]
    return json.loads(computer.run(sys.executable, "-c", ASK, *words))


def resolved(computer: Computer, name: str) -> str:
    return computer.run(sys.executable, "-c", NAME, name, computer.address).strip()


@pytest.fixture
def computers() -> Iterator[tuple[Computer, Computer]]:
    with two_computers() as both:
        yield both


def test_another_computer_finds_the_pages_by_name_and_sees_the_fingerprint_of_the_console(
    computers, tmp_path
) -> None:
    here, there = computers
    with Gateway(tmp_path, here).running() as gateway:
        gateway.until(lambda: "https://werkverbund-muster.local:8443/" in gateway.said)
        assert resolved(there, "werkverbund-muster.local") == here.address
        answer = ask(there, here.address, "/api/v1/session", name="werkverbund-muster.local")
        assert answer["status"] == 200
        assert answer["fingerprint"] == gateway.fingerprint
        assert json.loads(answer["body"])["setup_needed"] is True
        foreign = ask(there, here.address, "/api/v1/session", name="rebound.example")
        assert foreign["status"] == 403


def test_the_session_of_another_computer_never_goes_over_an_open_line(computers, tmp_path) -> None:
    here, there = computers
    with Gateway(tmp_path, here).running() as gateway:
        code = re.findall(r"Set-up code \(valid once\): (\S+)", gateway.said)[0]
        posted = json.dumps({"code": code, "password": "a long enough password"})
        answer = ask(there, here.address, "/api/v1/setup", posted)
        assert answer["status"] == 200, answer
        assert answer["cookies"]
        assert all("Secure" in cookie for cookie in answer["cookies"])
        open_line = (
            "import http.client, sys\\nweb = http.client.HTTPConnection(sys.argv[1], 8443)\\n"
        )
        open_line += "try:\\n    web.request('GET', '/')\\n    print(web.getresponse().status)\\n"
        open_line += "except OSError:\\n    print('nothing')\\n"
        program = open_line.replace("\\n", "\n")
        assert there.run(sys.executable, "-c", program, here.address) == "nothing\n"


def test_the_certificate_stays_over_a_restart(computers, tmp_path) -> None:
    here, there = computers
    gateway = Gateway(tmp_path, here)
    seen = []
    for _ in range(2):
        with gateway.running():
            seen.append(ask(there, here.address, "/api/v1/session")["fingerprint"])
    assert seen[0] == seen[1]
    assert (tmp_path / "state" / "web" / "key.pem").stat().st_mode & 0o777 == 0o600


def test_a_second_gateway_of_one_name_gets_a_number(computers, tmp_path) -> None:
    here, there = computers
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        folder.mkdir()
    with Gateway(folders[0], here).running() as first:
        first.until(lambda: "https://werkverbund-muster.local:8443/" in first.said)
        with Gateway(folders[1], there).running() as second:
            second.until(lambda: "https://werkverbund-muster-2.local:8443/" in second.said)
            assert resolved(there, "werkverbund-muster.local") == here.address
            assert resolved(here, "werkverbund-muster-2.local") == there.address


def test_the_network_comes_later_and_goes(computers, tmp_path) -> None:
    here, there = computers
    here.run("ip", "link", "set", "cable", "down")
    with Gateway(tmp_path, here).running():
        assert ask(here, "127.0.0.1", "/api/v1/session")["status"] == 200
        here.run("ip", "link", "set", "cable", "up")
        assert ask(there, here.address, "/api/v1/session")["status"] == 200


KNOCK = """\
import socket, sys, time
lines = []
for number in range(400):
    line = socket.socket()
    line.settimeout(5)
    line.bind((sys.argv[2], 0))
    line.connect((sys.argv[1], 8443))
    if number % 2:
        line.sendall(b"\\x16\\x03\\x01")
    lines.append(line)
print("knocking", flush=True)
time.sleep(60)
"""


def test_whoever_knocks_without_encrypting_keeps_nobody_out(computers, tmp_path) -> None:
    here, there = computers
    there.run("ip", "addr", "add", "192.0.2.9/24", "dev", "cable")
    with Gateway(tmp_path, here).running() as gateway:
        command = [*there.enter, sys.executable, "-c", KNOCK, here.address, "192.0.2.9"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as knocking:
            try:
                assert knocking.stdout is not None
                assert knocking.stdout.readline() == "knocking\n"
                assert ask(there, here.address, "/api/v1/session")["status"] == 200
                assert ask(here, "127.0.0.1", "/api/v1/session")["status"] == 200
                held = len(list(Path(f"/proc/{child(gateway)}/fd").iterdir()))
                assert held < 130  # 30 of the one that knocks, and the gateway's own files
            finally:
                knocking.kill()


def child(gateway: Gateway) -> int:
    """The process of the gateway: ``nsenter`` has become it."""
    wanted = str(gateway.folder / "firm.yaml")
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if wanted.encode() in words:
                return int(entry.name)
    raise AssertionError("no gateway runs")


@pytest.mark.parametrize(
    ("listen", "proxy", "neighbour"),
    [
        ("192.0.2.1", "192.0.2.9", "192.0.2.2"),
        ("[::]", "192.0.2.9", "192.0.2.2"),
        ("[2001:db8::1]", "2001:db8::9", "2001:db8::2"),
    ],
)
def test_behind_a_proxy_nobody_else_of_the_network_is_let_in(
    computers, tmp_path, listen, proxy, neighbour
) -> None:
    here, there = computers
    there.run("ip", "addr", "add", "192.0.2.9/24", "dev", "cable")
    for computer, number in ((here, 1), (there, 2), (there, 9)):
        computer.run(*f"ip addr add 2001:db8::{number}/64 dev cable nodad".split())
    to = "192.0.2.1" if "." in proxy else "2001:db8::1"
    with Gateway(tmp_path, here, f'listen: "{listen}:8080", proxy: "{proxy}"').running():
        program = (
            "import http.client, sys\n"
            "web = http.client.HTTPConnection(sys.argv[1], 8080, source_address=(sys.argv[2], 0))\n"
            "try:\n    web.request('GET', '/api/v1/session')\n    print(web.getresponse().status)\n"
            "except OSError:\n    print('nothing')\n"
        )
        asked = [
            there.run(sys.executable, "-c", program, to, source) for source in (proxy, neighbour)
        ]
        assert asked == ["200\n", "nothing\n"]
