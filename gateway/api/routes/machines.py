"""The files of machines, changed by their owner: add, change, exchange, remove; and their sheets.

What writes files is loaded when somebody uses it for the first time, in a thread.
"""

from __future__ import annotations

import asyncio
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends, Request

from gateway.api.access import OWNER, PLANT, Change, allowed, changing
from gateway.api.answers import Here, Json, group
from gateway.api.machine_bodies import (
    AddBody,
    EditBody,
    ExchangeBody,
    RemoveBody,
    changes_of,
    connect_of,
)
from gateway.api.machine_shapes import (
    DraftedShape,
    FileShape,
    RemovedShape,
    SheetShape,
    TemplateShape,
)
from gateway.api.refusals import absent, refusal
from gateway.api.rooms import Rooms
from gateway.api.routes.plant import Wanted
from gateway.api.workshop import Workshop, mark
from gateway.config import Machine
from gateway.config.machine_text import content_of
from gateway.core.events import EventKind
from gateway.jobs.commands import Exchanged

if TYPE_CHECKING:
    from gateway.assistant.own_files import Draft
    from gateway.assistant.sheet import FirstRun
    from gateway.config import Files

router = group("machines")
Owning = Annotated[Change, Depends(changing(OWNER))]


def _workshop(request: Request) -> Workshop:
    workshop: Workshop = request.app.state.workshop
    return workshop


At = Annotated[Workshop, Depends(_workshop)]


@router.post("/machines")
async def add(rooms: Here, at: At, body: AddBody, change: Owning) -> Json[DraftedShape]:
    """Show the file of a new machine, checked; with ``write`` write it and take it in."""
    await _load()
    from gateway.assistant.own_files import OwnTemplate, added  # noqa: PLC0415

    if (body.template is None) == (body.drafted is None):
        raise refusal(422, "Nennen Sie eine Vorlage.", "Name a template.")
    content: dict[str, Any] = {"name": body.name, "title": body.title.model_dump()}
    if body.built is not None:
        content["built"] = body.built
    content["template"] = body.template or ""
    content["connect"] = await asyncio.to_thread(connect_of, body.place, body.unit)
    content["every"] = body.every
    if body.parameters:
        content["parameters"] = body.parameters
    if body.evidence is not None:
        content["evidence"] = body.evidence
    own = None
    if body.drafted is not None:
        from gateway.api.routes.assistant import drafted  # noqa: PLC0415

        own = OwnTemplate(body.drafted.name, await asyncio.to_thread(drafted, body.drafted))

    def draft(files: Files, state: Path) -> Draft:
        return added(files, state, content, own)

    found, shown = await at.do(rooms, draft, write=body.write)
    if shown["written"]:
        change.note(f"{found.machine}: {', '.join(found.keys)}")
    return Json(shown)


@router.get("/machines/{name}/file", dependencies=[Depends(allowed(OWNER))])
async def file(rooms: Here, wanted: Wanted) -> Json[FileShape]:
    """Where a machine stands, and what its file says."""
    await _load()
    from gateway.assistant.own_files import own_file  # noqa: PLC0415

    path = await asyncio.to_thread(own_file, rooms.site.state, wanted.name)
    firm = "" if rooms.files is None else str(rooms.files.file)
    text = None if path is None else await asyncio.to_thread(path.read_text, "utf-8")
    return Json(
        {
            "own": path is not None,
            "file": firm if path is None else str(path),
            "of": None if text is None else mark(text),
            "text": text,
            "content": _content(rooms, wanted),
        }
    )


@router.post("/machines/{name}/edit")
async def edit(
    rooms: Here, at: At, change: Owning, wanted: Wanted, body: EditBody
) -> Json[DraftedShape]:
    """Show what is going to differ in a machine's file, checked; with ``write`` let it be so."""
    await _load()
    from gateway.assistant.own_files import edited  # noqa: PLC0415

    changes = await asyncio.to_thread(changes_of, body)

    def draft(files: Files, state: Path) -> Draft:
        return edited(files, state, wanted.name, changes, body.device)

    found, shown = await at.do(rooms, draft, write=body.write, of=body.of)
    if shown["written"]:
        change.note(f"{found.machine}: {', '.join(found.keys)}")
    return Json(shown)


