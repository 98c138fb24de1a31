"""The journal's one writer: takes batches and commands in turn, advances the jobs, commits.

Everything here but the plain attributes is used by the writer's thread only. The state in memory
is replaced after the commit, never before: a crash at any instant leaves what was committed.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Generic

from gateway.core.batches import BOOT_SPAN, Clock, Judged
from gateway.core.commands import Restarted
from gateway.core.errors import JournalError, WerkverbundError
from gateway.core.events import Event
from gateway.core.ports import State, Tracker
from gateway.database import Corrupt, FolderLock, Unwritable, put_aside
from gateway.journal.encoding import from_us, to_us
from gateway.journal.file import PRUNED_AT_ONCE, JournalFile, Limits, Work
from gateway.journal.gaps import damaged, expired, not_running, overflow
from gateway.journal.inbox import Asked, Chore, Inbox, Lost, Notes, Taken
from gateway.journal.recent import Recent
from gateway.journal.records import Commit, GapRecord
from gateway.journal.salvage import Salvaged, read_boot, salvage, write_boot

log = logging.getLogger(__name__)

EVENT_SPAN = 2**32
"""An event's id is boot counter x EVENT_SPAN + running number, so ids rise over broken files."""
_PRUNE_EVERY = timedelta(seconds=60)
_PRUNE_AGAIN = timedelta(seconds=2)
_CURSORS_EVERY = 5.0
_REST_SECONDS = (0.2, 0.5, 1.0, 2.0, 4.0)


@dataclass(frozen=True, slots=True)
class Settings:
    """What the journal keeps. ``recent`` is how many entries stay in memory for fast readers."""

    keep: timedelta
    keep_events: timedelta
    max_bytes: int
    recent: int = 50_000


Answers = Sequence[tuple[Asked, tuple[Event, ...] | WerkverbundError]]


