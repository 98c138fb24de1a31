"""The journal's one writer: takes batches and commands in turn, advances the jobs, commits.

Everything here but the plain attributes is used by the writer's thread only. The state in memory
is replaced after the commit, never before: a crash at any instant leaves what was committed.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Generic

from gateway.core.batches import BOOT_SPAN, Judged
from gateway.core.commands import Restarted
from gateway.core.errors import JournalError
from gateway.core.errors import Unwritable as Forbidden
from gateway.core.events import Event
from gateway.core.ports import State, Tracker
from gateway.core.sayings import in_words
from gateway.database import Corrupt, FolderLock, Unwritable, put_aside
from gateway.journal.cursors import Cursors
from gateway.journal.encoding import from_us, to_us
from gateway.journal.file import JournalFile, Work
from gateway.journal.gaps import damaged, expired, not_running, overflow
from gateway.journal.inbox import Asked, Chore, Inbox, Notes, Taken
from gateway.journal.recent import Recent
from gateway.journal.records import Commit, GapRecord
from gateway.journal.retention import Retention
from gateway.journal.rounds import Round, play, refuse
from gateway.journal.salvage import Salvaged, read_boot, salvage, write_boot

log = logging.getLogger(__name__)

EVENT_SPAN = 2**32
"""An event's id is boot counter x EVENT_SPAN + running number, so ids rise over broken files."""
RECENT_ENTRIES = 50_000
"""So many of the newest values stay in memory for readers that keep up."""
_REST_SECONDS = (0.2, 0.5, 1.0, 2.0, 4.0)


