"""The real model factory for system tests: real processes on free ports, stopped in the end."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import httpx

ROOT = Path(__file__).resolve().parents[2]
MINI = ROOT / "configs" / "mini"
FAIR = ROOT / "configs" / "demo"
READY = 120.0
"""Seconds until a demo must be ready: on a busy computer eight processes start slowly."""
STOP = 10.0
"""Seconds until a demo must have stopped; it promises five."""
SOON = 30.0
"""Seconds for what happens within a few."""
RESTART = 60.0
"""Seconds until a process that was killed is back at work."""

Json = dict[str, Any]
Found = TypeVar("Found")


@dataclass
class Console:
    """``werkverbund demo``, as started on a console; its lines and its end."""

    process: subprocess.Popen[str]
    log: Path
    said: list[Json] = field(default_factory=list)
    _lines: queue.Queue[str | None] = field(default_factory=queue.Queue)

    def listen(self) -> None:
        """Collect what it says, so that it never waits for us."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line)
        self._lines.put(None)

    def until(self, kind: str, within: float = READY) -> Json:
        """The first event of that kind."""
        deadline = time.monotonic() + within
        while True:
            try:
                line = self._lines.get(timeout=max(0.1, deadline - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"no {kind!r} within {within} s; {self._story()}") from None
            if line is None:
                self.process.wait(STOP)
                raise AssertionError(f"ended without {kind!r}; {self._story()}")
            event = json.loads(line)
            self.said.append(event)
            if event["kind"] == kind:
                return event

    def interrupt(self, within: float = STOP) -> int:
        """Ctrl-C; the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(within)

    def _story(self) -> str:
        said = [event["kind"] for event in self.said]
        return f"said {said}, exit {self.process.poll()}, log: {self.log.read_text()[-1500:]}"


@dataclass
class Factory:
    """A running demo: ``ready`` is its first line of that kind, with all addresses."""

    console: Console
    ready: Json
    web: httpx.Client

    @property
    def stage(self) -> str:
        return self.ready["stage"].rstrip("/")

    @property
    def partners(self) -> list[str]:
        """The firms of the consortium."""
        return [firm for firm, facts in self.ready["firms"].items() if facts["kind"] != "retrofit"]

    @property
    def lead(self) -> str:
        """The lead firm."""
        return next(f for f, facts in self.ready["firms"].items() if facts["kind"] == "lead")

    def firm(self, firm: str) -> str:
        """The base address of a gateway's own API."""
        return self.ready["firms"][firm]["web"] + "api/v1"

    def machine(self, firm: str) -> str:
        """The name of a firm's machine."""
        return self.ready["firms"][firm]["modbus"][0]["machine"]

    def get(self, firm: str, path: str, /, **query: Any) -> Any:
        """What a gateway answers to GET."""
        answer = self.web.get(f"{self.firm(firm)}/{path}", params=query)
        answer.raise_for_status()
        return answer.json()

    def post(self, firm: str, path: str, body: Any = None) -> Any:
        """What a gateway answers to POST."""
        answer = self.web.post(f"{self.firm(firm)}/{path}", json=body or {})
        answer.raise_for_status()
        return answer.json()

    def control(self, path: str, body: Any = None) -> Any:
        """What the simulators' control answers; POST if there is a body."""
        url = f"{self.ready['simulator_control']}/{path}"
        answer = self.web.get(url) if body is None else self.web.post(url, json=body)
        answer.raise_for_status()
        return answer.json()

    def play(self, path: str, body: Any) -> Any:
        """What the stage answers to the presenter."""
        answer = self.web.post(f"{self.stage}/stage/v1/{path}", json=body)
        assert answer.is_success, answer.text
        return answer.json()

    def restart(self, keyframe: int = 0) -> str:
        """Start a new order at a keyframe, once every firm is there; the order's id."""
        self.whole()
        return self.play("keyframe", {"keyframe": keyframe})["order"]

    def state(self) -> Json:
        """How the stage says that the show stands."""
        return self.web.get(f"{self.stage}/stage/v1/state").json()

    def whole(self, within: float = RESTART) -> Json:
        """Wait until the stage has every firm's feed and every part of every firm works."""

        def look() -> Json | None:
            state = self.state()
            if not all(firm["ready"] for firm in state["firms"]):
                return None
            if any(process["state"] != "running" for process in state["processes"]):
                return None
            for firm in self.ready["firms"]:
                if any(part["state"] == "waiting" for part in self.get(firm, "health")["parts"]):
                    return None
            return state

        return eventually(look, within=within, what="every part works")

    def order(self, firm: str | None = None) -> Json:
        """The present order as a firm sees it (default: the lead firm)."""
        current = self.state()["order"]
        return self.get(firm or self.lead, f"orders/{current}")

    def package(self, package: str, firm: str | None = None) -> Json:
        """A package of the present order as a firm sees it."""
        return the_one((p for p in self.order(firm)["packages"] if p["id"] == package), package)

    def job(self, firm: str) -> Json:
        """A firm's job of the present order."""
        current = self.state()["order"]
        return the_one((job for job in self.get(firm, "jobs") if job["order"] == current), current)

    def values(self, firm: str) -> dict[str, Json]:
        """The newest readings of a firm's machine by point."""
        machine = self.get(firm, f"machines/{self.machine(firm)}")
        return {signal["point"]: signal for signal in machine["signals"]}

    def simulated(self, machine: str) -> Json:
        """A simulated machine as it really is."""
        state = self.control("state")
        return the_one((m for m in state["machines"] if m["name"] == machine), machine)

    def truth(self, machine: str) -> Json:
        """What a simulated machine has really made."""
        return self.simulated(machine)["truth"]

    def now(self) -> float:
        """The order time of the simulated machines in seconds."""
        return self.control("state")["clock"]["now_s"]

    def process(self, name: str) -> Json:
        """A gateway, ``broker`` or ``simulators`` as the stage's supervisor knows it."""
        return the_one((p for p in self.state()["processes"] if p["name"] == name), name)

    def kill(self, name: str) -> int:
        """End one process of the demo with SIGKILL, in the middle of whatever it does."""
        pid = self.process(name)["pid"]
        assert pid is not None, f"{name} is not running"
        os.kill(pid, signal.SIGKILL)
        return pid

    def restarted(self, name: str, after: int) -> Json:
        """Wait until the supervisor has started ``name`` more than ``after`` times again."""

        def look() -> Json | None:
            process = self.process(name)
            back = process["restarts"] > after and process["state"] == "running"
            return process if back else None

        return eventually(look, within=RESTART, what=f"{name} is restarted")


def the_one(found: Iterable[Json], name: str) -> Json:
    """The first of these. Raises KeyError: a StopIteration would be lost in a generator."""
    for one in found:
        return one
    raise KeyError(name)


def eventually(
    look: Callable[[], Found | None], *, within: float = SOON, what: str, every: float = 0.2
) -> Found:
    """The first true thing that ``look`` finds; fails after ``within`` seconds, saying ``what``."""
    deadline = time.monotonic() + within
    last: object = None
    while True:
        try:
            if found := look():
                return found
            last = found
        except (httpx.HTTPError, StopIteration, KeyError) as error:
            last = error
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within} s: {what} (last: {last!r})")
        # Not for luck: other processes are looked at, and between two looks the computer is theirs.
        time.sleep(every)


