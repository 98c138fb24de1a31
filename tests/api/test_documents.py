"""The OpenAPI document and the answers of a real gateway say the same."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import orjson
import pytest
from jsonschema import Draft202012Validator

from tests.api.running import API, until

READS = (
    "/session",
    "/health",
    "/machines",
    "/machines/drill-1",
    "/machines/drill-1/trace?signal=drill-1/power",
    "/machines/drill-1/runs",
    "/history?signal=drill-1/power&points=20",
    "/jobs",
    "/jobs/B-1",
    "/questions",
    "/stored",
    "/passwords",
    "/log",
    "/audit",
    "/orders",
    "/sent",
    "/received",
    "/assistant",
)


class Document:
    """The document, and what it says of an answer; keys that it does not name are mistakes."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.paths: dict[str, Any] = document["paths"]
        self.components = copy.deepcopy(document["components"])
        for schema in self.components["schemas"].values():
            if schema.get("type") == "object" and "properties" in schema:
                schema["additionalProperties"] = False

    def operation(self, method: str, path: str) -> dict[str, Any]:
        parts = path.split("?", maxsplit=1)[0].split("/")
        for template, operations in self.paths.items():
            wanted = template.split("/")
            fits = len(wanted) == len(parts) and all(
                ours == theirs or ours.startswith("{")
                for ours, theirs in zip(wanted, parts, strict=True)
            )
            if fits and method.lower() in operations:
                found: dict[str, Any] = operations[method.lower()]
                return found
        raise AssertionError(f"{method} {path} is not documented")

    def check(self, method: str, path: str, answer: httpx.Response) -> None:
        """Fail where an answer is not as documented."""
        said = self.operation(method, path)["responses"]
        assert str(answer.status_code) in said, f"{path}: {answer.status_code} is not documented"
        schema = said[str(answer.status_code)]["content"]["application/json"]["schema"]
        self.holds(schema, answer.json())

    def holds(self, schema: dict[str, Any], content: Any) -> None:
        whole = {**schema, "components": self.components}
        mistakes = [
            f"{'/'.join(map(str, error.absolute_path))}: {error.message}"
            for error in Draft202012Validator(whole).iter_errors(content)
        ]
        assert not mistakes, "\n".join(mistakes)


def document_of(web: httpx.Client) -> Document:
    answer = web.get(f"{API}/openapi.json")
    assert answer.status_code == 200
    return Document(answer.json())


@pytest.fixture(scope="module")
def document(owner: httpx.Client) -> Document:
    return document_of(owner)


@pytest.mark.parametrize("path", READS)
def test_what_is_read_is_as_documented(document: Document, owner: httpx.Client, path: str) -> None:
    answer = owner.get(f"{API}{path}")
    assert answer.status_code == 200
    document.check("GET", f"{API}{path}", answer)
    assert answer.json() not in ({}, None)


def test_the_answers_hold_something(owner: httpx.Client) -> None:
    # An empty list fits every shape: these must not be empty for the test above to mean anything.
    machine = owner.get(f"{API}/machines/drill-1").json()
    assert machine["thresholds"]
    assert machine["job"]["id"] == "B-1"
    assert {entry["quality"] for entry in machine["signals"]} == {"good"}
    for path in ("machines/drill-1/runs", "history?signal=drill-1/power", "log"):
        found = owner.get(f"{API}/{path}").json()
        assert found if isinstance(found, list) else (found.get("points") or found["events"])
    path = f"{API}/machines/drill-1/trace?signal=drill-1/power"
    trace = until(lambda: (found := owner.get(path).json())["stored"] and found)
    assert trace["register"]["function"] == 4
    [place] = trace["places"]
    assert (place["sink"], place["title"]) == ("opcua", "OPC UA")
    endpoint, node = place["facts"]
    assert endpoint["value"].startswith("opc.tcp://")
    assert node == {
        "name": "node",
        "label": {"de": "Knoten", "en": "Node"},
        "value": "ns=4;s=drill-1.power",
    }


