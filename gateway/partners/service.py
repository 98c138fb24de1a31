"""The exchange of one gateway: its part in the joint orders, towards the partners and the pages."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from gateway.config import SiteConfig, read_model
from gateway.core.errors import ExchangeError, JournalError
from gateway.core.text import Text
from gateway.database import Corrupt
from gateway.drivers.mqtt import Broker
from gateway.network.agreement import AgreementView
from gateway.network.fields import told_date
from gateway.network.files import ConsortiumFile, OrderFile
from gateway.network.knowledge import MINUTE
from gateway.network.order import Level
from gateway.network.order_view import OrderView, order_view
from gateway.network.snapshot import Snapshot, Warned
from gateway.partners import health
from gateway.partners.actions import Actions
from gateway.partners.compare import Comparison, compare
from gateway.partners.context import Context
from gateway.partners.files_read import FilesRead
from gateway.partners.identity import identity
from gateway.partners.inbox import Inbox
from gateway.partners.job_sync import JobLog, Jobs, JobSync
from gateway.partners.lifecycle import close_older, erase_aside, forget_expired
from gateway.partners.link import BrokerLink
from gateway.partners.outbox import Outbox
from gateway.partners.outgoing import Outgoing, outgoing, taken_back
from gateway.partners.snapshots import Snapshots
from gateway.partners.start_check import StartCheck
from gateway.partners.state import LogEntry, SecurityEvent, Side
from gateway.partners.store.aside import told
from gateway.partners.store.ledger import Ledger
from gateway.partners.store.ledger_file import Behind
from gateway.partners.store.trust import Distrusted
from gateway.partners.transport import MqttTransport, Transport

log = logging.getLogger(__name__)


TICK = 0.25
"""Seconds between two looks at what should leave."""
NO_ROOM = 1.0
"""Seconds until it is tried again to keep what could not be written."""
GATHER = 0.05
"""Seconds that pass after a message before the next look, so that several cost one."""


class Exchange:
    """One firm's exchange. Construction does no I/O; ``run`` lives until it is cancelled."""

    def __init__(
        self,
        site: SiteConfig,
        journal: JobLog,
        tracker: Jobs,
        folder: Path,
        *,
        transport: Transport | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        stamp: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        if site.network is None:
            raise ValueError(f"{site.firm} takes part in no network")
        self._site, self._network = site, site.network
        self._clock, self._stamp = clock, stamp
        self._folder = folder
        self._ledger = Ledger(folder, site.firm)
        self._thread = ThreadPoolExecutor(1, "exchange-ledger")
        self._given = transport
        self._inside: tuple[Context, Outbox, Inbox, Actions] | None = None
        self._shut: Text | None = None
        self._begun_anew = asyncio.Event()
        self._opening = asyncio.Lock()
        self._snapshots = Snapshots(site)
        self._job_sync = JobSync(site, journal, tracker)
        self._files_read = FilesRead({})
        self._views: dict[str, tuple[Snapshot, int, OrderView]] = {}
        self._lock = asyncio.Lock()
        self._comparing: set[str] = set()
        self._wake = asyncio.Event()
        self._link = BrokerLink(self._network.broker, self._lock, self._wake)

    def equip(self, site: SiteConfig) -> None:
        """The firm's machines are others; its part in the network is as it was."""
        self._site = self._snapshots.site = self._job_sync.site = site
        if self._inside is not None:
            self._inside[0].site = site

    # Life

    async def open(self) -> None:
        """Read files, keys and the ledger. Raises ConfigError, ExchangeError or JournalError.

        Where the ledger must not be used the exchange stays shut, and says why.
        """
        async with self._opening:
            if self._inside is None:
                await self._open()

    async def _open(self) -> None:
        self._files_read = FilesRead.now((self._network.consortium, self._network.order))
        consortium = read_model(self._network.consortium, ConsortiumFile).consortium()
        if consortium.member(self._site.firm) is None:
            raise ExchangeError(
                f"{self._site.firm} is not a firm of {self._network.consortium}: add it there"
            )
        file = self._network.order
        planned = None if file is None else read_model(file, OrderFile).order()
        keys = identity(self._folder)
        loop = asyncio.get_running_loop()
        try:
            state = await loop.run_in_executor(self._thread, self._ledger.open)
        except Distrusted as error:
            self._shut_down(error)
            return
        side = Side(self._site.firm, consortium, self._network.reserve)
        transport = self._given or MqttTransport(Broker.of(self._network), self._site.firm)
        context = Context(
            self._site,
            side,
            keys,
            state,
            self._ledger,
            transport,
            self._clock,
            self._thread,
            self._snapshots.unfinished,
            self._stamp,
        )
        outbox = Outbox(context)
        inbox = Inbox(context, outbox, StartCheck(context, outbox))
        actions = Actions(context, outbox, planned)
        await actions.narrow_again()
        self._inside = (context, outbox, inbox, actions)
        self._shut = None
        self._refresh(self._clock())

    async def close(self) -> None:
        """Close everything; safe twice and before ``open``."""
        inside, self._inside = self._inside, None
        if inside is not None:
            context, *_ = inside
            context.connected = False
            await context.transport.close()
            await context.keep(self._ledger.close)

    async def run(self) -> None:
        """Exchange messages until cancelled; the way to the broker heals by itself.

        While the exchange is shut nothing leaves, and nothing is tried again by itself.
        """
        while True:
            try:
                await self.open()
                if self._inside is not None:
                    await self._work()
            except Distrusted as error:
                self._shut_down(error)
            except Behind as error:  # what is in memory is read anew
                log.warning("%s: the ledger is opened again: %s", self._site.firm, error)
                await asyncio.sleep(NO_ROOM)
                continue
            finally:
                await self.close()
            await self._begun_anew.wait()

    async def _work(self) -> None:
        context, outbox, inbox, _ = self._parts()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._link.run(context, outbox, inbox), name="exchange link")
                group.create_task(self._link.watch(context), name="exchange plug")
                group.create_task(self._ticking(), name="exchange tick")
        except ExceptionGroup as failed:
            if (distrusted := failed.subgroup(Distrusted)) is not None:
                raise distrusted.exceptions[0] from None
            if len(failed.exceptions) == 1:
                raise failed.exceptions[0] from None  # the supervisor tells faults from bugs
            raise

    def _shut_down(self, error: Distrusted) -> None:
        self._shut = error.why
        self._begun_anew.clear()
        if (cause := error.__cause__) is None:
            log.error("%s: the exchange is shut: %s", self._site.firm, error)
        else:
            log.error("%s: the exchange is shut: %s (%s)", self._site.firm, error, cause)

    @property
    def shut(self) -> bool:
        """Whether nothing leaves because the ledger must not be used."""
        return self._shut is not None

    async def begin_anew(self, firm: str) -> None:
        """Begin with an empty ledger and every running agreement at L0; only while it is shut.

        ``firm`` is this firm's name, typed by whoever decides it. Raises ExchangeError.
        """
        async with self._lock:
            if self._shut is None:
                raise ExchangeError(
                    Text(
                        "Der Verbund arbeitet; neu begonnen wird nur, wenn er geschlossen ist.",
                        "The order network works; it is begun anew only while it is shut.",
                    )
                )
            self._confirmed(firm)
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(self._thread, self._ledger.begin_anew, self._clock())
            await self.open()
            self._begun_anew.set()

    def aside(self) -> Text | None:
        """What was put aside when somebody began anew, and up to when; None: nothing is there."""
        aside = self._ledger.aside()
        return told(aside) if aside else None

    async def erase_aside(self, firm: str) -> None:
        """Erase what was put aside, all of it; ``firm`` is typed as in ``begin_anew``.

        Raises ExchangeError.
        """
        async with self._lock:
            context, aside = self._context, self._ledger.aside()
            if not aside:
                raise ExchangeError(Text("Beiseite liegt nichts.", "Nothing lies aside."))
            self._confirmed(firm)
            await erase_aside(context, aside)

    def _confirmed(self, firm: str) -> None:
        """Raises ExchangeError where this firm's name was not typed."""
        if firm.strip() not in (self._site.firm, self._site.name):
            raise ExchangeError(
                Text(
                    f"Schreiben Sie zur Bestätigung den Namen der Firma: {self._site.firm}",
                    f"To confirm, please write the name of the firm: {self._site.firm}",
                )
            )

    def uplink(self, connected: bool) -> None:  # noqa: FBT001 - a switch, named in the call
        """Pull the plug to the shared broker, or put it back."""
        self._link.plug(connected)

    @property
    def plugged(self) -> bool:
        """Whether the plug is in."""
        return self._link.plugged

    @property
    def connected(self) -> bool:
        """Whether messages reach the shared broker now."""
        return self.plugged and self._inside is not None and self._context.connected

    @property
    def well(self) -> bool:
        """Whether everything is exchanged that should be."""
        return (
            self.connected
            and self._ledger.trouble is None
            and self._context.transport.heard
            and health.without_keys(self._context, self._network.consortium.name) is None
        )

    def health(self) -> Text:
        """How the exchange does, and which of its files it does not heed yet."""
        if self._shut is not None:
            return self._shut
        said = self._way()
        if not (changed := ", ".join(self._files_read.changed())):
            return said
        return Text(
            f"{said.de}. Geändert seit dem Start: {changed}; das gilt ab dem nächsten Start.",
            f"{said.en}. Changed since the start: {changed}; that holds from the next start on.",
        )

    def _way(self) -> Text:
        broker = self._network.broker
        if not self.plugged:
            return health.UNPLUGGED
        if (trouble := self._ledger.trouble) is not None:
            return health.not_stored(trouble)
        if not self.connected:
            why = None if self._inside is None else self._context.transport.trouble()
            return why or health.no_way(broker)
        context, _, inbox, _ = self._parts()
        return health.connected(context, inbox.start_check, self._network.consortium.name)

    async def _ticking(self) -> None:
        while True:
            try:
                if self._ledger.trouble is not None:
                    await self._context.keep(self._ledger.try_again)
                await self.tick()
            except (Corrupt, Distrusted, Behind):
                raise
            except JournalError as error:  # link and state stay as they are
                self._context.not_kept(error)
                await asyncio.sleep(NO_ROOM)
            try:
                async with asyncio.timeout(TICK):
                    await self._wake.wait()
            except TimeoutError:
                continue
            await asyncio.sleep(GATHER)
            self._wake.clear()

    async def tick(self, now: datetime | None = None) -> None:
        """Bring jobs, forecasts and partners up to date once."""
        context, outbox, inbox, actions = self._parts()
        start_check = inbox.start_check
        async with self._lock:
            real, mono = now or self._clock(), time.monotonic()
            await close_older(context, outbox)
            await actions.carry_out_accepted(real)
            await self._job_sync.keep(context.state, self._snapshots, real)
            self._refresh(real)
            working = [self._snapshots.of(order.id) for order in context.state.working()]
            for snapshot in working:
                await self._warn(snapshot, real)
            await erase_aside(context, [old for old in self._ledger.aside() if real > old.until])
            if not context.connected:
                return
            for snapshot in working:
                if snapshot.knowledge.order.tellable(real):
                    leaving = self._leaving(snapshot, real)
                    await outbox.take(start_check.allowed(leaving), mono)
            back = taken_back(context.side, context.state, real)
            await outbox.take(start_check.allowed(back), mono)
            await start_check.ask(mono)
            await outbox.repeat(mono)
            await forget_expired(context, real)

    def _leaving(self, snapshot: Snapshot, real: datetime) -> Iterator[Outgoing]:
        """What should leave of an order now."""
        order = snapshot.knowledge.order
        at = order.clock.order(real)
        own, whole = snapshot.tells(at)
        done, made = snapshot.knowledge.done, snapshot.made
        side, state = self._context.side, self._context.state
        return outgoing(side, state, order, own, whole=whole, now=at, done=done, made=made)

    async def _warn(self, snapshot: Snapshot, real: datetime) -> None:
        """Note when the forecast first passes the due time (lead firm)."""
        context, order, whole = self._context, snapshot.knowledge.order, snapshot.whole
        if whole is None or whole.forecast is None or order.id in context.state.warned:
            return
        if told_date(whole.forecast, order.step, whole.coarse) <= order.due:
            return
        at = order.clock.order(real)
        warned = Warned(at, order.due - at)
        await context.keep(self._ledger.keep_warned, order.id, warned)
        context.state.warned[order.id] = warned

    def _refresh(self, real: datetime) -> None:
        context = self._context
        shop = self._job_sync.shop(real)
        self._snapshots.refresh(context.state, context.side.consortium, shop, real)

    @property
    def _context(self) -> Context:
        return self._parts()[0]

    @property
    def _actions(self) -> Actions:
        return self._parts()[3]

    def _parts(self) -> tuple[Context, Outbox, Inbox, Actions]:
        self._not_shut()
        if self._inside is None:
            raise ExchangeError(
                Text("Der Verbund ist noch nicht offen.", "The order network is not open yet.")
            )
        return self._inside

    def _not_shut(self) -> None:
        if self._shut is not None:
            raise ExchangeError(self._shut)

    # What pages and API see; safe from any thread

    def orders(self, limit: int | None = None) -> list[OrderView]:
        """The joint orders, the one opened last first; what was not agreed is absent.

        None of them while the exchange is shut: what an old ledger knows is not so any more.
        """
        return [self._shown(snapshot) for snapshot in self._newest_first()[:limit]]

    def newest(self) -> tuple[Snapshot, timedelta] | None:
        """What is known of the order opened last, and the order time that it shows."""
        return next(((one, one.at(self._clock())) for one in self._newest_first()), None)

    def order(self, order: str) -> OrderView | None:
        """One joint order, or None."""
        for snapshot in self._newest_first():
            if snapshot.knowledge.order.id == order:
                return self._shown(snapshot)
        return None

    def _newest_first(self) -> Sequence[Snapshot]:
        return () if self._shut is not None else self._snapshots.all

    def _shown(self, snapshot: Snapshot) -> OrderView:
        """The view of a snapshot; made anew when that has changed, and each minute of its time."""
        now = snapshot.at(self._clock())
        order, minute = snapshot.knowledge.order.id, now // MINUTE
        last = self._views.get(order)
        if last is not None and last[0] is snapshot and last[1] == minute:
            return last[2]
        shown = order_view(snapshot, now)
        shown_now = {each.knowledge.order.id for each in self._snapshots.all}
        kept = {name: each for name, each in self._views.items() if name in shown_now}
        self._views = kept | {order: (snapshot, minute, shown)}
        return shown

    def agreements(self, order: str) -> list[AgreementView]:
        """What this firm gives and gets, by partner."""
        return self._context.state.agreements_of(order, self._context.side)

    def sent(self, order: str | None = None, limit: int = 200) -> list[LogEntry]:
        """Every message that left, with its exact content, newest first."""
        self._not_shut()
        return self._ledger.log("sent", order, limit)

    def received(self, order: str | None = None, limit: int = 200) -> list[LogEntry]:
        """Every message that came in, newest first; what was withdrawn is gone from it."""
        self._not_shut()
        return self._ledger.log("received", order, limit)

    def audited(self, limit: int = 200) -> list[SecurityEvent]:
        """What was refused, withdrawn or begun anew, newest first; nothing while it is shut."""
        if self._shut is not None:
            return []
        return self._ledger.audited(limit)

    def counts(self) -> tuple[int, int]:
        """How many messages left and came in."""
        if self._inside is None:
            return 0, 0
        state = self._context.state
        return state.sent_count, state.received_count

    # What people do

    async def open_order(
        self,
        order: str,
        *,
        at_s: float,
        opening: Mapping[str, Mapping[str, Any]] | None = None,
        accepted_reserve: bool = False,
        begins_in_s: float = 0.0,
        ends: str | None = None,
    ) -> None:
        """Open the order of this firm's file as ``order``, at an order time (lead firm).

        ``opening`` holds what is done already, by package; ``accepted_reserve`` opens it with the
        prepared lots at the reserve firm. Its clock stands at ``at_s`` in ``begins_in_s`` (real)
        seconds: time for every member to have its job before the machines begin. An order that is
        not done yet must be named by ``ends`` to end with it. Raises ExchangeError.
        """
        async with self._lock:
            await self._actions.open_order(
                order,
                timedelta(seconds=at_s),
                opening or {},
                reserve=accepted_reserve,
                begins_in=timedelta(seconds=begins_in_s),
                ends=ends,
            )
        await self.tick()

    async def offer(self, order: str, package: str, lots: Sequence[int], to: str) -> str:
        """Ask ``to`` to take lots of a package (lead firm); the id. Raises ExchangeError."""
        async with self._lock:
            made = await self._actions.offer(order, package, tuple(lots), to)
        await self.tick()
        return made

    async def answer(self, order: str, offer: str, *, accept: bool) -> None:
        """Accept or decline an offer that was made to this firm. Raises ExchangeError."""
        async with self._lock:
            await self._actions.answer(order, offer, accept=accept)
        await self.tick()

    async def withdraw(self, order: str, recipient: str, level: str) -> None:
        """Narrow what ``recipient`` gets from this firm to ``level``, at once."""
        async with self._lock:
            await self._actions.withdraw(order, recipient, Level(level))
        await self.tick()

    async def give(self, order: str, recipient: str) -> str:
        """Let ``recipient`` see again what was agreed on; the level. Raises ExchangeError."""
        async with self._lock:
            level = await self._actions.give(order, recipient, time.monotonic())
        await self.tick()
        return level.value

    async def compare(self, firm: str, order: str | None = None) -> Comparison | None:
        """Ask ``firm`` for its log and say whether both chains agree; None: nothing was shared.

        Raises ExchangeError while an earlier question to ``firm`` is open.
        """
        context, _, inbox, _ = self._parts()
        if firm in self._comparing:
            raise ExchangeError(
                Text(
                    f"{firm} ist schon gefragt: bitte die Antwort abwarten, höchstens 5 Sekunden.",
                    f"{firm} has been asked: please wait for the answer, 5 seconds at most.",
                )
            )
        self._comparing.add(firm)
        try:
            return await compare(context, inbox, firm, order)
        finally:
            self._comparing.discard(firm)
