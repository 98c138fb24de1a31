"""A job as the state table keeps it: its plan, its counts, and the present rate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from statistics import median

from gateway.core.clock import EPOCH
from gateway.core.text import Text
from gateway.core.work import Gap, Job, JobState, Origin, Substate
from gateway.jobs.job.states import OVER
from gateway.jobs.wording import number, pieces, span

WINDOW = 9
"""So many cycles stand behind the present rate; it takes ``ENOUGH`` of them to believe it."""
ENOUGH = 5
SHARE = 0.10
"""The plan's rate stands until the measured one differs by more than this share."""
MOST_GAPS = 100
SLOWER = Text(
    "Ein Lauf dauert {run} statt {usual}.",
    "a run takes {run} instead of {usual}.",
)
"""Where only an opening has told of it."""


@dataclass(frozen=True, slots=True)
class JobRecord:
    """See ``gateway.core.work.Job``; durations here are seconds of order time.

    ``begins``         what the machine did before belongs to nobody, or to the job before
    ``opening``        good pieces that were done when it came here, among ``origins``
    ``cycles``         seconds per piece of the last undisturbed cycles
    ``degraded_run``   declared seconds per run while ``degraded``
    ``degraded_because``  what that is and means, with ``{run}`` and ``{usual}``
    ``confirmed_run``  seconds per run that the foreman confirmed
    ``by_hand``        a person holds it
    ``idle_t``         the machine could work but stands since (machine's clock)
    """

    id: str
    machine: str
    order: str | None
    package: str | None
    item: Text
    planned: int
    lot: int
    pieces_per_run: int
    planned_per_piece: float
    needs_input: bool
    lapse: int
    simulated: bool
    state: JobState
    substate: Substate
    because: Text
    begins: datetime = EPOCH
    origins: Mapping[Origin, int] = field(default_factory=dict)
    opening: int = 0
    scrap: int = 0
    runs_started: int = 0
    runs_completed: int = 0
    inbound: int | None = None
    departures: tuple[datetime, ...] = ()
    started: datetime | None = None
    ended: datetime | None = None
    cycles: tuple[float, ...] = ()
    degraded: str | None = None
    degraded_run: float | None = None
    degraded_because: Text | None = None
    confirmed_run: float | None = None
    by_hand: bool = False
    idle_t: float | None = None
    gaps: tuple[Gap, ...] = ()

    @property
    def good(self) -> int:
        """Good pieces of every origin."""
        return max(0, sum(self.origins.values()))

    @property
    def over(self) -> bool:
        """It takes no more counts."""
        return self.state in OVER

    @property
    def gone(self) -> int:
        """Pieces of the lots that have left."""
        return min(len(self.departures) * self.lot, self.planned)

    @property
    def real_per_piece(self) -> float:
        """The planned time of a piece in real seconds."""
        return self.planned_per_piece / self.lapse

    @property
    def exhausted(self) -> bool:
        """It needs input, and what has arrived is used up."""
        if not self.needs_input:
            return False
        left = (self.inbound or 0) - self.good - self.scrap
        return left < min(self.pieces_per_run, max(1, self.planned - self.good))

    @property
    def per_piece(self) -> float:
        """The present rate: plan, declared or confirmed, until the measured one says otherwise."""
        run = self.confirmed_run or self.degraded_run
        base = self.planned_per_piece if run is None else run / self.pieces_per_run
        if len(self.cycles) < ENOUGH:
            return base
        measured = median(self.cycles)
        return measured if abs(measured - base) > SHARE * base else base

    @property
    def per_run(self) -> float:
        """The present time per run."""
        return self.per_piece * self.pieces_per_run


def with_cycle(job: JobRecord, seconds_per_piece: float) -> JobRecord:
    """One more undisturbed cycle behind the rate."""
    return replace(job, cycles=(*job.cycles, seconds_per_piece)[-WINDOW:])


def with_gap(job: JobRecord, gap: Gap) -> JobRecord:
    """One more stretch that nobody saw; adjoining ones are one, and very many are summed up."""
    gaps = job.gaps
    if gaps and gaps[-1].end >= gap.start:
        last = gaps[-1]
        return replace(job, gaps=(*gaps[:-1], Gap(last.start, max(last.end, gap.end), last.why)))
    gaps = (*gaps, gap)
    if len(gaps) > MOST_GAPS:
        why = Text(
            "Mehrere Lücken, hier zu einer zusammengefasst.", "Several gaps, summed up into one."
        )
        gaps = (Gap(gaps[0].start, gaps[1].end, why), *gaps[2:])
    return replace(job, gaps=gaps)


def sentence(job: JobRecord) -> Text:
    """Why the job is in its state; while it runs, how far it is and how fast it goes."""
    if job.state is not JobState.RUNNING:
        return job.because
    done, planned = number(job.good), pieces(job.planned)
    now, plan = span(job.per_piece), span(job.planned_per_piece)
    if job.degraded is not None:
        run, usual = span(job.per_run), span(job.planned_per_piece * job.pieces_per_run)
        why = job.degraded_because or SLOWER
        because = Text(
            why.de.format(run=run.de, usual=usual.de), why.en.format(run=run.en, usual=usual.en)
        )
        return Text(
            f"In Arbeit, aber langsamer: {because.de} {done.de} von {planned.de} sind fertig.",
            f"Running, but slower: {because.en} {done.en} of {planned.en} are done.",
        )
    if job.pieces_per_run > 1:
        now, plan = span(job.per_run), span(job.planned_per_piece * job.pieces_per_run)
        return Text(
            f"In Arbeit: {done.de} von {planned.de} sind fertig, {job.pieces_per_run} Stück "
            f"in {now.de} (Plan {plan.de}).",
            f"Running: {done.en} of {planned.en} are done, {job.pieces_per_run} pieces "
            f"in {now.en} (plan {plan.en}).",
        )
    return Text(
        f"In Arbeit: {done.de} von {planned.de} sind fertig, {now.de} je Stück (Plan {plan.de}).",
        f"Running: {done.en} of {planned.en} are done, {now.en} a piece (plan {plan.en}).",
    )


def public(
    job: JobRecord, run_began: datetime | None = None, run_expected: float | None = None
) -> Job:
    """The job as everyone outside sees it."""
    return Job(
        id=job.id,
        machine=job.machine,
        order=job.order,
        package=job.package,
        item=job.item,
        planned=job.planned,
        lot=job.lot,
        state=job.state,
        substate=job.substate,
        because=sentence(job),
        good=job.good,
        scrap=job.scrap,
        origins=dict(job.origins),
        runs_started=job.runs_started,
        runs_completed=job.runs_completed,
        pieces_per_run=job.pieces_per_run,
        planned_per_piece=timedelta(seconds=job.planned_per_piece),
        per_piece=timedelta(seconds=job.per_piece),
        run_began=run_began,
        run_expected=None if run_expected is None else timedelta(seconds=run_expected),
        started=job.started,
        ended=job.ended,
        lapse=job.lapse,
        simulated=job.simulated,
        departures=job.departures,
        inbound=(job.inbound or 0) if job.needs_input else None,
        degraded=job.degraded,
        gaps=job.gaps,
        opening=job.opening,
    )
