"""The latest value of every signal, and the stream of changes to the browsers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import orjson

from gateway.core.batches import Judged, Reading
from gateway.core.signals import Quality, Reason, Signal, SignalId

HEARTBEAT = 10.0
"""Seconds after which a silent stream says that it is alive."""

MOST_CLIENTS = 200
"""So many browsers may listen at a time; connections for all else stay free."""


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
    pending: dict[tuple[str, str], bytes] = field(default_factory=dict)
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    ended: bool = False


class Hub:
    """Sends each browser the newest state of each thing.

    Every event carries a whole state, so a slow reader loses nothing but steps in between: what
    waits for it is at most one message per thing.
    """

    def __init__(self) -> None:
        self._clients: set[_Client] = set()

    @property
    def full(self) -> bool:
        """Whether so many listen that nobody else may."""
        return len(self._clients) >= MOST_CLIENTS

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
            client.ended = True
            client.wake.set()

    async def stream(
        self,
        wants: Callable[[str, str], bool],
        first: Iterable[tuple[str, bytes]],
        may: Callable[[], bool] = lambda: True,
    ) -> AsyncIterator[bytes]:
        """Server-sent events for one browser, beginning with the states in ``first``.

        ``may`` is asked before each message: the stream ends when its caller may not see it any
        more.
        """
        client = _Client(wants)
        self._clients.add(client)
        try:
            yield b"retry: 1000\n\n"
            for event, serialised in first:
                yield _frame(event, serialised)
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
                    return
                client.wake.clear()
                messages, client.pending = client.pending, {}
                yield b"".join(messages.values())
        finally:
            self._clients.discard(client)


def _frame(event: str, serialised: bytes) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (event.encode(), serialised)
