"""``/metrics``: the gateway's figures for Prometheus and whatever reads the same."""

from __future__ import annotations

import hmac

from fastapi import APIRouter, Request, Response

from gateway.api.access import OWNER, allowed
from gateway.api.answers import Here
from gateway.api.metrics import OPENMETRICS, PROMETHEUS, rendered, wants_openmetrics
from gateway.api.rooms import Rooms

router = APIRouter()


@router.get("/metrics", include_in_schema=False)
async def metrics(request: Request, rooms: Here) -> Response:
    """For the owner, or for who presents the token of the firm's file; no more than health says."""
    if not _has_token(request, rooms):
        await allowed(OWNER)(request)
    openmetrics = wants_openmetrics(request.headers.get("accept", ""))
    page = rendered(rooms.figures(), openmetrics=openmetrics)
    return Response(page, media_type=OPENMETRICS if openmetrics else PROMETHEUS)


def _has_token(request: Request, rooms: Rooms) -> bool:
    token = rooms.site.web.metrics_token
    kind, _, given = request.headers.get("authorization", "").partition(" ")
    if token is None or kind.lower() != "bearer":
        return False
    return hmac.compare_digest(given.encode(), token.get_secret_value().encode())
