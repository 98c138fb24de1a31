"""Serves the pages and the API of one gateway until cancelled.

The stage serves an application of its own in the same way, so the gateway's is loaded only where
it is served.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import uvicorn
from starlette.types import ASGIApp, Scope

from gateway.api.guard import Guard
from gateway.config import Endpoint
from gateway.core.text import Text
from gateway.flow.line_log import LineLog

if TYPE_CHECKING:
    from gateway.api.audit import Audit
    from gateway.api.lan import Lan
    from gateway.api.rooms import Rooms

log = logging.getLogger(__name__)

Announce = Callable[[Text, str | None], None]
"""Is told what people must know, and the link that a phone should open, if there is one."""

IN_FRONT = "127.0.0.1"
"""Only a web server on this computer may say for whom it asks, whatever the environment says."""


class _Sparse(logging.Filter):
    """What strangers make uvicorn say, for each that knocks wrongly: a few lines a minute."""

    def __init__(self) -> None:
        super().__init__()
        self._lines = LineLog(log)

    def filter(self, record: logging.LogRecord) -> bool:
        """Let tracebacks through: they are mistakes of ours."""
        if record.exc_info:
            return True
        said = record.getMessage()
        self._lines.line(record.msg, Text(f"Web: {said}", f"web: {said}"))
        return False


_SPARSE = _Sparse()


class _Server(uvicorn.Server):
    """uvicorn without its own signal handling: the gateway stops in one place."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to the gateway."""
        yield


async def serve(
    rooms: Rooms,
    *,
    lan: Lan | None,
    demo_token: str | None,
    pages: Path | None,
    announce: Announce,
) -> None:
    """Serve until cancelled. Raises OSError when the address is taken.

    ``lan`` encrypts and makes the pages known, where they are for the network. ``announce`` is told
    where the pages are and, while nobody owns the gateway, the set-up code.
    """
    from gateway.api.access import Access  # noqa: PLC0415 - see above
    from gateway.api.app import create_app  # noqa: PLC0415
    from gateway.api.audit import Audit  # noqa: PLC0415
    from gateway.api.ticker import tick  # noqa: PLC0415

    audit = Audit(rooms.site.state, rooms.now)
    access = Access(rooms.site.state, demo_token, rooms.site.firm, audit)
    access.open()
    web = rooms.site.web
    if lan is not None:
        await lan.open()
    inner = await asyncio.to_thread(create_app, rooms, access, pages=pages)  # tens of milliseconds
    app = Guard(
        inner,
        hosts=[*(own_names(web.listen) if lan is None else lan.hosts), *web.hosts],
        refused=lambda what, scope: _note_foreign(audit, what, scope),
    )
    tasks = [
        asyncio.create_task(tick(rooms), name="ticker"),
        asyncio.create_task(
            serve_app(
                app,
                web.listen.host,
                web.listen.port,
                lan=lan,
                proxy=web.proxy,
                bound=lambda: _announce(web.listen, lan, access.setup_code, announce),
                ending=rooms.hub.end,
            ),
            name="web",
        ),
    ]
    if lan is not None:
        tasks.append(asyncio.create_task(lan.stay(), name="lan"))
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, inner.state.desk.end(), return_exceptions=True)
        await asyncio.to_thread(audit.close)


def _announce(listen: Endpoint, lan: Lan | None, code: str | None, announce: Announce) -> None:
    """Say where the pages are, and what opens them for the first time."""
    if lan is None:
        pages, link = Text(f"Seiten: http://{listen}/", f"Pages: http://{listen}/"), None
    else:
        pages, link = lan.announcement(), next(iter(lan.links()), None)
    if code is not None:
        pages = Text(
            f"{pages.de}\nEinrichtungscode (gilt einmal): {code}",
            f"{pages.en}\nSet-up code (valid once): {code}",
        )
    announce(pages, link)


def own_names(listen: Endpoint) -> list[str]:
    """The names under which a gateway that listens there may be called without further ado."""
    if listen.loopback:
        return [listen.host]
    own = socket.gethostname()
    return [listen.host, own, f"{own}.local"]


def _note_foreign(audit: Audit, what: str, scope: Scope) -> None:
    from gateway.api.audit import Happened  # noqa: PLC0415
    from gateway.api.callers import local  # noqa: PLC0415

    client = scope.get("client")
    audit.note(
        Happened.REFUSED,
        what=f"foreign {what}",
        local=local(client[0]) if client else None,
    )


async def serve_app(
    app: ASGIApp,
    host: str,
    port: int,
    *,
    lan: Lan | None = None,
    proxy: str | None = None,
    bound: Callable[[], None] = lambda: None,
    ending: Callable[[], None] = lambda: None,
) -> None:
    """Serve any web application until cancelled. Raises OSError when the address is taken.

    With ``lan`` encrypted and at every address; with ``proxy`` to that address and this computer
    alone. ``bound`` is called once the address is ours; ``ending`` has to end what would go on for
    ever.
    """
    from gateway.api.callers import Elsewhere  # noqa: PLC0415 - loaded where it is served
    from gateway.api.door import Door, Line  # noqa: PLC0415
    from gateway.api.encrypted import accept  # noqa: PLC0415

    with lan.listening() if lan is not None else _socket(host, port) as listening:
        # Connections inherit it: an answer in two parts does not wait for the peer's word.
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        bound()
        logging.getLogger("uvicorn.error").addFilter(_SPARSE)  # adds it once
        door = Door(proxy)
        server = _Server(
            uvicorn.Config(
                app if proxy is None else Elsewhere(app, proxy),
                http=partial(Line, door=door),  # type: ignore[arg-type]
                log_config=None,
                log_level="warning",
                access_log=False,
                lifespan="off",
                ws="none",
                server_header=False,
                date_header=False,  # the guard writes it
                forwarded_allow_ips=_in_front(proxy) if lan is None else [],
                timeout_graceful_shutdown=1,
            )
        )
        serving = asyncio.create_task(
            server.serve(sockets=[listening] if lan is None else []), name=f"web {port}"
        )
        accepting = None
        if lan is not None:
            server.config.load()
            line = partial(Line, server.config, server.server_state, {}, door=door)
            accepting = asyncio.create_task(
                accept(listening, lan.context, door, line), name=f"web {port} encrypted"
            )
        try:
            await asyncio.shield(serving)
        finally:
            if accepting is not None:
                accepting.cancel()
            ending()
            server.should_exit = True
            ended = [serving] if accepting is None else [serving, accepting]
            await asyncio.gather(*ended, return_exceptions=True)


def _in_front(proxy: str | None) -> list[str]:
    return [IN_FRONT] if proxy is None else [IN_FRONT, proxy]


def _socket(host: str, port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
    except OSError:
        listening.close()
        raise
    return listening
