"""Whether a message fits its chain, and whether it says what its sender may say. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Any

from gateway.core.clock import from_ms, to_ms
from gateway.core.errors import ExchangeError
from gateway.network import disclosure
from gateway.network.document import MOST_LOTS
from gateway.network.knowledge import Agreed, Knowledge, arrived
from gateway.network.order import JointOrder, Level, Prepared
from gateway.network.order_view import order_view
from gateway.network.report import Report
from gateway.network.rollup import own_packages
from gateway.network.snapshot import Offered, Snapshot
from gateway.partners.messages import Cancelled, Kind, Message, utc_moment
from gateway.partners.state import ExchangeState, Head


class Fit(Enum):
    """How a message fits the end of its chain."""

    NEXT = auto()
    KNOWN = auto()  # its number is in the log already
    BEHIND = auto()  # messages before it are missing


class NotYetError(ExchangeError):
    """It may be right, but what it refers to has not arrived: no answer, it will come again."""


def fit(state: ExchangeState, sender: str, message: Message, *, replaced: bool) -> Fit:
    """Where ``message`` belongs. Raises ExchangeError where it belongs nowhere.

    ``replaced``: its chain was in use here, and is not any more.
    """
    if replaced:
        raise ExchangeError("a message of a chain that has been replaced")
    chain = message.chain or ""
    head = state.in_heads.get((message.order, sender))
    if head is None or head.chain != chain:
        head = Head(chain)  # a chain that is new to us begins at its first message
    if message.sequence <= head.sequence:
        return Fit.KNOWN
    skipped = skipped_before(message, head)
    if head.sequence + len(skipped) + 1 != message.sequence:
        return Fit.BEHIND
    end = skipped[-1].hash if skipped else head.hash
    if message.prev != end:
        raise ExchangeError("a message that does not continue its chain")
    return Fit.NEXT


def skipped_before(message: Message, head: Head) -> Sequence[Cancelled]:
    """The cancelled messages between the head and ``message``, linked without a gap."""
    end, found = head, list[Cancelled]()
    for entry in sorted(message.cancels, key=lambda each: each.sequence):
        if entry.sequence <= end.sequence:
            continue
        if entry.sequence != end.sequence + 1 or entry.prev != end.hash:
            break
        found.append(entry)
        end = Head(head.chain, entry.sequence, entry.hash)
    return found


def check_report(state: ExchangeState, firm: str, sender: str, message: Message) -> Report:
    """The report in a message, if the sender may make it and it holds no more than agreed."""
    order = state.versions.get(message.order, {}).get(message.version)
    if order is None:
        raise NotYetError("a report on an order that is not known here yet")
    if message.kind is Kind.SUMMARY:
        if order.lead != sender:
            raise ExchangeError("a summary that is not from the lead firm")
    elif message.package not in {package.id for package in order.of(sender)}:
        raise ExchangeError("a report on a package of another firm")
    agreed = state.agreed(message.order, sender, firm)
    level = message.level or Level.L0
    if level is Level.L0 or level > agreed.level:
        raise ExchangeError(f"a report of level {level} where {agreed.level} is agreed")
    report = disclosure.read(message.fields, level)
    if report is None:
        raise ExchangeError("an empty report")
    if report.level >= Level.L3:
        _check_lots(order, message.package, report)
    return report


def _check_lots(order: JointOrder, package: str | None, report: Report) -> None:
    """Whether the lots that left are those of the package; a summary has none."""
    lots = () if package is None else order.package(package).lots()
    numbers = {lot.number for lot in lots}
    if not {lot.number for lot in report.lots} <= numbers or report.departed > len(numbers):
        raise ExchangeError("a report on lots that the package does not have")


def check_order(
    order: JointOrder, message: Message, sender: str, *, may_lead: bool, simulated: bool
) -> None:
    """Whether an order may be worked on here. Raises ExchangeError.

    ``may_lead``: whether its sender may be the lead firm of such an order.
    """
    if not may_lead or order.lead != sender:
        raise ExchangeError("an order that is not from the lead firm")
    if order.id != message.order or order.version != message.version:
        raise ExchangeError("an order under another name")
    if order.began is None or order.at is None:
        raise ExchangeError("an order that has not been opened")
    if order.lapse > 1 and not simulated:
        raise ExchangeError(
            f"an order in time lapse ({order.lapse}) is for simulated machines only; "
            "the machines of this firm are real"
        )


def check_reckoned(order: JointOrder, firm: str) -> None:
    """Whether a snapshot can be made of an order, before it is kept. Raises ExchangeError."""
    try:
        knowledge, now = Knowledge(order, firm, {}, {}), order.clock.at
        own = own_packages(knowledge, now)
        for package in order.packages:
            arrived(knowledge, package, now)
        order_view(Snapshot(knowledge, own, {}, {}, "member", simulated=order.lapse > 1), now)
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:
        raise ExchangeError("the message holds no order that can be reckoned with") from error


def read_offer(message: Message, order: JointOrder, firm: str) -> Offered:
    """The offer in a message from the lead firm of ``order``. Raises ExchangeError.

    A reserve firm without a part in the order knows none of its packages.
    """
    fields, known = message.fields, {package.id for package in order.packages}
    if known and fields.get("package") not in known:
        raise ExchangeError("an offer of a package that the order does not have")
    try:
        return Offered(
            id=_name(fields["id"]),
            package=_name(fields["package"]),
            lots=_lots(fields["lots"]),
            to=firm,
            by=order.lead,
            state=_one_of(fields["state"], ("open", "accepted", "declined", "expired")),
            earliest_start=_time(fields.get("earliest_start_s")),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ExchangeError("an offer with missing or wrong fields") from error


def _lots(value: object) -> tuple[int, ...]:
    """Numbers of lots, each once. Those that left meanwhile may be missing in our order."""
    lots = value if isinstance(value, list) else []
    if not 1 <= len(lots) <= MOST_LOTS or len(set(lots)) != len(lots):
        raise ValueError(value)
    if any(type(lot) is not int or not 1 <= lot <= MOST_LOTS for lot in lots):
        raise ValueError(value)
    return tuple(lots)


def read_ready(fields: dict[str, Any], sender: str, order: JointOrder) -> Prepared:
    """What a reserve firm could take of a package. Raises ExchangeError."""
    known = {package.id for package in order.packages}
    if fields.get("package") not in known:
        raise ExchangeError("a readiness for a package that the order does not have")
    start, lot_time = _time(fields.get("earliest_start_s")), _time(fields.get("lot_time_s"))
    if start is None or lot_time is None or lot_time <= timedelta():
        raise ExchangeError("a readiness with missing or wrong fields")
    return Prepared(sender, str(fields["package"]), start, lot_time)


def read_withdrawal(message: Message, present: Level) -> Agreed:
    """What is left, and since when. A withdrawal never gives more than there was."""
    try:
        level = Level(message.fields["level"])
        withdrawn = utc_moment(datetime.fromisoformat(message.fields["withdrawnAt"]))
    except (KeyError, TypeError, ValueError) as error:
        raise ExchangeError("a withdrawal without its level or time") from error
    return Agreed(min(level, present), from_ms(to_ms(withdrawn)))


def read_given(message: Message, most: Level) -> Agreed:
    """What a partner lets us see again, never more than was agreed on. Raises ExchangeError."""
    try:
        return Agreed(min(Level(message.fields["level"]), most))
    except (KeyError, TypeError, ValueError) as error:
        raise ExchangeError("an agreement is given again without its level") from error


def _name(value: object) -> str:
    """A name that fits into a message of ours, too."""
    if not isinstance(value, str) or not 1 <= len(value) <= 64:
        raise ValueError(value)
    return value


def _one_of(value: object, allowed: Sequence[str]) -> str:
    if value not in allowed:
        raise ValueError(value)
    return str(value)


def _time(value: Any) -> timedelta | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return timedelta(seconds=value) if 0 <= value < 10**8 else None  # nor is NaN
