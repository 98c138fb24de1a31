"""A client that hears itself: a connection that stands says nothing about what comes through it.

A broker may have given our name to somebody else, or drop what its access list does not allow,
and keep the connection open all the same. So the client writes a small message to a topic of its
own every few seconds and reads it again. Where it does not come back, the connection is closed.
Where it never did, closing helps nobody: the client stays, and says that it is not heard.

Two gateways of one name would throw each other out for ever. Whoever was thrown out listens first,
under another name, whether somebody else writes to its topic, and waits as long as that is so.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from enum import Enum, auto

import orjson

from gateway.core.errors import NotConnected, Rejected
from gateway.core.text import Text
from gateway.drivers.mqtt import HUNG_UP, TAKEN, Broker, Message, MqttClient

EVERY = 10.0
"""Seconds between two messages to ourselves; an answer to one who listens goes at once."""
PATIENCE = 5.0
"""Seconds within which one must be heard."""
LISTENS = 4.0
"""Seconds to listen for another gateway before its name is taken."""
SHORT = 60.0
"""A connection that the broker ends sooner, twice in a row, is taken for a fight about the name."""
AGAIN = 300.0
"""Seconds until a connection on which nothing was ever heard is tried anew."""
RECENT = 30.0
"""Seconds for which another gateway of our name is spoken of after it was heard."""
_LONGEST = 200

NOT_HEARD = "not heard"
NAMESAKE = "another gateway uses this name"


class Namesake(NotConnected):
    """Another gateway works under our name: this one waits."""


class Hearing(Enum):
    """What the client knows of itself on this connection."""

    UNKNOWN = auto()
    HEARD = auto()
    REFUSED = auto()  # the broker does not allow the own topic, and says so
    OTHERS = auto()  # others are heard, only the own topic is not
    NOTHING = auto()


class HeardClient:
    """An MqttClient with an own ``topic``; ``topics`` is what it reads besides.

    Where ``topics`` holds a pattern that covers the own topic, that is not asked for itself.
    """

    def __init__(
        self,
        broker: Broker,
        name: str,
        topic: str,
        *,
        topics: tuple[str, ...] = (),
        will: Message | None = None,
    ) -> None:
        self.topic = topic
        self.hearing = Hearing.UNKNOWN
        self._name = name
        self._topics = topics
        self._client = MqttClient(broker, name, will=will)
        self._probe: MqttClient | None = None
        self._watching: asyncio.Task[None] | None = None
        self._instance = secrets.token_hex(8)
        self._number = 0
        self._heard, self._asked = asyncio.Event(), asyncio.Event()
        self._others = self._foreign = self._since = float("-inf")
        self._doubted = self._waits = False
        self._in_vain = self._short = 0

    @property
    def connected(self) -> bool:
        """Whether a connection stands."""
        return self._client.connected

    async def connect(self) -> None:
        """Open a connection. Raises NotConnected, Namesake, or Rejected for ``topics``."""
        await self.close()
        if self._doubtful():
            await self._look_for_a_namesake()
        self._doubted = self._waits = False
        await self._client.connect()
        self._since, self.hearing = time.monotonic(), Hearing.UNKNOWN
        if self._topics:
            await self._client.subscribe(*self._topics)
        else:
            try:
                await self._client.subscribe(self.topic)
            except Rejected:
                self.hearing = Hearing.REFUSED
                return
        self._watching = asyncio.create_task(self._watch(), name=f"{self._name} hears itself")

    async def publish(self, *messages: Message) -> None:
        """As MqttClient. Raises NotConnected or Rejected."""
        try:
            await self._client.publish(*messages)
        except NotConnected as lost:
            raise self._why(lost) from lost

    async def messages(self) -> AsyncIterator[Message]:
        """What others write to ``topics``. Raises NotConnected when the connection is lost."""
        try:
            async for message in self._client.messages():
                if message.topic == self.topic:
                    self._take(message)
                else:
                    self._others = time.monotonic()
                    yield message
        except NotConnected as lost:
            raise self._why(lost) from lost

    async def close(self) -> None:
        """Take leave of the broker; safe twice and before ``connect``."""
        watching, self._watching = self._watching, None
        if watching is not None:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
        if self._probe is not None:
            await self._probe.close()
        await self._client.close()

    def trouble(self) -> Text | None:
        """What a person should know of this connection, and do; None where all is well."""
        where = self._client.broker.url
        if self._waits or time.monotonic() - self._foreign < RECENT:
            waits = Text("dieses wartet", "this one waits")
            other = Text("jenes wartet", "that one waits")
            who = waits if self._waits else other
            return Text(
                f"Zwei Gateways melden sich bei {where} unter dem Namen {self._name}; {who.de}. "
                "Geben Sie jedem eine eigene Kennung (firm, plant), oder schalten Sie eines ab",
                f"two gateways use the name {self._name} at {where}; {who.en}. Give each an id "
                "of its own (firm, plant), or switch one off",
            )
        if self.hearing in (Hearing.REFUSED, Hearing.OTHERS):
            return Text(
                f"hört sich selbst nicht: Erlauben Sie beim Broker {where}, das Thema "
                f"{self.topic} zu schreiben und zu lesen",
                f"does not hear itself: allow at the broker {where} to write and to read the "
                f"topic {self.topic}",
            )
        if self.hearing is Hearing.NOTHING:
            return Text(
                f"nicht gehört: Was dieses Gateway an {where} sendet, kommt nicht zurück. Prüfen "
                f"Sie dessen Zugriffsliste; {self.topic} muss es schreiben und lesen dürfen",
                f"not heard: what this gateway sends to {where} does not come back. Check its "
                f"access list; it must be allowed to write and to read {self.topic}",
            )
        return None

    def _doubtful(self) -> bool:
        """Whether somebody else may have our name."""
        why = self._client.why_lost
        stood = time.monotonic() - self._since
        self._client.why_lost = None
        self._short = self._short + 1 if why == HUNG_UP and stood < SHORT else 0
        return self._doubted or self._waits or why == TAKEN or self._short > 1

    async def _look_for_a_namesake(self) -> None:
        """Listen under another name. Raises Namesake; a broker that does not let us: nobody."""
        broker = self._client.broker
        spoken = replace(broker, protocol=self._client.protocol or broker.protocol)
        probe = self._probe = MqttClient(spoken, f"{self._name}-{self._instance}")
        try:
            await probe.connect()
            await probe.subscribe(self.topic)
            await probe.publish(Message(self.topic, self._word(asks=True)))
            async with asyncio.timeout(LISTENS):
                async for message in probe.messages():
                    if self._is_foreign(message):
                        self._waits = True
                        raise Namesake(f"{broker.url}: {NAMESAKE}")
        except (NotConnected, Rejected, TimeoutError) as nobody:
            if isinstance(nobody, Namesake):
                raise
        finally:
            self._probe = None
            await probe.close()

    async def _watch(self) -> None:
        """Write to ourselves, and see that it is heard, until the connection is lost."""
        while True:
            sent = time.monotonic()
            self._heard.clear()
            self._asked.clear()
            try:
                await self._client.publish(Message(self.topic, self._word()))
            except NotConnected:
                return
            except Rejected:
                self.hearing = Hearing.REFUSED
                await asyncio.sleep(EVERY)
                continue
            with suppress(TimeoutError):
                async with asyncio.timeout(PATIENCE):
                    await self._heard.wait()
            if not self._heard.is_set() and time.monotonic() - sent < 2 * PATIENCE:
                await self._unheard(sent)  # else it is we who were late
            with suppress(TimeoutError):
                async with asyncio.timeout(EVERY):
                    await self._asked.wait()
                    await asyncio.sleep(LISTENS / 4)  # who asks all the time is not answered so

    async def _unheard(self, sent: float) -> None:
        """Nothing came back of what was ``sent``."""
        if self.hearing is not Hearing.HEARD:
            if self._others > self._since:
                self.hearing = Hearing.OTHERS
                return
            self._in_vain += 1
            if self._in_vain > 1 and sent - self._since < AGAIN:
                self.hearing = Hearing.NOTHING
                return
        elif self._others > sent:
            return
        else:
            self._doubted = True
        await self._client.break_off(NOT_HEARD)

    def _word(self, *, asks: bool = False) -> bytes:
        self._number += 1
        word = {"schema": 1, "instance": self._instance, "number": self._number, "asks": asks}
        return orjson.dumps(word)

    def _take(self, message: Message) -> None:
        if self._is_foreign(message):
            self._foreign = time.monotonic()
            if (_said(message) or {}).get("asks") is True:
                self._asked.set()
        elif self._own(message) is not None:
            self.hearing, self._in_vain = Hearing.HEARD, 0
            self._heard.set()

    def _is_foreign(self, message: Message) -> bool:
        said = _said(message)
        return said is not None and said.get("instance") != self._instance

    def _own(self, message: Message) -> object:
        said = _said(message)
        return said if said is not None and said.get("number") == self._number else None

    def _why(self, lost: NotConnected) -> NotConnected:
        why = self._client.why_lost
        return lost if why is None else NotConnected(f"{self._client.broker.url}: {why}")


def _said(message: Message) -> dict[str, object] | None:
    """What a gateway wrote to its own topic; None for anything else."""
    if len(message.payload) > _LONGEST:
        return None
    try:
        said = orjson.loads(message.payload)
    except orjson.JSONDecodeError:
        return None
    return said if isinstance(said, dict) and isinstance(said.get("instance"), str) else None
