"""The demo's processes: started staggered, restarted visibly when one dies, stopped cleanly."""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

STOP_PATIENCE = 3.5
"""Seconds that a process gets to stop by itself."""
RESTART_PAUSE = 1.0
WERKVERBUND = (sys.executable, "-P", "-m", "gateway")
"""This very installation, whatever lies in the folder that the demo is started in."""
PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None)  # loaded before the fork: the child does as little as possible


@dataclass(frozen=True, slots=True)
class Program:
    """One process of the demo: ``werkverbund <arguments>`` with its environment."""

    name: str
    arguments: Sequence[str]
    env: Mapping[str, str]
    log: Path


@dataclass(slots=True)
class Running:
    """A program that is kept alive."""

    program: Program
    state: str = "starting"
    restarts: int = 0
    pid: int | None = None
    task: asyncio.Task[None] | None = None


@contextmanager
def watching_without_threads() -> Iterator[None]:
    """Python 3.11 has a thread wait for each process, and waits for ever where it gets none."""
    if sys.version_info >= (3, 12) or not hasattr(os, "pidfd_open"):
        yield
        return
    asyncio.set_child_watcher(asyncio.PidfdChildWatcher())
    try:
        yield
    finally:
        asyncio.set_child_watcher(asyncio.ThreadedChildWatcher())  # as Python 3.11 has it


def _die_with_parent() -> None:
    """Ask the kernel to end this child when the demo itself is killed."""
    _LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass(slots=True)
class Supervisor:
    """Keeps programs alive; ``changed`` is called whenever one starts or dies."""

    changed: Callable[[], None] = lambda: None
    running: dict[str, Running] = field(default_factory=dict)
    _stopping: bool = False
    _refused: asyncio.Queue[Exception] = field(default_factory=asyncio.Queue)

    async def refusal(self) -> None:
        """Wait until the computer refuses to start a program, and raise what it said."""
        raise await self._refused.get()

    def start(self, program: Program) -> Running:
        """Start ``program`` and keep it alive."""
        entry = Running(program)
        self.running[program.name] = entry
        entry.task = asyncio.create_task(self._keep(entry), name=f"process {program.name}")
        return entry

    async def stop(self) -> None:
        """End every process: politely, then after a while by force."""
        self._stopping = True
        self._signal_all(signal.SIGTERM)
        tasks = [entry.task for entry in self.running.values() if entry.task]
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=STOP_PATIENCE)
            if late:
                self._signal_all(signal.SIGKILL)
                await asyncio.wait(late, timeout=1.0)

    def _signal_all(self, what: signal.Signals) -> None:
        for entry in self.running.values():
            if entry.pid is not None:
                try:
                    os.kill(entry.pid, what)
                except ProcessLookupError:
                    entry.pid = None

    async def _keep(self, entry: Running) -> None:
        while not self._stopping:
            try:
                code = await self._once(entry)
            except (OSError, RuntimeError, MemoryError) as error:  # no process, no thread, no room
                entry.state = "not started"
                self._refused.put_nowait(error)
                return
            if self._stopping:
                break
            entry.state = f"ended with code {code}; restarting"
            entry.restarts += 1
            self.changed()
            await asyncio.sleep(RESTART_PAUSE)
        entry.state = "stopped"

    async def _once(self, entry: Running) -> int:
        program = entry.program
        program.log.parent.mkdir(parents=True, exist_ok=True)
        with program.log.open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                *WERKVERBUND,
                *program.arguments,
                env={**os.environ, **program.env},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=_die_with_parent,
            )
        entry.pid, entry.state = process.pid, "running"
        self.changed()
        if self._stopping:
            process.terminate()
        code = await process.wait()
        entry.pid = None
        return code
