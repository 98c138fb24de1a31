from __future__ import annotations

import stat
from pathlib import Path

import pytest
from fastapi import HTTPException
from starlette.requests import Request

from gateway.api.access import SESSION_COOKIE, Access, Role

PASSWORD = "laufende-meter-7"


def request(**headers: str) -> Request:
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "headers": raw, "method": "GET", "path": "/"})


def opened(folder: Path, **options: str) -> Access:
    access = Access(folder, **options)
    access.open()
    return access


def test_a_new_gateway_has_a_code_and_no_password(tmp_path: Path) -> None:
    access = opened(tmp_path)
    assert access.setup_needed
    assert access.setup_code
    for password in ("", "admin", "owner"):
        with pytest.raises(HTTPException) as refused:
            access.log_in("owner", password)
        assert refused.value.status_code == 403


def test_the_code_makes_the_owner_once(tmp_path: Path) -> None:
    access = opened(tmp_path)
    code = access.setup_code or ""
    access.set_up(code, PASSWORD)
    cookie = access.log_in("owner", PASSWORD)
    assert access.role(request(cookie=f"{SESSION_COOKIE}={cookie}")) is Role.OWNER
    with pytest.raises(HTTPException):
        access.set_up(code, "another-password")


def test_two_gateways_have_different_codes_and_keys(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    one, two = opened(tmp_path / "a"), opened(tmp_path / "b")
    assert one.setup_code != two.setup_code
    one.set_up(one.setup_code or "", PASSWORD)
    two.set_up(two.setup_code or "", PASSWORD)
    cookie = one.log_in("owner", PASSWORD)
    assert two.role(request(cookie=f"{SESSION_COOKIE}={cookie}")) is None


def test_accounts_and_sessions_outlive_a_restart(tmp_path: Path) -> None:
    access = opened(tmp_path)
    access.set_up(access.setup_code or "", PASSWORD)
    cookie = access.log_in("owner", PASSWORD)
    again = opened(tmp_path)
    assert again.setup_code is None
    assert again.role(request(cookie=f"{SESSION_COOKIE}={cookie}")) is Role.OWNER


def test_a_new_password_ends_the_old_sessions(tmp_path: Path) -> None:
    access = opened(tmp_path)
    access.set_up(access.setup_code or "", PASSWORD)
    cookie = access.log_in("owner", PASSWORD)
    access.set_password(Role.OWNER, "ein-neues-wort-8")
    assert access.role(request(cookie=f"{SESSION_COOKIE}={cookie}")) is None


def test_the_file_is_the_owners_alone_and_holds_no_password(tmp_path: Path) -> None:
    access = opened(tmp_path)
    access.set_up(access.setup_code or "", PASSWORD)
    file = tmp_path / "access.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert PASSWORD not in file.read_text()
    assert "$argon2id$" in file.read_text()


def test_a_forged_session_is_nobody(tmp_path: Path) -> None:
    access = opened(tmp_path)
    access.set_up(access.setup_code or "", PASSWORD)
    cookie = access.log_in("owner", PASSWORD)
    role, until, mac = cookie.split(".")
    for forged in ("", "x", "owner", f"{role}.{until}", f"foreman.{until}.{mac}", f"{cookie}0"):
        assert access.role(request(cookie=f"{SESSION_COOKIE}={forged}")) is None


def test_guessing_is_slowed_down(tmp_path: Path) -> None:
    access = opened(tmp_path)
    access.set_up(access.setup_code or "", PASSWORD)
    codes = []
    for _ in range(7):
        with pytest.raises(HTTPException) as refused:
            access.log_in("owner", "wrong-password")
        codes.append(refused.value.status_code)
    assert codes == [403] * 5 + [429] * 2


def test_the_demo_token_names_the_role_and_is_off_without_a_demo(tmp_path: Path) -> None:
    demo = opened(tmp_path, demo_token="the-token")
    assert not demo.setup_needed
    bearer = "Bearer the-token"
    assert demo.role(request(authorization=bearer)) is Role.OWNER
    asked = request(authorization=bearer, x_werkverbund_role="visitor")
    assert demo.role(asked) is Role.VISITOR
    odd = request(authorization=bearer, x_werkverbund_role="root")
    assert demo.role(odd) is None
    assert demo.role(request(authorization="Bearer wrong")) is None
    real = opened(tmp_path)
    assert real.role(request(authorization="Bearer ")) is None
    assert real.role(request(authorization=bearer)) is None
