"""MQTT 5 and 3.1.1 over paho, with asyncio manners. The only file that imports paho.

paho's network thread does the talking; everything that it reports is handed to the event loop.
There is no automatic reconnect: ``connect`` opens one connection, its loss raises NotConnected
from whatever is being awaited, and the caller's runner decides when to try again.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import sys
import threading
from collections import deque
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from gateway.core.errors import NotConnected, Rejected
from gateway.drivers.broker import Broker, Message, Protocol

if TYPE_CHECKING:
    from paho.mqtt.client import Client, MQTTMessage
    from paho.mqtt.reasoncodes import ReasonCode

__all__ = ["HUNG_UP", "TAKEN", "Broker", "Message", "MqttClient", "Protocol"]

KEEPALIVE = 7
"""Seconds between pings: a silent broker is noticed within twice that."""

ROOM = 16 * 2**20
"""Bytes of all messages that wait until they are read."""

PROBE = 2.0
"""Seconds of silence after which AUTO takes a broker for one that does not know MQTT 5: some
3.1.1 brokers hang up on the unknown version, others (amqtt) wait for ever for the rest of it."""

_NEVER_VALID_NOW = {9, 10}  # OpenSSL: certificate not yet valid, certificate has expired
_OTHER_VERSION = {1, 132}  # CONNACK: unacceptable (3.1.1) or unsupported (5) protocol version
_DONE = 0  # MQTT_ERR_SUCCESS
_LOST = -1


class _Unspoken(NotConnected):
    """The broker hung up before it accepted us: perhaps it speaks another version."""


class _Link:
    """One connection: paho's client, and the futures that its network thread answers."""

    def __init__(self, client: Client, loop: asyncio.AbstractEventLoop) -> None:
        self.client = client
        self.opened: asyncio.Future[ReasonCode | str] = loop.create_future()
        self.lost: asyncio.Future[str] = loop.create_future()
        self.answers: dict[int, asyncio.Future[Sequence[int]]] = {}

    def expect(self, mid: int) -> asyncio.Future[Sequence[int]]:
        """What the broker will answer to packet ``mid``: reason codes, or _LOST."""
        answer = self.answers[mid] = self.lost.get_loop().create_future()
        return answer

    def answered(self, mid: int, codes: Sequence[int]) -> None:
        answer = self.answers.pop(mid, None)
        if answer is not None and not answer.done():
            answer.set_result(codes)

    def accepted(self, reason: ReasonCode | str) -> None:
        if not self.opened.done():
            self.opened.set_result(reason)

    def gone(self, reason: str) -> None:
        self.accepted(reason)
        if not self.lost.done():
            self.lost.set_result(reason)
        for mid in tuple(self.answers):
            self.answered(mid, (_LOST,))


