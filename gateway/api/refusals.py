"""Refusals: what a caller is told when something is not done, and what nobody is told.

No answer names a path, a query or an exception of ours, and none repeats a value that the caller
sent: a password in a request that does not fit must not come back in the refusal.
"""

from __future__ import annotations

import logging
from http import HTTPStatus

import orjson
from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException as WebException
from starlette.requests import ClientDisconnect
from starlette.routing import Match, Route

from gateway.api.mistakes import said
from gateway.core.errors import WerkverbundError, no_room
from gateway.core.text import Text

log = logging.getLogger(__name__)

MOST_MISTAKES = 20
ABSENT = Text("nicht gefunden", "not found")
NOT_THIS_WAY = Text("diese Adresse kennt das nicht", "this address does not do that")
FILES = "GET, HEAD"
"""What every address does behind which no route stands."""
UNFIT = Text("Die Anfrage passt nicht", "The request does not fit")
TROUBLE = Text(
    "Das geht gerade nicht. Die Seite »Zustand« und die Konsole des Gateways sagen, was fehlt.",
    "This is not possible now. The page »Health« and the gateway's console say what is missing.",
)

BUG = Text(
    "Das ist ein Fehler im Gateway. Er steht auf seiner Konsole; alles andere läuft weiter.",
    "This is a mistake in the gateway. It stands on its console; everything else goes on.",
)


def refusal(status: int, de: str, en: str) -> HTTPException:
    """A refusal in both languages."""
    return HTTPException(status, Text(de, en).as_json())


class AskedBack(HTTPException):
    """A refusal that only asks: the same request again with ``ask`` set to true is carried out."""

    def __init__(self, why: Text, ask: str) -> None:
        super().__init__(409, why.as_json())
        self.ask = ask


def absent() -> HTTPException:
    """The one answer for what does not exist and for what is not the caller's to know."""
    return HTTPException(404, ABSENT.as_json())


def install(app: FastAPI, *, bug: Text = BUG) -> None:
    """Let ``app`` refuse in our words; ``bug`` is said of what went wrong without a reason."""

    async def broken(_request: Request, _error: Exception) -> Response:
        # The server logs the traceback and ends the connection: nobody must use it again.
        return _answer(500, {"detail": bug.as_json()}, {"connection": "close"})

    app.add_exception_handler(WebException, _refused)
    app.add_exception_handler(RequestValidationError, _unfit)
    app.add_exception_handler(ClientDisconnect, _gone)
    app.add_exception_handler(WerkverbundError, _troubled)
    for lacking in (RuntimeError, MemoryError):
        app.add_exception_handler(lacking, _cramped)
    app.add_exception_handler(Exception, broken)


def _answer(status: int, content: object, headers: object = None) -> Response:
    found = dict(headers) if isinstance(headers, dict) else None
    return Response(orjson.dumps(content), status, found, "application/json")


async def _refused(request: Request, error: Exception) -> Response:
    if not isinstance(error, WebException):
        raise error
    status, methods = error.status_code, _methods(request)
    if methods and request.method not in methods:
        return _answer(405, {"detail": NOT_THIS_WAY.as_json()}, {"allow": ", ".join(methods)})
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        return _answer(405, {"detail": NOT_THIS_WAY.as_json()}, {"allow": FILES})
    if status == HTTPStatus.NOT_FOUND:
        return _answer(404, {"detail": ABSENT.as_json()})  # the same for every kind of absence
    ours: object = error.detail  # what a library says in one language is not for people
    detail = ours if isinstance(ours, dict) else UNFIT.as_json()
    content: dict[str, object] = {"detail": detail}
    if isinstance(error, AskedBack):
        content["ask"] = error.ask
    return _answer(status, content, error.headers)


async def _gone(_request: Request, _error: Exception) -> Response:
    """Whoever asked has hung up before the request was complete: nobody reads this."""
    return _answer(400, {"detail": UNFIT.as_json()})


def _methods(request: Request) -> list[str]:
    """What can be asked of the address of a request; empty where no route stands behind it."""
    found: set[str] = set()
    for route in request.app.routes:
        if isinstance(route, Route) and route.matches(request.scope)[0] is not Match.NONE:
            found.update(route.methods or ())
    return sorted(found)


async def _unfit(_request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    mistakes = [
        {
            "where": ".".join(str(part) for part in entry["loc"])[:200],
            "what": said(entry["type"], entry.get("ctx", {})).as_json(),
        }
        for entry in error.errors()[:MOST_MISTAKES]
    ]
    where = ", ".join(str(entry["where"]) for entry in mistakes[:3])
    detail = Text(f"{UNFIT.de}: {where}", f"{UNFIT.en}: {where}")
    return _answer(422, {"detail": detail.as_json(), "mistakes": mistakes})


async def _cramped(request: Request, error: Exception) -> Response:
    """No thread or no memory for this request; any other such error is a mistake of ours."""
    if no_room(error) is None:
        raise error
    return await _troubled(request, error)


async def _troubled(request: Request, error: Exception) -> Response:
    log.warning("%s %s: %s", request.method, request.scope.get("path"), error)
    return _answer(503, {"detail": TROUBLE.as_json()})
