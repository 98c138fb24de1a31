"""After each start: what do partners have of us? Until one has answered, nothing else goes to it.

A ledger from a backup, or a whole folder or memory card from before, does not know what was sent
and withdrawn since. The partners do: each says up to which number it has our chains, and shows a
message of ours where that is more than we know. Only we could have signed it; so no partner can
shut us with a number that it has made up.

The question is a comparison that asks for ``numbers``. A partner of an older version answers it
with no numbers, and is taken to have none. A message that is too long to be shown in the answer,
as an order of many lots is, comes back by itself, sealed for us, who have signed it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any

import orjson
from joserfc import jws
from joserfc.errors import JoseError

from gateway.core.errors import ExchangeError
from gateway.network.knowledge import Agreed
from gateway.network.order import Level
from gateway.partners.context import Context
from gateway.partners.crypto import SIGNING
from gateway.partners.messages import LAST, Kind, Message, header, read
from gateway.partners.outbox import RETRY, Outbox
from gateway.partners.outgoing import Outgoing
from gateway.partners.store.ledger import SHORT_PROOF
from gateway.partners.store.trust import Distrusted, outdated

NO_ORDER = "-"
"""What stands in the question instead of an order: it is about all of them."""
MOST = 200
"""So many chains at most are read in a question or an answer."""
ROOM = 3_500
"""Bytes in which they are named, the newest first: with a message to show it is one step long."""
SHOWN = 5
"""Of so many chains a message to show is looked for."""
RARELY = (1.0, 2.0, 5.0, 15.0, 60.0)
"""Seconds until a partner to whom nothing is to go is asked again; then always the last."""
SOON = 0.5
"""Seconds between two questions to a partner that is heard of meanwhile."""
GIVEN_BACK_EVERY = 5.0
"""Seconds between two long messages that go back to the firm that has signed them."""
ChainNumber = tuple[str, str, int]
"""Order, chain, and the last number in it."""


class StartCheck:
    """Asks every firm of the consortium; the more often, the more there is to tell it."""

    def __init__(self, context: Context, outbox: Outbox) -> None:
        self._context = context
        self._outbox = outbox
        side = context.side
        members = (member.id for member in side.consortium.members)
        self._due = {firm: 0.0 for firm in members if firm != side.firm and side.reaches(firm)}
        self._urgent: set[str] = set()
        self._tries: dict[str, int] = {}
        self._last: dict[str, float] = {}
        self._asked: dict[str, deque[str]] = {}
        self._given_back: dict[str, float] = {}
        self.unproven: dict[str, ChainNumber] = {}
        """Partners that claim a number which they cannot show: these alone get nothing."""

    @property
    def waiting(self) -> list[str]:
        """Firms of the order that is worked on which have not answered yet."""
        return sorted((self._urgent_ones() & set(self._due)) - set(self.unproven))

    def _urgent_ones(self) -> set[str]:
        return self._urgent.union(*(order.firms() for order in self._context.state.working()))

    def allowed(self, outgoing: Iterable[Outgoing]) -> Iterator[Outgoing]:
        """What may leave; whoever has not answered is asked first."""
        for message in outgoing:
            partner = message.key[1]
            if partner in self._context.answered:
                yield message
            else:
                self._urgent.add(partner)

    def heard(self, partner: str) -> None:
        """A partner is there: it is asked at once, if it has not answered yet."""
        if partner in self._due and partner not in self.unproven:
            soon = self._last.get(partner, -SOON) + SOON
            self._due[partner] = min(self._due[partner], soon)

    def reconnected(self) -> None:
        """The way is open again: everybody that has not answered is asked at once."""
        self._due = dict.fromkeys(self._due, 0.0)
        self._tries.clear()

    async def ask(self, mono: float) -> None:
        """Ask whoever is due."""
        ready = [partner for partner, due in self._due.items() if mono >= due]
        urgent = self._urgent_ones() if ready else set()
        for partner in ready:
            tries = self._tries.get(partner, 0)
            self._tries[partner], self._last[partner] = tries + 1, mono
            pauses = RETRY if partner in urgent else RARELY
            self._due[partner] = mono + pauses[min(tries, len(pauses) - 1)]
            await self._question(partner)

    async def _question(self, partner: str) -> None:
        context = self._context
        numbers = context.state.numbers.get(partner, {}).items()
        newest = ((order, chain, last) for (order, chain), last in reversed(numbers))
        question = Message(
            header=header(context.side.firm, partner, Kind.COMPARE, context.stamp()),
            kind=Kind.COMPARE,
            order=NO_ORDER,
            fields={"numbers": _fitting(newest)},
        )
        ids = self._asked.setdefault(partner, deque(maxlen=8))
        ids.append(question.header.messageId)
        await context.say(partner, question, asking=True)

    # What a partner asks of us

    async def numbers(self, partner: str, asked: object, mono: float) -> dict[str, object]:
        """What we have of a partner beyond what it knows, and a message that shows it."""
        known = {(order, chain): last for order, chain, last in _numbers(asked)}
        more = [
            (order, head.chain, head.sequence)
            for (order, sender), head in reversed(self._context.state.in_heads.items())
            if sender == partner and head.sequence > known.get((order, head.chain), 0)
        ]
        more, long = _fitting(more), list[str]()
        for order, chain, _ in more[:SHOWN]:
            above = known.get((order, chain), 0)
            shown = await self._context.keep(self._context.ledger.proof, partner, chain, above)
            if shown is not None and len(shown) <= SHORT_PROOF:
                return {"numbers": more, "proof": shown}
            long += [shown] if shown is not None else []
        if long:
            await self._give_back(partner, min(long, key=len), mono)
        return {"numbers": more}

    async def _give_back(self, partner: str, shown: str, mono: float) -> None:
        if mono >= self._given_back.get(partner, 0.0):
            self._given_back[partner] = mono + GIVEN_BACK_EVERY
            await self._context.post(partner, shown, asking=True)

    # What a partner answers

    async def returned(self, partner: str, content: dict[str, Any]) -> None:
        """A partner shows a message that we have signed for it. Raises Distrusted, ExchangeError.

        Once it has answered nothing is left to show: since then we send what it then has. Of what
        was before we began anew its numbers are enough.
        """
        shown = read(content, self._context.side.firm, partner)
        unknown = shown.chain is not None and not self._known(partner, _number(shown))
        before = self._before(partner, shown)
        if unknown and not before and partner not in self._context.answered:
            await self._judge(partner, shown)

    async def answered(self, partner: str, message: Message) -> bool:
        """Take an answer; False if it belongs to no question. Raises Distrusted."""
        if message.header.relatedMessageId not in self._asked.get(partner, ()):
            return False
        claimed = list(_numbers(message.fields.get("numbers", [])))
        shown = self._shown(partner, message.fields.get("proof"))
        if shown is not None:
            claimed.append(_number(shown))
            self._before(partner, shown)
        state = self._context.state
        if state.anew is not None and (partner, "", "") not in state.prior:
            await self._before_we_began_anew(partner, claimed)
        elif shown is not None and not self._known(partner, _number(shown)):
            await self._judge(partner, shown)
        beyond = [number for number in claimed if not self._known(partner, number)]
        if beyond:
            await self._not_shown(partner, beyond[0])
            return True
        self.unproven.pop(partner, None)
        self._due.pop(partner, None)
        self._asked.pop(partner, None)
        self._outbox.hurry(partner)
        await self._context.trust(partner)
        return True

    def _before(self, partner: str, shown: Message) -> bool:
        """Whether a message of ours is from before we began anew; its order is then proven."""
        state = self._context.state
        if state.anew is None:
            return False
        before = (partner, "", "") not in state.prior or shown.header.sentDateTime <= state.anew
        if before:
            state.proven.add((shown.order, partner))
        return before

    def _known(self, partner: str, number: ChainNumber) -> bool:
        order, chain, last = number
        state = self._context.state
        known = state.numbers.get(partner, {}).get((order, chain), 0)
        return last <= known or (partner, order, chain) in state.prior

    def _shown(self, partner: str, text: object) -> Message | None:
        """The message of ours in an answer, if we have signed it, and for this partner."""
        if not isinstance(text, str):
            return None
        context = self._context
        try:
            verified = jws.deserialize_compact(text, context.keys.sign, algorithms=[SIGNING])
            return read(orjson.loads(verified.payload), context.side.firm, partner)
        except (JoseError, ExchangeError, ValueError, KeyError, TypeError):
            return None

    async def _judge(self, partner: str, shown: Message) -> None:
        """A message that we have signed and do not know. Raises Distrusted if it is not older."""
        state, context, number = self._context.state, self._context, _number(shown)
        if state.anew is not None and shown.header.sentDateTime <= state.anew:
            await self._before_we_began_anew(partner, [number])
            return
        await context.keep(context.ledger.prove, partner, *number)
        raise Distrusted(outdated(partner, number[0], number[2]))

    async def _before_we_began_anew(self, partner: str, told: Iterable[ChainNumber]) -> None:
        """A partner has these of us from before: whatever they were about stands at L0."""
        context, state = self._context, self._context.state
        chains = {(order, chain) for order, chain, _ in told}
        await context.keep(context.ledger.keep_prior, partner, chains)
        state.prior |= {(partner, "", ""), *((partner, *chain) for chain in chains)}
        firm = context.side.firm
        for of, giver, taker in list(state.agreements):
            level = state.agreements[of, giver, taker].level
            if giver == firm and of in state.prior_orders() and level is not Level.L0:
                await self._outbox.narrow(of, taker, Agreed(Level.L0, context.clock()))

    async def _not_shown(self, partner: str, number: ChainNumber) -> None:
        if self.unproven.get(partner) == number:
            return
        self.unproven[partner] = number
        order, _, last = number
        why = f"{order}: it claims number {last} of ours, and shows no message"
        await self._context.audit(partner, "number not shown", why)


def _number(shown: Message) -> ChainNumber:
    return (shown.order, shown.chain or "", shown.sequence)


def _fitting(numbers: Iterable[ChainNumber]) -> list[ChainNumber]:
    """As many as there is room for."""
    found, room = list[ChainNumber](), ROOM
    for number in numbers:
        room -= len(orjson.dumps(number)) + 1
        if room < 0 or len(found) == MOST:
            break
        found.append(number)
    return found


def _numbers(told: Any) -> Iterator[ChainNumber]:
    """The numbers in a message. Raises ExchangeError where they are none."""
    if not isinstance(told, list) or len(told) > MOST:
        raise ExchangeError("numbers of chains that are no list, or too long")
    for each in told:
        match each:
            case [str(order), str(chain), int(last)] if 0 <= last <= LAST:
                yield order, chain, last
            case _:
                raise ExchangeError("numbers of chains with missing or wrong fields")
