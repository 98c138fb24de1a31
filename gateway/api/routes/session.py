"""Who is asking: session, set-up, log-in, passwords of the roles, the security log."""

from __future__ import annotations

import asyncio
from datetime import datetime
from functools import partial
from typing import Annotated, Literal

from fastapi import Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from gateway.api import views
from gateway.api.access import OWNER, SESSION_SECONDS, Access, Role, allowed, caller_of
from gateway.api.answers import Here, Json, group
from gateway.api.rooms import Partners
from gateway.api.shapes import AccountShape, AuditShape, RoleShape, SessionShape

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
    async with access.turn():
        await asyncio.to_thread(access.set_up, body.code, body.password, caller_of(request))
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
    async with access.turn():
        await asyncio.to_thread(set_password, role, body.password, caller_of(request))
        own = role is Role.OWNER and access.demo_token is None
        word = await asyncio.to_thread(access.session, role) if own else None
    answer: Json[RoleShape] = Json({"role": role.value})
    if word is not None:
        _keep(request, access, answer, word)
    return answer


@router.post("/passwords/{role}/remove", dependencies=owning)
async def remove_password(
    request: Request, access: Gate, role: Literal["foreman", "works_council", "customer"]
) -> Json[RoleShape]:
    """Take a role's password away: its sessions end, and nobody logs in as it."""
    async with access.turn():
        await asyncio.to_thread(access.remove_password, Role(role), caller_of(request))
    return Json({"role": role})


@router.get("/audit", dependencies=owning)
def audit(
    rooms: Here, access: Gate, limit: Annotated[int, Query(ge=1, le=5000)] = 200
) -> Json[list[AuditShape]]:
    """Security events, newest last: log-ins, passwords, refused writes, changed agreements."""
    found = access.audit.newest(limit) if access.audit is not None else []
    if rooms.exchange is not None:
        found = found + _of_the_exchange(rooms.exchange, limit)
    return Json(sorted(found, key=lambda entry: entry["at"])[-limit:])


def _of_the_exchange(partners: Partners, limit: int) -> list[AuditShape]:
    found: list[AuditShape] = []
    for entry in partners.audited(limit):
        at = entry["at"]
        found.append(
            {
                "at": views.moment(at) if isinstance(at, datetime) else str(at),
                "source": "exchange",
                "event": str(entry["what"]),
                "firm": str(entry["firm"]),
                "detail": str(entry["detail"]),
            }
        )
    return found


async def _logged_in(request: Request, access: Access, role: Role, secret: str) -> Json[RoleShape]:
    async with access.turn():
        value = await asyncio.to_thread(access.log_in, role, secret, caller_of(request))
    answer: Json[RoleShape] = Json({"role": role.value})
    _keep(request, access, answer, value)
    return answer


def _keep(request: Request, access: Access, answer: Response, session: str) -> None:
    """Let the browser keep a session."""
    answer.set_cookie(
        access.cookie,
        session,
        max_age=SESSION_SECONDS,
        samesite="strict",
        httponly=True,
        secure=request.url.scheme == "https",
    )