def test_what_people_do_is_as_documented(document: Document, owner: httpx.Client) -> None:
    for path, body in (
        ("/jobs/B-1/bookings", {"scrap": 1, "origin": "simulated"}),
        ("/jobs/B-1/hold", None),
        ("/jobs/B-1/resume", None),
    ):
        answer = owner.post(f"{API}{path}", json=body)
        assert answer.status_code == 200
        document.check("POST", f"{API}{path}", answer)


def test_refusals_are_as_documented(document: Document, callers: dict[str, httpx.Client]) -> None:
    callers["owner"].post(f"{API}/jobs/B-2/end")
    for role, method, path, body, status in (
        ("nobody", "GET", "/jobs", None, 401),
        ("customer", "GET", "/jobs", None, 403),
        ("owner", "GET", "/jobs/none", None, 404),
        ("owner", "GET", "/orders/none", None, 404),
        ("owner", "GET", "/history?signal=none", None, 404),
        ("owner", "POST", "/jobs/B-2/hold", None, 409),
        ("owner", "POST", "/jobs/B-1/bookings", {"good": -1}, 422),
        ("owner", "GET", "/history?signal=drill-1/power&points=0", None, 422),
        ("nobody", "POST", "/login", {"role": "owner", "password": "wrong-password"}, 403),
        ("nobody", "POST", "/setup", {"code": "1", "password": "wrong-password"}, 403),
    ):
        answer = callers[role].request(method, f"{API}{path}", json=body)
        assert answer.status_code == status, path
        document.check(method, f"{API}{path}", answer)
        assert answer.json()["detail"]


def test_events_are_as_documented(document: Document, owner: httpx.Client) -> None:
    stream = document.operation("GET", f"{API}/events")["responses"]["200"]["content"]
    shapes = {
        entry["properties"]["event"]["const"]: entry["properties"]["data"]["contentSchema"]
        for entry in stream["text/event-stream"]["itemSchema"]["oneOf"]
    }
    seen = set()
    with owner.stream("GET", f"{API}/events") as answer:
        for event, content in events_of(answer):
            document.holds(shapes[event], content)
            seen.add(event)
            if seen >= {"machine", "jobs", "sent", "health"}:
                break


def events_of(answer: httpx.Response) -> Iterator[tuple[str, Any]]:
    event = ""
    for line in answer.iter_lines():
        if line.startswith("event: "):
            event = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield event, orjson.loads(line.removeprefix("data: "))


def test_every_operation_says_who_may_and_what_it_answers(document: Document) -> None:
    for path, operations in document.paths.items():
        for method, operation in operations.items():
            responses = operation["responses"]
            good = [code for code in responses if code < "300"]
            assert len(good) == 1, (method, path)
            assert responses[good[0]]["description"], (method, path)
            named = {"session", "setup", "login", "logout"}
            assert ("x-roles" in operation) != (path.rsplit("/", 1)[1] in named), (method, path)


def test_a_key_that_may_be_absent_is_not_required(document: Document) -> None:
    order = document.components["schemas"]["OrderShape"]
    package = document.components["schemas"]["PackageShape"]
    assert "packages" not in order["required"]
    assert "id" in order["required"]
    assert {"good", "lots", "forecast_s", "reason"}.isdisjoint(package["required"])
    assert {"type": "null"} not in package["properties"]["good"].get("anyOf", [])


def test_times_are_utc(owner: httpx.Client) -> None:
    health = owner.get(f"{API}/health").json()
    now = datetime.fromisoformat(health["now"])
    assert health["now"].endswith("Z")
    assert abs(datetime.now(UTC) - now) < timedelta(minutes=1)


def test_each_shape_has_a_name_of_its_own(document: Document) -> None:
    """Two shapes of one name would be told apart by the files that they stand in."""
    assert not [name for name in document.components["schemas"] if "__" in name]
