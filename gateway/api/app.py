"""The web application of one gateway."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Annotated, Any

import orjson
from fastapi import Depends, FastAPI, Request, Response
from fastapi.responses import PlainTextResponse

from gateway.api import refusals
from gateway.api.access import EVERYONE, PLANT, PRIVACY, Access, Role, allowed
from gateway.api.answers import Here, group
from gateway.api.desk import Desk
from gateway.api.pages import Pages
from gateway.api.rooms import Rooms
from gateway.api.routes import (
    assistant,
    house,
    jobs,
    learning,
    machines,
    monitoring,
    orders,
    plant,
    session,
)
from gateway.api.stream import Browser, EventStream
from gateway.api.ticker import FOR_CUSTOMERS, whole
from gateway.api.workshop import Workshop

NOT_BUILT = (
    "Die Seiten sind noch nicht gebaut: bitte 'make pages' ausführen.\n"
    "The pages are not built yet: please run 'make pages'.\n"
)
router = group("events")


class GatewayApp(FastAPI):
    """The application; its OpenAPI document is made when somebody asks for it, not at the start."""

    _documenting = threading.Lock()

    def openapi(self) -> dict[str, Any]:
        """The document."""
        from gateway.api.documents import document  # noqa: PLC0415 - costs time at the start

        with self._documenting:
            if self.openapi_schema is None:
                self.openapi_schema = document(self)
        return self.openapi_schema


def routed(version: str) -> GatewayApp:
    """The application with its routes, and nothing behind them."""
    app = GatewayApp(
        title="Werkverbund gateway",
        version=version,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
    )
    refusals.install(app)
    for part in (session, plant, machines, jobs, house, assistant, learning, orders, monitoring):
        app.router.routes.extend(part.router.routes)
    app.router.routes.extend(router.routes)
    return app


def create_app(rooms: Rooms, access: Access, *, pages: Path | None) -> GatewayApp:
    """The application; ``pages`` is the folder of the built UI, or None if it is not built."""
    app = routed(rooms.version)
    app.state.rooms, app.state.access, app.state.desk = rooms, access, Desk(rooms.asking)
    app.state.workshop = Workshop()
    if pages is None:
        app.get("/", include_in_schema=False)(_not_built)
    else:
        app.mount("/", Pages(pages), name="pages")
    return app


@router.get("/events")
async def events(
    request: Request, rooms: Here, role: Annotated[Role, Depends(allowed(EVERYONE))]
) -> Response:
    """Server-sent events: ``order``, ``machine(s)``, ``jobs``, ``questions``, ``sent``, ``health``.

    Each is a whole state. They come at once, and again when something has changed; every 10 s a
    comment says that the stream is alive. It ends when the caller's session does. A session has ten
    streams at most: one more ends its oldest.
    """
    access: Access = request.app.state.access
    holder = access.holder(request)
    if not rooms.hub.room(holder):
        raise refusals.refusal(
            503,
            "Zu viele Browser hören zu: bitte einige Seiten schließen.",
            "Too many browsers are listening: please close some pages.",
        )
    sees = {"order", "health"}
    if role in PLANT:
        sees |= {"machine", "machines", "jobs", "questions"}
    if role in PRIVACY:
        sees |= {"sent"}
    customer = role is Role.CUSTOMER

    def wants(event: str, key: str) -> bool:
        return event in sees and (key == FOR_CUSTOMERS) == customer

    def first() -> list[tuple[str, bytes]]:
        return [
            (event, orjson.dumps(content))
            for event, key, content in whole(rooms)
            if wants(event, key)
        ]

    browser = Browser()

    def may() -> bool:
        return not browser.gone and access.role(request) is role

    return EventStream(rooms.hub.stream(wants, first, may, holder, browser.changed), browser)


@router.get("/openapi.json", include_in_schema=False)
def openapi(request: Request) -> Response:
    """The document of this API; open to everyone, as it holds nothing of this firm."""
    app: FastAPI = request.app
    return Response(orjson.dumps(app.openapi()), media_type="application/json")


def _not_built() -> Response:
    return PlainTextResponse(NOT_BUILT, 503)
