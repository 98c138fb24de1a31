"""Who may see and do what: roles, sessions, the set-up code, and the demo's sessions.

Accounts are functions, never persons. A session is a random word that the gateway knows and the
browser keeps: it outlives a restart, and ends with log-out or a new password wherever it has gone.
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import IPv6Address, ip_address
from pathlib import Path

from fastapi import HTTPException, Request

from gateway.api.accounts import Accounts
from gateway.api.audit import Audit, Happened
from gateway.api.guard import SAFE_METHODS
from gateway.api.refusals import refusal
from gateway.api.throttle import Throttle

SESSION_COOKIE = "werkverbund"
SESSION_SECONDS = 12 * 3600
"""So long a session lasts from its log-in on."""
MIN_PASSWORD = 12
HOST_BITS = 64
MOST_WAITING = 8
"""So many passwords wait to be checked; checking one takes much memory and time by design."""


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
class Access:
    """Sessions and log-ins of one gateway.

    ``demo_token`` is set in a demo only: whoever presents it acts as owner, or as the role that
    the stage names beside it. ``firm`` keeps the cookies of two gateways on one computer apart.
    A ``caller`` is the address that a request comes from: each has its own count of failed tries.
    """

    folder: Path
    demo_token: str | None = None
    firm: str = ""
    audit: Audit | None = None
    setup_code: str | None = None
    _accounts: Accounts = field(init=False)
    _throttle: Throttle = field(default_factory=Throttle)
    _checking: asyncio.Lock = field(default_factory=asyncio.Lock)
    _waiting: int = 0

    def __post_init__(self) -> None:
        self._accounts = Accounts(self.folder)

    def open(self) -> None:
        """Read the accounts; without an owner, make a one-time set-up code."""
        if not self._accounts.open():
            self._note(Happened.ACCOUNTS_LOST)
        if self.setup_needed:
            self.setup_code = "-".join(f"{secrets.randbelow(10_000):04}" for _ in range(3))

    @property
    def setup_needed(self) -> bool:
        """Whether nobody owns this gateway yet."""
        return not self._accounts.has(Role.OWNER) and self.demo_token is None

    @property
    def cookie(self) -> str:
        """The name of this gateway's cookie."""
        return f"{SESSION_COOKIE}-{self.firm}" if self.firm else SESSION_COOKIE

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Passwords are checked one at a time. Raises HTTPException when too many wait."""
        if self._waiting >= MOST_WAITING:
            raise _too_many()
        self._waiting += 1
        try:
            async with self._checking:
                yield
        finally:
            self._waiting -= 1

    def set_up(self, code: str, password: str, caller: str = "") -> None:
        """Make the owner's account with the code from the console. Raises HTTPException.

        What stands between its digits does not matter: people type spaces for hyphens.
        """
        given, expected = _digits(code), _digits(self.setup_code or "")
        right = bool(expected) and hmac.compare_digest(given, expected)
        if not self._tried(caller, lambda: right):
            self._note(Happened.SETUP_REFUSED, caller)
            raise refusal(
                403,
                "Dieser Einrichtungscode gilt nicht. Er steht auf der Konsole des Gateways.",
                "This set-up code is not valid. It stands on the gateway's console.",
            )
        self._set(Role.OWNER, password)
        self.setup_code = None
        self._note(Happened.SET_UP, caller, Role.OWNER)

    def has_password(self, role: Role) -> bool:
        """Whether anybody can log in as ``role``."""
        return self._accounts.has(role)

    def set_password(
        self, role: Role, password: str, caller: str = "", *, current: str = ""
    ) -> None:
        """Set the password of a role. Raises HTTPException when it is too short.

        The owner's own changes only for who knows the ``current`` one: a browser that was left
        alone gives nobody the gateway.
        """
        known = role is not Role.OWNER or not self._accounts.has(role)
        if not (known or self._tried(caller, lambda: self._accounts.right(role, current))):
            self._note(Happened.PASSWORD_REFUSED, caller, role)
            raise refusal(
                403,
                "Das bisherige Passwort der Leitung stimmt nicht.",
                "The owner's present password is not right.",
            )
        self._set(role, password)
        self._note(Happened.PASSWORD_SET, caller, role)

    def remove_password(self, role: Role, caller: str = "") -> None:
        """Let nobody log in as ``role`` any more; its sessions end."""
        self._accounts.remove(role)
        self._note(Happened.PASSWORD_REMOVED, caller, role)

    def log_in(self, role: Role, password: str, caller: str = "") -> str:
        """The cookie of a new session for a right password. Raises HTTPException."""
        if not self._tried(caller, lambda: self._accounts.right(role, password)):
            self._note(Happened.LOGIN_REFUSED, caller, role)
            raise refusal(
                403, "Rolle oder Passwort stimmt nicht.", "The role or the password is not right."
            )
        self._note(Happened.LOGGED_IN, caller, role)
        return self.session(role)

    def session(self, role: Role) -> str:
        """The cookie of a new session of ``role``."""
        now = time.time()
        return self._accounts.begin_session(role, now, now + SESSION_SECONDS)

    async def log_out(self, request: Request) -> None:
        """End the session of a request, wherever its cookie has gone."""
        if self.role(request) is not None:
            async with self._checking:
                await asyncio.to_thread(self._accounts.end_session, self._word(request))

    def role(self, request: Request) -> Role | None:
        """The role a request acts in, or None."""
        if self.demo_token is not None:
            given = request.headers.get("authorization", "").removeprefix("Bearer ")
            if hmac.compare_digest(given.encode(), self.demo_token.encode()):
                named = request.headers.get("x-werkverbund-role", Role.OWNER)
                return Role(named) if named in EVERYONE else None
        role = self._accounts.role_of(self._word(request), time.time())
        return None if role is None else Role(role)

    def _word(self, request: Request) -> str:
        return request.cookies.get(self.cookie, "")

    def note(self, event: Happened, request: Request, role: Role | None) -> None:
        """Note what became of a write: its route, never what was sent."""
        route = getattr(request.scope.get("route"), "path", "")
        self._note(event, caller_of(request), role, f"{request.method} {route}")

    def _tried(self, caller: str, right: Callable[[], bool]) -> bool:
        now = time.monotonic()
        if self._throttle.refuses(caller, now):
            raise _too_many()
        good = right()
        self._throttle.note(caller, now, good=good)
        return good

    def _set(self, role: Role, password: str) -> None:
        if role is Role.VISITOR:
            raise refusal(422, "Besucher haben kein Passwort.", "Visitors have no password.")
        if len(password) < MIN_PASSWORD:
            raise refusal(
                422,
                f"Ein Passwort braucht mindestens {MIN_PASSWORD} Zeichen.",
                f"A password needs at least {MIN_PASSWORD} characters.",
            )
        self._accounts.set(role, password)

    def _note(
        self, event: Happened, caller: str = "", role: Role | None = None, what: str = ""
    ) -> None:
        if self.audit is not None:
            self.audit.note(
                event, None if role is None else role.value, what=what, local=local(caller)
            )


def caller_of(request: Request) -> str:
    """The address that a request comes from; of IPv6 its network, as one host has many."""
    host = request.client.host if request.client is not None else ""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if isinstance(address, IPv6Address) and not address.is_loopback:
        return str(IPv6Address(int(address) >> HOST_BITS << HOST_BITS))
    return host


def local(caller: str) -> bool | None:
    """Whether an address is this computer's own; None where nobody knows."""
    try:
        return ip_address(caller).is_loopback
    except ValueError:
        return None