@router.post("/machines/{name}/exchange")
async def exchange(
    rooms: Here, at: At, change: Owning, wanted: Wanted, body: ExchangeBody
) -> Json[DraftedShape]:
    """Another meter or module: nobody asks it for a moment, counters begin anew, counts go on."""
    await _load()
    from gateway.assistant.own_files import edited, unchanged  # noqa: PLC0415

    changes = await asyncio.to_thread(changes_of, body)

    def draft(files: Files, state: Path) -> Draft:
        if not changes:
            return unchanged(files, state, wanted.name)
        return edited(files, state, wanted.name, changes, body.device)

    command = Exchanged(wanted.name, body.what, rooms.now())
    take = partial(rooms.exchanged, command)
    found, shown = await at.do(rooms, draft, write=body.write, take=take)
    if shown["written"]:
        change.note(f"{found.machine}: {', '.join(found.keys) or '-'}")
    return Json(shown)


@router.post("/machines/{name}/remove")
async def remove(
    rooms: Here, at: At, change: Owning, wanted: Wanted, body: RemoveBody
) -> Json[DraftedShape]:
    """Take a machine away: its file goes aside, its history stays."""
    await _load()
    from gateway.assistant.own_files import removed  # noqa: PLC0415

    if body.name != wanted.name:
        raise refusal(
            409,
            f"Das ist nicht der Name. Schreiben Sie {wanted.name}, wenn Sie diese Maschine meinen.",
            f"That is not its name. Write {wanted.name} if you mean this machine.",
        )

    def draft(files: Files, state: Path) -> Draft:
        return removed(files, state, wanted.name)

    found, shown = await at.do(rooms, draft, write=True)
    if shown["written"]:
        change.note(found.machine)
    return Json(shown)


@router.get("/removed", dependencies=[Depends(allowed(OWNER))])
async def gone(rooms: Here) -> Json[list[RemovedShape]]:
    """The machines that were removed and can come back, each with its newest file."""
    await _load()
    from gateway.assistant.own_files import put_aside  # noqa: PLC0415

    found = await asyncio.to_thread(put_aside, rooms.site.state)
    here = {machine.name for machine in rooms.site.machines}
    return Json([{"name": n, "file": str(p)} for n, p in found.items() if n not in here])


@router.post("/removed/{name}/back")
async def back(rooms: Here, at: At, name: str, change: Owning) -> Json[DraftedShape]:
    """Let a removed machine come back, as it was."""
    await _load()
    from gateway.assistant.own_files import brought_back, put_aside  # noqa: PLC0415

    if name not in await asyncio.to_thread(put_aside, rooms.site.state):
        raise absent()

    def draft(files: Files, state: Path) -> Draft:
        return brought_back(files, state, name)

    found, shown = await at.do(rooms, draft, write=True)
    if shown["written"]:
        change.note(found.machine)
    return Json(shown)


@router.get("/templates", dependencies=[Depends(allowed(OWNER))])
async def templates(rooms: Here) -> Json[list[TemplateShape]]:
    """The types of device that a machine may have: those that are delivered, and the firm's own."""
    views = await _load()
    return Json(await asyncio.to_thread(views.templates, rooms.site.state))


@router.get("/machines/{name}/sheet", dependencies=[Depends(allowed(PLANT))])
async def sheet(rooms: Here, wanted: Wanted) -> Json[SheetShape]:
    """The machine on one page: wiring, registers, thresholds, expected error, the first run."""
    views = await _load()
    first = await _first_run(rooms, wanted.name)
    return Json(await asyncio.to_thread(views.sheet_of, rooms, wanted, first))


async def _first_run(rooms: Rooms, machine: str) -> FirstRun | None:
    from gateway.assistant.sheet import FirstRun  # noqa: PLC0415

    kinds = (EventKind.RUN_FINISHED, EventKind.COUNTED)
    for kept in await rooms.journal.events(machine=machine, kinds=kinds, limit=1, newest=False):
        seconds = kept.event.details.get("seconds")
        length = float(seconds) if isinstance(seconds, int | float) else None
        return FirstRun(kept.event.at.astimezone(), length)
    return None


def _content(rooms: Rooms, wanted: Machine) -> dict[str, Any]:
    said = content_of(wanted)
    folder = f"{rooms.site.state.absolute() / 'templates'}/"
    for device in (said, *said.get("devices", ())):
        named = str(device.get("template", ""))
        if named.startswith(folder):
            device["template"] = f"../templates/{named.removeprefix(folder)}"
    return said


async def _load() -> Any:
    return await asyncio.to_thread(import_module, "gateway.api.machine_views")
