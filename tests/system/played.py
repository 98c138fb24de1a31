"""An order that was played to its end, and what "exact" means for its counts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tests.system.factory import Factory, Json, eventually

COUNTED = ("spritzguss-ilmtal", "laser-saalebogen", "montage-holzland")
"""Firms whose devices count."""
MEASURED = ("zerspanung-rennweg", "haerterei-glutofen")
"""Firms whose runs are recognised in a curve."""
WORKING = COUNTED + MEASURED
RUN = {"zerspanung-rennweg": (192.0, 12), "haerterei-glutofen": (1800.0, 144)}
"""Seconds of order time and pieces of a run of the mini order."""
MOST = 1000
"""The longest log that the API gives at once."""
PLAYING = 150.0
"""Seconds in which the mini order (40 s) must have ended, whatever is killed."""


@dataclass(frozen=True)
class Played:
    """The end of an order: everything that every firm knows, and the truth.

    ``views`` are those of the firms that know the order at all.
    """

    factory: Factory
    order: str
    views: dict[str, Json]
    jobs: dict[str, Json]
    truth: dict[str, Json]
    lots: dict[str, Json]
    sent: dict[str, list[Json]]
    received: dict[str, list[Json]]

    def package(self, package: str, firm: str) -> Json:
        """A package as a firm sees it."""
        return next(p for p in self.views[firm]["packages"] if p["id"] == package)


def ended(factory: Factory) -> Json | None:
    """The lead firm's view, once every package of the present order has ended for it."""
    order = factory.order()
    done = all(package.get("status") == "ended" for package in order["packages"])
    return order if done else None


def played_to_the_end(factory: Factory) -> Played:
    """Wait until the present order has ended everywhere, and gather all there is."""
    eventually(lambda: ended(factory), within=PLAYING, what="every package has ended")
    order = factory.state()["order"]
    partners = factory.partners
    return Played(
        factory,
        order,
        views={firm: factory.order(firm) for firm in partners if knows(factory, firm, order)},
        jobs={firm: factory.job(firm) for firm in WORKING},
        truth={firm: factory.truth(factory.machine(firm)) for firm in WORKING},
        lots={lot["package"]: lot for lot in factory.control("state")["lots"]},
        sent={firm: factory.get(firm, "sent", order=order, limit=MOST) for firm in partners},
        received={
            firm: factory.get(firm, "received", order=order, limit=MOST) for firm in partners
        },
    )


def knows(factory: Factory, firm: str, order: str) -> bool:
    """Whether a firm has heard of an order."""
    return any(known["id"] == order for known in factory.get(firm, "orders"))


def assert_counted(job: Json, truth: Json) -> None:
    """Counted parts equal the truth, and nothing else went into the count."""
    assert (job["good"], job["origins"]) == (truth["good"], {"counted": truth["good"]})


def unseen(job: Json) -> float:
    """Seconds of order time in the recorded gaps of a job."""
    real = sum(
        (datetime.fromisoformat(gap["end"]) - datetime.fromisoformat(gap["start"])).total_seconds()
        for gap in job["gaps"]
    )
    return real * job["lapse"]


def assert_measured(job: Json, truth: Json, run: tuple[float, int]) -> None:
    """Measured runs equal the truth; what is missing fits in recorded gaps, and was booked."""
    seconds, pieces = run
    measured, booked = job["origins"].get("measured", 0), job["origins"].get("simulated", 0)
    assert set(job["origins"]) <= {"measured", "simulated"}
    assert job["good"] == measured + booked == truth["good"], "nothing doubled, nothing lost"
    missing = (truth["good"] - measured) / pieces
    room = sum(1 for _ in job["gaps"]) + unseen(job) / seconds
    assert missing <= room, f"{missing} runs are missing, the gaps {job['gaps']} hold {room}"