def alive(pid: int) -> bool:
    """Whether a process exists and has not ended (a zombie has)."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("ascii")
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] not in {"Z", "X"}


def offspring(pid: int) -> set[int]:
    """The processes that ``pid`` has started, and theirs."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            stat = (entry / "stat").read_text("ascii", errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            continue
        parent = int(stat.rpartition(")")[2].split()[1])
        children.setdefault(parent, []).append(int(entry.name))
    found: set[int] = set()
    rest = [pid]
    while rest:
        for child in children.get(rest.pop(), []):
            found.add(child)
            rest.append(child)
    return found


@contextmanager
def console(
    state: Path, folder: Path, *options: str, env: Mapping[str, str] | None = None, base: int = 0
) -> Iterator[Console]:
    """``werkverbund demo --json`` on the firms of ``folder``; stopped in the end."""
    command = [
        sys.executable, "-m", "gateway", "demo", "--json", "--no-browser",
        "--base-port", str(base), "--folder", str(folder), *options,
    ]  # fmt: skip
    log = state.parent / f"{state.name}.log"
    with log.open("a") as errors:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, "XDG_STATE_HOME": str(state), **(env or {})},
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            start_new_session=True,
        )
    started = Console(process, log)
    reader = threading.Thread(target=started.listen, name="console", daemon=True)
    reader.start()
    try:
        yield started
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        try:
            process.wait(STOP)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        reader.join(STOP)
        assert process.stdout is not None
        process.stdout.close()


@contextmanager
def factory(state: Path, folder: Path, *options: str) -> Iterator[Factory]:
    """Start a demo, wait until it is ready, stop it in the end."""
    with console(state, folder, *options) as started:
        ready = started.until("ready")
        headers = {"authorization": f"Bearer {ready['credentials']['bearer']}"}
        with httpx.Client(headers=headers, timeout=15.0) as web:
            yield Factory(started, ready, web)
