"""The OpenAPI document: FastAPI's for what comes in, our shapes for what goes out.

Loaded when somebody asks for the document: making the schemas takes longer than all the rest of
the web's start.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any, get_args, get_origin, get_type_hints

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic import TypeAdapter

from gateway.api.access import Role
from gateway.api.answers import Json
from gateway.api.order_shapes import OrderEvent
from gateway.api.plant_shapes import JobsEvent, MachineEvent, MachinesEvent, QuestionsEvent
from gateway.api.shapes import HealthShape, Refusal, SentEvent

REF = "#/components/schemas/{model}"
STREAM = "text/event-stream"
EVENTS: dict[str, Any] = {
    "machine": MachineEvent,
    "machines": MachinesEvent,
    "jobs": JobsEvent,
    "questions": QuestionsEvent,
    "order": OrderEvent,
    "sent": SentEvent,
    "health": HealthShape,
}
"""What the stream of events carries, by the event's name."""
WHY = {
    400: "This is no HTTP request that can be read.",
    401: "Nobody is logged in.",
    403: "This role may not; or the request comes from a foreign page, or under a foreign name.",
    404: "There is no such thing, or it is not the caller's to know.",
    405: "Another method of the same address; `Allow` names those that it has.",
    409: "It does not fit the present state, or would change nothing.",
    411: "The request does not say how long it is.",
    413: "The request is longer than 64 kB.",
    422: "The request does not fit.",
    429: "Too many tries: wait half a minute (where strangers try this role: ten seconds).",
    500: "A mistake of the gateway; it stands on its console.",
    503: "Not possible now; or too many connections or streams.",
}
ALWAYS = (400, 403, 405, 411, 413, 500, 503)
"""Every address may answer these, whatever it does."""
PASSWORDS = ("setup", "login")
NETWORKED = ("open_order", "compare")
"""Absent in a firm without a consortium."""
ABOUT = (
    "The pages' own API. Times are ISO 8601 in UTC; keys ending in `_s` are seconds, in orders and "
    "jobs of order time since day 1, 00:00. A key that was not agreed between the firms is absent. "
    "Log in with `POST /api/v1/login`; the answer's cookie is the session. `x-roles` names who may."
)

Schema = dict[str, Any]


def roles_of(route: APIRoute) -> frozenset[Role] | None:
    """The roles that may call a route; None where it is open to everyone."""
    found = [roles for roles in _roles(route.dependant) if roles is not None]
    return frozenset.intersection(*found) if found else None


def _roles(dependant: Dependant) -> Iterator[frozenset[Role] | None]:
    yield getattr(dependant.call, "roles", None)
    for part in dependant.dependencies:
        yield from _roles(part)


def routes_of(app: FastAPI) -> list[APIRoute]:
    """The routes of the API that are documented."""
    return [
        route for route in app.routes if isinstance(route, APIRoute) and route.include_in_schema
    ]


def shape_of(route: APIRoute) -> Any:
    """The shape of a route's answer, or None where it answers with a stream."""
    answer = get_type_hints(route.endpoint).get("return")
    return get_args(answer)[0] if get_origin(answer) is Json else None


def document(app: FastAPI) -> Schema:
    """The whole document."""
    made: Schema = get_openapi(
        title=app.title, version=app.version, description=ABOUT, routes=app.routes
    )
    routes = routes_of(app)
    shapes = {route.unique_id: shape for route in routes if (shape := shape_of(route)) is not None}
    shapes |= {f"event {name}": shape for name, shape in EVENTS.items()} | {"refusal": Refusal}
    schemas, components = TypeAdapter.json_schemas(
        [(name, "serialization", TypeAdapter(shape)) for name, shape in shapes.items()],
        ref_template=REF,
    )
    known = made.setdefault("components", {}).setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        known.pop(unused, None)
    known.update(components["$defs"])
    by_name = {name: schema for (name, _), schema in schemas.items()}
    for route in routes:
        for method in route.methods or ():
            operation = made["paths"][route.path_format][method.lower()]
            _describe(operation, route, by_name)
    made["components"]["securitySchemes"] = {
        "session": {"type": "apiKey", "in": "cookie", "name": "werkverbund-<firm>"}
    }
    return made


def _describe(operation: Schema, route: APIRoute, schemas: Schema) -> None:
    """Say of an operation who may call it, what it answers, and how it refuses."""
    roles = roles_of(route)
    if roles is not None:
        operation["x-roles"] = [role.value for role in Role if role in roles]
        operation["security"] = [{"session": []}]
    answer = schemas.get(route.unique_id)
    good = str(route.status_code or 200)
    if answer is None:
        content = {STREAM: _stream(schemas)}
    else:
        content = {"application/json": {"schema": answer}}
    said = (inspect.getdoc(route.endpoint) or "").split("\n", 1)[0]
    refusals = {
        str(code): {
            "description": WHY[code],
            "content": {"application/json": {"schema": schemas["refusal"]}},
        }
        for code in sorted({*ALWAYS, *_refused(operation, route)})
    }
    operation["responses"] = {good: {"description": said, "content": content}} | refusals


def _refused(operation: Schema, route: APIRoute) -> Iterator[int]:
    changes = "POST" in (route.methods or ())
    if roles_of(route) is not None:
        yield 401
    if "{" in route.path or "signal" in _queries(operation) or route.name in NETWORKED:
        yield 404
    if (changes and roles_of(route) is not None) or route.name in NETWORKED:
        yield 409
    if "requestBody" in operation or operation.get("parameters"):
        yield 422
    if "password" in str(operation.get("requestBody", "")) or route.name in PASSWORDS:
        yield 429


def _queries(operation: Schema) -> set[str]:
    return {entry["name"] for entry in operation.get("parameters", ()) if entry["in"] == "query"}


def _stream(schemas: Schema) -> Schema:
    """Server-sent events, each with its own shape of data."""
    return {
        "itemSchema": {
            "oneOf": [
                {
                    "type": "object",
                    "required": ["event", "data"],
                    "properties": {
                        "event": {"const": name},
                        "data": {
                            "type": "string",
                            "contentMediaType": "application/json",
                            "contentSchema": schemas[f"event {name}"],
                        },
                    },
                }
                for name in EVENTS
            ]
        }
    }
