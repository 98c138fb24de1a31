"""How the API answers: JSON made by orjson, and the caller's rooms."""

from __future__ import annotations

from typing import Annotated, Any

import orjson
from fastapi import Depends, HTTPException, Request, Response

from gateway.api.rooms import Rooms


class Json(Response):
    """A JSON answer; NaN cannot appear, because no reading carries one."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """Serialise ``content``."""
        return orjson.dumps(content)


def _rooms(request: Request) -> Rooms:
    rooms: Rooms = request.app.state.rooms
    return rooms


Here = Annotated[Rooms, Depends(_rooms)]
"""The rooms of this gateway, as a route's parameter."""


def absent() -> HTTPException:
    """The one answer for what does not exist and for what is not the caller's to know."""
    return HTTPException(404, "not found")
