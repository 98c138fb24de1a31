from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from gateway.api import audit as room
from gateway.api.audit import Audit, Cause, Happened
from tests.api.conftest import PASSWORDS
from tests.api.running import API, RunningGateway, client

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def audit(tmp_path: Path, clock: Clock) -> Iterator[Audit]:
    made = Audit(tmp_path, clock)
    yield made
    made.close()


def test_entries_outlive_the_gateway_newest_last(tmp_path: Path, clock: Clock) -> None:
    for number in range(3):
        audit = Audit(tmp_path, clock)
        audit.note(Happened.LOGGED_IN, "owner", what=str(number), local=True)
        audit.close()
        audit.close()
    again = Audit(tmp_path, clock)
    assert [entry["what"] for entry in again.newest(2)] == ["1", "2"]
    assert again.newest(1)[0] == {
        "at": "2026-03-01T12:00:00.000Z",
        "source": "web",
        "event": "logged_in",
        "role": "owner",
        "what": "2",
        "from": "this computer",
    }
    again.close()


def test_the_file_is_lines_of_json_for_the_gateway_alone(audit: Audit) -> None:
    audit.note(Happened.LOGIN_REFUSED, "owner", local=False)
    audit.note(Happened.CHANGED, "owner")
    audit.note(Happened.CHANGED, "foreman")
    audit.newest(1)
    files = sorted(audit.folder.iterdir())
    names = ["audit-roles.jsonl", "audit-strangers.jsonl", "audit.jsonl"]
    assert [file.name for file in files] == names
    for file in files:
        (line,) = file.read_text("utf-8").splitlines()
        assert json.loads(line)["schema"] == 1
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_flood_becomes_a_number(audit: Audit, clock: Clock) -> None:
    for _ in range(10_000):
        audit.note(Happened.LOGIN_REFUSED, "owner", local=False)
    audit.note(Happened.LOGGED_IN, "owner")
    assert len(audit.newest(100)) == room.ONE_BY_ONE + 1
    clock.now += timedelta(minutes=2)
    entries = audit.newest(100)
    counted = [entry for entry in entries if "more" in entry]
    assert [entry["more"] for entry in counted] == [10_000 - room.ONE_BY_ONE]
    assert audit.size() < 2000


def test_a_flood_that_the_gateways_end_cuts_off_is_counted_too(
    tmp_path: Path, clock: Clock
) -> None:
    audit = Audit(tmp_path, clock)
    for _ in range(20):
        audit.note(Happened.REFUSED, what="foreign host")
    audit.close()
    again = Audit(tmp_path, clock)
    assert again.newest(1)[0]["more"] == 20 - room.ONE_BY_ONE
    again.close()


def test_it_stays_small_and_the_newest_stay(
    audit: Audit, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "FILE_BYTES", 2000)
    for number in range(200):
        audit.note(Happened.CHANGED, "owner", what=f"number {number}")
    entries = audit.newest(1000)
    assert audit.size() <= 2000 * (room.OLD_FILES + 1)
    assert len(entries) > 30
    last = [int(entry["what"].split()[1]) for entry in entries]
    assert last == list(range(200 - len(last), 200))


def test_what_is_old_is_forgotten(audit: Audit, clock: Clock) -> None:
    audit.note(Happened.LOGGED_IN, "owner", what="long ago")
    audit.newest(1)
    clock.now += room.KEEP / 2
    audit.note(Happened.LOGGED_IN, "owner", what="later")
    assert len(audit.newest(10)) == 2
    old = audit.folder / "audit.1.jsonl"
    os.utime(old, (NOON.timestamp(), NOON.timestamp()))
    clock.now += room.KEEP
    audit.note(Happened.LOGGED_IN, "owner", what="now")
    assert "long ago" not in {entry["what"] for entry in audit.newest(10)}
    assert not any("long ago" in file.read_text() for file in audit.folder.glob("*.jsonl"))


def test_a_line_that_a_power_cut_left_is_passed_over(audit: Audit) -> None:
    audit.note(Happened.LOGGED_IN, "owner")
    audit.newest(1)
    with audit.path(Cause.OWNER).open("ab") as file:
        file.write(b'{"schema":1,"at":"2026-03')
    audit.note(Happened.CHANGED, "owner")
    assert [entry["event"] for entry in audit.newest(10)] == ["logged_in", "changed"]


def test_a_disk_that_takes_nothing_stops_nobody(tmp_path: Path, clock: Clock) -> None:
    audit = Audit(tmp_path / "is-not-there", clock)
    audit.note(Happened.LOGGED_IN, "owner")
    assert audit.newest(10) == []
    audit.close()
    audit.note(Happened.LOGGED_IN, "owner")


