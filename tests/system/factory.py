"""The real model factory for system tests: real processes on free ports, stopped in the end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx

ROOT = Path(__file__).resolve().parents[2]
READY = 90.0
STOP = 8.0

Found = TypeVar("Found")


@dataclass
class Factory:
    """A running demo: ``ready`` is its first line of that kind, with all addresses."""

    process: subprocess.Popen[str]
    ready: dict[str, Any]
    web: httpx.Client

    @property
    def stage(self) -> str:
        return self.ready["stage"].rstrip("/")

    def firm(self, firm: str) -> str:
        """The base address of a gateway's own API."""
        return self.ready["firms"][firm]["web"] + "api/v1"

    def get(self, firm: str, path: str, **query: Any) -> Any:
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
        answer.raise_for_status()
        return answer.json()

    def state(self) -> dict[str, Any]:
        """How the stage says that the show stands."""
        return self.web.get(f"{self.stage}/stage/v1/state").json()

    def order(self, firm: str | None = None) -> dict[str, Any]:
        """The present order as a firm sees it (default: the lead firm)."""
        lead = next(f for f, facts in self.ready["firms"].items() if facts["kind"] == "lead")
        current = self.state()["order"]
        return self.get(firm or lead, f"orders/{current}")

    def job(self, firm: str) -> dict[str, Any]:
        """A firm's job of the present order."""
        current = self.state()["order"]
        return next(job for job in self.get(firm, "jobs") if job["order"] == current)

    def truth(self, machine: str) -> dict[str, Any]:
        """What a simulated machine has really made."""
        state = self.control("state")
        return next(m for m in state["machines"] if m["name"] == machine)["truth"]

    def kill(self, name: str) -> int:
        """End one process of the demo with SIGKILL, in the middle of whatever it does."""
        pid = self.pid(name)
        os.kill(pid, signal.SIGKILL)
        return pid

    def pid(self, name: str) -> int:
        """The present process id of a gateway, ``broker`` or ``simulators``."""
        state = self.state()
        return next(p for p in state["processes"] if p["name"] == name)["pid"]


def eventually(
    look: Callable[[], Found | None], *, within: float, what: str, every: float = 0.2
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
        # A look costs a request or a process; between two looks the machine is left to the demo.
        time.sleep(every)


@contextmanager
def factory(state: Path, *options: str) -> Iterator[Factory]:
    """Start the demo with ``options``, wait until it is ready, stop it in the end."""
    command = [
        sys.executable, "-m", "gateway", "demo", "--json", "--no-browser", "--base-port", "0",
        *options,
    ]  # fmt: skip
    log = (state.parent / f"{state.name}.log").open("w")
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, "XDG_STATE_HOME": str(state)},
        stdout=subprocess.PIPE,
        stderr=log,
        text=True,
        start_new_session=True,
    )
    try:
        ready = _first_ready(process)
        headers = {"authorization": f"Bearer {ready['credentials']['bearer']}"}
        with httpx.Client(headers=headers, timeout=15.0) as web:
            yield Factory(process, ready, web)
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(STOP)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        assert process.stdout is not None
        process.stdout.close()
        log.close()


def _first_ready(process: subprocess.Popen[str]) -> dict[str, Any]:
    assert process.stdout is not None
    os.set_blocking(process.stdout.fileno(), True)
    deadline = time.monotonic() + READY
    said = []
    for line in process.stdout:
        event = json.loads(line)
        said.append(event["kind"])
        if event["kind"] == "ready":
            return event
        assert time.monotonic() < deadline
    raise AssertionError(f"the demo ended with {process.wait()} after {said}")