class Writer(Generic[State]):
    """Owns ``journal.db`` and the state of the job logic."""

    def __init__(
        self,
        folder: Path,
        tracker: Tracker[State],
        inbox: Inbox,
        *,
        settings: Settings,
        clock: Callable[[], datetime],
        announce: Callable[[Commit], None],
    ) -> None:
        self.path = folder / "journal.db"
        self.state = tracker.initial()
        self.boot = 0
        self.committed_seq = 0
        self.event_id = 0
        self.cursors: dict[str, int] = {}
        self.generation = 0
        self.trouble: tuple[str, datetime] | None = None
        self.broken: tuple[Path, ...] = ()
        self.suspect: tuple[int, str] | None = None
        self.recent = Recent(settings.recent)
        self.live_cursors: set[str] = set()
        self._folder = folder
        self._tracker = tracker
        self._inbox = inbox
        self._settings = settings
        self._clock = clock
        self._announce = announce
        self._file = JournalFile(self.path)
        self._lock = FolderLock(folder, "journal")
        self._kept_state: bytes | None = None
        self._last_at: datetime | None = None
        self._synced = False
        self._witnessed: tuple[datetime, float] | None = None
        self._next_prune: datetime | None = None
        self._failures = 0
        self._fresh: GapRecord | None = None
        self._uncertain = False
        self._kept_cursors: Mapping[str, int] = {}
        self._cursors_due = 0.0

    # Opening

    def open(self) -> None:
        """Open the file, or replace a broken one; commit the boot counter and what was missed."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._lock.take()
        except OSError as error:
            raise Unwritable(f"{self._folder} cannot be used: {error}") from error
        try:
            self._open()
        except BaseException:
            self._file.close()
            self._lock.release()
            raise

    def _open(self) -> None:
        now = self._clock()
        booted = read_boot(self._folder)
        damage = None
        try:
            found = Salvaged(self._file.open(must_exist=booted > 0))
        except Corrupt as error:
            damage = str(error)
            found = self._put_aside(now, damage)
            self._file.open()
        kept = found.kept
        self.boot = max(kept.boot, booted, kept.last_seq // BOOT_SPAN) + 1
        self.event_id = self.boot * EVENT_SPAN
        self.committed_seq = kept.last_seq
        self.cursors = dict(kept.cursors)
        self._last_at = None if kept.last_at is None else from_us(kept.last_at)
        self._witnessed = (self._last_at or now, time.monotonic())
        if kept.state is not None:
            self.state = self._tracker.load(kept.state)
        write_boot(self._folder, self.boot)
        gaps = [] if damage is None else [damaged(found, now, damage)]
        if self._last_at is not None:
            gaps.append(not_running(self._last_at, now))
        state, events = self._tracker.command(self.state, Restarted(self._last_at, now))
        self._write(state, (), tuple(events), Notes(gaps), all_of_it=True)
        self.recent.start(self.committed_seq)

    def _put_aside(self, now: datetime, why: str) -> Salvaged:
        self._file.close()
        found = salvage(self.path)
        try:
            aside = put_aside(self.path, now)
        except OSError as error:
            raise Unwritable(f"{self.path} cannot be put aside: {error}") from error
        if aside.exists():
            self.broken = (*self.broken, aside)
        log.error(
            "Journal lost, going on with a new one, job state %s, what is left is in %s: %s",
            "saved" if found.kept.state is not None or self._kept_state is not None else "lost",
            aside,
            why,
        )
        return found

    # Running

    def run(self) -> None:
        """Commit until the inbox is closed and empty. What it raises is a bug and ends us."""
        try:
            while (taken := self._inbox.take()) is not None:
                self._round(taken)
            self._keep_cursors()
        finally:
            end = JournalError("the journal is closed")
            for item in self._inbox.close(end):
                if isinstance(item, Asked):
                    item.answer.set_exception(end)
            self._file.close()
            self._lock.release()

    def _round(self, taken: Taken) -> None:
        try:
            self._trust_file()
            commit, answers = self._commit(taken)
        except Corrupt as error:
            self._replace_file(taken, str(error))
        except Unwritable as error:
            self._wait_for_disk(taken, error)
        except BaseException as error:
            _refuse(taken, JournalError(f"the journal failed: {error!r}"))
            raise
        else:
            self._recover()
            if commit is not None:
                self._announce(commit)
            for asked, answer in answers:
                if isinstance(answer, WerkverbundError):
                    asked.answer.set_exception(answer)
                else:
                    asked.answer.set_result(answer)
            self._prune()

    def _trust_file(self) -> None:
        """A reader (or retention) met damage: raises Corrupt."""
        if self.suspect is not None and self.suspect[0] == self.generation:
            raise Corrupt(self.suspect[1])

    def _commit(self, taken: Taken) -> tuple[Commit | None, Answers]:
        """Apply one round to the state and write it all in one transaction."""
        if not self._file.is_open:
            self._file.open()
        notes = Notes()
        if self._fresh is not None:
            notes.gaps.append(self._fresh)
        for chore in taken.chores:
            chore(notes)
        state = self.state
        events: list[Event] = []
        batches: list[Judged] = []
        answers: list[tuple[Asked, tuple[Event, ...] | WerkverbundError]] = []
        if taken.lost is not None:
            notes.gaps.append(overflow(taken.lost))
            state, found = self._tracker.command(state, self._unseen(taken, taken.lost))
            events.extend(found)
        for item in taken.items:
            if isinstance(item, Judged):
                state, found = self._tracker.advance(state, item)
                batches.append(item)
            else:
                try:
                    state, found = self._tracker.command(state, item.command)
                except WerkverbundError as refused:
                    answers.append((item, refused))
                    continue
                answers.append((item, tuple(found)))
            events.extend(found)
        self._write(state, batches, tuple(events), notes, all_of_it=self._fresh is not None)
        self._fresh = None
        if not batches and not events and not answers:
            return None, answers
        return Commit(self.committed_seq, tuple(events), len(batches), self.event_id), answers

    def _write(
        self,
        state: State,
        batches: Sequence[Judged],
        events: tuple[Event, ...],
        notes: Notes,
        *,
        all_of_it: bool,
    ) -> None:
        """Commit, and only then replace what is in memory. A new file gets ``all_of_it``."""
        dumped = self._kept_state
        if state is not self.state or dumped is None:
            dumped = self._tracker.dump(state)
        seq = batches[-1].last_seq if batches else self.committed_seq
        numbered = [(self.event_id + 1 + index, event) for index, event in enumerate(events)]
        changed = dumped != self._kept_state or all_of_it or self._uncertain
        cursors = self._moved_cursors(all_of_it=all_of_it)
        self._file.commit(
            Work(
                seq=seq,
                batches=batches,
                events=numbered,
                state=dumped if changed else None,
                cursors=cursors,
                gaps=notes.gaps,
                parked=notes.parked,
                unreadable=notes.unreadable,
                boot=self.boot if all_of_it else None,
                noted=to_us(self._clock()),
                redo=(self.committed_seq, self.event_id) if self._uncertain else None,
            )
        )
        self._uncertain = False
        self.state = state
        self._kept_state = dumped
        self.committed_seq = seq
        self.event_id += len(events)
        self._kept_cursors = {**self._kept_cursors, **cursors}
        if batches:
            newest = batches[-1].batch
            self._last_at, self._synced = newest.at, newest.clock is Clock.SYNCED
            self.recent.add(batches)

    def _moved_cursors(self, *, all_of_it: bool) -> dict[str, int]:
        """The cursors to write now: seldom, because each time costs a page on the card."""
        now = time.monotonic()
        if not all_of_it and now < self._cursors_due:
            return {}
        self._cursors_due = now + _CURSORS_EVERY
        kept = {} if all_of_it else self._kept_cursors
        return {name: seq for name, seq in dict(self.cursors).items() if kept.get(name) != seq}

    def _keep_cursors(self) -> None:
        """At the end: what moved since they were last written."""
        self._cursors_due = 0.0
        try:
            if self._file.is_open:
                self._write(self.state, (), (), Notes(), all_of_it=False)
        except JournalError as error:
            log.warning("Some values will be delivered twice after this: %s", error)

    def _unseen(self, taken: Taken, lost: Lost) -> Restarted:
        following = (item.at for item in taken.items if isinstance(item, Judged))
        return Restarted(self._last_at or lost.start, next(following, lost.end))

    # Trouble

    def _wait_for_disk(self, taken: Taken, error: Unwritable) -> None:
        """Keep the batches and try again; a person's command is told that it did not happen."""
        if self.trouble is None:
            self.trouble = (str(error), self._clock())
            log.error("Journal cannot be written, live data goes on, trying again: %s", error)
        self._file.close()
        self._uncertain = True
        _refuse(taken, JournalError(f"nothing can be stored now, please try again: {error}"))
        self._inbox.put_back(taken)
        rest = _REST_SECONDS[min(self._failures, len(_REST_SECONDS) - 1)]
        self._failures += 1
        if not self._inbox.rest(rest):
            log.error("Journal closed while it could not be written: %s", error)
            self._inbox.abandon()

    def _recover(self) -> None:
        if self.trouble is not None:
            log.warning("Journal is written again")
            self.trouble = None
            self._failures = 0

    def _replace_file(self, taken: Taken, why: str) -> None:
        """Go on in a new file with the state, cursors and numbers that are in memory."""
        now = self._clock()
        try:
            found = self._put_aside(now, why)
        except Unwritable as error:
            self._wait_for_disk(taken, error)
            return
        self.generation += 1
        self._fresh = damaged(found, self._last_at or now, why)
        self._uncertain = False
        self._inbox.put_back(taken)
        self._inbox.hurry()

    # Retention

    def certain_now(self) -> datetime:
        """The latest moment that has surely come: what may be forgotten is counted from it.

        A clock that is not known to be right may stand years ahead. Then only as much time counts
        as has passed since the last batch that was kept before this start, by the monotonic clock.
        """
        now = self._clock()
        if self._synced or self._witnessed is None:
            return now
        since, began = self._witnessed
        return min(now, since + timedelta(seconds=time.monotonic() - began))

    def _prune(self) -> None:
        """Remove what is too old, a bounded amount at once."""
        now = self.certain_now()
        if self._next_prune is None:
            self._next_prune = now + _PRUNE_EVERY
        if now < self._next_prune <= now + _PRUNE_EVERY:
            return
        limits = Limits(
            to_us(now - self._settings.keep),
            to_us(now - self._settings.keep_events),
            self._settings.max_bytes,
        )
        try:
            gone = self._file.prune(limits)
        except Unwritable as error:
            log.warning("Retention could not run: %s", error)
            self._next_prune = now + _PRUNE_EVERY
            return
        except Corrupt as error:
            self.suspect = (self.generation, str(error))
            return
        self._next_prune = now + (_PRUNE_AGAIN if len(gone) == PRUNED_AT_ONCE else _PRUNE_EVERY)
        for name in sorted(self.live_cursors):
            unsent = [block for block in gone if block.last_seq > self.cursors.get(name, 0)]
            if unsent:
                self._inbox.chore(_noting(expired(name, unsent)))


def _noting(gap: GapRecord) -> Chore:
    return lambda notes: notes.gaps.append(gap)


def _refuse(taken: Taken, error: JournalError) -> None:
    for item in taken.items:
        if isinstance(item, Asked):
            item.answer.set_exception(error)
