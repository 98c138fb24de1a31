"""From the code on the console to an owner at work, through HTTP alone."""

from __future__ import annotations

import http.cookiejar

import httpx
import pytest

from tests.api.conftest import PASSWORDS
from tests.api.running import API, RunningGateway, client

OWNER = PASSWORDS["owner"]


def log_in(web: httpx.Client, role: str, password: str) -> int:
    return web.post(f"{API}/login", json={"role": role, "password": password}).status_code


def test_the_first_start_belongs_to_whoever_reads_the_console(fresh: RunningGateway) -> None:
    with client(fresh.base) as web, client(fresh.base) as other:
        assert web.get(f"{API}/session").json()["setup_needed"] is True
        assert log_in(web, "owner", "admin-admin-admin") == 403
        guessed = {"code": "0000-0000-0000", "password": OWNER}
        assert web.post(f"{API}/setup", json=guessed).status_code == 403
        short = {"code": fresh.setup_code, "password": "short"}
        assert web.post(f"{API}/setup", json=short).status_code == 422
        assert web.get(f"{API}/session").json()["setup_needed"] is True
        right = {"code": fresh.setup_code, "password": OWNER}
        assert web.post(f"{API}/setup", json=right).json() == {"role": "owner"}
        session = web.get(f"{API}/session").json()
        assert session["role"] == "owner"
        assert session["setup_needed"] is False
        assert web.get(f"{API}/jobs").status_code == 200
        # The code is used up, and being set up gives nobody else a session.
        assert other.post(f"{API}/setup", json=right).status_code == 403
        assert other.get(f"{API}/jobs").status_code == 401
        assert log_in(other, "owner", OWNER) == 200
        files = {file.name: file.read_bytes() for file in fresh.site.state.glob("*.json*")}
    assert {"access.json", "audit.jsonl"} <= set(files)
    for content in files.values():
        assert OWNER.encode() not in content
        assert fresh.setup_code.encode() not in content


def test_the_cookie_is_for_this_page_and_no_script(
    callers: dict[str, httpx.Client], earnest: RunningGateway
) -> None:
    with client(earnest.base) as web:
        body = {"role": "owner", "password": OWNER}
        cookie = web.post(f"{API}/login", json=body).headers["set-cookie"]
        parts = {part.strip().lower() for part in cookie.split(";")}
        assert {"httponly", "samesite=strict", "path=/", "max-age=43200"} <= parts
        assert "secure" not in parts  # plain HTTP on this computer
        behind = {"x-forwarded-proto": "https"}  # a web server in front of the gateway
        cookie = web.post(f"{API}/login", json=body, headers=behind).headers["set-cookie"]
        assert "secure" in cookie.lower()


def test_logging_out_ends_the_session_in_this_browser(earnest: RunningGateway) -> None:
    with client(earnest.base) as web:
        assert log_in(web, "foreman", PASSWORDS["foreman"]) == 200
        assert web.get(f"{API}/jobs").status_code == 200
        assert web.post(f"{API}/logout").json() == {"role": None}
        assert isinstance(web.cookies.jar, http.cookiejar.CookieJar)
        assert [*web.cookies] == ["werkverbund-workshop-known-foreman"], "it stays a known browser"
        assert web.get(f"{API}/jobs").status_code == 401


def test_logging_out_ends_the_session_also_for_whoever_has_its_cookie(
    earnest: RunningGateway,
) -> None:
    """And the stream that somebody watches with it, at its next word."""
    with client(earnest.base) as web, client(earnest.base) as thief:
        assert log_in(web, "foreman", PASSWORDS["foreman"]) == 200
        thief.cookies.update(web.cookies)
        with thief.stream("GET", f"{API}/events") as watched:
            lines = watched.iter_lines()
            assert next(lines) == "retry: 1000"
            assert web.post(f"{API}/logout").status_code == 200
            assert list(lines), "it ends by itself"
        assert thief.get(f"{API}/session").json()["role"] is None
        assert thief.get(f"{API}/machines").status_code == 401


@pytest.mark.parametrize("role", [role for role in PASSWORDS if role != "owner"])
def test_each_role_has_its_own_password(earnest: RunningGateway, role: str) -> None:
    with client(earnest.base) as web:
        for other, password in PASSWORDS.items():
            if other != role:
                assert log_in(web, role, password) == 403
        assert log_in(web, role, PASSWORDS[role]) == 200
        assert web.get(f"{API}/session").json()["role"] == role


