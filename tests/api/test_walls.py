"""What a stranger, a foreign page or a malformed request gets: nothing, and the same nothing."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

import httpx
import pytest

from gateway.flow.line_log import FREE, PER_MINUTE
from tests.api.running import API, RunningGateway

FOREIGN = ("mill-1", "press-1", "furnace-1")
ABSENT = ("no-such-thing", "B-1%2F..%2F..", "%00", "ä", "x" * 300)
SECRET = "my-own-secret-9"
NEVER_TOLD = ("Traceback", "sqlite", "SELECT ", "site-packages", ".py", "pydantic", SECRET)


def what_is_told(answer: httpx.Response) -> tuple[int, bytes, dict[str, str]]:
    """An answer without what every answer has anew."""
    headers = {name: value for name, value in answer.headers.items() if name != "date"}
    return answer.status_code, answer.content, headers


def test_absent_and_foreign_are_the_same_nothing(callers: dict[str, httpx.Client]) -> None:
    owner = callers["owner"]
    told = set()
    for name in FOREIGN + ABSENT:
        for path in (
            f"machines/{name}",
            f"machines/{name}/runs",
            f"machines/drill-1/trace?signal={name}/power",
            f"history?signal={name}/power",
            f"jobs/{name}",
            f"orders/{name}",
            f"orders/{name}/agreements",
            f"{name}",
            f"assets/{name}.js",
        ):
            status, content, headers = what_is_told(owner.get(f"{API}/{path}"))
            told.add((status, content, tuple(sorted(headers.items()))))
    told_of_pages = what_is_told(owner.get("/assets/none-12345678.js"))
    assert {(status, content) for status, content, _ in told} == {told_of_pages[:2]}
    assert len(told) == 1
    assert told_of_pages[0] == 404


def test_a_write_to_what_is_absent_is_absent_too(callers: dict[str, httpx.Client]) -> None:
    for path, body in (
        ("jobs/none/start", None),
        ("jobs/none/bookings", {"good": 1}),
        ("orders/none/offers", {"package": "AP3", "lots": [4], "to": "x"}),
        ("orders/none/offers/none/accept", None),
        ("orders/none/agreements/none/withdraw", {"level": "L0"}),
        ("orders/none/agreements/none/give", None),
    ):
        answer = callers["owner"].post(f"{API}/{path}", json=body)
        assert answer.status_code == 404, path
        assert answer.json() == {"detail": {"de": "nicht gefunden", "en": "not found"}}


MALFORMED: tuple[tuple[str, str, dict[str, object]], ...] = (
    ("POST", "login", {"json": {"role": "boss", "password": SECRET}}),
    ("POST", "login", {"json": {"password": SECRET}}),
    ("POST", "login", {"json": {"role": "owner", "password": SECRET, "extra": SECRET}}),
    ("POST", "login", {"json": [SECRET]}),
    ("POST", "login", {"content": b'{"password": "' + SECRET.encode()}),
    ("POST", "login", {"content": b"\xff\xfe" + SECRET.encode()}),
    ("POST", "setup", {"json": {"code": SECRET, "password": 7}}),
    ("POST", "passwords", {"json": {"role": "visitor", "password": SECRET}}),
    ("POST", "jobs/B-1/bookings", {"json": {"good": SECRET}}),
    ("POST", "jobs/B-1/bookings", {"json": {"good": 10**30}}),
    ("POST", "jobs/B-1/bookings", {"json": {"good": 1, "origin": "simulated"}}),
    ("POST", "jobs/B-1/rate", {"content": b'{"per_run_s": NaN}'}),
    ("POST", "jobs/B-1/explode", {}),
    ("GET", "history?signal=drill-1/power&points=x", {}),
    ("GET", "history?signal=drill-1/power&points=1000000", {}),
    ("GET", "history?signal=drill-1/power&start=0001-01-01T00:00:00%2B14:00", {}),
    ("GET", "history?signal=drill-1/power&end=9999-12-31T23:59:59-14:00", {}),
    ("GET", "history?signal=drill-1/power&start=2026-01-01T00:00:00", {}),
    ("GET", "history?signal=drill-1/power&start=2026-02-01T00:00Z&end=2026-01-01T00:00Z", {}),
    ("GET", "machines/drill-1/runs?end=0001-01-01T00:00:00Z", {}),
    ("GET", "machines/drill-1/trace", {}),
    ("GET", "sent?limit=-1", {}),
    ("GET", "log?limit=0", {}),
    ("GET", "audit?limit=99999999999999999999", {}),
)


@pytest.mark.parametrize(("method", "path", "content"), MALFORMED)
def test_what_does_not_fit_is_refused_without_a_word_too_much(
    callers: dict[str, httpx.Client],
    earnest: RunningGateway,
    method: str,
    path: str,
    content: dict[str, object],
) -> None:
    answer = callers["owner"].request(method, f"{API}/{path}", **content)  # type: ignore[arg-type]
    assert answer.status_code == 422
    assert set(answer.json()["detail"]) == {"de", "en"}
    for secret in (*NEVER_TOLD, str(earnest.site.state)):
        assert secret.lower() not in answer.text.lower()


def test_a_request_without_end_is_not_read(earnest: RunningGateway) -> None:
    with httpx.Client(base_url=earnest.base) as web:
        huge = web.post(f"{API}/login", content=b"x" * 70_000)
        assert huge.status_code == 413
        endless = web.post(f"{API}/login", content=iter([b"{", b"}"]))
        assert endless.status_code == 411


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil", ""])
def test_a_page_that_took_our_address_under_its_name_gets_nothing(
    callers: dict[str, httpx.Client], host: str
) -> None:
    for method, path in (("GET", "jobs"), ("POST", "jobs/B-1/hold"), ("GET", "session")):
        answer = callers["owner"].request(method, f"{API}/{path}", headers={"host": host})
        assert answer.status_code == 403
        assert "B-1" not in answer.text


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "http://127.0.0.1:1", "https://localhost", "http://["]
)
def test_a_foreign_page_changes_nothing(
    callers: dict[str, httpx.Client], earnest: RunningGateway, origin: str
) -> None:
    answer = callers["owner"].post(f"{API}/jobs/B-1/hold", headers={"origin": origin})
    assert answer.status_code == 403
    job = callers["owner"].get(f"{API}/jobs/B-1").json()
    assert job["substate"] != "held"
    own = callers["owner"].post(f"{API}/jobs/B-1/rate", headers={"origin": earnest.base}, json={})
    assert own.status_code in (200, 409)


def test_every_answer_carries_the_security_headers(callers: dict[str, httpx.Client]) -> None:
    for web, path, headers in (
        (callers["owner"], f"{API}/jobs", {}),
        (callers["nobody"], f"{API}/jobs", {}),
        (callers["owner"], "/none", {}),
        (callers["owner"], f"{API}/jobs", {"host": "evil.example"}),
    ):
        answer = web.get(path, headers=headers)
        assert {
            name: answer.headers[name]
            for name in (
                "content-security-policy",
                "x-content-type-options",
                "referrer-policy",
                "cross-origin-opener-policy",
                "cross-origin-resource-policy",
                "permissions-policy",
                "cache-control",
            )
        } == {
            "content-security-policy": (
                "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
                "font-src 'self'; connect-src 'self'; frame-src 'self'; manifest-src 'self'; "
                "base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
            ),
            "x-content-type-options": "nosniff",
            "referrer-policy": "same-origin",
            "cross-origin-opener-policy": "same-origin",
            "cross-origin-resource-policy": "same-origin",
            "permissions-policy": "camera=(), geolocation=(), microphone=()",
            "cache-control": "no-store",
        }
        assert "server" not in answer.headers
        assert len(answer.headers.get_list("date")) == 1


def test_no_change_by_reading(callers: dict[str, httpx.Client]) -> None:
    for path in (
        "jobs/B-1/hold",
        "jobs/B-1/bookings",
        "logout",
        "login",
        "setup",
        "passwords/foreman/remove",
    ):
        assert callers["owner"].get(f"{API}/{path}").status_code in (404, 405)


def test_a_path_never_leaves_the_pages(earnest: RunningGateway) -> None:
    """httpx would tidy such paths up: they go out as they are."""
    where = urlsplit(earnest.base)
    for path in ("/../../etc/passwd", "/assets/../../pyproject.toml", "//etc/passwd", "/%2e%2e/x"):
        with socket.create_connection((where.hostname, where.port), 5) as line:
            line.sendall(
                f"GET {path} HTTP/1.1\r\nHost: {where.netloc}\r\nConnection: close\r\n\r\n".encode()
            )
            answer = b"".join(iter(lambda: line.recv(4096), b""))
        assert b" 404 " in answer.split(b"\r\n")[0]
        assert b"not found" in answer


def test_nonsense_at_the_door_hardly_fills_the_log(
    demo: RunningGateway, caplog: pytest.LogCaptureFixture
) -> None:
    there = urlsplit(demo.base)
    for _ in range(30):
        with socket.create_connection((there.hostname, there.port), timeout=5) as line:
            line.sendall(b"\x16\x03\x01 this is not HTTP\r\n\r\n")
            assert line.recv(100).startswith(b"HTTP/1.1 400")
    said = [one for one in caplog.records if "Invalid HTTP" in one.getMessage()]
    assert len(said) <= FREE + PER_MINUTE
