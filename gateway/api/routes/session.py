"""Who is asking: session, set-up, log-in, passwords of the roles, the security log."""

from __future__ import annotations

import asyncio
from datetime import datetime
from functools import partial
from typing import Annotated, Literal

from fastapi import Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from gateway.api import views
from gateway.api.access import (
    KNOWN_SECONDS,
    OWNER,
    SESSION_SECONDS,
    Access,
    Role,
    allowed,
)
from gateway.api.answers import Here, Json, group
from gateway.api.checking import SETUP
from gateway.api.rooms import Partners
from gateway.api.shapes import AccountShape, AuditShape, RoleShape, SessionShape
from gateway.core.sayings import in_words

router = group("session")
owning = [Depends(allowed(OWNER))]
ROLES: tuple[Literal["owner", "foreman", "works_council", "customer"], ...] = (
    "owner",
    "foreman",
    "works_council",
    "customer",
)
"""The roles that log in."""


class Setup(BaseModel):
    """The code from the console and the owner's new password."""

    model_config = ConfigDict(extra="forbid")
    code: str = Field(max_length=64)
    password: str = Field(max_length=256)


class Login(BaseModel):
    """A role and its password."""

    model_config = ConfigDict(extra="forbid")
    role: Role
    password: str = Field(max_length=256)


class NewPassword(BaseModel):
    """The password that the owner gives to a role; for the owner's own, ``current`` as well."""

    model_config = ConfigDict(extra="forbid")
    role: Literal["owner", "foreman", "works_council", "customer"]
    password: str = Field(max_length=256)
    current: str = Field(default="", max_length=256)


def _access(request: Request) -> Access:
    access: Access = request.app.state.access
    return access


Gate = Annotated[Access, Depends(_access)]


@router.get("/session")
async def session(request: Request, rooms: Here, access: Gate) -> Json[SessionShape]:
    """Who the caller is; open to everyone, so that the log-in page can be drawn."""
    role = access.role(request)
    return Json(
        {
            "role": role.value if role is not None else None,
            "firm": rooms.site.firm,
            "name": rooms.site.name,
            "demo": access.demo_token is not None,
            "simulated": rooms.site.simulated,
            "setup_needed": access.setup_needed,
        }
    )


@router.post("/setup")
async def setup(request: Request, access: Gate, body: Setup) -> Json[RoleShape]:
    """Make the owner's account with the one-time code from the console, and log in."""
    caller = access.caller(request, Role.OWNER)
    async with access.checking.turn(caller, SETUP):
        await asyncio.to_thread(access.set_up, body.code, body.password, caller)
    return await _logged_in(request, access, Role.OWNER, body.password)


@router.post("/login")
async def login(request: Request, access: Gate, body: Login) -> Json[RoleShape]:
    """Log in as a role."""
    return await _logged_in(request, access, body.role, body.password)


@router.post("/logout")
async def logout(request: Request, access: Gate) -> Json[RoleShape]:
    """End the session, also for whoever has its cookie."""
    await access.log_out(request)
    answer: Json[RoleShape] = Json({"role": None})
    answer.delete_cookie(access.cookie, samesite="strict", httponly=True)
    return answer


@router.get("/passwords", dependencies=owning)
async def passwords(access: Gate) -> Json[list[AccountShape]]:
    """Which roles have a password."""
    return Json([{"role": role, "set": access.has_password(Role(role))} for role in ROLES])


@router.post("/passwords", dependencies=owning)
async def password(request: Request, access: Gate, body: NewPassword) -> Json[RoleShape]:
    """Set a role's password; ends that role's sessions, but for this one."""
    role = Role(body.role)
    set_password = partial(access.set_password, current=body.current)
    caller = access.caller(request, Role.OWNER)
    async with access.checking.turn(caller):
        await asyncio.to_thread(set_password, role, body.password, caller)
        own = role is Role.OWNER and access.demo_token is None
        word = await asyncio.to_thread(access.session, role) if own else None
    answer: Json[RoleShape] = Json({"role": role.value})
    if word is not None:
        await _keep(request, access, answer, role, word)
    return answer


@router.post("/passwords/{role}/remove", dependencies=owning)
async def remove_password(
    request: Request, access: Gate, role: Literal["foreman", "works_council", "customer"]
) -> Json[RoleShape]:
    """Take a role's password away: its sessions end, and nobody logs in as it."""
    caller = access.caller(request, Role.OWNER)
    async with access.checking.turn():
        await asyncio.to_thread(access.remove_password, Role(role), caller)
    return Json({"role": role})


@router.get("/audit", dependencies=owning)
def audit(
    rooms: Here, access: Gate, limit: Annotated[int, Query(ge=1, le=5000)] = 200
) -> Json[list[AuditShape]]:
    """Security events, newest last: log-ins, passwords, refused writes, changed agreements.

    The newest ``limit`` of each: the owner, other roles, strangers, the exchange. So none of them
    hides another.
    """
    found = access.audit.newest(limit) if access.audit is not None else []
    if rooms.exchange is not None:
        found = found + _of_the_exchange(rooms.exchange, limit)
    return Json(sorted(found, key=lambda entry: entry["at"]))


def _of_the_exchange(partners: Partners, limit: int) -> list[AuditShape]:
    found: list[AuditShape] = []
    for entry in partners.audited(limit):
        at, told = entry["at"], in_words(str(entry["detail"]))
        found.append(
            {
                "at": views.moment(at) if isinstance(at, datetime) else str(at),
                "source": "exchange",
                "event": str(entry["what"]),
                "firm": str(entry["firm"]),
                "detail": str(entry["detail"]),
                "told": {"de": told.de, "en": told.en},
            }
        )
    return found


async def _logged_in(request: Request, access: Access, role: Role, secret: str) -> Json[RoleShape]:
    caller = access.caller(request, role)
    async with access.checking.turn(caller, role):
        value = await asyncio.to_thread(access.log_in, role, secret, caller)
    answer: Json[RoleShape] = Json({"role": role.value})
    await _keep(request, access, answer, role, value)
    return answer


async def _keep(
    request: Request, access: Access, answer: Response, role: Role, session: str
) -> None:
    """Let the browser keep a session, and the word by which it is known here from now on."""
    words = {access.cookie: (session, SESSION_SECONDS)}
    if not access.caller(request, role).browser:
        async with access.checking.lock:
            known = await asyncio.to_thread(access.know_browser, role)
        words[access.known_cookie(role)] = (known, KNOWN_SECONDS)
    for name, (word, seconds) in words.items():
        answer.set_cookie(
            name,
            word,
            max_age=seconds,
            samesite="strict",
            httponly=True,
            secure=request.url.scheme == "https",
        )