def test_what_strangers_and_other_roles_do_pushes_no_entry_of_the_owner_out(
    audit: Audit, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "FILE_BYTES", 2000)
    owners = [
        (Happened.SET_UP, "owner"),
        (Happened.LOGGED_IN, "owner"),
        (Happened.CHANGED, "owner"),
        (Happened.PASSWORD_SET, "foreman"),
        (Happened.PASSWORD_REMOVED, "customer"),
        (Happened.PASSWORD_REFUSED, "owner"),
        (Happened.ACCOUNTS_LOST, None),
    ]
    for event, role in owners:
        audit.note(event, role, what="the owner's")  # type: ignore[arg-type]
    audit.note(Happened.CHANGED, "foreman", what="the foreman's")
    for number in range(300):
        clock.now += timedelta(seconds=1)
        audit.note(Happened.LOGIN_REFUSED, "owner", local=False)
        audit.note(Happened.SETUP_REFUSED, what=str(number), local=False)
        audit.note(Happened.REFUSED, what=f"POST /{number}", local=False)
    for limit in (20, 5000):
        entries = audit.newest(limit)
        mine = [entry["event"] for entry in entries if entry.get("what") == "the owner's"]
        assert mine == [event.value for event, _ in owners]
        assert "the foreman's" in {entry.get("what") for entry in entries}
        assert entries == sorted(entries, key=lambda entry: entry["at"])
    for number in range(300):
        clock.now += timedelta(seconds=1)
        audit.note(Happened.LOGGED_IN, "customer", what=str(number))
        audit.note(Happened.REFUSED, "customer", what=f"POST /{number}")
    mine = [e["event"] for e in audit.newest(20) if e.get("what") == "the owner's"]
    assert mine == [event.value for event, _ in owners]
    assert audit.size() <= 3 * 4 * 2000


def test_the_log_of_the_version_before_is_read_on(audit: Audit) -> None:
    """There everything stood in one file."""
    kept = b'{"schema":1,"at":"2026-02-28T12:00:00.000Z","source":"web","event":"login_refused"}\n'
    (audit.folder / "audit.jsonl").write_bytes(kept)
    audit.note(Happened.CHANGED, "owner")
    assert [entry["event"] for entry in audit.newest(10)] == ["login_refused", "changed"]


def test_every_security_event_leaves_an_entry(fresh: RunningGateway) -> None:
    wrong, right = "wrong-password-1", PASSWORDS["owner"]
    with client(fresh.base) as owner, client(fresh.base) as foreman:
        owner.post(f"{API}/setup", json={"code": "1", "password": wrong})
        owner.post(f"{API}/setup", json={"code": fresh.setup_code, "password": right})
        owner.post(f"{API}/passwords", json={"role": "foreman", "password": right})
        foreman.post(f"{API}/login", json={"role": "foreman", "password": wrong})
        foreman.post(f"{API}/login", json={"role": "foreman", "password": right})
        foreman.post(f"{API}/passwords", json={"role": "owner", "password": wrong})
        foreman.post(f"{API}/jobs/B-1/hold", headers={"origin": "http://evil.example"})
        foreman.post(f"{API}/jobs/B-1/bookings", json={"good": 17})
        foreman.post(f"{API}/jobs/B-1/bookings", json={"good": -1})
        owner.post(f"{API}/passwords", json={"role": "owner", "password": wrong})
        owner.post(f"{API}/passwords/foreman/remove")
        foreman.get(f"{API}/jobs", headers={"host": "evil.example"})
        with httpx.Client(base_url=fresh.base) as nobody:
            nobody.post(f"{API}/jobs/B-1/bookings", json={"good": 17})
        entries = owner.get(f"{API}/audit").json()
        assert foreman.get(f"{API}/audit").status_code == 401
    told = [(entry["event"], entry.get("role"), entry.get("what")) for entry in entries]
    assert told == [
        ("setup_refused", None, None),
        ("set_up", "owner", None),
        ("logged_in", "owner", None),
        ("password_set", "foreman", None),
        ("login_refused", "foreman", None),
        ("logged_in", "foreman", None),
        ("refused", "foreman", f"POST {API}/passwords"),
        ("refused", None, "foreign origin"),
        ("changed", "foreman", f"POST {API}/jobs/{{job}}/bookings"),
        ("password_refused", "owner", None),
        ("password_removed", "foreman", None),
        ("refused", None, "foreign host"),
        ("refused", None, f"POST {API}/jobs/{{job}}/bookings"),
    ]
    assert {entry["from"] for entry in entries} == {"this computer"}
    written = "".join(file.read_text("utf-8") for file in fresh.site.state.glob("audit*.jsonl"))
    for secret in (wrong, right, fresh.setup_code, "evil.example", "127.0.0.1", "17}"):
        assert secret not in written


def test_the_owner_can_take_the_log_away_and_the_works_council_knows_of_it(
    callers: dict[str, httpx.Client],
) -> None:
    newest = callers["owner"].get(f"{API}/audit?limit=1").json()
    assert 1 <= len(newest) <= 3, "the newest of the owner, of other roles, of strangers"
    assert "owner" in {entry.get("role") for entry in newest}
    stored = callers["works_council"].get(f"{API}/stored").json()
    assert stored["audit"]["bytes"] > 0
    assert stored["audit"]["keep_s"] == room.KEEP.total_seconds()
