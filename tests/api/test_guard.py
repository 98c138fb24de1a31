from __future__ import annotations

import time
from email.utils import parsedate_to_datetime

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from gateway.api.guard import Guard


def client(**headers: str) -> httpx.AsyncClient:
    app = Starlette(
        routes=[Route("/", lambda _: PlainTextResponse("hello"), methods=["GET", "POST"])]
    )
    guarded = Guard(app, hosts=["gateway.local"])
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app=guarded),
        base_url="http://127.0.0.1:8080",
        headers=headers,
    )


async def test_every_answer_carries_the_security_headers() -> None:
    async with client() as web:
        answer = await web.get("/")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'self'" in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"


async def test_an_answer_s_date_is_its_own_second() -> None:
    async with client() as web:
        before = int(time.time())
        answer = await web.get("/")
        after = time.time()
    assert before <= parsedate_to_datetime(answer.headers["date"]).timestamp() <= after


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost:9", "gateway.local", "[::1]:8080"])
async def test_own_names_are_served(host: str) -> None:
    async with client(host=host) as web:
        assert (await web.get("/")).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "localhost.evil"])
async def test_a_rebound_name_is_refused(host: str) -> None:
    async with client(host=host) as web:
        assert (await web.get("/")).status_code == 403


async def test_a_foreign_page_cannot_change_anything() -> None:
    async with client(origin="http://evil.example") as web:
        assert (await web.post("/")).status_code == 403
        assert (await web.get("/")).status_code == 200
    async with client(origin="http://127.0.0.1:8080") as web:
        assert (await web.post("/")).status_code == 200
    async with client(origin="http://127.0.0.1:9999") as web:
        assert (await web.post("/")).status_code == 403
