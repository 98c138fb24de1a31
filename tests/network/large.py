"""Joint orders of any size, as chains of packages in which each takes what the last one made."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from gateway.core.text import Text
from gateway.core.work import Job, JobState, Origin, Substate
from gateway.network.knowledge import Agreed, Heard, Knowledge, Work
from gateway.network.order import Agreement, JointOrder, Level, Need, WorkPackage
from gateway.network.plan import promised
from gateway.network.report import DepartedLot, Lamp, ProductionStatus
from tests.network.reports import date_report, quantity_report

BEGAN = datetime(2026, 1, 5, 6, 0, tzinfo=UTC)
LEAD = "firm-0"
WORD = Text("Teil", "part")


def large(lots: int, packages: int = 5, *, lapse: int = 1) -> JointOrder:
    """An order of so many lots in each of so many packages; the last one is the lead firm's."""
    made: list[WorkPackage] = []
    for index in range(packages):
        last = index == packages - 1
        made.append(
            WorkPackage(
                id=f"AP{index + 1}",
                title=WORD,
                item=WORD,
                firm=LEAD if last else f"firm-{index + 1}",
                quantity=lots * 10,
                lot=10,
                weight=10,
                needs=(Need(f"AP{index}", 1),) if index else (),
                piece_time=timedelta(seconds=10 + index),
            )
        )
    order = JointOrder(
        id="GA-18", version=1, item=WORD, quantity=lots * 10, unit=WORD, lead=LEAD,
        start=timedelta(hours=6), due=timedelta(days=60), transport=timedelta(hours=1),
        threshold=timedelta(minutes=30), interval=timedelta(minutes=15),
        stale=timedelta(minutes=30), step=timedelta(minutes=5), lapse=lapse,
        packages=tuple(made),
        agreements=tuple(
            Agreement(giver.firm, taker.firm, Level.L3)
            for giver in made for taker in made if giver.firm != taker.firm
        ),
        began=BEGAN, at=timedelta(hours=6),
    )  # fmt: skip
    return promised(order)


def half_done(order: JointOrder) -> tuple[Knowledge, timedelta]:
    """What the lead firm knows at half time, when half of the lots have left everywhere."""
    heard: dict[str, Heard] = {}
    now = order.start + ((order.planned_end or order.due) - order.start) / 2
    for package in order.packages:
        assert package.baseline is not None
        lots = package.lots()[: len(package.sizes) // 2]
        gone = tuple(
            DepartedLot(lot.number, lot.quantity, left)
            for lot, left in zip(lots, package.baseline.departures, strict=False)
        )
        end = package.baseline.end + timedelta(minutes=20)
        date = date_report(
            Lamp.GREEN, ProductionStatus.IN_PRODUCTION, 50, end, timedelta(minutes=5), None
        )
        good = sum(lot.quantity for lot in gone)
        if package.firm == LEAD:
            job = a_job(package, good, tuple(order.clock.real(lot.departed) for lot in gone))
        else:
            heard[package.id] = Heard(Level.L3, quantity_report(date, good, gone), now, package)
    agreed = {giver: Agreed(Level.L3) for giver in order.firms()}
    return Knowledge(order, LEAD, {job.package or "": Work(job, now)}, heard, agreed=agreed), now


def a_job(package: WorkPackage, good: int = 0, left: tuple[datetime, ...] = ()) -> Job:
    """A running job for a package."""
    per_piece = package.per_piece or timedelta(seconds=10)
    return Job(
        id="job", machine="m-1", order="GA-18", package=package.id, item=WORD,
        planned=package.quantity, lot=package.lot, state=JobState.RUNNING, substate=Substate.NONE,
        because=WORD, good=good, scrap=0, origins={Origin.MEASURED: good}, runs_started=good,
        runs_completed=good, pieces_per_run=1, planned_per_piece=per_piece, per_piece=per_piece,
        run_began=None, run_expected=None, started=None, ended=None, lapse=1, simulated=False,
        departures=left,
    )  # fmt: skip
