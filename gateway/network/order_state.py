"""How an order stands as a whole: progress by weight, complete sets, and the lamp."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from gateway.core.work import JobState
from gateway.network.fields import told_date
from gateway.network.forecast import rounded
from gateway.network.knowledge import Knowledge, Own, end_agreed
from gateway.network.order import JointOrder, Level, WorkPackage
from gateway.network.plan import Plan
from gateway.network.report import SEEN_AS, Coarse, Lamp, OrderState


def progress(knowledge: Knowledge, own: Mapping[str, Own]) -> float | None:
    """Order progress: the packages' shares of good pieces, by weight; scrap never counts.

    None where a share is not known; once the order is over, such a package was made, too.
    """
    packages, hidden = knowledge.order.packages, 1.0 if _over(knowledge, own) else None
    done = 0.0
    for package in packages:
        known = share(knowledge, own, package)
        part = hidden if known is None else known
        if part is None:
            return None
        done += package.weight * part
    return done / sum(package.weight for package in packages)


def share(knowledge: Knowledge, own: Mapping[str, Own], package: WorkPackage) -> float | None:
    """The share of good pieces of one package, as exactly as it is agreed; None: not known."""
    if package.id in own:
        return own[package.id].state.share
    good = good_of(knowledge, own, package)
    if good is not None:
        return min(1.0, good / package.quantity)
    heard = knowledge.heard.get(package.id)
    if heard is None:
        return 0.0 if _begins(knowledge, package, Level.L2) else None
    date = heard.date
    return None if date is None or date.progress is None else date.progress / 100


def good_of(knowledge: Knowledge, own: Mapping[str, Own], package: WorkPackage) -> int | None:
    """The good quantity of a package; None where it is not known.

    Who says that it is done has made all of it; who tells quantities and was not heard of yet has
    begun nothing.
    """
    if package.id in own:
        return own[package.id].state.good
    heard = knowledge.heard.get(package.id)
    if heard is None:
        return 0 if _begins(knowledge, package, Level.L3) else None
    told = heard.quantity
    if told is not None and told.good is not None:
        return told.good
    return package.quantity if heard.lamp is Lamp.DONE else None


def _begins(knowledge: Knowledge, package: WorkPackage, level: Level) -> bool:
    """Whether a firm that was not heard of would have said by now that it has begun."""
    return knowledge.level(package.firm) >= level and knowledge.waits([package]) is None


def complete(knowledge: Knowledge, own: Mapping[str, Own]) -> int | None:
    """Complete sets that have passed the last firm; None where that is not known."""
    order = knowledge.order
    last = [package for package in order.packages if not order.consumers(package)]
    counts = [good_of(knowledge, own, package) for package in last]
    known = [count for count in counts if count is not None]
    return min(known) if known and len(known) == len(counts) else None


def order_state(
    knowledge: Knowledge, own: Mapping[str, Own], whole: Plan, now: timedelta
) -> OrderState:
    """The order as a whole, as the lead firm's summary discloses it."""
    order = knowledge.order
    states = [_seen_state(knowledge, own, package.id) for package in order.packages]
    end = rounded(whole.end, order.step) if known_end(knowledge, own) else None
    coarse = None
    if any(entry.state.coarse is not None for entry in own.values()):
        coarse = Coarse(order.calendar_step, order.planned_end)
    ended = _over(knowledge, own)
    waiting = all(state in (JobState.PLANNED, JobState.RELEASED) for state in states)
    lamp = _lamp(knowledge, own, None if end is None else told_date(end, order.step, coarse), now)
    if ended:
        lamp = Lamp.DONE
    elif waiting and lamp is Lamp.GREEN:
        lamp = Lamp.GREY
    reasons = [own[name].state.reason for name in own] + [
        heard.date.reason for heard in knowledge.heard.values() if heard.date
    ]
    late = lamp in (Lamp.YELLOW, Lamp.RED)
    return OrderState(
        state=JobState.ENDED if ended else JobState.PLANNED if waiting else JobState.RUNNING,
        share=progress(knowledge, own),
        good=complete(knowledge, own),
        forecast=end,
        lamp=lamp,
        reason=next((reason for reason in reasons if reason and late), None),
        coarse=coarse,
    )


def known_end(knowledge: Knowledge, own: Mapping[str, Own]) -> bool:
    """Whether the firms that decide when the order ends let us see their dates, and have."""
    deciding = _deciding(knowledge, own)
    agreed = all(end_agreed(knowledge, package) for package in deciding)
    return agreed and knowledge.waits(deciding) is None


def _deciding(knowledge: Knowledge, own: Mapping[str, Own]) -> list[WorkPackage]:
    """The partners' packages on whose word the order's end rests, as long as they are not done.

    They are those at its end, and those whose lots reach our own packages: what reaches a
    partner is part of its own forecast.
    """
    order = knowledge.order
    waiting = [package for package in order.packages if not order.consumers(package)]
    found: dict[str, WorkPackage] = {}
    while waiting:
        package = waiting.pop()
        if _seen_state(knowledge, own, package.id) is JobState.ENDED:
            continue
        if package.id in own:
            waiting += [source for need in package.needs for source in order.sources(need)]
        else:
            found[package.id] = package
    return list(found.values())


def _over(knowledge: Knowledge, own: Mapping[str, Own]) -> bool:
    """Whether the last packages are done, and all others that we may know of."""
    order = knowledge.order
    return all(
        _seen_state(knowledge, own, package.id) is JobState.ENDED
        for package in order.packages
        if package.id in own or package.id in knowledge.heard or not order.consumers(package)
    )


def _lamp(
    knowledge: Knowledge, own: Mapping[str, Own], end: timedelta | None, now: timedelta
) -> Lamp:
    """The worst of what the forecast says and, where it hides its date, a firm's own lamp."""
    order, deciding = knowledge.order, _deciding(knowledge, own)
    heard = [knowledge.heard[p.id] for p in deciding if p.id in knowledge.heard]
    lamps = {entry.lamp for entry in heard if entry.end is None}
    if Lamp.RED in lamps or (end is not None and end > order.due):
        return Lamp.RED
    if Lamp.YELLOW in lamps or (end is not None and _slipped(order, end)):
        return Lamp.YELLOW
    hidden = any(knowledge.level(package.firm) is Level.L0 for package in deciding)
    silent = any(knowledge.stale(package.id, now) for package in deciding)
    blind = any(entry.lamp is Lamp.HATCHED for entry in heard)
    blind = blind or any(entry.state.unmeasured for entry in own.values())
    return Lamp.HATCHED if hidden or silent or blind else Lamp.GREEN


def _slipped(order: JointOrder, end: timedelta) -> bool:
    return order.planned_end is not None and end >= order.planned_end + order.interval


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
