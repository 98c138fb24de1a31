"""What the API needs of the rest of the gateway, handed over once by ``gateway.assembly``."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from gateway.api.live import Hub, Latest
from gateway.config import Files, SiteConfig
from gateway.core.asking import Asking
from gateway.core.figures import Figure
from gateway.core.ports import SeriesStore, Words
from gateway.core.reloads import Outcome
from gateway.core.signals import Signal, SignalId
from gateway.core.text import Text
from gateway.core.work import Job, MachineStatus, Question
from gateway.jobs.commands import Exchanged
from gateway.jobs.state import TrackerState
from gateway.jobs.tracker import JobTracker
from gateway.journal import Journal
from gateway.sinks.base import Place
from gateway.sources import LineUse

if TYPE_CHECKING:
    from gateway.api.order_shapes import OrderShape
    from gateway.network.agreement import AgreementView
    from gateway.network.order_view import OrderView
    from gateway.partners.compare import Comparison
    from gateway.partners.state import LogEntry, SecurityEvent

_COMES_OR_GOES = Text("Die Dateien werden gerade neu gelesen.", "The files are being read again.")


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the gateway and how it does: ``state`` is ok, waiting, failed or absent.

    ``remedy`` names what an owner can do about it on the page: ``begin_anew``, ``erase_aside``,
    ``reload``, or nothing.
    """

    name: str
    state: str
    text: Text
    remedy: str | None = None


class Partners(Protocol):
    """What the API needs of the exchange; a firm alone has none, and loads none of its code.

    Raises ExchangeError for what is refused, and while the exchange is not open yet.
    """

    def orders(self, limit: int | None = None) -> list[OrderView]:
        """The joint orders, newest first; all of them, or ``limit``."""

    def newest(self) -> tuple[object, object] | None:
        """What is known of the order opened last (the same object while that is the same), and
        the moment that it shows: both as before means that its view is as before.
        """

    def order(self, order: str) -> OrderView | None:
        """One joint order."""

    def agreements(self, order: str) -> list[AgreementView]:
        """Who gives whom what in an order."""

    def sent(self, order: str | None, limit: int) -> list[LogEntry]:
        """What left, newest first."""

    def received(self, order: str | None, limit: int) -> list[LogEntry]:
        """What came in, newest first."""

    def audited(self, limit: int) -> list[SecurityEvent]:
        """Security events of the exchange, newest first."""

    def counts(self) -> tuple[int, int]:
        """How many messages left and came in."""

    async def open_order(
        self,
        order: str,
        *,
        at_s: float,
        opening: Mapping[str, Mapping[str, Any]] | None,
        accepted_reserve: bool,
        begins_in_s: float,
        ends: str | None,
    ) -> None:
        """Open an order."""

    async def offer(self, order: str, package: str, lots: Sequence[int], to: str) -> str:
        """Offer lots to a firm; the offer's id."""

    async def answer(self, order: str, offer: str, *, accept: bool) -> None:
        """Accept or decline an offer."""

    async def withdraw(self, order: str, recipient: str, level: str) -> None:
        """Narrow an agreement."""

    async def give(self, order: str, recipient: str) -> str:
        """Give again what was agreed on before something was taken back; the level."""

    async def begin_anew(self, firm: str) -> None:
        """Begin with an empty ledger and every running agreement at L0, while it is shut."""

    async def erase_aside(self, firm: str) -> None:
        """Erase what was put aside when somebody began anew."""

    async def compare(self, firm: str, order: str | None) -> Comparison | None:
        """Both firms' logs beside each other; None where no message ever went either way."""


@dataclass(slots=True)
class Rooms:
    """The rooms of one gateway, as far as the API may enter them.

    ``site`` and ``signals`` are others after a reload; ``reload`` asks for one, ``exchanged`` for
    one at which a machine has another device. ``files`` are what is read then. ``asking`` keeps
    assistant and gateway from asking on one line at once.
    ``send_again`` asks a sink to try what is parked once more; False where it has parked
    nothing, None where there is no such sink.
    """

    site: SiteConfig
    version: str
    started: datetime
    signals: Mapping[SignalId, Signal]
    journal: Journal[TrackerState]
    series: SeriesStore
    tracker: JobTracker
    latest: Latest
    hub: Hub
    exchange: Partners | None
    places: Callable[[SignalId], Sequence[Place]]
    words: Callable[[SignalId], Words | None]
    parts: Callable[[], Sequence[Part]]
    polling: Callable[[str], Sequence[Text]]
    bus: Callable[[str], Sequence[LineUse]]
    figures: Callable[[], Iterable[Figure]]
    send_again: Callable[[str], bool | None]
    reload: Callable[[], Awaitable[Outcome]]
    exchanged: Callable[[Exchanged], Awaitable[Outcome]]
    files: Files | None
    asking: Asking
    now: Callable[[], datetime]
    shown_orders: dict[str, tuple[OrderView, OrderShape]] = field(default_factory=dict)
    """The joint orders as they were answered last, by id."""
    _jobs: dict[str, tuple[TrackerState, tuple[Job, ...]]] = field(default_factory=dict)

    def machines(self) -> tuple[MachineStatus, ...]:
        """The machines' states after the last commit."""
        return self.tracker.machines(self.journal.state, self.now())

    def status(self, machine: str) -> MachineStatus:
        """The state of one; of a machine that comes or goes at this moment nothing is known."""
        found = (one for one in self.machines() if one.machine == machine)
        unknown = MachineStatus(machine, None, None, self.now(), _COMES_OR_GOES, known=False)
        return next(found, unknown)

    def jobs(self) -> tuple[Job, ...]:
        """The jobs after the last commit: the same tuple as long as none of them has changed."""
        state, kept = self.journal.state, self._jobs.get("newest")
        if kept is not None and kept[0] is state:
            return kept[1]
        jobs = self.tracker.jobs(state)
        if kept is not None and kept[1] == jobs:
            jobs = kept[1]
        self._jobs["newest"] = state, jobs
        return jobs

    def questions(self) -> tuple[Question, ...]:
        """The open questions after the last commit, oldest first."""
        return self.tracker.questions(self.journal.state)
