"""Who may see and do what: roles, sessions, the set-up code, and the demo's sessions.

Accounts are functions, never persons. A session is a random word that the gateway knows and the
browser keeps: it outlives a restart, and ends with log-out or a new password wherever it has gone.
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from fastapi import Request

from gateway.api.accounts import Accounts
from gateway.api.audit import Audit, Happened
from gateway.api.callers import caller_of, local
from gateway.api.checking import NOBODY, SETUP, Caller, Checking
from gateway.api.guard import SAFE_METHODS
from gateway.api.refusals import refusal

SESSION_COOKIE = "werkverbund"
SESSION_SECONDS = 12 * 3600
"""So long a session lasts from its log-in on."""
KNOWN_SECONDS = 90 * 24 * 3600
"""So long a browser stays known in which a role has logged in."""
MIN_PASSWORD = 12
FEWEST_SIGNS = 3


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
    Each caller has an own count of failed tries for each role.
    """

    folder: Path
    demo_token: str | None = None
    firm: str = ""
    audit: Audit | None = None
    setup_code: str | None = None
    _accounts: Accounts = field(init=False)
    checking: Checking = field(default_factory=Checking)

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

    def caller(self, request: Request, role: Role) -> Caller:
        """Who tries to be ``role``: an address, or a browser where ``role`` has logged in."""
        word = request.cookies.get(self.known_cookie(role), "")
        return Caller(caller_of(request), self._accounts.browser(role, word, time.time()))

    def known_cookie(self, role: Role) -> str:
        """The name of the cookie by which a browser is known for ``role``."""
        return f"{self.cookie}-known-{role}"

    def know_browser(self, role: Role) -> str:
        """The word of that cookie, for a browser in which ``role`` has logged in."""
        now = time.time()
        return self._accounts.know_browser(role, now, now + KNOWN_SECONDS)

    def set_up(self, code: str, password: str, caller: Caller = NOBODY) -> None:
        """Make the owner's account with the code from the console. Raises HTTPException.

        What stands between its digits does not matter: people type spaces for hyphens.
        """
        given, expected = _digits(code), _digits(self.setup_code or "")
        right = bool(expected) and hmac.compare_digest(given, expected)
        if not self.checking.tried(caller, SETUP, lambda: right):
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
        self, role: Role, password: str, caller: Caller = NOBODY, *, current: str = ""
    ) -> None:
        """Set the password of a role. Raises HTTPException when it is too short.

        The owner's own changes only for who knows the ``current`` one: a browser that was left
        alone gives nobody the gateway.
        """
        free = role is not Role.OWNER or not self._accounts.has(role)
        if not (free or self._right(role, current, caller)):
            self._note(Happened.PASSWORD_REFUSED, caller, role)
            raise refusal(
                403,
                "Das bisherige Passwort der Leitung stimmt nicht.",
                "The owner's present password is not right.",
            )
        self._set(role, password)
        self._note(Happened.PASSWORD_SET, caller, role)

    def remove_password(self, role: Role, caller: Caller = NOBODY) -> None:
        """Let nobody log in as ``role`` any more; its sessions end. Raises HTTPException."""
        if not self._accounts.has(role):
            raise refusal(409, "Diese Rolle hat kein Passwort.", "This role has no password.")
        self._accounts.remove(role)
        self._note(Happened.PASSWORD_REMOVED, caller, role)

    def log_in(self, role: Role, password: str, caller: Caller = NOBODY) -> str:
        """The cookie of a new session for a right password. Raises HTTPException."""
        if not self._right(role, password, caller):
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
            async with self.checking.lock:
                await asyncio.to_thread(self._accounts.end_session, self._word(request))

    def holder(self, request: Request) -> str | None:
        """What the streams of a request are counted under: its session; None for the stage."""
        return None if self._of_the_stage(request) else self._word(request)

    def _of_the_stage(self, request: Request) -> bool:
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        token = self.demo_token
        return token is not None and hmac.compare_digest(given.encode(), token.encode())

    def role(self, request: Request) -> Role | None:
        """The role a request acts in, or None."""
        if self._of_the_stage(request):
            named = request.headers.get("x-werkverbund-role", Role.OWNER)
            return Role(named) if named in EVERYONE else None
        role = self._accounts.role_of(self._word(request), time.time())
        return None if role is None else Role(role)

    def _word(self, request: Request) -> str:
        return request.cookies.get(self.cookie, "")

    def note(self, event: Happened, request: Request, role: Role | None, changed: str = "") -> None:
        """Note what became of a write: its route and what it ``changed``, never what was sent."""
        route = getattr(request.scope.get("route"), "path", "")
        what = f"{request.method} {route} {changed}".rstrip()
        self._note(event, Caller(caller_of(request)), role, what)

    def _right(self, role: Role, password: str, caller: Caller) -> bool:
        return self.checking.tried(caller, role, lambda: self._accounts.right(role, password))

    def _set(self, role: Role, password: str) -> None:
        if role is Role.VISITOR:
            raise refusal(422, "Besucher haben kein Passwort.", "Visitors have no password.")
        if len(password) < MIN_PASSWORD:
            raise refusal(
                422,
                f"Ein Passwort braucht mindestens {MIN_PASSWORD} Zeichen.",
                f"A password needs at least {MIN_PASSWORD} characters.",
            )
        if len(set(password)) < FEWEST_SIGNS:
            raise refusal(
                422,
                f"Ein Passwort braucht mindestens {FEWEST_SIGNS} verschiedene Zeichen.",
                f"A password needs at least {FEWEST_SIGNS} different characters.",
            )
        self._accounts.set(role, password)

    def _note(
        self, event: Happened, caller: Caller = NOBODY, role: Role | None = None, what: str = ""
    ) -> None:
        if self.audit is not None:
            self.audit.note(
                event, None if role is None else role.value, what=what, local=local(caller.address)
            )


def _digits(code: str) -> bytes:
    return "".join(sign for sign in code if sign.isalnum()).encode()


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

    def note(self, changed: str = "") -> None:
        """Note that it was carried out: its route, never what was sent.

        ``changed`` names a machine and keys of its file, where that is what was changed.
        """
        access: Access = self.request.app.state.access
        access.note(Happened.CHANGED, self.request, self.role, changed)


def changing(roles: frozenset[Role]) -> Callable[[Request], Awaitable[Change]]:
    """A dependency for a route that changes something: the change, if ``roles`` may make it."""
    may = allowed(roles)

    async def check(request: Request) -> Change:
        return Change(request, await may(request))

    check.roles = roles  # type: ignore[attr-defined]
    return check