def _digits(code: str) -> bytes:
    return "".join(sign for sign in code if sign.isalnum()).encode()


def _too_many() -> HTTPException:
    return refusal(
        429,
        "Zu viele Versuche: bitte eine halbe Minute warten.",
        "Too many tries: please wait half a minute.",
    )


def allowed(roles: frozenset[Role]) -> Callable[[Request], Awaitable[Role]]:
    """A dependency for a route: the caller's role, if it is among ``roles``.

    401 without a session. 403 tells the caller only that the role may not; whether the thing
    asked for exists is not told. A refused write is noted.
    """

    async def check(request: Request) -> Role:
        access: Access = request.app.state.access
        role = access.role(request)
        if role is not None and role in roles:
            return role
        if request.method not in SAFE_METHODS:
            access.note(Happened.REFUSED, request, role)
        if role is None:
            raise refusal(401, "Bitte melden Sie sich an.", "Please log in.")
        raise refusal(403, "Diese Rolle darf das nicht.", "This role may not do that.")

    check.roles = roles  # type: ignore[attr-defined]
    return check


@dataclass(frozen=True, slots=True)
class Change:
    """A change that its caller may make; once carried out, it is noted."""

    request: Request
    role: Role

    def note(self) -> None:
        """Note that it was carried out: its route, never what was sent."""
        access: Access = self.request.app.state.access
        access.note(Happened.CHANGED, self.request, self.role)


def changing(roles: frozenset[Role]) -> Callable[[Request], Awaitable[Change]]:
    """A dependency for a route that changes something: the change, if ``roles`` may make it."""
    may = allowed(roles)

    async def check(request: Request) -> Change:
        return Change(request, await may(request))

    check.roles = roles  # type: ignore[attr-defined]
    return check
