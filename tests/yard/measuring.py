"""What a gateway takes and brings while it works; CPU as the kernel accounts for it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from subprocess import Popen

from tests.figures import tell
from tests.reference import broker, program, tree, until
from tests.yard.contenders import Contender
from tests.yard.meter import Heard
from tests.yard.scene import TOKEN, Yard

VERSIONS = ("pymodbus", "paho-mqtt", "asyncua", "pydantic", "uvicorn")


@dataclass(frozen=True)
class Measured:
    """What came of one contender in one round. Shares are those of the values that were due."""

    cpu: float  # microseconds for a value that came
    values: float  # in a second
    first: float  # seconds from the start to the first value
    memory: float  # MB, the most that it ever had
    age: Sequence[float]  # milliseconds of a value when it is heard; sorted
    shares: dict[str, float]  # by machine
    gaps: dict[str, float]  # longest time without a message in seconds, by machine

    def age_of(self, share: float) -> float:
        """Milliseconds that this share of the values is younger than."""
        return self.age[int(len(self.age) * share)]


@contextmanager
def started(yard: Yard, who: Contender) -> Iterator[tuple[Popen[bytes], float, Path]]:
    """It at work: its process, seconds to its first value, and what it prints."""
    log = Path(tempfile.mkdtemp(dir=yard.folder)) / "log"
    command = who.command(yard)
    began = time.monotonic()
    with program(log, *command, checkout=who.checkout, DEMO_TOKEN=TOKEN) as process:

        def first() -> float | None:
            assert process.poll() is None, log.read_text("utf-8")
            if who.silent:
                return time.monotonic() if counted(log) else None
            return yard.meter.first_after(began)

        yield process, until(first) - began, log
    yard.meter.take()


def counted(log: Path) -> int:
    """How many values a silent one has."""
    lines = log.read_text("utf-8").splitlines()
    return int(lines[-1]) if lines else 0


def measure(yard: Yard, who: Contender, warm_up: float, seconds: float) -> Measured:
    """Start it, wait for its first value and the warm-up, and look for some seconds."""
    with started(yard, who) as (process, first, log):
        until(lambda: all(one in log.read_text("utf-8") for one in who.ready))
        time.sleep(warm_up)
        yard.meter.take()
        cpu, before, start = cpu_of(process.pid), counted(log) if who.silent else 0, clock()
        time.sleep(seconds)
        heard, end = Heard.of(yard.meter.take()), clock()
        used = cpu_of(process.pid) - cpu
        values = counted(log) - before if who.silent else heard.values
        memory = memory_of(process.pid)
    every = yard.work.every
    return Measured(
        1e6 * used / max(1, values),
        values / (end - start),
        first,
        memory,
        heard.ages,
        {machine: share(times, end - start, every) for machine, times in heard.times.items()},
        heard.gaps(start, end),
    )


def share(times: Sequence[float], seconds: float, every: float) -> float:
    """How many of the messages came that were due; one may lie beyond the edge."""
    if len(times) < 2:
        return 0.0
    between = (len(times) - 1) * every / (times[-1] - times[0])
    return min(between, (len(times) + 1) * every / seconds)


clock = time.monotonic


def cpu_of(root: int) -> float:
    """Seconds of CPU that a process and all below it have used: clock_getcpuclockid(3)."""
    return sum(time.clock_gettime((-pid - 1) * 8 + 2) for pid in tree(root))


def memory_of(root: int, most: str = "VmHWM") -> float:
    """MB that they ever had, each at its most; ``VmRSS``: have now."""
    found = 0
    for pid in tree(root):
        status = Path(f"/proc/{pid}/status").read_text("utf-8")
        found += int(status.partition(f"{most}:")[2].split()[0])
    return found / 1024


def load() -> float:
    """How much there was to do on this computer: processes, the last minute's mean."""
    return os.getloadavg()[0]


def tell_where() -> None:
    """Print what the figures of this run stand upon."""
    versions = {name: version(name) for name in VERSIONS}
    said = subprocess.run([broker() or "true", "-h"], capture_output=True, text=True, check=False)
    found = re.search(r"version (\S+)", said.stdout)
    mosquitto = found[1] if found else "none"
    python = sys.version.partition(" ")[0]
    tell("cores", os.cpu_count() or 0, "cores", python=python, mosquitto=mosquitto, **versions)


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> list[float]:
    """What one is to the other in each round."""
    return [a / b for a, b in zip(ours, theirs, strict=True)]
