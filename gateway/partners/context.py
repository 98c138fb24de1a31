"""What all parts of the exchange share: who we are, the state, the ledger's thread, the way out."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import ParamSpec, TypeVar

from gateway.config import SiteConfig
from gateway.core.errors import JournalError, NotConnected, Rejected
from gateway.core.sayings import in_words, text_of
from gateway.core.text import Text
from gateway.flow.line_log import LineLog
from gateway.network.order import JointOrder
from gateway.partners.crypto import sealed, signed
from gateway.partners.identity import Identity
from gateway.partners.messages import Kind, Message, header
from gateway.partners.state import ExchangeState, Side
from gateway.partners.store.ledger import Ledger
from gateway.partners.transport import Transport

log = logging.getLogger(__name__)
Args = ParamSpec("Args")
Written = TypeVar("Written")

HELD = 16
"""So many answers wait for a partner that has not answered yet; what is lost comes again."""
AUDIT_EVERY = timedelta(seconds=10)
"""The same refusal of the same firm is written down at most this often."""


@dataclass(slots=True)
class Context:
    """One firm's side of the exchange while it is open."""

    site: SiteConfig
    side: Side
    keys: Identity
    state: ExchangeState
    ledger: Ledger
    transport: Transport
    clock: Callable[[], datetime]
    thread: ThreadPoolExecutor
    unfinished: Callable[[str], JointOrder | None]
    """The order of a lead firm of which something is left to do."""
    stamp: Callable[[], datetime] = lambda: datetime.now(UTC)
    """The time that messages carry."""
    connected: bool = False
    answered: set[str] = field(default_factory=set)
    """Partners that have said since the start what they have of us; the others get nothing."""
    _held: dict[str, deque[str]] = field(default_factory=dict)
    lines: LineLog = field(default_factory=lambda: LineLog(log))
    _audited: dict[tuple[str, str], datetime] = field(default_factory=dict)

    async def keep(
        self, write: Callable[Args, Written], *args: Args.args, **kwargs: Args.kwargs
    ) -> Written:
        """Run a method of the ledger in its thread; it is committed when this returns."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.thread, lambda: write(*args, **kwargs))

    def not_kept(self, error: JournalError) -> None:
        """Something could not be written now: it will come again, from us or from its sender."""
        firm, why = self.side.firm, text_of(error)
        self.lines.line(
            "ledger",
            Text(
                f"{firm}: jetzt lässt sich nichts festhalten: {why.de}",
                f"{firm}: nothing can be kept now: {why.en}",
            ),
        )

    async def audit(self, firm: str, what: str, detail: str, *, level: int = logging.INFO) -> None:
        """Note a security event, and tell the owner in the log; never the sender."""
        now = self.clock()
        last = self._audited.get((firm, what))
        if last is not None and now - last < AUDIT_EVERY:
            return
        self._audited[firm, what] = now
        log.log(level, "%s: %s: %s", firm, in_words(what), in_words(detail))
        await self.keep(self.ledger.audit, now, firm, what, detail)

    async def say(self, partner: str, message: Message, *, asking: bool = False) -> None:
        """Send a message that has no place in a chain; lost if there is no way now.

        What a partner is to be answered waits until it has answered us.
        """
        text = signed(message.content(), self.side.firm, self.keys)
        if partner not in self.answered and not asking:
            self._held.setdefault(partner, deque(maxlen=HELD)).append(text)
        await self.post(partner, text, asking=asking)

    async def trust(self, partner: str) -> None:
        """A partner has answered, and knows nothing of us that we do not: it may be told."""
        self.answered.add(partner)
        for text in self._held.pop(partner, ()):
            await self.post(partner, text)

    async def post(self, partner: str, text: str, *, asking: bool = False) -> None:
        """Seal a signed text and hand it over; lost if there is no way now.

        To a partner that has not answered since the start nothing goes but questions for numbers
        (``asking``), and answers to its own.
        """
        if partner not in self.answered and not asking:
            return
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
