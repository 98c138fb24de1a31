"""How the API answers: JSON made by orjson, routes that document it, and the caller's rooms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Generic, TypeVar

import orjson
from fastapi import APIRouter, Depends, Request, Response
from fastapi.routing import APIRoute

from gateway.api.rooms import Rooms

API = "/api/v1"

Content = TypeVar("Content")


class Json(Response, Generic[Content]):
    """A JSON answer of a known shape; NaN cannot appear, because no reading carries one.

    A route that returns ``Json[Shape]`` is held to the shape by mypy and documented with it.
    """

    media_type = "application/json"

    def __init__(self, content: Content, status_code: int = 200) -> None:
        super().__init__(content, status_code)

    def render(self, content: Any) -> bytes:
        """Serialise ``content``."""
        return orjson.dumps(content)


class Documented(APIRoute):
    """A route whose answer is not validated again: its shape is read for OpenAPI only."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        super().__init__(path, endpoint, **(options | {"response_model": None}))


def group(name: str) -> APIRouter:
    """A group of the API's routes."""
    return APIRouter(prefix=API, tags=[name], route_class=Documented)


def _rooms(request: Request) -> Rooms:
    rooms: Rooms = request.app.state.rooms
    return rooms


Here = Annotated[Rooms, Depends(_rooms)]
"""The rooms of this gateway, as a route's parameter."""
