"""Every route and every role: allowed or refused, exactly as this table says."""

from __future__ import annotations

import re

import httpx
import pytest
from starlette.routing import Mount, Route

from gateway.api.access import Access
from gateway.api.app import GatewayApp, create_app
from gateway.api.documents import roles_of, routes_of
from gateway.assembly.pages import rooms as rooms_of
from tests.api.running import API, RunningGateway, demo_client

EVERYONE = "owner foreman works_council customer visitor"
PLANT = "owner foreman visitor"
PRIVACY = "owner foreman works_council visitor"
WORK = "owner foreman"
OWNER = "owner"

TABLE = {
    ("GET", "/passwords"): OWNER,
    ("POST", "/passwords"): OWNER,
    ("POST", "/passwords/{role}/remove"): OWNER,
    ("GET", "/audit"): OWNER,
    ("GET", "/machines"): PLANT,
    ("POST", "/machines"): OWNER,
    ("GET", "/machines/{name}/file"): OWNER,
    ("POST", "/machines/{name}/edit"): OWNER,
    ("POST", "/machines/{name}/exchange"): OWNER,
    ("POST", "/machines/{name}/remove"): OWNER,
    ("GET", "/machines/{name}/sheet"): PLANT,
    ("GET", "/removed"): OWNER,
    ("POST", "/removed/{name}/back"): OWNER,
    ("GET", "/templates"): OWNER,
    ("GET", "/machines/{name}"): PLANT,
    ("GET", "/machines/{name}/trace"): PLANT,
    ("GET", "/machines/{name}/runs"): PLANT,
    ("GET", "/history"): PLANT,
    ("GET", "/jobs"): PLANT,
    ("GET", "/jobs/{job}"): PLANT,
    ("GET", "/log"): PLANT,
    ("POST", "/jobs/{job}/bookings"): WORK,
    ("POST", "/jobs/{job}/rate"): WORK,
    ("POST", "/jobs/{job}/corrections"): WORK,
    ("GET", "/questions"): PLANT,
    ("POST", "/questions/{question}/answer"): WORK,
    ("POST", "/jobs/{job}/{action}"): WORK,
    ("GET", "/health"): EVERYONE,
    ("GET", "/events"): EVERYONE,
    ("GET", "/orders"): EVERYONE,
    ("GET", "/orders/{order}"): EVERYONE,
    ("POST", "/orders"): OWNER,
    ("POST", "/orders/{order}/offers"): OWNER,
    ("POST", "/orders/{order}/offers/{offer}/accept"): OWNER,
    ("POST", "/orders/{order}/offers/{offer}/decline"): OWNER,
    ("POST", "/orders/{order}/agreements/{firm}/withdraw"): OWNER,
    ("POST", "/orders/{order}/agreements/{firm}/give"): OWNER,
    ("GET", "/orders/{order}/agreements"): PRIVACY,
    ("GET", "/sent"): PRIVACY,
    ("GET", "/received"): PRIVACY,
    ("POST", "/exchange/anew"): OWNER,
    ("POST", "/exchange/aside/erase"): OWNER,
    ("POST", "/sent/compare"): "owner foreman works_council",
    ("GET", "/stored"): PRIVACY,
    ("GET", "/parked"): OWNER,
    ("POST", "/parked/{sink}/again"): OWNER,
    ("POST", "/reload"): OWNER,
    ("GET", "/assistant"): OWNER,
    ("GET", "/assistant/networks"): OWNER,
    ("POST", "/assistant/scan"): OWNER,
    ("POST", "/assistant/look"): OWNER,
    ("POST", "/assistant/look/again"): OWNER,
    ("POST", "/assistant/template"): OWNER,
    ("POST", "/assistant/learn"): OWNER,
    ("POST", "/assistant/learn/kinds"): OWNER,
    ("GET", "/assistant/learn/recording"): OWNER,
    ("POST", "/assistant/learn/step"): OWNER,
    ("POST", "/assistant/learn/stored"): OWNER,
    ("POST", "/assistant/learn/take"): OWNER,
    ("POST", "/assistant/learn/try"): OWNER,
    ("POST", "/assistant/end"): OWNER,
}
OPEN = {
    ("GET", "/session"),
    ("POST", "/setup"),
    ("POST", "/login"),
    ("POST", "/logout"),
}
UNDOCUMENTED_AND_OPEN = {f"{API}/openapi.json", "/", "pages"}
UNDOCUMENTED_AND_GUARDED = {"/metrics"}
ROLES = ("nobody", *EVERYONE.split())


