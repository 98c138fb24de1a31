"""The web application of one gateway."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import orjson
from fastapi import Depends, FastAPI, Response
from fastapi.responses import PlainTextResponse, StreamingResponse
from fastapi.staticfiles import StaticFiles

from gateway.api.access import EVERYONE, PLANT, PRIVACY, Access, Role, allowed
from gateway.api.answers import Here
from gateway.api.guard import Guard
from gateway.api.rooms import Rooms
from gateway.api.routes import orders, plant, session
from gateway.api.ticker import whole

API = "/api/v1"
NOT_BUILT = (
    "Die Seiten sind noch nicht gebaut: bitte 'make pages' ausführen.\n"
    "The pages are not built yet: please run 'make pages'.\n"
)


def create_app(
    rooms: Rooms, access: Access, *, pages: Path | None, hosts: Iterable[str] = ()
) -> FastAPI:
    """The application; ``pages`` is the folder of the built UI, or None if it is not built."""
    app = FastAPI(
        title="Werkverbund gateway",
        version=rooms.version,
        openapi_url=f"{API}/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    app.state.rooms, app.state.access = rooms, access
    app.add_middleware(Guard, hosts=hosts)
    for group in (session, plant, orders):
        app.include_router(group.router, prefix=API)
    app.get(f"{API}/events", tags=["events"])(events)
    if pages is None:
        app.get("/")(_not_built)
    else:
        app.mount("/", StaticFiles(directory=pages, html=True))
    return app


async def events(rooms: Here, role: Annotated[Role, Depends(allowed(EVERYONE))]) -> Response:
    """Server-sent events ``order``, ``machine``, ``jobs``, ``sent``, ``health``: whole states."""
    sees = {"health"}
    if role in PLANT:
        sees |= {"machine", "jobs"}
    if role in PRIVACY:
        sees |= {"sent"}
    if role is not Role.CUSTOMER:
        sees |= {"order"}
    first = [(event, orjson.dumps(content)) for event, content in whole(rooms) if event in sees]
    return StreamingResponse(
        rooms.hub.stream(lambda event, _key: event in sees, first),
        media_type="text/event-stream",
        headers={"x-accel-buffering": "no"},
    )


def _not_built() -> Response:
    return PlainTextResponse(NOT_BUILT, 503)
