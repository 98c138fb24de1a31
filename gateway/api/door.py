"""Who may hold a connection: a share for each address, for the network and for this computer.

A connection *waits* while no complete request has come over it: new, half sent, or between two
requests. One that waits is ended after ``PATIENCE``, and sooner where somebody else needs its
place. So idle sockets keep nobody out, and those of the network never those of this computer.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Protocol

import h11
import orjson
from starlette.responses import Response
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from gateway.api.callers import caller, local, plain
from gateway.api.guard import Guard
from gateway.core.text import Text

MOST_WAITING = 30
"""So many connections of one address wait at a time; one more ends the oldest of them."""
MOST_OF_ONE = 100
"""So many connections one address of the network has at a time."""
MOST_FROM_NETWORK, MOST_FROM_HERE = 300, 200
"""So many the network has in all, and so many this computer (a web server in front, the stage)."""
MOST_REFUSED = 50
"""So many beyond a share are told so; more are ended without a word."""
PATIENCE = 10.0
"""Seconds in which a complete request must come."""
UNSENT = 64 * 1024
"""So many bytes of an answer wait for a peer that does not take them, before more are made."""
UNTAKEN = 30.0
"""Seconds in which an answer must be taken."""

BUSY = Text(
    "Zu viele Verbindungen: bitte einige Seiten schließen und es gleich noch einmal versuchen.",
    "Too many connections: please close some pages and try again in a moment.",
)
NOT_HTTP = Text("Das ist keine lesbare HTTP-Anfrage.", "This is no HTTP request that can be read.")


def _detail(text: Text) -> bytes:
    return orjson.dumps({"detail": text.as_json()})


_busy = Guard(
    Response(_detail(BUSY), 503, {"connection": "close", "retry-after": "10"}, "application/json")
)


class Holder(Protocol):
    """Whoever holds a place: of ``address``, ``here`` where that is this computer."""

    address: str
    here: bool
    entered: bool

    def end(self) -> None:
        """End it at once."""


@dataclass(slots=True)
class Door:
    """The connections of one listening socket.

    ``only`` is the one address of the network that may come in, where a web server stands in front.
    """

    only: str | None = None
    _held: Counter[object] = field(default_factory=Counter)
    _waiting: dict[object, dict[Holder, None]] = field(default_factory=dict)

    def admits(self, host: str) -> bool:
        """Whether a connection from there may come in at all."""
        return self.only is None or plain(host) == plain(self.only) or local(host) is True

    def enter(self, line: Holder) -> bool:
        """Let a connection in, at the cost of one that waits; False where all are at work."""
        address, share = line.address, line.here
        room = True
        most = MOST_FROM_HERE if share else MOST_FROM_NETWORK
        if len(self._waiting.get(address, ())) >= MOST_WAITING:
            self._end_oldest(address)
        for group, limit in ((address, most if share else MOST_OF_ONE), (share, most)):
            if self._held[group] >= limit and not self._end_oldest(group):
                room = False
                if self._held[group] >= limit + MOST_REFUSED:
                    line.end()
                    return False
        for group in (address, share):
            self._held[group] += 1
        line.entered = True
        self.waits(line)
        return room

    def waits(self, line: Holder) -> None:
        """A connection waits for a request from now on."""
        for group in (line.address, line.here):
            self._waiting.setdefault(group, {})[line] = None

    def works(self, line: Holder) -> None:
        """A complete request has come."""
        for group in (line.address, line.here):
            waiting = self._waiting.get(group, {})
            waiting.pop(line, None)
            if not waiting:
                self._waiting.pop(group, None)

    def leave(self, line: Holder) -> None:
        """A connection has ended; safe twice."""
        if not line.entered:
            return
        line.entered = False
        self.works(line)
        for group in (line.address, line.here):
            self._held[group] -= 1
            if self._held[group] <= 0:
                del self._held[group]

    def _end_oldest(self, group: object) -> bool:
        waiting = self._waiting.get(group)
        if not waiting:
            return False
        oldest = next(iter(waiting))
        self.leave(oldest)
        oldest.end()
        return True


class Line(H11Protocol):
    """A connection that ``door`` has let in."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        door: Door,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.door = door
        self.address = ""
        self.here = False
        self.entered = False
        self.knock: Holder | None = None
        """What held its place until it was encrypted."""
        self._patience: asyncio.TimerHandle | None = None
        self._untaken: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A place at the door, or a word that there is none."""
        super().connection_made(transport)
        if self.knock is not None:
            self.door.leave(self.knock)
        if self.client is None or not self.door.admits(self.client[0]):
            self.end()  # without an address it is gone already, though a request may have come
            return
        host = plain(self.client[0])
        self.client = (host, self.client[1])
        self.address, self.here = caller(host), local(host) is not False
        transport.set_write_buffer_limits(UNSENT)  # what encrypts would keep eight times as much
        if not self.door.enter(self):
            self.app = _busy
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """The place is free again."""
        self.door.leave(self)
        self._end_timers()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Look whether a request is complete now."""
        super().data_received(data)
        self._look()

    def on_response_complete(self) -> None:
        """Wait for the next request, if it has not come already."""
        super().on_response_complete()
        if not self._look():
            if self.entered:
                self.door.waits(self)
            self._wait()

    def pause_writing(self) -> None:
        """Nobody takes what we say: not for ever."""
        super().pause_writing()
        self._untaken = self.loop.call_later(UNTAKEN, self.end)

    def resume_writing(self) -> None:
        """It is taken."""
        super().resume_writing()
        if self._untaken is not None:
            self._untaken.cancel()
            self._untaken = None

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - ours has both languages
        """Say that this is no HTTP, and hang up."""
        content = _detail(NOT_HTTP)
        headers = [
            ("content-type", "application/json"),
            ("content-length", str(len(content))),
            ("connection", "close"),
        ]
        for event in (
            h11.Response(status_code=400, headers=headers, reason=b"Bad Request"),
            h11.Data(data=content),
            h11.EndOfMessage(),
        ):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def end(self) -> None:
        """End the connection at once, whatever it has not taken yet."""
        self.transport.abort()

    def _look(self) -> bool:
        """Whether a complete request is at work; from then on nothing hurries its answer."""
        cycle = self.cycle
        if cycle is None or cycle.response_complete or cycle.more_body:
            return False
        self.door.works(self)
        self._rest()
        return True

    def _wait(self) -> None:
        self._rest()
        self._patience = self.loop.call_later(PATIENCE, self._out_of_patience)

    def _out_of_patience(self) -> None:
        if self.transport.get_write_buffer_size():  # what it was told is still on its way
            self._patience = self.loop.call_later(UNTAKEN - PATIENCE, self.end)
        else:
            self.end()

    def _rest(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _end_timers(self) -> None:
        self._rest()
        if self._untaken is not None:
            self._untaken.cancel()
            self._untaken = None
