"""Where the assistant works for the pages: one thing at a time, for some time, for its owner."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gateway.core.asking import Asking
from gateway.core.text import Text

if TYPE_CHECKING:
    from gateway.assistant.inquiry import Look, Scan
    from gateway.assistant.learning import Learning

    Work = Scan | Look | Learning

log = logging.getLogger(__name__)

LONGEST = 15 * 60.0
"""Seconds after which whatever it does ends by itself."""
MOST_COLLECTED = 4_000_000
"""Letters of a recording that is handed in."""
LOOKS = 1.0
"""Seconds between two looks at whether its owner's session still is."""
TOO_LONG = Text(
    "Nach 15 Minuten von selbst beendet. Fragen Sie weniger Gerätenummern oder Adressen.",
    "Ended by itself after 15 minutes. Ask for fewer units or addresses.",
)
BROKEN = Text(
    "Das ist ein Fehler im Gateway. Er steht auf seiner Konsole.",
    "This is a mistake in the gateway. It stands on its console.",
)


@dataclass(slots=True)
class Desk:
    """Holds what the assistant does, and what it has found; nothing of it is stored.

    While it does something, ``asking`` keeps the gateway off its lines.
    """

    asking: Asking = field(default_factory=Asking)
    work: Work | None = None
    trouble: Text | None = None
    longest: float = LONGEST
    _task: asyncio.Task[None] | None = None
    _parts: list[str] = field(default_factory=list)

    @property
    def busy(self) -> bool:
        """Whether something is under way."""
        return self._task is not None and not self._task.done()

    def begin(self, work: Work, may: Callable[[], bool], longest: float | None = None) -> None:
        """Let ``work`` run while ``may`` says so, for at most ``longest`` seconds (the usual).

        Nothing else may be under way.
        """
        self.work, self.trouble = work, None
        self._task = asyncio.create_task(
            self._mind(work, may, longest or self.longest), name="assistant"
        )

    def collect(self, text: str, *, first: bool) -> bool:
        """Keep a part of what is handed in; False where it is too much."""
        self._parts = [] if first else self._parts
        if sum(map(len, self._parts)) + len(text) > MOST_COLLECTED:
            self._parts = []
            return False
        self._parts.append(text)
        return True

    def collected(self) -> str:
        """All that was handed in; it is not kept any longer."""
        parts, self._parts = self._parts, []
        return "".join(parts)

    async def end(self) -> None:
        """End what is under way, hang up, and forget what was found."""
        task, self._task, self.work, self.trouble = self._task, None, None, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            self.asking.end()  # also where it had not begun yet

    async def _mind(self, work: Work, may: Callable[[], bool], longest: float) -> None:
        task = asyncio.create_task(work.run(), name="assistant asks")
        ends = asyncio.get_running_loop().time() + longest
        try:
            while not task.done():
                left = ends - asyncio.get_running_loop().time()
                if left <= 0:
                    self.trouble = TOO_LONG
                    return
                await asyncio.wait({task}, timeout=min(left, LOOKS))
                if not may():
                    self.work = None
                    return
            task.result()
        except Exception:  # a bug of the assistant: it is told on its page and ends nothing else
            self.trouble = BROKEN
            log.exception("the assistant failed; everything else goes on")
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            self.asking.end()
