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
    from gateway.api.rooms import Rooms

log = logging.getLogger(__name__)

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
        self._lines.line(record.msg, f"web: {record.getMessage()}")
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
    listen: Endpoint,
    *,
    demo_token: str | None,
    pages: Path | None,
    announce: Callable[[Text], None],
) -> None:
    """Serve until cancelled. Raises OSError when the address is taken.

    ``announce`` is told where the pages are and, while nobody owns the gateway, the set-up code.
    """
    from gateway.api.access import Access  # noqa: PLC0415 - see above
    from gateway.api.app import create_app  # noqa: PLC0415
    from gateway.api.audit import Audit  # noqa: PLC0415
    from gateway.api.ticker import tick  # noqa: PLC0415

    audit = Audit(rooms.site.state, rooms.now)
    access = Access(rooms.site.state, demo_token, rooms.site.firm, audit)
    access.open()
    app = Guard(
        await asyncio.to_thread(create_app, rooms, access, pages=pages),  # tens of milliseconds
        hosts=[*own_names(listen), *rooms.site.web.hosts],
        refused=lambda what, scope: _note_foreign(audit, what, scope),
    )
    ticking = asyncio.create_task(tick(rooms), name="ticker")
    serving = asyncio.create_task(
        serve_app(
            app,
            listen.host,
            listen.port,
            bound=lambda: announce(_where(listen, access.setup_code)),
            ending=rooms.hub.end,
        ),
        name="web",
    )
    try:
        done, _ = await asyncio.wait({ticking, serving}, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in (ticking, serving):
            task.cancel()
        await asyncio.gather(ticking, serving, return_exceptions=True)
        await asyncio.to_thread(audit.close)


def _where(listen: Endpoint, code: str | None) -> Text:
    """Where the pages are, as seen from here or, where it listens everywhere, by its name."""
    everywhere = listen.host in ("0.0.0.0", "::")
    place = Endpoint(socket.gethostname(), listen.port) if everywhere else listen
    pages = Text(f"Seiten: http://{place}/", f"Pages: http://{place}/")
    if code is None:
        return pages
    return Text(
        f"{pages.de}\nEinrichtungscode (gilt einmal): {code}",
        f"{pages.en}\nSet-up code (valid once): {code}",
    )


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
    bound: Callable[[], None] = lambda: None,
    ending: Callable[[], None] = lambda: None,
) -> None:
    """Serve any web application until cancelled. Raises OSError when the address is taken.

    ``bound`` is called once the address is ours; ``ending`` has to end what would go on for ever.
    """
    from gateway.api.door import Door, Line  # noqa: PLC0415 - loaded where it is served

    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Connections inherit it: an answer in two parts does not wait for the peer's word.
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listening.bind((host, port))
        bound()
        logging.getLogger("uvicorn.error").addFilter(_SPARSE)  # adds it once
        server = _Server(
            uvicorn.Config(
                app,
                http=partial(Line, door=Door()),  # type: ignore[arg-type]
                log_config=None,
                log_level="warning",
                access_log=False,
                lifespan="off",
                ws="none",
                server_header=False,
                date_header=False,  # the guard writes it
                forwarded_allow_ips=IN_FRONT,
                timeout_graceful_shutdown=1,
            )
        )
        serving = asyncio.create_task(server.serve(sockets=[listening]), name=f"web {port}")
        try:
            await asyncio.shield(serving)
        finally:
            ending()
            server.should_exit = True
            await asyncio.gather(serving, return_exceptions=True)
