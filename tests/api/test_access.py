from __future__ import annotations

import asyncio
import errno
import json
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from fastapi import HTTPException
from starlette.requests import Request

from gateway import private_files
from gateway.api.access import SESSION_COOKIE, Access, Role
from gateway.api.accounts import MOST_SESSIONS, Accounts
from gateway.api.callers import caller_of, local
from gateway.api.checking import Caller
from gateway.core.errors import WerkverbundError

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
            access.log_in(Role.OWNER, password)
        assert refused.value.status_code == 403


def test_the_code_makes_the_owner_once(tmp_path: Path) -> None:
    access = opened(tmp_path)
    code = access.setup_code or ""
    access.set_up(code, PASSWORD)
    cookie = access.log_in(Role.OWNER, PASSWORD)
    assert access.role(request(cookie=f"{SESSION_COOKIE}={cookie}")) is Role.OWNER
    with pytest.raises(HTTPException):
        access.set_up(code, "another-password")


def test_the_code_may_be_typed_with_any_separators(tmp_path: Path) -> None:
    for separator in (" ", "", ".", " - "):
        folder = tmp_path / f"gateway{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        access = opened(folder)
        code = (access.setup_code or "").replace("-", separator)
        with pytest.raises(HTTPException):
            access.set_up(f"{code}0", PASSWORD)
        access.set_up(f" {code} ", PASSWORD)
        assert not access.setup_needed


