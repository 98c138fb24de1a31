"""What dispatch and reception share: who we are, the book, the ledger's thread, the way out."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import ParamSpec, TypeVar

from gateway.config import SiteConfig
from gateway.core.errors import JournalError, NotConnected, Rejected
from gateway.exchange.book import Book
from gateway.exchange.identity import Identity
from gateway.exchange.ledger import Ledger
from gateway.exchange.messages import Kind, Message, header
from gateway.exchange.outgoing import Side
from gateway.exchange.sealing import sealed, signed
from gateway.exchange.transport import Transport
from gateway.flow.line_log import LineLog

log = logging.getLogger(__name__)
Args = ParamSpec("Args")
Result = TypeVar("Result")

AUDIT_EVERY = timedelta(seconds=10)
"""The same refusal of the same firm is written down at most this often."""


@dataclass(slots=True)
class Office:
    """One firm's side of the exchange while it is open."""

    site: SiteConfig
    side: Side
    keys: Identity
    book: Book
    ledger: Ledger
    transport: Transport
    clock: Callable[[], datetime]
    thread: ThreadPoolExecutor
    stamp: Callable[[], datetime] = lambda: datetime.now(UTC)
    """The time that messages carry."""
    connected: bool = False
    lines: LineLog = field(default_factory=lambda: LineLog(log))
    _audited: dict[tuple[str, str], datetime] = field(default_factory=dict)

    async def keep(
        self, write: Callable[Args, Result], *args: Args.args, **kwargs: Args.kwargs
    ) -> Result:
        """Run a method of the ledger in its thread; it is committed when this returns."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.thread, lambda: write(*args, **kwargs))

    def not_kept(self, error: JournalError) -> None:
        """Something could not be written now: it will come again, from us or from its sender."""
        self.lines.line("ledger", f"{self.side.firm}: nothing can be kept now: {error}")

    async def audit(self, firm: str, what: str, detail: str, *, level: int = logging.INFO) -> None:
        """Note a security event, and tell the owner in the log; never the sender."""
        now = self.clock()
        last = self._audited.get((firm, what))
        if last is not None and now - last < AUDIT_EVERY:
            return
        self._audited[firm, what] = now
        log.log(level, "%s: %s: %s", firm, what, detail)
        await self.keep(self.ledger.audit, now, firm, what, detail)

    async def say(self, partner: str, message: Message) -> None:
        """Send a message that has no place in a chain; lost if there is no way now."""
        text = signed(message.content(), self.side.firm, self.keys)
        await self.post(partner, text)

    async def post(self, partner: str, text: str) -> None:
        """Seal a signed text and hand it over; lost if there is no way now."""
        member = self.side.consortium.member(partner)
        if member is None or member.seal is None or not self.connected:
            return
        try:
            await self.transport.send(partner, sealed(text, member))
        except NotConnected:
            self.connected = False
        except Rejected as error:
            await self.audit(partner, "not delivered", str(error), level=logging.WARNING)

    def reply(
        self, partner: str, kind: Kind, order: str, fields: dict[str, object], answers: str
    ) -> Message:
        """A message outside the chains that answers another."""
        return Message(
            header=header(self.side.firm, partner, kind, self.stamp(), answers=answers),
            kind=kind,
            order=order,
            fields=fields,
        )
