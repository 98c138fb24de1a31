"""One round of the writer: what a handful of batches and commands makes of the jobs. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic

from gateway.core.batches import Judged
from gateway.core.commands import Restarted
from gateway.core.errors import JournalError, WerkverbundError
from gateway.core.events import Event
from gateway.core.ports import State, Tracker
from gateway.journal.inbox import Asked, Taken

Answer = tuple[Event, ...] | WerkverbundError


@dataclass(slots=True)
class Round(Generic[State]):
    """The state after a round, what was found on the way, and what each command is answered."""

    state: State
    events: list[Event] = field(default_factory=list)
    batches: list[Judged] = field(default_factory=list)
    answers: list[tuple[Asked, Answer]] = field(default_factory=list)

    def answer(self) -> None:
        """Tell everyone who asked; only after the commit."""
        for asked, answer in self.answers:
            if isinstance(answer, WerkverbundError):
                asked.answer.set_exception(answer)
            else:
                asked.answer.set_result(answer)


def play(
    tracker: Tracker[State], state: State, taken: Taken, last_at: datetime | None
) -> Round[State]:
    """Advance the jobs by what was lost, then by batches and commands in their order.

    ``last_at`` is the time of the newest batch before this round. A command that the job logic
    refuses changes nothing and is answered with the refusal.
    """
    played = Round(state)
    if taken.lost is not None:
        following = (item.at for item in taken.items if isinstance(item, Judged))
        unseen = Restarted(last_at or taken.lost.start, next(following, taken.lost.end), None)
        played.state, found = tracker.command(played.state, unseen)
        played.events.extend(found)
    for item in taken.items:
        if isinstance(item, Judged):
            played.state, found = tracker.advance(played.state, item)
            played.batches.append(item)
        else:
            try:
                played.state, found = tracker.command(played.state, item.command)
            except WerkverbundError as refused:
                played.answers.append((item, refused))
                continue
            played.answers.append((item, tuple(found)))
        played.events.extend(found)
    return played


def refuse(taken: Taken, error: JournalError) -> None:
    """Tell everyone who asked in this round that nothing happened."""
    for item in taken.items:
        if isinstance(item, Asked) and not item.answer.done():
            item.answer.set_exception(error)
