"""The lines at work: one runner and one task each, taken away and added one by one."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress

from gateway.assembly.alone import end
from gateway.flow.source_runner import SourceRunner

BETWEEN_POLLS = 1.0
"""Seconds that a line gets to finish its poll before it is taken away; then it is cut off."""


class Lines:
    """Owns the tasks of all lines, by their endpoints."""

    def __init__(self) -> None:
        self._lines: dict[str, tuple[SourceRunner, asyncio.Task[None]]] = {}
        self._going: set[asyncio.Task[None]] = set()
        self._failed: asyncio.Future[None] | None = None
        self._closed = False

    @property
    def runners(self) -> Sequence[SourceRunner]:
        """Those that poll now."""
        return [runner for runner, _ in self._lines.values()]

    async def run(self) -> None:
        """Wait until a line ends by itself, and raise why; whatever polls then is ended."""
        self._failed = asyncio.get_running_loop().create_future()
        for _, task in self._lines.values():
            task.add_done_callback(self._ended)
        try:
            await self._failed
        finally:
            self._closed = True
            await end([*self._going, *(task for _, task in self._lines.values())])

    def start(self, runners: Iterable[SourceRunner]) -> None:
        """Poll these, too. Once the end has come nothing begins any more."""
        for runner in runners:
            if self._closed:
                return
            endpoint = str(runner.source.endpoint)
            task = asyncio.create_task(runner.run(), name=f"source {endpoint}")
            self._lines[endpoint] = runner, task
            if self._failed is not None:
                task.add_done_callback(self._ended)

    async def exchange(self, kept: Collection[str], fresh: Sequence[SourceRunner]) -> None:
        """Take away what is not ``kept`` and start what is ``fresh``, each as soon as it can be.

        A line that goes on in another shape is handed over between two polls, so that whoever else
        stands on it misses none.
        """
        after = {str(runner.source.endpoint): runner for runner in fresh}
        going = {key: line for key, line in self._lines.items() if key not in kept}
        self.start(runner for key, runner in after.items() if key not in going)
        await asyncio.gather(
            *(self._hand_over(*line, after.get(key)) for key, line in going.items())
        )

    async def _hand_over(
        self, runner: SourceRunner, task: asyncio.Task[None], after: SourceRunner | None
    ) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(BETWEEN_POLLS):
                await runner.between_polls.wait()
        self._lines.pop(str(runner.source.endpoint), None)
        self._going.add(task)
        if after is not None and runner.between_polls.is_set():
            after.follow(runner)  # before it closes what can stay open
            task.cancel()
            self.start([after])
            after = None
        await end([task])
        self._going.discard(task)
        if after is not None:
            after.follow(runner)
            self.start([after])

    def _ended(self, task: asyncio.Task[None]) -> None:
        """A line has ended: that is as it should be where it was taken away."""
        if self._failed is None or self._failed.done() or task in self._going or task.cancelled():
            return
        error = task.exception() or RuntimeError(f"{task.get_name()} has ended by itself")
        self._failed.set_exception(error)
