from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.routing import Mount

from gateway import resources
from gateway.api import refusals
from gateway.api.pages import ASK_AGAIN, FOR_EVER, Pages


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    pages = tmp_path / "pages"
    (pages / "assets").mkdir(parents=True)
    (pages / "index.html").write_text("<!doctype html>")
    (pages / "icon.svg").write_text("<svg/>")
    (pages / "assets" / "index-BAaE_C-V.js").write_text("export {}")
    (pages / "assets" / "plain.js").write_text("export {}")
    (tmp_path / "secret.txt").write_text("secret")
    (pages / "link.txt").symlink_to(tmp_path / "secret.txt")
    return pages


@pytest.fixture
def web(folder: Path) -> httpx.AsyncClient:
    app = FastAPI(openapi_url=None)
    refusals.install(app)
    app.mount("/", Pages(folder))
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app, raise_app_exceptions=False),
        base_url="http://127.0.0.1",
    )


@pytest.mark.parametrize(
    ("path", "keeping"),
    [
        ("/", ASK_AGAIN),
        ("/index.html", ASK_AGAIN),
        ("/icon.svg", ASK_AGAIN),
        ("/assets/plain.js", ASK_AGAIN),
        ("/assets/index-BAaE_C-V.js", FOR_EVER),
    ],
)
async def test_only_what_has_its_hash_in_its_name_is_kept_for_ever(
    web: httpx.AsyncClient, path: str, keeping: str
) -> None:
    answer = await web.get(path)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == keeping
    again = await web.get(path, headers={"if-none-match": answer.headers["etag"]})
    assert again.status_code == 304
    assert again.headers["cache-control"] == keeping


async def test_what_is_not_there_is_absent_whatever_the_reason(
    web: httpx.AsyncClient, folder: Path
) -> None:
    unreadable = folder / "unreadable"
    unreadable.mkdir(mode=0o000)
    told = set()
    for path in (
        "/none",
        "/assets",
        "/assets/",
        "/assets/none-12345678.js",
        "/link.txt",
        "/..%2Fsecret.txt",
        "/%00",
        "/" + "x" * 5000,
        "/index.html/x",
        "/unreadable/x",
    ):
        answer = await web.get(path)
        told.add((answer.status_code, answer.content))
    assert told == {(404, b'{"detail":{"de":"nicht gefunden","en":"not found"}}')}


async def test_pages_are_read_only(web: httpx.AsyncClient) -> None:
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        answer = await web.request(method, "/index.html")
        assert answer.status_code == 405
        assert "GET" in answer.headers["allow"]


async def test_the_built_pages_name_their_files_so_that_they_may_be_kept() -> None:
    built = resources.pages()
    assert built is not None, "the pages are not built: make pages"
    app = Starlette(routes=[Mount("/", Pages(built))])
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app), base_url="http://127.0.0.1"
    ) as web:
        for file in (built / "assets").iterdir():
            answer = await web.get(f"/assets/{file.name}")
            assert answer.headers["cache-control"] == FOR_EVER, file.name
