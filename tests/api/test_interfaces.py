"""``docs/interfaces.md`` names every route and every kind of file, and none that is not there."""

from __future__ import annotations

import re
from pathlib import Path

import httpx

from tests.api.running import API, RunningGateway, client

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "interfaces.md").read_text("utf-8")


def test_every_route_stands_on_the_page(demo: RunningGateway) -> None:
    with client(demo.base) as web:
        paths = web.get(f"{API}/openapi.json").json()["paths"]
    served = {
        (method.upper(), path.removeprefix(f"{API}/"))
        for path, operations in paths.items()
        for method in operations
    }
    told = set(re.findall(r"`(GET|POST) ([a-z{][^`?]*)(?:\?[^`]*)?`", PAGE))
    assert told == served


def test_every_parameter_on_the_page_is_one(demo: RunningGateway) -> None:
    with client(demo.base) as web:
        paths = web.get(f"{API}/openapi.json").json()["paths"]
    for path, query in re.findall(r"`GET ([^`?]+)\?([^`]*)`", PAGE):
        known = {p["name"] for p in paths[f"{API}/{path}"]["get"]["parameters"]}
        told = {part.removesuffix("=") for part in query.split("&")}
        assert told <= known, path


def test_every_schema_stands_on_the_page() -> None:
    shipped = {path.name for path in (ROOT / "configs" / "schema").iterdir()}
    assert set(re.findall(r"`configs/schema/([a-z]+\.json)`", PAGE)) == shipped


def test_a_refusal_looks_as_told(demo: RunningGateway) -> None:
    answer = httpx.get(f"{demo.base}{API}/machines", timeout=15)
    assert answer.status_code == 401
    assert set(answer.json()["detail"]) == {"de", "en"}
