"""A guided recording that can be watched while it runs, and what it teaches."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from gateway.config import Variant
from gateway.core.text import Text
from gateway.jobs import evidence
from gateway.jobs.evidence.lesson import Lesson, NotLearnable, Step, Verdict
from gateway.jobs.evidence.recording import Recording
from gateway.sources.record import Look

AFTER = 0.001
"""A step begins so many seconds after the last look of the one before."""
TOO_LONG = Text(
    "Die Aufnahme hat ihre längste Dauer erreicht und ist von selbst zu Ende.",
    "The recording has reached its greatest length and has ended by itself.",
)


@dataclass(frozen=True, slots=True)
class Learnt:
    """What a recording teaches: the evidence as a file says it, checked, for a polling period."""

    lesson: Lesson
    evidence: dict[str, Any]
    every: float
    verdict: Verdict


def conclude(
    lesson: Lesson, recording: Recording, given: dict[str, Any] | None, every: float | None
) -> Learnt:
    """What a recording shows, or what the evidence ``given`` makes of it. Raises NotLearnable.

    ``every`` is the polling period, where it cannot be chosen.
    """
    said = lesson.learn(recording) if given is None else given
    config = _model(said)
    period = lesson.period(config) if every is None else every
    return Learnt(lesson, said, period, lesson.judge(recording, config, period))


def _model(said: dict[str, Any]) -> Variant:
    return evidence.variants()[said["type"]].model_validate(said)


@dataclass(slots=True)
class Learning:
    """Records step by step what ``feed`` shows, and learns from it in the end.

    ``place`` says for people where; ``machine`` names it where it runs in this gateway already,
    with its polling period ``every`` in order time; ``writable``: its file lies where the gateway
    may write. Without a ``feed`` the recording is a stored one.
    """

    lesson: Lesson
    place: Text
    recording: Recording
    feed: Callable[[], AsyncGenerator[Look]] | None = None
    machine: str | None = None
    every: float | None = None
    writable: bool = False
    step: int = 0
    newest: dict[str, float | None] = field(default_factory=dict)
    in_vain: int = 0
    trouble: Text | None = None
    learnt: Learnt | None = None
    _away: float = 0.0
    _last: float = 0.0

    @property
    def ended(self) -> bool:
        """Whether nothing is recorded any more."""
        return self.step >= len(self.lesson.steps)

    @property
    def present(self) -> Step | None:
        """The step that is under way."""
        return None if self.ended else self.lesson.steps[self.step]

    @property
    def into(self) -> float:
        """Seconds since the step under way began."""
        begun = self.recording.steps[-1][1] if self.recording.steps else 0.0
        return max(0.0, self._last - begun)

    async def run(self) -> None:
        """Record until the last step is done, then learn."""
        if self.feed is not None:
            self._begin(0.0)
            async with aclosing(self.feed()) as looks:
                async for t, values in looks:
                    if self.ended:
                        break
                    self._take(t, values)
        self.step = len(self.lesson.steps)
        await self.conclude()

    def _take(self, t: float, values: dict[str, float | None]) -> None:
        self._last = t - self._away
        self.newest = values
        missing = values.get(self.lesson.needs[0]) is None
        self.in_vain = self.in_vain + 1 if missing else 0
        self.recording.add(self._last, values)
        if self._last >= self.lesson.longest or self.recording.full:
            self.trouble = TOO_LONG
            self.end()

    def _begin(self, t: float) -> None:
        if not self.ended:
            self.recording.begin(self.lesson.steps[self.step].name, t)

    def done(self) -> None:
        """What was to be done is done: the next step, or the end."""
        if not self.ended:
            self.step += 1
            self._begin(self._last + AFTER)

    def skip(self) -> None:
        """The step is left out; what it has recorded goes."""
        if not self.ended:
            self._forget(self.recording.steps[-1][1])
            self.done()

    def back(self) -> None:
        """Begin the step before once more, or the first one; what was recorded since goes."""
        if self.ended:
            return
        begun = self.recording.steps
        if begun and begun[-1][0] == self.lesson.steps[self.step].name and self.step > 0:
            self._forget(begun[-1][1])
        self.step = max(0, self.step - 1)
        name = self.lesson.steps[self.step].name
        at = next((t for step, t in self.recording.steps if step == name), self._last + AFTER)
        self._forget(at)
        self._begin(self._last + AFTER if self.recording.times else 0.0)

    def _forget(self, t: float) -> None:
        """Go on recording where it was at ``t``."""
        self.recording.cut(t)
        back_to = self.recording.times[-1] if self.recording.times else 0.0
        self._away += self._last - back_to
        self._last = back_to

    def end(self) -> None:
        """No more steps."""
        self.step = len(self.lesson.steps)

    async def conclude(
        self, given: dict[str, Any] | None = None, every: float | None = None
    ) -> None:
        """Learn from what was recorded, or judge the evidence ``given`` with it.

        ``every`` is the polling period to judge with, where the machine has none yet.
        """
        try:
            self.learnt = await asyncio.to_thread(
                conclude, self.lesson, self.recording, given, self.every or every
            )
        except NotLearnable as error:
            self.learnt, self.trouble = None, error.why