@pytest.fixture(scope="module")
def app(demo: RunningGateway, tmp_path_factory: pytest.TempPathFactory) -> GatewayApp:
    folder = tmp_path_factory.mktemp("walked")
    return create_app(rooms_of(demo.gateway), Access(folder), pages=folder)


def test_the_table_names_every_route_and_its_roles(app: GatewayApp) -> None:
    declared = {
        (method, route.path.removeprefix(API)): roles_of(route)
        for route in routes_of(app)
        for method in route.methods or ()
    }
    assert {key for key, roles in declared.items() if roles is None} == OPEN
    guarded = {key: roles for key, roles in declared.items() if roles is not None}
    assert guarded == {key: frozenset(roles.split()) for key, roles in TABLE.items()}


def test_nothing_is_served_beside_the_documented_routes(app: GatewayApp) -> None:
    documented = {id(route) for route in routes_of(app)}
    others = {
        route.name if isinstance(route, Mount) else route.path
        for route in app.routes
        if id(route) not in documented and isinstance(route, Mount | Route)
    }
    assert others <= UNDOCUMENTED_AND_OPEN | UNDOCUMENTED_AND_GUARDED
    assert all(isinstance(route, Mount | Route) for route in app.routes)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(("method", "path"), TABLE)
def test_a_role_may_what_the_table_says(
    callers: dict[str, httpx.Client], role: str, method: str, path: str
) -> None:
    # Nothing of this name exists and no body fits: who may ask is answered before anything else.
    asked = re.sub(r"\{\w+\}", "none", path.replace("{action}", "start"))
    with callers[role].stream(method, f"{API}{asked}") as answer:
        status = answer.status_code
    if role == "nobody":
        assert status == 401
    elif role not in TABLE[method, path].split():
        assert status == 403
    else:
        assert status in (200, 404, 422)


def test_the_works_council_sees_what_is_kept_and_no_value(callers: dict[str, httpx.Client]) -> None:
    council = callers["works_council"]
    stored = council.get(f"{API}/stored").json()
    assert "drill-1/power" in {entry["id"] for entry in stored["signals"]}
    assert all("value" not in entry for entry in stored["signals"])
    assert stored["never"]
    assert council.get(f"{API}/sent").json() == []
    for path in ("machines", "machines/drill-1", "jobs", "history?signal=drill-1/power", "log"):
        assert council.get(f"{API}/{path}").status_code == 403


def test_a_customer_learns_nothing_of_machines_and_addresses(
    callers: dict[str, httpx.Client], earnest: RunningGateway
) -> None:
    customer = callers["customer"]
    health = customer.get(f"{API}/health")
    assert health.json()["parts"] == []
    known = callers["owner"].get(f"{API}/health").json()
    assert "drill-1" in {part["name"] for part in known["parts"]}
    with customer.stream("GET", f"{API}/events") as answer:
        seen = ""
        for line in answer.iter_lines():
            seen += line
            if "event: health" in seen and line == "":
                break
    assert "drill-1" not in seen + health.text
    assert "event: machine" not in seen
    assert "event: jobs" not in seen


def test_the_pages_folder_and_the_session_are_open(callers: dict[str, httpx.Client]) -> None:
    nobody = callers["nobody"]
    assert nobody.get(f"{API}/session").json()["role"] is None
    assert nobody.get(f"{API}/openapi.json").status_code == 200
    assert nobody.post(f"{API}/logout").status_code == 200
    assert nobody.get("/").status_code in (200, 503)


def test_a_demo_token_means_nothing_in_earnest(
    earnest: RunningGateway, demo: RunningGateway
) -> None:
    with demo_client(earnest.base, "owner") as stranger:
        assert stranger.get(f"{API}/jobs").status_code == 401
    with demo_client(demo.base, "root") as odd:
        assert odd.get(f"{API}/jobs").status_code == 401
