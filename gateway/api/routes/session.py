"""Who is asking: session, set-up, log-in, passwords of the roles."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from gateway.api.access import OWNER, SESSION_COOKIE, SESSION_SECONDS, Access, Role, allowed
from gateway.api.answers import Here, Json

router = APIRouter(tags=["session"])


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
    """The password that the owner gives to a role."""

    model_config = ConfigDict(extra="forbid")
    role: Literal["owner", "foreman", "works_council", "customer"]
    password: str = Field(max_length=256)


@router.get("/session")
def session(request: Request, rooms: Here) -> Response:
    """Who the caller is; open to everyone, so that the log-in page can be drawn."""
    access: Access = request.app.state.access
    role = access.role(request)
    return Json(
        {
            "role": role,
            "firm": rooms.site.firm,
            "name": rooms.site.name,
            "demo": access.demo_token is not None,
            "simulated": rooms.site.simulated,
            "setup_needed": access.setup_needed,
        }
    )


@router.post("/setup")
def setup(request: Request, body: Setup) -> Response:
    """Make the owner's account with the one-time code from the console, and log in."""
    access: Access = request.app.state.access
    access.set_up(body.code, body.password)
    return _logged_in(access, Role.OWNER, body.password)


@router.post("/login")
def login(request: Request, body: Login) -> Response:
    """Log in as a role."""
    access: Access = request.app.state.access
    return _logged_in(access, body.role, body.password)


@router.post("/logout")
def logout() -> Response:
    """End the session in this browser."""
    answer = Json({"role": None})
    answer.delete_cookie(SESSION_COOKIE, samesite="strict", httponly=True)
    return answer


@router.post("/passwords", dependencies=[Depends(allowed(OWNER))])
def password(request: Request, body: NewPassword) -> Response:
    """Set a role's password; ends that role's sessions."""
    access: Access = request.app.state.access
    access.set_password(Role(body.role), body.password)
    return Json({"role": body.role})


def _logged_in(access: Access, role: Role, password: str) -> Response:
    answer = Json({"role": role})
    answer.set_cookie(
        SESSION_COOKIE,
        access.log_in(role, password),
        max_age=SESSION_SECONDS,
        samesite="strict",
        httponly=True,
    )
    return answer


Caller = Annotated[Role, Depends(allowed(frozenset(Role)))]
"""Any role at all, as a route's parameter."""