def test_a_new_password_ends_the_sessions_of_its_role_only(fresh: RunningGateway) -> None:
    with client(fresh.base) as owner, client(fresh.base) as foreman:
        right = {"code": fresh.setup_code, "password": OWNER}
        assert owner.post(f"{API}/setup", json=right).status_code == 200
        first = {"role": "foreman", "password": "das-erste-wort"}
        assert owner.post(f"{API}/passwords", json=first).json() == {"role": "foreman"}
        assert log_in(foreman, "foreman", "das-erste-wort") == 200
        assert foreman.post(f"{API}/passwords", json=first).status_code == 403
        second = {"role": "foreman", "password": "das-zweite-wort"}
        with foreman.stream("GET", f"{API}/events") as stream:
            lines = stream.iter_lines()
            next(lines)
            assert owner.post(f"{API}/passwords", json=second).status_code == 200
            for _ in lines:  # the stream, too, comes to its end
                pass
        assert foreman.get(f"{API}/jobs").status_code == 401
        assert owner.get(f"{API}/jobs").status_code == 200
        assert log_in(foreman, "foreman", "das-erste-wort") == 403
        assert log_in(foreman, "foreman", "das-zweite-wort") == 200


def test_guessing_is_slowed_down_at_the_door(fresh: RunningGateway) -> None:
    with client(fresh.base) as web:
        codes = [log_in(web, "owner", f"guess-number-{number}") for number in range(7)]
        assert codes == [403] * 5 + [429] * 2
        right = {"code": fresh.setup_code, "password": OWNER}
        assert web.post(f"{API}/setup", json=right).status_code == 429


def test_the_owner_gives_and_takes_passwords(fresh: RunningGateway) -> None:
    def known(web: httpx.Client) -> set[str]:
        return {entry["role"] for entry in web.get(f"{API}/passwords").json() if entry["set"]}

    with client(fresh.base) as owner, client(fresh.base) as other, client(fresh.base) as foreman:
        right = {"code": fresh.setup_code, "password": OWNER}
        assert owner.post(f"{API}/setup", json=right).status_code == 200
        assert log_in(other, "owner", OWNER) == 200
        assert known(owner) == {"owner"}
        word = {"role": "foreman", "password": "das-erste-wort"}
        assert owner.post(f"{API}/passwords", json=word).status_code == 200
        assert known(owner) == {"owner", "foreman"}
        assert log_in(foreman, "foreman", "das-erste-wort") == 200
        assert owner.post(f"{API}/passwords/foreman/remove").json() == {"role": "foreman"}
        assert known(owner) == {"owner"}
        assert foreman.get(f"{API}/jobs").status_code == 401
        assert owner.post(f"{API}/passwords/owner/remove").status_code == 422
        # The owner's own: only with the present one; then this browser stays, others go.
        mine = {"role": "owner", "password": "ein-ganz-neues-wort"}
        assert owner.post(f"{API}/passwords", json=mine).status_code == 403
        mine["current"] = OWNER
        assert owner.post(f"{API}/passwords", json=mine).status_code == 200
        assert owner.get(f"{API}/jobs").status_code == 200
        assert other.get(f"{API}/jobs").status_code == 401


def test_who_has_a_role_s_password_guesses_no_faster_at_the_owner_s(
    earnest: RunningGateway,
) -> None:
    from_elsewhere = httpx.HTTPTransport(local_address="127.0.0.77")
    with httpx.Client(base_url=earnest.base, transport=from_elsewhere, timeout=20) as web:
        codes = []
        for number in range(9):
            if number % 4 == 0:
                assert log_in(web, "customer", PASSWORDS["customer"]) == 200
            codes.append(log_in(web, "owner", f"a-wrong-guess-{number}"))
    assert codes == [403] * 5 + [429] * 4


def test_a_browser_that_logged_in_before_is_not_slowed_down_by_its_neighbour(
    earnest: RunningGateway,
) -> None:
    """Behind one address (a router, a network of IPv6) sit many."""
    neighbours = "127.0.0.78"

    def at_the_address() -> httpx.Client:
        there = httpx.HTTPTransport(local_address=neighbours)
        return httpx.Client(base_url=earnest.base, transport=there, timeout=20)

    with at_the_address() as guesser, at_the_address() as browser:
        assert log_in(browser, "foreman", PASSWORDS["foreman"]) == 200
        assert browser.post(f"{API}/logout").status_code == 200
        codes = [log_in(guesser, "foreman", f"a-wrong-guess-{number}") for number in range(7)]
        assert codes == [403] * 5 + [429] * 2
        assert log_in(guesser, "foreman", PASSWORDS["foreman"]) == 429
        assert log_in(browser, "foreman", PASSWORDS["foreman"]) == 200
