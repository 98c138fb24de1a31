"""How an order stands as a whole: progress by weight, complete sets, and the lamp."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.core.work import JobState, Substate
from gateway.network.disclosure import SEEN_AS, Lamp, PackageState
from gateway.network.forecast import rounded
from gateway.network.knowledge import Knowledge, Own
from gateway.network.plan import Plan


def progress(knowledge: Knowledge, own: Mapping[str, Own]) -> float:
    """Order progress: the packages' shares of good pieces, by weight; scrap never counts."""
    done = sum(
        package.weight * share(knowledge, own, package.id) for package in knowledge.order.packages
    )
    return done / sum(package.weight for package in knowledge.order.packages)


def share(knowledge: Knowledge, own: Mapping[str, Own], package: str) -> float:
    """The share of good pieces of one package, as exactly as it is agreed; unknown counts as 0."""
    good = good_of(knowledge, own, package)
    quantity = knowledge.order.package(package).quantity
    if good is not None:
        return min(1.0, good / quantity)
    heard = knowledge.heard.get(package)
    date = heard.date if heard else None
    return date.progress / 100 if date else 0.0


def good_of(knowledge: Knowledge, own: Mapping[str, Own], package: str) -> int | None:
    """The good quantity of a package, None where it is not agreed or not heard of yet."""
    if package in own:
        return own[package].state.good
    heard = knowledge.heard.get(package)
    told = heard.quantity if heard else None
    return told.good if told else None


def complete(knowledge: Knowledge, own: Mapping[str, Own]) -> int | None:
    """Complete sets that have passed the last firm; None where that is not agreed."""
    order = knowledge.order
    last = [package.id for package in order.packages if not order.consumers(package)]
    counts = [good_of(knowledge, own, package) for package in last]
    return None if None in counts or not counts else min(c for c in counts if c is not None)


def order_state(knowledge: Knowledge, own: Mapping[str, Own], whole: Plan) -> PackageState:
    """The order as a whole, as the lead firm's summary discloses it."""
    order = knowledge.order
    states = [_seen_state(knowledge, own, package.id) for package in order.packages]
    end = rounded(whole.end, order.step)
    ended = all(state is JobState.ENDED for state in states)
    waiting = all(state in (JobState.PLANNED, JobState.RELEASED) for state in states)
    lamp = Lamp.GREY if waiting else Lamp.GREEN
    if order.planned_end is not None and end >= order.planned_end + order.interval:
        lamp = Lamp.YELLOW
    if end > order.due:
        lamp = Lamp.RED
    if ended:
        lamp = Lamp.DONE
    reasons = [own[name].state.reason for name in own] + [
        heard.date.reason for heard in knowledge.heard.values() if heard.date
    ]
    late = lamp in (Lamp.YELLOW, Lamp.RED)
    return PackageState(
        state=JobState.ENDED if ended else JobState.PLANNED if waiting else JobState.RUNNING,
        substate=Substate.NONE,
        good=complete(knowledge, own) or 0,
        planned=order.quantity,
        forecast=whole.end,
        lamp=lamp,
        reason=next((reason for reason in reasons if reason and late), None),
        lots=(),
        share=progress(knowledge, own),
    )


def _seen_state(knowledge: Knowledge, own: Mapping[str, Own], package: str) -> JobState:
    if package in own:
        return own[package].state.state
    heard = knowledge.heard.get(package)
    if heard is None:
        return JobState.PLANNED
    if heard.date is not None:
        return SEEN_AS[heard.date.status]
    by_lamp = {Lamp.DONE: JobState.ENDED, Lamp.GREY: JobState.PLANNED}
    return by_lamp.get(heard.lamp, JobState.RUNNING)
