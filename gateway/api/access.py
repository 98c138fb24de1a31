"""Who may see and do what: roles, sessions, the set-up code, and the demo's sessions.

Accounts are functions, never persons: one password per role, kept as an argon2id hash in
``access.json`` in the state folder. A session is a signed cookie, so a restart logs nobody out.
"""

from __future__ import annotations

import hmac
import json
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from fastapi import HTTPException, Request

SESSION_COOKIE = "werkverbund"
SESSION_SECONDS = 12 * 3600
MIN_PASSWORD = 10
THROTTLE_SECONDS = 30.0
FREE_TRIES = 5


class Role(StrEnum):
    """The roles; ``VISITOR`` exists in the demo only and reads only."""

    OWNER = "owner"
    FOREMAN = "foreman"
    WORKS_COUNCIL = "works_council"
    CUSTOMER = "customer"
    VISITOR = "visitor"


EVERYONE = frozenset(Role)
PLANT = frozenset({Role.OWNER, Role.FOREMAN, Role.VISITOR})
"""Who may see machines and jobs."""
PRIVACY = PLANT | {Role.WORKS_COUNCIL}
"""Who may see what is stored and what leaves."""
WORK = frozenset({Role.OWNER, Role.FOREMAN})
"""Who may book and start jobs."""
OWNER = frozenset({Role.OWNER})


@dataclass(slots=True)
class _Throttle:
    """Failed log-ins in a row; after five, one try per half minute."""

    failed: int = 0
    last: float = 0.0

    def refuse(self, now: float) -> bool:
        return self.failed >= FREE_TRIES and now - self.last < THROTTLE_SECONDS

    def note(self, now: float, *, good: bool) -> None:
        self.failed = 0 if good else self.failed + 1
        self.last = now


@dataclass(slots=True)
class Access:
    """Accounts and sessions of one gateway.

    ``demo_token`` is set in a demo only: whoever presents it acts as owner, or as the role that
    the stage names beside it.
    """

    folder: Path
    demo_token: str | None = None
    setup_code: str | None = None
    _hashes: dict[str, str] = field(default_factory=dict)
    _key: bytes = b""
    _throttle: _Throttle = field(default_factory=_Throttle)
    _hasher: PasswordHasher = field(default_factory=PasswordHasher)

    def open(self) -> None:
        """Read the accounts; without an owner, make a one-time set-up code."""
        file = self.folder / "access.json"
        if file.exists():
            kept = json.loads(file.read_text("utf-8"))
            self._hashes, self._key = dict(kept["accounts"]), bytes.fromhex(kept["key"])
        else:
            self._key = secrets.token_bytes(32)
            self._save()
        if self.setup_needed:
            self.setup_code = "-".join(f"{secrets.randbelow(10_000):04}" for _ in range(3))

    @property
    def setup_needed(self) -> bool:
        """Whether nobody owns this gateway yet."""
        return Role.OWNER not in self._hashes and self.demo_token is None

    def set_up(self, code: str, password: str) -> None:
        """Make the owner's account with the code from the console. Raises HTTPException."""
        now = time.monotonic()
        if self._throttle.refuse(now):
            raise HTTPException(429, "too many tries; wait half a minute")
        expected = self.setup_code or ""
        good = bool(expected) and hmac.compare_digest(code.strip(), expected)
        self._throttle.note(now, good=good)
        if not good:
            raise HTTPException(403, "wrong set-up code; it stands on the gateway's console")
        self.set_password(Role.OWNER, password)
        self.setup_code = None

    def set_password(self, role: Role, password: str) -> None:
        """Set the password of a role. Raises HTTPException when it is too short."""
        if role is Role.VISITOR:
            raise HTTPException(422, "visitors have no password")
        if len(password) < MIN_PASSWORD:
            raise HTTPException(422, f"a password needs at least {MIN_PASSWORD} characters")
        self._hashes[role] = self._hasher.hash(password)
        self._save()

    def log_in(self, role: str, password: str) -> str:
        """The session cookie's value for a right password. Raises HTTPException."""
        now = time.monotonic()
        if self._throttle.refuse(now):
            raise HTTPException(429, "too many tries; wait half a minute")
        good = self._verify(role, password)
        self._throttle.note(now, good=good)
        if not good:
            raise HTTPException(403, "wrong role or password")
        return self._sign(Role(role), int(time.time()) + SESSION_SECONDS)

    def role(self, request: Request) -> Role | None:
        """The role a request acts in, or None."""
        if self.demo_token is not None:
            given = request.headers.get("authorization", "").removeprefix("Bearer ")
            if hmac.compare_digest(given.encode(), self.demo_token.encode()):
                named = request.headers.get("x-werkverbund-role", Role.OWNER)
                return Role(named) if named in EVERYONE else None
        return self._signed_role(request.cookies.get(SESSION_COOKIE, ""))

    def _verify(self, role: str, password: str) -> bool:
        # An unknown role costs as much time as a wrong password.
        kept = self._hashes.get(role) or self._hasher.hash(secrets.token_hex(8))
        try:
            return self._hasher.verify(kept, password)
        except (VerifyMismatchError, InvalidHashError):
            return False

    def _sign(self, role: Role, until: int) -> str:
        text = f"{role}.{until}"
        return f"{text}.{self._mac(text)}"

    def _mac(self, text: str) -> str:
        # The account's hash is part of the key: a new password ends the old sessions.
        account = self._hashes.get(text.split(".", 1)[0], "")
        return hmac.new(self._key, f"{text}|{account}".encode(), sha256).hexdigest()

    def _signed_role(self, cookie: str) -> Role | None:
        text, _, mac = cookie.rpartition(".")
        if not text or not hmac.compare_digest(mac.encode(), self._mac(text).encode()):
            return None
        role, _, until = text.partition(".")
        return Role(role) if int(until) > time.time() else None

    def _save(self) -> None:
        file = self.folder / "access.json"
        fresh = file.with_suffix(".new")
        fresh.touch(mode=0o600)
        fresh.write_text(
            json.dumps({"schema": 1, "key": self._key.hex(), "accounts": self._hashes}), "utf-8"
        )
        fresh.replace(file)


def allowed(roles: frozenset[Role]) -> Callable[[Request], Role]:
    """A dependency for a route: the caller's role, if it is among ``roles``.

    401 without a session. 403 tells the caller only that the role may not; whether the thing
    asked for exists is not told.
    """

    def check(request: Request) -> Role:
        access: Access = request.app.state.access
        role = access.role(request)
        if role is None:
            raise HTTPException(401, "log in first")
        if role not in roles:
            raise HTTPException(403, "this role may not")
        return role

    check.roles = roles  # type: ignore[attr-defined]
    return check