def test_two_gateways_have_different_codes_and_keys(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    one, two = opened(tmp_path / "a"), opened(tmp_path / "b")
    assert one.setup_code != two.setup_code
    one.set_up(one.setup_code or "", PASSWORD)
    two.set_up(two.setup_code or "", PASSWORD)
    cookie = one.log_in(Role.OWNER, PASSWORD)
    assert two.role(request(cookie=f"{SESSION_COOKIE}={cookie}")) is None


def test_accounts_and_sessions_outlive_a_restart(tmp_path: Path) -> None:
    access = opened(tmp_path)
    access.set_up(access.setup_code or "", PASSWORD)
    cookie = access.log_in(Role.OWNER, PASSWORD)
    again = opened(tmp_path)
    assert again.setup_code is None
    assert again.role(request(cookie=f"{SESSION_COOKIE}={cookie}")) is Role.OWNER


def test_a_new_password_ends_the_old_sessions(tmp_path: Path) -> None:
    access = opened(tmp_path)
    access.set_up(access.setup_code or "", PASSWORD)
    cookie = access.log_in(Role.OWNER, PASSWORD)
    access.set_password(Role.OWNER, "ein-neues-wort-8", current=PASSWORD)
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
    cookie = access.log_in(Role.OWNER, PASSWORD)
    [kept] = json.loads((tmp_path / "access.json").read_text())["sessions"]
    for forged in ("", "x", "owner", cookie[:-1], f"{cookie}0", kept):
        assert access.role(request(cookie=f"{SESSION_COOKIE}={forged}")) is None


async def test_logging_out_ends_the_session_wherever_its_cookie_has_gone(tmp_path: Path) -> None:
    access = opened(tmp_path)
    access.set_up(access.setup_code or "", PASSWORD)
    stolen, other = (
        request(cookie=f"{SESSION_COOKIE}={access.log_in(Role.OWNER, PASSWORD)}") for _ in range(2)
    )
    await access.log_out(stolen)
    for gateway in (access, opened(tmp_path)):
        assert gateway.role(stolen) is None
        assert gateway.role(other) is Role.OWNER


def test_a_session_ends_by_itself_after_its_time(tmp_path: Path) -> None:
    accounts = Accounts(tmp_path)
    word = accounts.begin_session("foreman", now=1000.0, until=2000.0)
    assert accounts.role_of(word, 1999.0) == "foreman"
    assert accounts.role_of(word, 2000.0) is None
    accounts.begin_session("owner", now=2001.0, until=3000.0)
    assert len(accounts._sessions) == 1, "nobody keeps what is over"


def test_too_many_sessions_of_a_role_end_its_oldest(tmp_path: Path) -> None:
    accounts = Accounts(tmp_path)
    owner = accounts.begin_session("owner", 0.0, 9.0)
    words = [accounts.begin_session("foreman", 0.0, 9.0) for _ in range(MOST_SESSIONS + 1)]
    roles = [accounts.role_of(word, 1.0) for word in (owner, *words)]
    assert roles == ["owner", None, *["foreman"] * MOST_SESSIONS]


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """From its call on no file takes anything any more."""

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    return lambda: monkeypatch.setattr(private_files, "write", refuse)


async def test_people_log_in_and_out_on_a_full_disk(tmp_path: Path, full) -> None:
    access = opened(tmp_path)
    access.set_up(access.setup_code or "", PASSWORD)
    full()
    browser = request(cookie=f"{SESSION_COOKIE}={access.log_in(Role.OWNER, PASSWORD)}")
    assert access.role(browser) is Role.OWNER
    await access.log_out(browser)
    assert access.role(browser) is None


def test_a_password_that_cannot_be_kept_is_not_set(tmp_path: Path, full) -> None:
    access = opened(tmp_path)
    access.set_up(access.setup_code or "", PASSWORD)
    access.set_password(Role.FOREMAN, PASSWORD)
    full()
    for change in (
        lambda: access.set_password(Role.FOREMAN, "ein-neues-wort-8"),
        lambda: access.remove_password(Role.FOREMAN),
    ):
        with pytest.raises(WerkverbundError, match=r"access\.json"):
            change()
        assert access.log_in(Role.FOREMAN, PASSWORD)


def test_the_passwords_of_the_version_before_still_hold(tmp_path: Path) -> None:
    access = opened(tmp_path)
    access.set_up(access.setup_code or "", PASSWORD)
    file = tmp_path / "access.json"
    accounts = json.loads(file.read_text())["accounts"]
    for before in (
        {"schema": 1, "key": "00", "accounts": accounts},
        {"schema": 2, "accounts": accounts, "sessions": {}},
    ):
        file.write_text(json.dumps(before))
        assert opened(tmp_path).log_in(Role.OWNER, PASSWORD)
    assert json.loads(file.read_text())["schema"] == 3


def test_guessing_is_slowed_down(tmp_path: Path) -> None:
    access = opened(tmp_path)
    access.set_up(access.setup_code or "", PASSWORD)
    codes = []
    for _ in range(7):
        with pytest.raises(HTTPException) as refused:
            access.log_in(Role.OWNER, "wrong-password")
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


def test_a_guesser_locks_out_nobody_else(tmp_path: Path) -> None:
    access = opened(tmp_path)
    access.set_up(access.setup_code or "", PASSWORD)
    for _ in range(6):
        with pytest.raises(HTTPException):
            access.log_in(Role.OWNER, "wrong-password", Caller("192.168.1.66"))
    assert access.log_in(Role.OWNER, PASSWORD, Caller("192.168.1.10"))


def test_an_odd_code_or_cookie_is_simply_wrong(tmp_path: Path) -> None:
    access = opened(tmp_path)
    for code in ("", "ü", "0000-0000-0000", "\x00"):
        with pytest.raises(HTTPException) as refused:
            access.set_up(code, PASSWORD)
        assert refused.value.status_code == 403
    for cookie in ("ü.1.ü", "...", "owner.x.y"):
        assert access.role(request(cookie=f"{SESSION_COOKIE}={cookie}")) is None


def test_two_gateways_on_one_computer_keep_their_cookies_apart(tmp_path: Path) -> None:
    assert opened(tmp_path, firm="a").cookie != opened(tmp_path, firm="b").cookie


def test_damaged_accounts_are_put_aside_and_the_owner_starts_anew(tmp_path: Path) -> None:
    access = opened(tmp_path)
    access.set_up(access.setup_code or "", PASSWORD)
    cookie = access.log_in(Role.OWNER, PASSWORD)
    for damage in (b"", b"{", b'{"schema": 1}', b"[]", b"\xff"):
        (tmp_path / "access.json").write_bytes(damage)
        again = opened(tmp_path)
        assert again.setup_code
        assert again.role(request(cookie=f"{SESSION_COOKIE}={cookie}")) is None
        assert (tmp_path / "access.broken.json").read_bytes() == damage
        again.set_up(again.setup_code, PASSWORD)
        assert opened(tmp_path).setup_code is None


def test_the_accounts_of_a_newer_version_are_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "access.json"
    file.write_text('{"schema": 4, "accounts": {}}')
    with pytest.raises(WerkverbundError):
        opened(tmp_path)
    assert '"schema": 4' in file.read_text()


async def test_passwords_are_checked_one_at_a_time_and_few_wait(tmp_path: Path) -> None:
    access = opened(tmp_path)
    inside = most = 0

    async def check() -> bool:
        nonlocal inside, most
        try:
            async with access.checking.turn():
                inside += 1
                most = max(most, inside)
                await asyncio.sleep(0)
                inside -= 1
        except HTTPException as refused:
            return refused.status_code != 429
        return True

    done = await asyncio.gather(*(check() for _ in range(20)))
    assert most == 1
    assert done.count(True) == 8
    assert await check()


def test_the_owners_password_changes_only_for_who_knows_it(tmp_path: Path) -> None:
    access = opened(tmp_path)
    access.set_up(access.setup_code or "", PASSWORD)
    for guess in ("", "ein-falsches-wort"):
        with pytest.raises(HTTPException) as refused:
            access.set_password(Role.OWNER, "ein-neues-wort-8", current=guess)
        assert refused.value.status_code == 403
    assert access.log_in(Role.OWNER, PASSWORD)


def test_a_role_whose_password_is_taken_away_is_out(tmp_path: Path) -> None:
    access = opened(tmp_path)
    access.set_up(access.setup_code or "", PASSWORD)
    access.set_password(Role.CUSTOMER, PASSWORD)
    cookie = access.log_in(Role.CUSTOMER, PASSWORD)
    access.remove_password(Role.CUSTOMER)
    assert access.role(request(cookie=f"{SESSION_COOKIE}={cookie}")) is None
    assert not opened(tmp_path).has_password(Role.CUSTOMER)
    with pytest.raises(HTTPException):
        access.log_in(Role.CUSTOMER, PASSWORD)


class Counting:
    """Counts how often a password is hashed, which is what costs time."""

    def __init__(self, real: PasswordHasher) -> None:
        self._real = real
        self.hashed = 0

    def hash(self, password: str) -> str:
        self.hashed += 1
        return self._real.hash(password)

    def verify(self, kept: str, password: str) -> bool:
        self.hashed += 1
        return self._real.verify(kept, password)


def test_the_time_of_a_refusal_does_not_tell_which_roles_have_a_password(tmp_path: Path) -> None:
    accounts = Accounts(tmp_path)
    accounts.open()
    accounts.set("owner", PASSWORD)
    costs = []
    for role in ("owner", "customer"):
        counting = Counting(accounts._hasher)
        accounts._hasher = counting  # type: ignore[assignment]
        assert not accounts.right(role, "wrong-password")
        costs.append(counting.hashed)
    assert costs == [1, 1]


@pytest.mark.parametrize(
    ("address", "caller"),
    [
        ("192.168.1.66", "192.168.1.66"),
        ("::1", "::1"),
        ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::"),
        ("2001:db8:1:2:bbbb::2", "2001:db8:1:2::"),
        ("::ffff:192.168.1.66", "192.168.1.66"),
        ("unix", "unix"),
    ],
)
def test_a_guesser_with_many_addresses_is_one_caller(address: str, caller: str) -> None:
    asked = request()
    asked.scope["client"] = (address, 4711)
    assert caller_of(asked) == caller


def test_this_computer_is_known_whichever_way_it_calls() -> None:
    hosts = ("127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "192.168.1.66", "fe80::1", "unix")
    assert [local(host) for host in hosts] == [True] * 4 + [False, False, None]


@pytest.mark.parametrize(
    "password", ["aaaaaaaaaaaa", "121212121212", "            ", "öööööööööööü"]
)
def test_a_password_of_one_or_two_signs_is_refused(tmp_path: Path, password: str) -> None:
    access = opened(tmp_path)
    with pytest.raises(HTTPException) as refused:
        access.set_up(access.setup_code or "", password)
    assert refused.value.status_code == 422
    assert "3" in refused.value.detail["de"]  # type: ignore[index]
    access.set_up(access.setup_code or "", "12121212121a")


def test_who_knows_one_role_s_password_guesses_no_faster_at_another_s(tmp_path: Path) -> None:
    access = opened(tmp_path)
    access.set_up(access.setup_code or "", PASSWORD)
    access.set_password(Role.CUSTOMER, "kundschaft-im-juli")
    here, codes = Caller("192.168.1.66"), []
    for _ in range(8):
        assert access.log_in(Role.CUSTOMER, "kundschaft-im-juli", here)
        with pytest.raises(HTTPException) as refused:
            access.log_in(Role.OWNER, "wrong-password", here)
        codes.append(refused.value.status_code)
    assert codes == [403] * 5 + [429] * 3


def test_strangers_slow_each_other_down_and_never_a_known_browser(tmp_path: Path) -> None:
    access = opened(tmp_path)
    access.set_up(access.setup_code or "", PASSWORD)
    word = access.know_browser(Role.OWNER)
    access._accounts._hasher = PasswordHasher(1, 8, 1)  # what is forgiven meanwhile is little
    codes = []
    for number in range(130):
        with pytest.raises(HTTPException) as refused:
            access.log_in(Role.OWNER, "wrong-password", Caller(f"192.168.{number}.66"))
        codes.append(refused.value.status_code)
    assert codes[:100] == [403] * 100
    assert codes.count(429) >= 20
    with pytest.raises(HTTPException) as refused:
        access.log_in(Role.OWNER, PASSWORD, Caller("192.168.200.66"))
    assert refused.value.status_code == 429
    assert "Browser" in refused.value.detail["de"]  # type: ignore[index]
    asked = request(cookie=f"{access.known_cookie(Role.OWNER)}={word}")
    asked.scope["client"] = ("192.168.200.66", 4711)
    assert access.log_in(Role.OWNER, PASSWORD, opened(tmp_path).caller(asked, Role.OWNER))
    assert access.log_in(Role.OWNER, PASSWORD, Caller("127.0.0.1")), "this computer is known"


def test_strangers_keep_nobody_from_setting_the_gateway_up(tmp_path: Path) -> None:
    access = opened(tmp_path)
    for number in range(150):
        with pytest.raises(HTTPException):
            access.set_up("0", PASSWORD, Caller(f"192.168.{number}.66"))
    access.set_up(access.setup_code or "", PASSWORD, Caller("192.168.200.66"))
    assert not access.setup_needed


def test_a_browser_is_known_for_its_role_alone_and_until_the_password_changes(
    tmp_path: Path,
) -> None:
    access = opened(tmp_path)
    access.set_up(access.setup_code or "", PASSWORD)
    access.set_password(Role.FOREMAN, PASSWORD)
    word = access.know_browser(Role.FOREMAN)

    def known(role: Role) -> bool:
        names = "; ".join(f"{access.known_cookie(one)}={word}" for one in Role)
        return bool(access.caller(request(cookie=names), role).browser)

    assert [role for role in Role if known(role)] == [Role.FOREMAN]
    assert word not in (tmp_path / "access.json").read_text()
    access.set_password(Role.FOREMAN, "ein-neues-wort-8")
    assert not known(Role.FOREMAN)


async def test_one_caller_does_not_fill_the_queue(tmp_path: Path) -> None:
    checking = opened(tmp_path).checking
    inside = asyncio.Event()

    async def check(caller: Caller) -> int:
        try:
            async with checking.turn(caller):
                await inside.wait()
        except HTTPException as refused:
            return refused.status_code
        return 200

    stranger = [asyncio.ensure_future(check(Caller("192.168.1.66"))) for _ in range(20)]
    owner = asyncio.ensure_future(check(Caller("192.168.1.10")))
    await asyncio.wait(stranger, return_when=asyncio.FIRST_COMPLETED)
    inside.set()
    assert sorted(await asyncio.gather(*stranger)) == [200] * 2 + [429] * 18
    assert await owner == 200