class MqttClient:
    """A client of one broker.

    ``will``      what the broker publishes for us when we vanish
    ``session``   how long the broker is asked to keep our subscriptions and their messages while
                  we are away; None: not at all. The embedded broker loses some all the same
    ``deadline``  how long an answer of the broker may take before the connection counts as lost
    ``inbox``     received messages kept until they are read; beyond it, and beyond ``ROOM`` bytes,
                  the oldest is dropped
    """

    def __init__(
        self,
        broker: Broker,
        client_id: str,
        *,
        will: Message | None = None,
        session: timedelta | None = None,
        deadline: timedelta = timedelta(seconds=5),
        inbox: int = 1000,
    ) -> None:
        self.broker = broker
        self.client_id = client_id
        self.dropped = 0
        self._will = will
        self._session = session
        self._deadline = deadline.total_seconds()
        self._inbox: deque[Message] = deque()
        self._most, self._held, self._counting = inbox, 0, threading.Lock()
        self._news = asyncio.Event()
        self._link: _Link | None = None
        self._spoken: Protocol | None = None
        self.why_lost: str | None = None
        """Why the last connection ended, where it was not we who took leave."""

    @property
    def connected(self) -> bool:
        """Whether the broker has accepted us and the connection stands."""
        return self._link is not None and not self._link.lost.done()

    @property
    def protocol(self) -> Protocol | None:
        """The MQTT version spoken last; None before the first connection."""
        return self._spoken

    async def connect(self) -> None:
        """Open a connection, after closing the old one. Raises NotConnected."""
        await self._drop(politely=True)
        versions = self._versions()
        for version in versions:
            try:
                self._link = await self._open(version)
            except _Unspoken:
                self._spoken = None
                if version is versions[-1]:
                    raise
            else:
                self._spoken = version
                return

    async def publish(self, *messages: Message) -> None:
        """Send all and wait until the broker has them.

        Raises NotConnected (some may have arrived) or Rejected (which ones; the rest arrived).
        """
        link = self._alive()
        answers = []
        for message in messages:
            info = link.client.publish(message.topic, message.payload, message.qos, message.retain)
            if info.rc != _DONE:
                raise NotConnected(f"{self.broker.url}: {info.rc.name.lower()}")
            answers.append(link.expect(info.mid))
        codes = [answer[0] for answer in await self._all(link, answers)]
        refused = [index for index, code in enumerate(codes) if code >= 128]
        if refused:
            topics = ", ".join(messages[index].topic for index in refused[:3])
            raise Rejected(f"{self.broker.url} refuses {topics}", refused)

    async def subscribe(self, *topics: str, qos: int = 1) -> None:
        """Ask for the messages of ``topics``. Raises NotConnected or Rejected."""
        link = self._alive()
        result, mid = link.client.subscribe([(topic, qos) for topic in topics])
        if result != _DONE or mid is None:
            raise NotConnected(f"{self.broker.url}: {result.name.lower()}")
        (codes,) = await self._all(link, [link.expect(mid)])
        refused = [index for index, code in enumerate(codes) if code >= 128]
        if refused:
            named = ", ".join(topics[index] for index in refused)
            raise Rejected(f"{self.broker.url} refuses the subscription to {named}", refused)

    async def messages(self) -> AsyncIterator[Message]:
        """What arrives, in order. Raises NotConnected when the connection is lost."""
        while True:
            self._news.clear()
            while self._inbox:
                with self._counting:
                    message = self._inbox.popleft()
                    self._held -= len(message.payload)
                yield message
            self._alive()
            await self._news.wait()

    async def lost(self) -> str:
        """Wait until the connection is lost; says why."""
        return await asyncio.shield(self._alive().lost)

    async def close(self) -> None:
        """Take leave of the broker; safe twice and before ``connect``."""
        await self._drop(politely=True)

    async def break_off(self, reason: str) -> None:
        """End a connection that is worth nothing, as if it were lost: the broker sends our will."""
        self.why_lost = reason
        await self._drop(politely=False)

    def _versions(self) -> tuple[Protocol, ...]:
        if self.broker.protocol is not Protocol.AUTO:
            return (self.broker.protocol,)
        return (self._spoken,) if self._spoken else (Protocol.V5, Protocol.V311)

    def _alive(self) -> _Link:
        link = self._link
        if link is None:
            raise NotConnected(f"{self.broker.url}: not connected")
        if link.lost.done():
            raise NotConnected(f"{self.broker.url}: {link.lost.result()}")
        return link

    async def _all(
        self, link: _Link, answers: Sequence[asyncio.Future[Sequence[int]]]
    ) -> list[Sequence[int]]:
        try:
            async with asyncio.timeout(self._deadline):
                codes = await asyncio.gather(*answers)
        except TimeoutError:
            link.gone(f"no answer within {self._deadline:g} s")
            await self._drop(politely=False)
            raise NotConnected(f"{self.broker.url}: {link.lost.result()}") from None
        if any(_LOST in answer for answer in codes):
            raise NotConnected(f"{self.broker.url}: {link.lost.result()}")
        return codes

    async def _open(self, version: Protocol) -> _Link:
        loop = asyncio.get_running_loop()
        five = version is Protocol.V5
        probing = five and self._spoken is None and self.broker.protocol is Protocol.AUTO
        tls = self.broker.tls_context() if self.broker.tls else None
        client = _paho_client(self.client_id, five=five, clean=self._session is None)
        link = _Link(client, loop)
        self._listen(link, loop)
        if self.broker.user is not None:
            client.username_pw_set(self.broker.user, self.broker.password)
        if self._will is not None:
            will = self._will
            client.will_set(will.topic, will.payload, will.qos, will.retain)
        if tls is not None:
            client.tls_set_context(tls)
        client.connect_timeout = self._deadline
        if five:
            client.connect_async(
                self.broker.host,
                self.broker.port,
                KEEPALIVE,
                clean_start=self._session is None,
                properties=_expiry(self._session or timedelta()),
            )
        else:
            client.connect_async(self.broker.host, self.broker.port, KEEPALIVE)
        try:
            client.loop_start()
        except OSError as error:  # paho wakes itself over the loopback network: without any, too
            raise NotConnected(f"{self.broker.url}: {error.strerror or error}") from error
        try:
            async with asyncio.timeout(PROBE if probing else 2 * self._deadline):
                reason = await link.opened
        except TimeoutError:
            await _stop(link, politely=False)
            raise (_Unspoken if probing else NotConnected)(
                f"{self.broker.url}: no answer"
            ) from None
        except asyncio.CancelledError:
            await _stop(link, politely=False)
            raise
        if isinstance(reason, str) or reason.is_failure:
            await _stop(link, politely=False)
            unspoken = reason == HUNG_UP or (
                not isinstance(reason, str) and reason.value in _OTHER_VERSION
            )
            raise (_Unspoken if unspoken else NotConnected)(f"{self.broker.url}: {reason}")
        return link

    def _listen(self, link: _Link, loop: asyncio.AbstractEventLoop) -> None:
        """Hand what paho's thread reports to the event loop."""
        client = link.client

        def tell(what: Any, *told: Any) -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(what, *told)

        def gone(reason: str) -> None:
            if link is self._link:
                self.why_lost = reason
            link.gone(reason)
            self._news.set()

        def on_message(_client: Client, _userdata: Any, message: MQTTMessage) -> None:
            payload = bytes(message.payload)
            with self._counting:
                self._inbox.append(Message(message.topic, payload, message.qos, message.retain))
                self._held += len(payload)
                while len(self._inbox) > self._most or self._held > ROOM:
                    self._held -= len(self._inbox.popleft().payload)
                    self.dropped += 1
            tell(self._news.set)

        client.on_connect = lambda _c, _u, _flags, reason, _p: tell(link.accepted, reason)
        client.on_connect_fail = lambda _c, _u: tell(gone, _explain(sys.exception()))
        client.on_disconnect = lambda _c, _u, _flags, reason, _p: tell(
            gone, _REASONS.get(reason.value, str(reason))
        )
        client.on_publish = lambda _c, _u, mid, reason, _p: tell(
            link.answered, mid, (reason.value,)
        )
        client.on_subscribe = lambda _c, _u, mid, reasons, _p: tell(
            link.answered, mid, [reason.value for reason in reasons]
        )
        client.on_message = on_message
        client.on_socket_open = lambda _c, _u, sock: _tune(sock)

    async def _drop(self, *, politely: bool) -> None:
        link, self._link = self._link, None
        if link is not None:
            await _stop(link, politely=politely)
            link.gone("closed")
            self._news.set()


