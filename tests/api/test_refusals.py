"""Every refusal of every route: in both languages, as documented, with the right ``Allow``."""

from __future__ import annotations

import re
import socket
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from gateway.api.mistakes import SAID, said
from tests.api.running import API, RunningGateway
from tests.api.test_documents import Document, document_of

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
ANYBODY = {f"{API}/{name}" for name in ("session", "setup", "login", "logout")}


@pytest.fixture(scope="module")
def document(callers: dict[str, httpx.Client]) -> Document:
    return document_of(callers["owner"])


def operations(document: Document) -> list[tuple[str, str]]:
    """Each operation with an address that fits it."""
    found = []
    for template, methods in document.paths.items():
        address = re.sub(r"\{\w+\}", "none", template.replace("{action}", "start"))
        found += [(method.upper(), address) for method in methods]
    return found


def in_both_languages(answer: httpx.Response) -> bool:
    content: dict[str, Any] = answer.json()
    texts = [content["detail"], *(entry["what"] for entry in content.get("mistakes", ()))]
    return all(set(text) == {"de", "en"} and text["de"] != text["en"] for text in texts)


def test_every_route_refuses_in_both_languages_and_as_documented(
    document: Document, callers: dict[str, httpx.Client]
) -> None:
    owner, nobody = callers["owner"], callers["nobody"]
    for method, address in operations(document):
        refused = {
            403: owner.request(method, address, headers={"host": "evil.example"}),
            411: owner.request(method, address, content=iter([b"{"])),
            413: owner.request(method, address, content=b"x" * 70_000),
        }
        if address not in ANYBODY:
            refused[401] = nobody.request(method, address)
        for status, answer in refused.items():
            assert answer.status_code == status, (method, address)
            document.check(method, address, answer)
            assert in_both_languages(answer), (method, address, status)
        if method == "POST":
            foreign = owner.post(address, headers={"origin": "http://evil.example"})
            assert foreign.status_code == 403
            document.check(method, address, foreign)
            assert in_both_languages(foreign)


def test_every_operation_documents_what_any_of_them_may_answer(document: Document) -> None:
    for path, methods in document.paths.items():
        for method, operation in methods.items():
            always = {"400", "403", "405", "411", "413", "500", "503"}
            assert always <= set(operation["responses"]), (method, path)


def test_another_method_is_refused_with_those_that_there_are(
    document: Document, callers: dict[str, httpx.Client]
) -> None:
    served = operations(document)
    for address in {address for _, address in served}:
        there = sorted({method for method, same in served if same == address})
        for method in METHODS:
            if method in there:
                continue
            answer = callers["owner"].request(method, address)
            assert answer.status_code == 405, (method, address)
            assert answer.headers["allow"] == ", ".join(there), (method, address)
            if method != "HEAD":
                assert in_both_languages(answer)
                said_so = document.operation(there[0], address)["responses"]["405"]
                document.holds(said_so["content"]["application/json"]["schema"], answer.json())


def test_an_address_that_is_not_there_is_absent_whatever_is_asked_of_it(
    callers: dict[str, httpx.Client],
) -> None:
    for method in METHODS:
        for address in (f"{API}/none", f"{API}/jobs/none/start/now", "/none.html", "/assets/none"):
            assert callers["owner"].request(method, address).status_code == 404, (method, address)


def test_a_page_and_the_document_are_only_read(
    callers: dict[str, httpx.Client], earnest: RunningGateway
) -> None:
    for address, there in (("/", "GET, HEAD"), (f"{API}/openapi.json", "GET")):
        for method in ("POST", "DELETE"):
            answer = callers["owner"].request(method, address)
            assert (answer.status_code, answer.headers["allow"]) == (405, there)
            assert in_both_languages(answer)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "login", {"role": "boss", "password": "x" * 300}),
        ("POST", "login", {"role": "owner", "extra": 1}),
        ("POST", "login", [1]),
        ("POST", "jobs/B-1/bookings", {"good": -1, "scrap": 1.5, "origin": "guessed"}),
        ("POST", "jobs/B-1/rate", {"per_run_s": 0}),
        ("POST", "jobs/B-1/rate", {"per_run_s": "soon"}),
        ("POST", "orders", {"id": "?", "at_s": "1e400", "opening": [], "accepted_reserve": 7}),
        ("POST", "orders", {"id": "GA-17", "at_s": 1, "opening": {"AP1": {"good": 1}}, "x": 1}),
        ("GET", "history?signal=drill-1/power&points=0&start=noon", None),
        ("GET", "log?kind=none&limit=many", None),
    ],
)
def test_what_does_not_fit_is_said_in_both_languages(
    document: Document, callers: dict[str, httpx.Client], method: str, path: str, body: object
) -> None:
    answer = callers["owner"].request(method, f"{API}/{path}", json=body)
    if answer.status_code == 404:
        return  # this firm has no consortium
    assert answer.status_code == 422
    document.check(method, f"{API}/{path}", answer)
    assert answer.json()["mistakes"]
    assert in_both_languages(answer), answer.json()


def test_every_sentence_about_a_mistake_can_be_said_with_any_facts() -> None:
    facts = {"ge": 1, "gt": 0, "le": 9, "lt": 10, "expected": "'a', 'b' or 'c'"}
    facts |= {"max_length": 3, "min_length": 1}
    for kind in (*SAID, "string_type", "int_parsing", "model_attributes_type", "something_new"):
        told = said(kind, facts)
        assert told.de
        assert told.en
        assert "{" not in told.de + told.en
        assert "'" not in told.de
        assert said(kind, {}).de, "also where a fact is missing"


def test_a_browser_that_looks_under_a_foreign_name_gets_plain_lines(
    earnest: RunningGateway,
) -> None:
    headers = {"host": "evil.example", "accept": "text/html,application/xhtml+xml"}
    answer = httpx.get(f"{earnest.base}/", headers=headers, timeout=15)
    assert answer.status_code == 403
    assert answer.headers["content-type"].startswith("text/plain")
    assert len(answer.text.splitlines()) == 2


def test_a_request_that_is_broken_off_is_no_mistake_of_ours(
    earnest: RunningGateway, caplog: pytest.LogCaptureFixture
) -> None:
    where = urlsplit(earnest.base)
    for path in (f"{API}/login", f"{API}/setup", "/"):
        with socket.create_connection((where.hostname, where.port), 5) as line:
            line.sendall(
                f"POST {path} HTTP/1.1\r\nHost: {where.netloc}\r\n"
                "Content-Type: application/json\r\nContent-Length: 90\r\n\r\n{".encode()
            )
    answer = httpx.post(f"{earnest.base}{API}/login", json={}, timeout=15)  # asked after those
    assert answer.status_code == 422
    assert not [one for one in caplog.records if one.exc_info]
