"""Networks of a test's own: computers that only it can see, made of network namespaces."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.peers import need, need_root


@dataclass(frozen=True)
class Computer:
    """One of them: ``enter`` before a command runs it there."""

    address: str
    process: int

    @property
    def enter(self) -> tuple[str, ...]:
        return ("nsenter", "-t", str(self.process), "-n")

    def run(self, *command: str, timeout: float = 60) -> str:
        """What a command prints there."""
        done = subprocess.run(
            [*self.enter, *command], capture_output=True, text=True, timeout=timeout, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


@contextmanager
def two_computers() -> Iterator[tuple[Computer, Computer]]:
    """Two computers at one cable, 192.0.2.1 and 192.0.2.2 (RFC 5737)."""
    for program in ("ip", "nsenter", "unshare"):
        need(program)
    need_root("makes networks")
    made = []
    try:
        for _ in range(2):
            shell = ("unshare", "-n", "sh", "-c", "ip link set lo up && echo up && exec sleep 600")
            process = subprocess.Popen(shell, stdout=subprocess.PIPE)
            made.append(process)
            assert process.stdout is not None
            assert process.stdout.readline() == b"up\n"
        one, two = (Computer(f"192.0.2.{n}", p.pid) for n, p in enumerate(made, 1))
        one.run(*f"ip link add cable type veth peer name cable netns {two.process}".split())
        for computer in (one, two):
            computer.run(*f"ip addr add {computer.address}/24 dev cable".split())
            computer.run("ip", "link", "set", "cable", "up")
            computer.run("ip", "route", "add", "224.0.0.0/4", "dev", "cable")
        assert (
            Path(f"/proc/{one.process}/ns/net").readlink() != Path("/proc/self/ns/net").readlink()
        )
        yield one, two
    finally:
        for process in made:
            process.kill()
            process.wait()
            if process.stdout is not None:
                process.stdout.close()