class Writer(Generic[State]):
    """Owns ``journal.db`` and the state of the job logic."""

    def __init__(
        self,
        folder: Path,
        tracker: Tracker[State],
        inbox: Inbox,
        *,
        retention: Retention,
        clock: Callable[[], datetime],
        announce: Callable[[Commit], None],
    ) -> None:
        self.path = folder / "journal.db"
        self.state = tracker.initial()
        self.boot = 0
        self.committed_seq = 0
        self.event_id = 0
        self.cursors = Cursors()
        self.retention = retention
        self.generation = 0
        self.trouble: tuple[str, datetime] | None = None
        self.broken: tuple[Path, ...] = ()
        self.suspect: tuple[int, str] | None = None
        self.recent = Recent(RECENT_ENTRIES)
        self._folder = folder
        self._tracker = tracker
        self._inbox = inbox
        self._clock = clock
        self._announce = announce
        self._file = JournalFile(self.path)
        self._lock = FolderLock(folder, "journal")
        self._kept_state: bytes | None = None
        self._fixed: frozenset[str] = frozenset()
        self._last_at: datetime | None = None
        self.kept_at: datetime | None = None
        self._failures = 0
        self._fresh: GapRecord | None = None
        self._uncertain = False
        self._opened = False
        self._began = clock()
        self._booted = 0
        self._damage: tuple[Salvaged, str] | None = None

    # Opening

    def open(self) -> None:
        """Open the file, or replace a broken one; commit the boot counter and what was missed.

        A folder that has served before may be full today. Then the gateway starts all the same:
        it shows the state that can be read, and ``run`` opens the file once there is room.
        """
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._lock.take()
        except OSError as error:
            raise Forbidden(Path(error.filename or self._folder), error) from error
        self._began = self._clock()
        self._booted = read_boot(self._folder)
        try:
            try:
                self._open()
            except Unwritable as error:
                if not self._booted:
                    raise
                self._open_later(error)
        except BaseException:  # however it failed: the next attempt finds file and lock free
            self._file.close()
            self._lock.release()
            raise

    def _open(self) -> None:
        try:
            self._start()
        except Corrupt as error:
            self._damage = (self._put_aside(self._began, str(error)), str(error))
            self._start()

    def _start(self) -> None:
        """Open the file and commit that a run begins. Raises Corrupt or Unwritable."""
        if self._damage is None:
            found = Salvaged(self._file.open(must_exist=self._booted > 0))
            gaps = []
        else:
            self._file.open()
            found, why = self._damage
            gaps = [damaged(found, self._began, why)]
        kept = found.kept
        if not self.boot:
            self._count_boot(max(kept.boot, self._booted, kept.last_seq // BOOT_SPAN) + 1)
        self.committed_seq = kept.last_seq
        self.cursors.start(kept.cursors)
        self._fixed = frozenset(kept.fixed)
        self._last_at = None if kept.last_at is None else from_us(kept.last_at)
        self.kept_at = self._last_at
        self.retention.start(self._last_at)
        if kept.state is not None:
            self.state = self._tracker.load(kept.state, kept.fixed)
        if self._last_at is not None:
            gaps.append(not_running(self._last_at, self._began))
        restarted = Restarted(self._last_at, self._began, _computers_run())
        state, events = self._tracker.command(self.state, restarted)
        self._write(state, (), tuple(events), Notes(gaps), all_of_it=True)
        self.recent.start(self.committed_seq)
        self._opened = True

    def _count_boot(self, boot: int) -> None:
        write_boot(self._folder, boot)
        self.boot = boot
        self.event_id = boot * EVENT_SPAN

    def _open_later(self, error: Unwritable) -> None:
        """Begin without the file, with what can be read of it."""
        self._trouble(error)
        if not self.boot:
            self._count_boot(self._booted + 1)
        kept = salvage(self.path).kept
        if kept.state is not None:
            self.state = self._tracker.load(kept.state, kept.fixed)

    def _put_aside(self, now: datetime, why: str) -> Salvaged:
        self._file.close()
        found = salvage(self.path)
        aside = put_aside(self.path, now)
        if aside.exists():
            self.broken = (*self.broken, aside)
        saved = found.kept.state is not None or self._kept_state is not None
        log.error(
            "Journal lost, going on with a new one, job state %s, what is left is in %s: %s",
            in_words("saved" if saved else "lost"),
            aside,
            in_words(why),
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
            played = self._commit(taken)
        except Corrupt as error:
            self._replace_file(taken, str(error))
        except Unwritable as error:
            self._wait_for_disk(taken, error)
        except BaseException as error:  # a bug, and fatal: but whoever waits is answered first
            refuse(taken, JournalError(f"the journal failed: {error!r}"))
            raise
        else:
            self._recover()
            events = tuple(played.events)
            if played.batches or events or played.answers:
                count = len(played.batches)
                self._announce(Commit(self.committed_seq, events, count, self.event_id))
            played.answer()
            self._prune()

    def _trust_file(self) -> None:
        """A reader (or retention) met damage: raises Corrupt."""
        if self.suspect is not None and self.suspect[0] == self.generation:
            raise Corrupt(self.suspect[1])

    def _commit(self, taken: Taken) -> Round[State]:
        """Apply one round to the state and write it all in one transaction."""
        if not self._opened:
            self._open()
        elif not self._file.is_open:
            self._file.open(must_exist=self._fresh is None)
        notes = Notes()
        if self._fresh is not None:
            notes.gaps.append(self._fresh)
        for chore in taken.chores:
            chore(notes)
        if taken.lost is not None:
            notes.gaps.append(overflow(taken.lost))
        played = play(self._tracker, self.state, taken, self._last_at)
        self._write(
            played.state,
            played.batches,
            tuple(played.events),
            notes,
            all_of_it=self._fresh is not None,
        )
        self._fresh = None
        return played

    def _write(
        self,
        state: State,
        batches: Sequence[Judged],
        events: tuple[Event, ...],
        notes: Notes,
        *,
        all_of_it: bool = False,
        last: bool = False,
    ) -> None:
        """Commit, and only then replace what is in memory. A new file gets ``all_of_it``."""
        dumped = self._kept_state
        if state is not self.state or dumped is None:
            dumped = self._tracker.dump(state)
        known = () if all_of_it or self._uncertain else self._fixed
        fixed = self._tracker.fixed(state, known)
        seq = batches[-1].last_seq if batches else self.committed_seq
        numbered = [(self.event_id + 1 + index, event) for index, event in enumerate(events)]
        changed = dumped != self._kept_state or all_of_it or self._uncertain
        cursors = self.cursors.to_write(everything=all_of_it, hurry=last)
        self._file.commit(
            Work(
                seq=seq,
                batches=batches,
                events=numbered,
                state=dumped if changed else None,
                fixed={name: body for name, body in fixed.items() if body is not None},
                forgotten=tuple(self._fixed - fixed.keys()),
                cursors=cursors,
                gaps=notes.gaps,
                parked=notes.parked,
                settled=notes.settled,
                unreadable=notes.unreadable,
                boot=self.boot if all_of_it else None,
                noted=to_us(self._clock()),
                redo=(self.committed_seq, self.event_id) if self._uncertain else None,
            )
        )
        self._uncertain = False
        self.state = state
        self._kept_state = dumped
        self._fixed = frozenset(fixed)
        self.committed_seq = seq
        self.event_id += len(events)
        self.cursors.written(cursors)
        if batches:
            newest = batches[-1].batch
            self._last_at = newest.at
            self.retention.saw(newest.clock)
            self.recent.add(batches)

    def _keep_cursors(self) -> None:
        """At the end: what moved since they were last written."""
        try:
            if self._file.is_open:
                self._write(self.state, (), (), Notes(), last=True)
        except JournalError as error:
            log.warning("Some values will be delivered twice after this: %s", error)

    # Trouble

    def _wait_for_disk(self, taken: Taken, error: Unwritable) -> None:
        """Keep the batches and try again; a person's command is told that it did not happen."""
        self._trouble(error)
        refuse(taken, JournalError(f"nothing can be stored now, please try again: {error}"))
        self._inbox.put_back(taken)
        self._rest(str(error))

    def _trouble(self, error: Unwritable) -> None:
        """Say so once, and let go of a file that may not hold what was written to it."""
        if self.trouble is None:
            self.trouble = (str(error), self._clock())
            log.error("Journal cannot be written, live data goes on, trying again: %s", error)
        self._file.close()
        self._uncertain = True

    def _rest(self, why: str) -> None:
        """Wait before the next attempt, longer each time; give up where the end has come."""
        rest = _REST_SECONDS[min(self._failures, len(_REST_SECONDS) - 1)]
        self._failures += 1
        if not self._inbox.rest(rest):
            log.error("Journal closed while it could not be written: %s", in_words(why))
            self._inbox.abandon()

    def _recover(self) -> None:
        self._failures = 0
        if self.trouble is not None:
            log.warning("Journal is written again")
            self.trouble = None

    def _replace_file(self, taken: Taken, why: str) -> None:
        """Go on in a new file with the state, cursors and numbers that are in memory."""
        now = self._clock()
        try:
            found = self._put_aside(now, why)
        except Unwritable as error:
            self._wait_for_disk(taken, error)
            return
        self.generation += 1
        broke_again = self._fresh is not None
        self._fresh = damaged(found, self._last_at or now, why)
        self._uncertain = False
        if broke_again:
            self.trouble = self.trouble or (why, now)
            refuse(taken, JournalError(f"nothing can be stored now, please try again: {why}"))
        self._inbox.put_back(taken)
        if broke_again:
            self._rest(why)
        self._inbox.hurry()

    def _prune(self) -> None:
        """Remove what retention says, a bounded amount at once."""
        limits = self.retention.due()
        if limits is None:
            return
        try:
            pruned = self._file.prune(limits)
        except Unwritable as error:
            log.warning("Retention could not run: %s", error)
            return
        except Corrupt as error:
            self.suspect = (self.generation, str(error))
            return
        if pruned.more:
            self.retention.again()
        for name, seq in self.cursors.alive().items():
            unsent = [block for block in pruned.blocks if block.last_seq > seq]
            if unsent:
                self._inbox.chore(_noting(expired(name, unsent)))


def _noting(gap: GapRecord) -> Chore:
    return lambda notes: notes.gaps.append(gap)


def _computers_run() -> str:
    """The name that the kernel gives to its run since it was started; empty where it gives none."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""
