"""Whatever is asked, the answer is one of those that are documented: no bug, no secret."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.core.errors import JournalError
from tests.api.running import API, RunningGateway
from tests.api.test_documents import Document, document_of

PARTS = st.sampled_from(["B-2", "drill-1", "GA-17", "none"]) | st.text(min_size=1, max_size=20)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)
QUERIES = st.dictionaries(
    st.sampled_from(["signal", "start", "end", "points", "limit", "order", "firm"]),
    st.sampled_from(["drill-1/power", "1", "-1", "2026-01-01T00:00:00Z", "1e9", "GA-17"])
    | st.text(max_size=20),
    max_size=4,
)
KEYS = ("good", "scrap", "origin", "per_run_s", "id", "at_s", "opening", "package", "lots", "to",
        "level", "role", "password", "code")  # fmt: skip
BODIES = VALUES | st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=5)


@pytest.fixture(scope="module")
def document(owner: httpx.Client) -> Document:
    return document_of(owner)


@settings(
    max_examples=250,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(choice=st.data())
def test_every_answer_is_documented(
    document: Document, owner: httpx.Client, choice: st.DataObject
) -> None:
    template = choice.draw(st.sampled_from(sorted(document.paths)))
    method = choice.draw(st.sampled_from(sorted(document.paths[template])))
    if template.endswith("/events"):
        return  # it has no end
    path = ""
    for part in template.split("/")[1:]:
        path += "/" + (_quoted(choice.draw(PARTS)) if part.startswith("{") else part)
    query = choice.draw(QUERIES)
    body: dict[str, Any] = {}
    if method == "post":
        body = {"json": choice.draw(BODIES)} if choice.draw(st.booleans()) else {
            "content": choice.draw(st.binary(max_size=60))
        }  # fmt: skip
    answer = owner.request(method, path, params=query, **body)
    assert answer.status_code < 500
    assert "Traceback" not in answer.text
    if answer.status_code not in (404, 405):  # a path may have become another one
        document.check(method, path, answer)


def _quoted(part: str) -> str:
    return "".join(f"%{byte:02x}" for byte in part.encode("utf-8", "replace"))


def test_a_bug_tells_nothing_of_itself(
    document: Document,
    owner: httpx.Client,
    demo: RunningGateway,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def bug(*_: object) -> None:
        raise RuntimeError(f"a secret in {demo.site.state}")

    with monkeypatch.context() as patched:
        patched.setattr(demo.gateway.series, "history", bug)
        answer = owner.get(f"{API}/history?signal=drill-1/power")
    assert answer.status_code == 500
    document.check("GET", f"{API}/history", answer)
    assert str(demo.site.state) not in answer.text
    assert "content-security-policy" in answer.headers
    assert owner.get(f"{API}/history?signal=drill-1/power").status_code == 200


@pytest.mark.parametrize(
    "error", [JournalError("history.db cannot be read"), RuntimeError("can't start new thread")]
)
def test_a_store_that_cannot_be_read_is_said_plainly(
    document: Document,
    owner: httpx.Client,
    demo: RunningGateway,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
) -> None:
    def trouble(*_: object) -> None:
        raise error

    with monkeypatch.context() as patched:
        patched.setattr(demo.gateway.series, "history", trouble)
        answer = owner.get(f"{API}/history?signal=drill-1/power")
    assert answer.status_code == 503
    assert str(error) not in answer.text
    document.check("GET", f"{API}/history", answer)