HUNG_UP = "the broker hung up"
TAKEN = "another client took our name"
_REASONS = {128: HUNG_UP, 142: TAKEN}
"""Why a connection ended, by paho's reason code."""


def _paho_client(client_id: str, *, five: bool, clean: bool) -> Client:
    # paho is imported here: a gateway without MQTT does not load it.
    from paho.mqtt.client import Client  # noqa: PLC0415
    from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion  # noqa: PLC0415

    return Client(
        CallbackAPIVersion.VERSION2,
        client_id=client_id,
        clean_session=None if five else clean,
        protocol=MQTTProtocolVersion.MQTTv5 if five else MQTTProtocolVersion.MQTTv311,
        reconnect_on_failure=False,
    )


def _expiry(session: timedelta) -> Any:
    from paho.mqtt.packettypes import PacketTypes  # noqa: PLC0415
    from paho.mqtt.properties import Properties  # noqa: PLC0415

    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    properties.SessionExpiryInterval = int(session.total_seconds())
    return properties


async def _stop(link: _Link, *, politely: bool) -> None:
    """End the connection and its thread; ``politely`` the broker does not send our will."""
    client = link.client
    if politely:
        client.disconnect()
    else:
        for sock in _sockets(client):
            with suppress(OSError):  # the other side, or TCP's own patience, was faster
                sock.shutdown(socket.SHUT_RDWR)
        client.disconnect()
    await asyncio.to_thread(client.loop_stop)
    # paho closes its sockets when it is freed: let go of it now, not at the next collection.
    client.on_connect = client.on_connect_fail = client.on_disconnect = None
    client.on_publish = client.on_subscribe = client.on_message = client.on_socket_open = None


def _sockets(client: Client) -> Iterator[Any]:
    sock = client.socket()
    if sock is not None and sock.fileno() >= 0:
        yield sock


def _tune(sock: Any) -> None:
    """Send small messages at once, and notice within five seconds that nobody takes them."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 5000)


def _explain(error: BaseException | None) -> str:
    """Why a connection could not be made, with what to look at."""
    if isinstance(error, ssl.SSLCertVerificationError):
        if error.verify_code in _NEVER_VALID_NOW:
            return f"{error.verify_message}: check this computer's clock"
        return f"its certificate is not trusted ({error.verify_message})"
    if isinstance(error, ConnectionRefusedError):
        return "nobody listens there"
    if isinstance(error, socket.gaierror):
        return "the name is unknown"
    if isinstance(error, TimeoutError):
        return "no answer"
    return str(error or "no connection")
