"""Counts are never invented and never lost: a machine that is watched through whatever may happen.

A true counter goes on at random pace while its device is reset, reads 0 while it restores itself,
shows wrong values, rolls over, is exchanged or does not answer, and while gateway and computer are
switched off, with and without a clock. After each, once the readings have said what it was:

    booked <= made <= booked + open questions + what a reset has lost (a recorded gap)

and where nothing was exchanged and no reading could mean two things, the two sides are equal.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from gateway.core.batches import BOOT_SPAN, Clock
from gateway.core.commands import Restarted
from gateway.jobs.evidence.counters import CountersConfig
from gateway.jobs.tracker import JobTracker, MachineSpec
from tests.jobs.one_machine import Line

DAY = 86_400.0


class Watched(RuleBasedStateMachine):
    """The machine, its device and the gateway that polls it; ``shown`` is what the device shows."""

    @initialize(
        top=st.sampled_from([999, 9_999, 65_535, 2**32 - 1]),
        every=st.sampled_from([0.2, 1.0, 10.0, 60.0]),
        per_piece=st.sampled_from([0.5, 4.0, 30.0, 600.0]),
        start=st.floats(0, 1),
        synced=st.booleans(),
    )
    def begin(
        self, top: int, every: float, per_piece: float, start: float, *, synced: bool
    ) -> None:
        self.top, self.every, self.per_piece, self.synced = top, every, per_piece, synced
        if 8 * self.fastest(every) > self.near:
            self.top = 2**32 - 1  # this one would go round between two polls
        self.line = Line(CountersConfig(idle_after=timedelta(minutes=2)), lapse=1)
        counters = tuple(
            replace(signal, every=every, wraps_after=self.top)
            for signal in self.line.signals
            if signal.role == "good-count"
        )
        self.line.tracker = JobTracker([MachineSpec("m-1", counters, self.line.evidence)])
        self.line.state = self.line.tracker.initial()
        self.line.add(planned=10**9, lot=10**9, per_run=1, per_piece=per_piece, order=None)
        self.real, self.mono = 0.0, 100.0
        self.shown = round(start * self.top)
        self.made = self.lost = self.unseen = self.resets = 0
        self.clear = True  # no reading so far could mean two things
        self.computer = 1
        self.line.tell(Restarted(None, self.line.at(0), "run 1"))
        self.poll(self.shown)

    # What the world does

    def fastest(self, seconds: float) -> int:
        """What the machine makes in a time at most: four times its plan."""
        return int(4 / self.per_piece * seconds)

    def work(self, seconds: float, share: float) -> None:
        self.real += seconds
        self.mono += seconds
        counts = round(share * self.fastest(seconds))
        self.make(counts)

    def make(self, counts: int) -> None:
        self.made += counts
        self.unseen += counts
        self.shown = (self.shown + counts) % (self.top + 1)

    def poll(self, value: int | None) -> None:
        self.line.mono0 = self.mono - self.real
        batch = self.line.batch(self.real, {"good-count": value})
        clock = Clock.SYNCED if self.synced else Clock.UNSYNCED
        self.line.take(replace(batch, batch=replace(batch.batch, clock=clock)))
        if value == self.shown:
            self.unseen, self.polled = 0, value

    def calm(self) -> None:
        """Enough polls with a count each to say what it was."""
        for _ in range(4):
            self.work(self.every, 0)
            self.make(1)
            self.poll(self.shown)

    @property
    def small(self) -> int:
        """A counter that showed less may pass its old value before anybody looks again."""
        return 20 + 8 * self.fastest(self.every)

    @property
    def may_drop(self) -> bool:
        """Whether a drop to 0 is seen, and is no rolling over."""
        below_top = self.top - max(self.shown, self.polled) > self.near
        return below_top and self.shown >= self.polled > self.small

    @property
    def reach(self) -> int:
        """No step of so many counts in the next ten minutes could be work."""
        return 100 + 5 * self.fastest(DAY + 600 + 20 * self.every)

    @property
    def reach_of_lumps(self) -> int:
        """What is made until a question about a lump is forgotten, or a reset before it is seen."""
        return 100 + 2 * self.fastest(600 + 100 * self.every)

    def ambiguous(self) -> None:
        """Whether 0 or a lower value could be work, a reset, or a roll over."""
        if self.shown <= self.reach or self.top - self.shown <= self.reach:
            self.clear = False

    # What may happen

    @rule(polls=st.integers(1, 6), share=st.floats(0, 1))
    def works(self, polls: int, share: float) -> None:
        before = self.polled
        for _ in range(polls):
            self.work(self.every, share)
            self.poll(self.shown)
        if self.shown < before:
            self.calm()

    @precondition(lambda self: self.top - self.shown > self.reach_of_lumps < self.shown)
    @rule(lumps=st.integers(1, 6), polls=st.integers(6, 11), share=st.floats(0, 1))
    def is_renewed_rarely(self, lumps: int, polls: int, share: float) -> None:
        """The device shows what it has read long ago, then all at once what came since."""
        for _ in range(lumps):
            shows = self.shown
            for _ in range(polls - 1):
                self.work(self.every, share)
                self.poll(shows)
            self.work(self.every, share)
            self.poll(self.shown)
        self.calm()

    @precondition(lambda self: self.may_drop)
    @rule(lost=st.floats(0, 1), share=st.floats(0, 1))
    def is_reset(self, lost: float, share: float) -> None:
        self.ambiguous()
        self.work(self.every, lost)
        self.lost += self.unseen
        self.resets += 1
        self.shown = 0
        self.unseen = 0
        self.work(self.every, share)
        self.poll(self.shown)
        self.calm()

    @precondition(lambda self: self.may_drop)
    @rule(polls=st.integers(1, 5), share=st.floats(0, 1), on=st.booleans())
    def reads_zero(self, polls: int, share: float, *, on: bool) -> None:
        self.ambiguous()
        since = self.made
        for _ in range(polls):
            self.work(self.every, share)
            self.poll(self.made - since if on else 0)
        self.calm()

    @rule(polls=st.integers(1, 2), share=st.floats(0, 1), where=st.floats(0, 1))
    def shows_a_wrong_value(self, polls: int, share: float, where: float) -> None:
        self.ambiguous()
        wrong = round(where * self.top)
        for _ in range(polls):
            self.work(self.every, share)
            if abs(wrong - self.shown) <= self.reach or wrong <= self.reach:
                self.poll(self.shown)
            else:
                self.poll(wrong)
        self.calm()

    @precondition(lambda self: 2 * self.unseen < self.near)
    @rule(polls=st.integers(1, 4), share=st.floats(0, 1))
    def does_not_answer(self, polls: int, share: float) -> None:
        for _ in range(polls):
            self.work(self.every, share)
            self.poll(None)

    @rule(seconds=st.floats(0.1, DAY), share=st.floats(0, 1), off=st.booleans())
    def gateway_is_away(self, seconds: float, share: float, *, off: bool) -> None:
        """Killed and back, or the whole computer switched off: then the clock may not know."""
        if 2 * self.fastest(seconds) > self.near:
            seconds = self.near * self.per_piece / 8  # more than once round nobody can tell
        last = self.real
        self.work(seconds, share)
        if off:
            self.mono, self.computer = 5.0, self.computer + 1
        self.line.state = self.line.tracker.load(self.line.tracker.dump(self.line.state))
        self.line.seq = (self.line.seq // BOOT_SPAN + 1) * BOOT_SPAN
        now = self.line.at(self.real if self.synced or not off else last - 3.0)
        self.line.tell(Restarted(self.line.at(last), now, f"run {self.computer}"))
        self.poll(self.shown)
        self.calm()

    @property
    def near(self) -> int:
        """A device that shows less than so many counts to its top may be about to roll over."""
        return (self.top + 1) // 16

    # What must be so

    @property
    def asked(self) -> int:
        return sum(one.counts for one in self.line.state.questions.values())

    @invariant()
    def nothing_is_invented_and_nothing_lost(self) -> None:
        if not hasattr(self, "line"):
            return
        booked, made = self.line.job.good, self.made - self.unseen
        assert booked <= made
        assert made <= booked + self.asked + self.lost
        assert len(self.line.job.gaps) >= bool(self.resets)
        if self.clear:
            assert booked + self.asked == made - self.lost


Watched.TestCase.settings = settings(
    max_examples=40, stateful_step_count=15, deadline=None, derandomize=True
)
TestCountsAreTrue = Watched.TestCase
