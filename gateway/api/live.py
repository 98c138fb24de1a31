"""The latest value of every signal, and the stream of changes to the browsers."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import orjson

from gateway.core.batches import Judged, Reading
from gateway.core.signals import Quality, Reason, Signal, SignalId

HEARTBEAT = 10.0
"""Seconds after which a silent stream says that it is alive."""

MOST_CLIENTS = 200
"""So many streams there are at a time; connections for all else stay free."""
MOST_OF_ONE = 10
"""So many of them for one session."""
MAKE_ROOM = 30_000
"""Milliseconds after which a browser asks again whose stream another one needed."""


class Latest:
    """The last reading of each signal; one dictionary write per value, no object."""

    def __init__(self) -> None:
        self._entries: dict[SignalId, tuple[Judged, int]] = {}
        self.changed: set[str] = set()

    def take(self, batch: Judged) -> None:
        """Remember a batch."""
        entries = self._entries
        for index, signal in enumerate(batch.batch.signals):
            entries[signal] = (batch, index)
        self.changed.add(batch.machine)

    def reading(self, signal: SignalId) -> Reading | None:
        """The last reading of ``signal``."""
        entry = self._entries.get(signal)
        return entry[0].reading(entry[1]) if entry else None

    def heard(self, signal: SignalId) -> float | None:
        """When (monotonic) the last reading of ``signal`` came."""
        entry = self._entries.get(signal)
        return entry[0].batch.mono if entry else None

    def keep(self, signals: Collection[SignalId]) -> None:
        """Forget all other signals: their machines are gone."""
        self._entries = {one: entry for one, entry in self._entries.items() if one in signals}

    @staticmethod
    def trust(reading: Reading, signal: Signal, now: datetime) -> tuple[Quality, Reason]:
        """Quality and reason as of ``now``: a good value that was not renewed is stale."""
        patience = timedelta(seconds=max(5.0, 3 * signal.every))
        if reading.quality is not Quality.BAD and now - reading.at > patience:
            return Quality.UNCERTAIN, Reason.STALE
        return reading.quality, reading.fault.reason


@dataclass(slots=True, eq=False)
class _Client:
    wants: Callable[[str, str], bool]
    holder: str | None
    wake: asyncio.Event
    pending: dict[tuple[str, str], bytes] = field(default_factory=dict)
    ended: bool = False
    farewell: bytes = b""

    def end(self, farewell: bytes = b"") -> None:
        self.ended, self.farewell = True, farewell
        self.wake.set()


class Hub:
    """Sends each browser the newest state of each thing.

    Every event carries a whole state, so a slow reader loses nothing but steps in between: what
    waits for it is at most one message per thing. A ``holder`` (a session) has a bounded number
    of streams; a newer one ends its oldest, as that of a phone that went out of reach.
    """

    def __init__(self) -> None:
        self._clients: dict[_Client, None] = {}  # the oldest first

    def room(self, holder: str | None = None) -> bool:
        """Whether one more stream of ``holder`` finds a place; perhaps whoever has most gives way.

        ``holder`` is None for whoever is vouched for by somebody that counts itself.
        """
        return len(self._clients) < MOST_CLIENTS or self._giving_way(holder) is not None

    def _giving_way(self, holder: str | None) -> _Client | None:
        """Whose stream ends so that ``holder`` gets one."""
        held = Counter(client.holder for client in self._clients if client.holder is not None)
        mine = 0 if holder is None else held[holder]
        most = holder if mine >= MOST_OF_ONE else max(held, key=held.__getitem__, default=None)
        if most is None or (most != holder and held[most] <= mine + 1):
            return None
        return next(client for client in self._clients if client.holder == most)

    def _let_in(self, client: _Client) -> bool:
        held = [one for one in self._clients if one.holder == client.holder is not None]
        if len(self._clients) >= MOST_CLIENTS or len(held) >= MOST_OF_ONE:
            oldest = self._giving_way(client.holder)
            if oldest is None:
                return False
            del self._clients[oldest]
            oldest.end(b"retry: %d\n\n" % MAKE_ROOM)
        self._clients[client] = None
        return True

    @property
    def watched(self) -> bool:
        """Whether anybody listens; nothing is serialised for nobody."""
        return bool(self._clients)

    def publish(self, event: str, key: str, content: object) -> None:
        """Hand ``content`` (JSON) to every client that wants ``event`` of the thing ``key``."""
        if self._clients:
            self.forward(event, key, orjson.dumps(content))

    def forward(self, event: str, key: str, serialised: bytes) -> None:
        """The same for content that is JSON already."""
        message = _frame(event, serialised)
        for client in self._clients:
            if client.wants(event, key):
                client.pending[(event, key)] = message
                client.wake.set()

    def end(self) -> None:
        """End every stream in order; whoever asks anew is served again."""
        for client in self._clients:
            client.end()

    async def stream(
        self,
        wants: Callable[[str, str], bool],
        first: Callable[[], Iterable[tuple[str, bytes]]],
        may: Callable[[], bool] = lambda: True,
        holder: str | None = None,
        wake: asyncio.Event | None = None,
    ) -> AsyncIterator[bytes]:
        """Server-sent events for one browser, beginning with the states that ``first`` gives.

        They are taken once the browser is registered: what changes from then on follows. ``may``
        is asked before each message, and when somebody sets ``wake``: the stream ends when its
        caller may not see it any more, or has gone.
        """
        client = _Client(wants, holder, wake or asyncio.Event())
        if not self._let_in(client):
            return
        try:
            states = [_frame(event, serialised) for event, serialised in first()]
            yield b"retry: 1000\n\n"
            for state in states:
                yield state
            while True:
                try:
                    async with asyncio.timeout(HEARTBEAT):
                        await client.wake.wait()
                except TimeoutError:
                    if not may():
                        return
                    yield b": alive\n\n"
                    continue
                if client.ended or not may():
                    yield client.farewell
                    return
                client.wake.clear()
                messages, client.pending = client.pending, {}
                yield b"".join(messages.values())
        finally:
            self._clients.pop(client, None)


def _frame(event: str, serialised: bytes) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (event.encode(), serialised)
