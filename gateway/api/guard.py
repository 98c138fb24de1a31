"""The web's outer wall: security headers, host allow-list, origin check, size of requests."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from email.utils import formatdate
from ipaddress import ip_address

import orjson
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.core.text import Text

LOCAL_NAME = "localhost"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
MOST_BYTES = 64 * 1024
"""The longest request that is read; the longest that our pages send has a few kilobytes."""
HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "font-src 'self'; connect-src 'self'; frame-src 'self'; manifest-src 'self'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
OTHER_NAME = Text(
    "Das Gateway heißt anders: bitte seine IP-Adresse verwenden oder den Namen in seiner "
    "Datei unter web.hosts eintragen.",
    "The gateway has another name: please use its IP address, or add the name to web.hosts in "
    "its file.",
)
OTHER_PAGE = Text(
    "Was etwas ändert, muss von den eigenen Seiten kommen.",
    "What changes something must come from the gateway's own pages.",
)
WITHOUT_LENGTH = Text("Die Länge der Anfrage fehlt.", "The request does not say how long it is.")
TOO_LONG = Text("Die Anfrage ist zu lang.", "The request is too long.")

Refused = Callable[[str, Scope], None]


class Guard:
    """ASGI middleware around everything the gateway serves.

    ``hosts`` are the host names under which the gateway may be addressed, besides ``localhost``
    and every IP address: a page that re-binds its own name to our address is refused, and only a
    name can be re-bound. A request that changes something must come from a page of the same
    origin (or from a program, which sends no Origin). ``refused`` is told what was wrong: ``host``
    or ``origin``.
    """

    def __init__(
        self, app: ASGIApp, *, hosts: Iterable[str] = (), refused: Refused | None = None
    ) -> None:
        self._app = app
        self._hosts = {LOCAL_NAME} | {host.lower() for host in hosts}
        self._refused = refused

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or serve with the security headers."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    answer[name] = value
                answer["date"] = formatdate(usegmt=True)  # uvicorn's own is up to a second old
                if "cache-control" not in answer:
                    answer["cache-control"] = "no-store"
            await send(message)

        refusal = self._refusal(scope)
        app = self._app if refusal is None else _answer(*refusal, Headers(scope=scope))
        await app(scope, receive, send_guarded)

    def _refusal(self, scope: Scope) -> tuple[int, Text] | None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if not self._own(host):
            self._tell("host", scope)
            return 403, OTHER_NAME
        origin = headers.get("origin")
        if (
            scope["method"] not in SAFE_METHODS
            and origin is not None
            and origin.partition("://")[2] != host
        ):
            self._tell("origin", scope)
            return 403, OTHER_PAGE
        return _too_long(headers)

    def _tell(self, what: str, scope: Scope) -> None:
        if self._refused is not None:
            self._refused(what, scope)

    def _own(self, host: str) -> bool:
        name = host if host.endswith("]") else host.rsplit(":", 1)[0]
        if name.lower() in self._hosts:
            return True
        try:
            ip_address(name[1:-1] if name.startswith("[") else name)
        except ValueError:
            return False
        return True


def _too_long(headers: Headers) -> tuple[int, Text] | None:
    if "transfer-encoding" in headers:
        return 411, WITHOUT_LENGTH
    length = headers.get("content-length", "0")
    if not length.isdecimal() or int(length) > MOST_BYTES:
        return 413, TOO_LONG
    return None


def _answer(status: int, why: Text, headers: Headers) -> Response:
    """A refusal as every other; people who look at an address with a browser get plain lines."""
    if "text/html" in headers.get("accept", ""):
        return PlainTextResponse(f"{why.de}\n{why.en}\n", status)
    return Response(orjson.dumps({"detail": why.as_json()}), status, media_type="application/json")
