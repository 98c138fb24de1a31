"""A firm that has nothing yet, a machine that nobody knows, and the way between them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from gateway.core.text import Language
from tests.api.running import API, CODE, client, free_port, until
from tests.figures import tell

ROOT = Path(__file__).parents[2]
PASSWORD = "Leitung-im-Herbst-1"


def command(language: Language, *words: object) -> list[str]:
    """As a person types it."""
    return [sys.executable, "-P", "-m", "gateway", "--lang", language, *map(str, words)]


def typed(language: Language, *words: object, answers: str = "") -> str:
    """What a command prints; it has to succeed."""
    done = subprocess.run(
        command(language, *words), cwd=ROOT, input=answers, capture_output=True, text=True,
        timeout=240, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@dataclass
class Machine:
    """The unknown machine: what is typed into it switches it."""

    process: subprocess.Popen[str]

    def switch(self, mode: str) -> None:
        self._told(mode)

    def runs(self) -> int:
        """How many it has done."""
        found = re.search(r"([0-9]+) runs", self._told(""))
        assert found is not None
        return int(found.group(1))

    def _told(self, mode: str) -> str:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{mode}\n")
        self.process.stdin.flush()
        told = self.process.stdout.readline()
        assert "W," in told
        return told


@contextmanager
def unknown_machine(link: Path, *, seed: int = 5, unit: int = 7) -> Iterator[Machine]:
    """``werkverbund simulate --unknown`` at a serial port that exists here alone."""
    words = ("simulate", "--unknown", "--seed", seed, "--link", link, "--unit", unit)
    process = subprocess.Popen(
        command("en", *words, "--baud", 115200), cwd=ROOT, text=True, stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        assert str(link) in process.stdout.readline()
        yield Machine(process)
    finally:
        process.terminate()
        process.communicate(timeout=20)


@dataclass
class Workshop:
    """A gateway in a process of its own, of a firm without machines."""

    folder: Path
    language: Language
    port: int = field(default_factory=free_port)

    @property
    def file(self) -> Path:
        return self.folder / "firm.yaml"

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def begin(self) -> None:
        """``werkverbund init``, as a new user answers it."""
        answers = f"Werkstatt am Markt\n\n{self.folder / 'state'}\n"
        words = ("init", self.file, "--listen", f"127.0.0.1:{self.port}")
        typed(self.language, *words, answers=answers)

    @contextmanager
    def running(self) -> Iterator[None]:
        env = {**os.environ, "PYTHONUNBUFFERED": "1"}
        with (self.folder / "log").open("wb") as log:
            process = subprocess.Popen(
                command(self.language, "run", self.file), cwd=ROOT, env=env, stdout=log, stderr=log
            )
        try:
            until(lambda: CODE.search(self.log), 60)
            yield
        finally:
            process.terminate()
            process.wait(20)

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text("utf-8")

    def set_up(self) -> None:
        found = CODE.search(self.log)
        assert found is not None
        with client(self.base) as web:
            body = {"code": found.group(1), "password": PASSWORD}
            until(lambda: web.post(f"{API}/setup", json=body).status_code == 200)


class Watch:
    """How long each part of a walk takes; what a person reads and types is said apart."""

    def __init__(self, walk: str) -> None:
        self.walk, self.began, self.last = walk, time.monotonic(), time.monotonic()

    def tell(self, part: str) -> None:
        now = time.monotonic()
        tell(f"{self.walk}: {part}", now - self.last, "s", measured="machine time, nobody reads")
        self.last = now

    def end(self, words: int) -> None:
        """``words``: so many a person has to read on the way, at 200 a minute."""
        whole = time.monotonic() - self.began
        tell(f"{self.walk}: whole", whole, "s", reading_s=round(words / 200 * 60), words=words)


def words_of(text: str) -> int:
    """How many words a person reads in it."""
    return len(re.findall(r"\w{2,}", text))
