"""The assistant: find devices, look at their registers, draft a template. The owner's alone.

It is loaded when somebody uses it for the first time, in a thread.
"""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import replace
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, Request

from gateway.api.access import OWNER, Access, Change, allowed, changing
from gateway.api.answers import Here, Json, group
from gateway.api.assistant_bodies import (
    Free,
    LookBody,
    ScanBody,
    TemplateBody,
    connects,
    doors,
    in_network,
    refuse_own,
    tables,
)
from gateway.api.assistant_shapes import AssistantShape, DraftShape, NetworkShape
from gateway.api.desk import Desk
from gateway.api.refusals import absent, refusal
from gateway.api.views import words
from gateway.core.errors import ConfigError
from gateway.machines.numbering import LAST

if TYPE_CHECKING:
    from gateway.api.desk import Work
    from gateway.machines.template import Template

router = group("assistant")
Owning = Annotated[Change, Depends(changing(OWNER))]


def _desk(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


AtDesk = Annotated[Desk, Depends(_desk)]


@router.get("/assistant", dependencies=[Depends(allowed(OWNER))])
async def seen(desk: AtDesk) -> Json[AssistantShape]:
    """What the assistant does, or has done last, and what it has found."""
    return await whole_of(desk)


@router.get("/assistant/networks", dependencies=[Depends(allowed(OWNER))])
async def networks() -> Json[list[NetworkShape]]:
    """The private networks that this computer is in: a scan may search them for devices."""
    await _load()
    from gateway.assistant.network import MODBUS, about  # noqa: PLC0415
    from gateway.assistant.network import networks as own  # noqa: PLC0415

    found = await asyncio.to_thread(own)
    return Json([{"network": str(one), "about": words(about(one, [MODBUS]))} for one in found])


@router.post("/assistant/scan")
async def scan(rooms: Here, desk: AtDesk, body: ScanBody, change: Owning) -> Json[AssistantShape]:
    """Look for devices: at most five questions a second, reading only; ends after 15 minutes."""
    lines = await asyncio.to_thread(connects, body.place, body.units)
    free = await refuse_own(rooms, lines)
    await _load()
    from gateway.assistant.inquiry import Scan  # noqa: PLC0415

    units = list(dict.fromkeys(body.units))
    wanted = Scan(lines, units)
    if body.place.network is not None:
        network, at = await asyncio.to_thread(in_network, body.place, units)
        ours = await doors(rooms.site)
        wanted = Scan(lines, units, network, body.place.port, ours, at)
        searched = (f"{host} {body.place.port}" for host in network.hosts())
        free = replace(free, lines=free.lines.union(searched))
    return await begun(desk, wanted, change, free)


@router.post("/assistant/look")
async def look(rooms: Here, desk: AtDesk, body: LookBody, change: Owning) -> Json[AssistantShape]:
    """Read a stretch of a device some times; the first host counts."""
    if body.place.network is not None:
        raise refusal(422, "Nennen Sie eine Adresse, kein Netz.", "Name an address, no network.")
    lines = await asyncio.to_thread(connects, body.place, [body.unit])
    free = await refuse_own(rooms, lines[:1])
    await _load()
    from gateway.assistant.inquiry import Look  # noqa: PLC0415

    count = min(body.count, LAST + 1 - body.first)
    wanted = Look(lines[0], tables(body.table), body.first, count, body.samples)
    return await begun(desk, wanted, change, free)


@router.post("/assistant/look/again")
async def again(rooms: Here, desk: AtDesk, change: Owning) -> Json[AssistantShape]:
    """Read the same stretch once more, and say what has changed: the machine was switched."""
    await _load()
    from gateway.assistant.inquiry import Look  # noqa: PLC0415

    work = desk.work
    if not isinstance(work, Look):
        raise absent()
    free = await refuse_own(rooms, [work.connect])
    return await begun(desk, work, change, free)


@router.post("/assistant/end")
async def end(desk: AtDesk, change: Owning) -> Json[AssistantShape]:
    """End what is under way, and forget what was found."""
    if desk.work is not None:
        await desk.end()
        change.note()
    return await whole_of(desk)


@router.post("/assistant/template")
async def template(desk: AtDesk, body: TemplateBody, change: Owning) -> Json[DraftShape]:
    """The text of a template with the marked registers; it is checked, and not kept."""
    await _load()
    text = await asyncio.to_thread(drafted, body)
    from gateway.assistant.entry import entry  # noqa: PLC0415
    from gateway.assistant.inquiry import Look  # noqa: PLC0415

    file, work = f"{body.name}.yaml", desk.work
    lines = entry(work.connect, work.connect.unit, file) if isinstance(work, Look) else None
    change.note()
    return Json({"file": file, "text": text, "entry": lines})


def drafted(body: TemplateBody) -> str:
    """The text of a template. Raises HTTPException, with what is wrong with the template."""
    text, _ = modelled(body)
    return text


def modelled(body: TemplateBody) -> tuple[str, Template]:
    """The text of a template, and what it means. Raises HTTPException likewise."""
    from gateway.assistant.drafting import Mark, draft  # noqa: PLC0415
    from gateway.config import read_model  # noqa: PLC0415
    from gateway.machines.numbering import Table  # noqa: PLC0415
    from gateway.machines.orders import Order  # noqa: PLC0415
    from gateway.machines.template import Template as Model  # noqa: PLC0415

    marks = []
    for one in body.marks:
        long = one.encoding.row.words > 1 and one.encoding.takes_order
        order = one.order or (Order.HIGH_FIRST if long else None)
        marks.append(
            Mark(one.name, one.address, one.encoding, order, None, one.scale, one.unit, one.counter)
        )
    text = draft(body.name, body.title, Table(body.table), marks)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"{body.name}.yaml"
        file.write_text(text, "utf-8")
        try:
            found = read_model(file, Model, {})
        except ConfigError as error:
            first = error.problems[0]
            raise refusal(
                422,
                f"So ist es keine Vorlage: {first.what.de}. {first.fix.de}",
                f"This makes no template: {first.what.en}. {first.fix.en}",
            ) from error
    return text, found


async def _load() -> None:
    await asyncio.to_thread(partial(import_module, "gateway.api.assistant_views"))


async def begun(
    desk: Desk, work: Work, change: Change, free: Free, longest: float | None = None
) -> Json[AssistantShape]:
    """Let the desk do it, for at most ``longest`` seconds (the usual). Raises HTTPException.

    Nothing is awaited between looking and beginning: two cannot begin at once.
    """
    if desk.busy:
        raise refusal(
            409,
            "Der Assistent fragt gerade. Warten Sie, bis er fertig ist, oder brechen Sie ab.",
            "The assistant is asking. Wait until it has ended, or cancel it.",
        )
    if not desk.asking.begin(free.lines, free.readings):
        raise refusal(
            409,
            "Die Dateien werden gerade neu gelesen. Versuchen Sie es gleich noch einmal.",
            "The files are being read again. Please try once more in a moment.",
        )
    access: Access = change.request.app.state.access
    desk.begin(work, lambda: access.role(change.request) is change.role, longest)
    change.note()
    return await whole_of(desk)


async def whole_of(desk: Desk) -> Json[AssistantShape]:
    """What is under way, or was last."""
    if desk.work is None:
        return Json({"busy": desk.busy, "trouble": None, "scan": None, "look": None, "learn": None})
    from gateway.api.assistant_views import whole  # noqa: PLC0415

    return Json(whole(desk))
