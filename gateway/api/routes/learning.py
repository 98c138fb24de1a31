"""Learning what shows that a machine works, for the pages: recording, dragging, taking over.

Part of the assistant, and the owner's alone as that is.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Collection
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends, Request, Response

from gateway.api.access import OWNER, Change, allowed, changing
from gateway.api.answers import Here, Json, group
from gateway.api.assistant_bodies import Free, connects, refuse_own
from gateway.api.assistant_shapes import AssistantShape, LearnKindShape, LearntShape
from gateway.api.desk import Desk
from gateway.api.learning_bodies import (
    LearnBody,
    StepBody,
    StoredBody,
    TakeBody,
    TryBody,
    WhatBody,
    evidence_of,
)
from gateway.api.machine_shapes import DraftedShape
from gateway.api.refusals import absent, refusal
from gateway.api.rooms import Rooms
from gateway.api.routes.assistant import begun, whole_of
from gateway.core.text import Text

if TYPE_CHECKING:
    from gateway.assistant.learning import Learning
    from gateway.assistant.own_files import Draft
    from gateway.config import Files, Machine
    from gateway.machines.template import Template
    from gateway.sources.record import Look

router = group("assistant")
Owning = Annotated[Change, Depends(changing(OWNER))]
LONGER = 60.0
"""Seconds beyond the greatest length of a recording after which the desk ends it."""


def _desk(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


AtDesk = Annotated[Desk, Depends(_desk)]


@router.post("/assistant/learn/kinds")
async def kinds(rooms: Here, body: WhatBody, change: Owning) -> Json[list[LearnKindShape]]:
    """What can be learnt with the points of a machine or a template, and what is missing."""
    await _load()
    from gateway.api.learning_views import kinds_for  # noqa: PLC0415

    del change
    return Json(kinds_for(await _roles(rooms, body)))


@router.post("/assistant/learn")
async def learn(rooms: Here, desk: AtDesk, body: LearnBody, change: Owning) -> Json[AssistantShape]:
    """Record step by step; of a machine that runs here, without asking its line once more."""
    await _load()
    from gateway.assistant.learning import Learning  # noqa: PLC0415
    from gateway.jobs.evidence.recording import Recording  # noqa: PLC0415

    lesson = _fitting(body.kind, await _roles(rooms, body))
    wanted = (*lesson.needs, *lesson.also)
    if body.machine is not None:
        machine, free = _machine(rooms, body.machine), _nowhere(rooms)
        roles, feed = _live(rooms, machine, wanted, lesson.look_every)
        kept = Recording(roles)
        file = await _own_file(rooms, machine)
        every = _period(machine) * rooms.status(machine.name).lapse
        title = machine.title.text
        work = Learning(lesson, title, kept, feed, machine.name, every, file is not None)
    else:
        if body.place is None or not body.consent:
            raise _nothing_named()
        (connect, *_) = await asyncio.to_thread(connects, body.place, [body.unit])
        free = await refuse_own(rooms, [connect])
        from gateway.sources.record import of_device, record  # noqa: PLC0415

        template = await asyncio.to_thread(_template, body)
        watched = of_device(connect, template, wanted)
        place = Text(f"{connect.key}, Gerät {body.unit}", f"{connect.key}, unit {body.unit}")
        feed = partial(record, watched, lesson.look_every)
        work = Learning(lesson, place, Recording(watched.roles), feed)
    return await _begun(desk, work, change, free)


@router.post("/assistant/learn/step")
async def step(desk: AtDesk, body: StepBody, change: Owning) -> Json[AssistantShape]:
    """A step is done, left out, or done once more; or nothing more is recorded."""
    work = _work(desk)
    if work.ended:
        raise refusal(409, "Die Aufnahme ist zu Ende.", "The recording has ended.")
    {"done": work.done, "skip": work.skip, "back": work.back, "end": work.end}[body.do]()
    change.note()
    return await whole_of(desk)


@router.post("/assistant/learn/stored")
async def stored(
    rooms: Here, desk: AtDesk, body: StoredBody, change: Owning
) -> Json[AssistantShape]:
    """Learn from a recording that was stored before; it comes in parts, the last one begins."""
    await _load()
    from gateway.assistant.learning import Learning  # noqa: PLC0415
    from gateway.jobs.evidence.recording import read  # noqa: PLC0415
    from gateway.jobs.learning import LESSONS  # noqa: PLC0415

    if not desk.collect(body.text, first=body.first):
        raise refusal(
            413, "Die Aufnahme ist zu groß: höchstens 4 MB.", "The recording is too large: 4 MB."
        )
    if not body.last:
        return await whole_of(desk)
    lesson = LESSONS[body.kind]
    try:
        kept = await asyncio.to_thread(read, desk.collected(), lesson.needs[0])
    except ValueError as error:
        raise refusal(
            422,
            "Das ist keine Aufnahme: Je Zeile gehören Sekunden und Werte, zum Beispiel 12.5,430",
            "This is no recording: each line holds seconds and values, for example 12.5,430",
        ) from error
    _fitting(body.kind, set(kept.roles))
    machine = None if body.machine is None else _machine(rooms, body.machine)
    if machine is None:
        work = Learning(lesson, Text("Aufnahme", "Recording"), kept)
    else:
        file = await _own_file(rooms, machine)
        every = _period(machine) * rooms.status(machine.name).lapse
        title = machine.title.text
        work = Learning(lesson, title, kept, None, machine.name, every, file is not None)
    return await _begun(desk, work, change, _nowhere(rooms))


@router.get("/assistant/learn/recording", dependencies=[Depends(allowed(OWNER))])
async def recording(desk: AtDesk) -> Response:
    """The recording as ``werkverbund learn --recording`` reads it."""
    from gateway.jobs.evidence.recording import written  # noqa: PLC0415

    work = _work(desk)
    title = work.machine or work.place.en
    text = await asyncio.to_thread(written, work.recording, title)
    named = {"content-disposition": f'attachment; filename="{work.machine or "recording"}.csv"'}
    return Response(text, media_type="text/csv; charset=utf-8", headers=named)


@router.post("/assistant/learn/try")
async def attempt(desk: AtDesk, body: TryBody, change: Owning) -> Json[LearntShape]:
    """What the rule with this evidence finds in the recording: while somebody drags a line."""
    from gateway.api.learning_views import learnt  # noqa: PLC0415

    del change
    work = _ended(desk)
    evidence_of(body.evidence)
    await work.conclude({**body.evidence, "type": work.lesson.kind}, body.every_s)
    if work.learnt is None:
        raise absent()
    return Json(learnt(work.learnt))


@router.post("/assistant/learn/take")
async def take(
    request: Request, rooms: Here, desk: AtDesk, body: TakeBody, change: Owning
) -> Json[DraftedShape]:
    """Write the evidence into the file of the machine that was recorded, and take it in.

    What the evidence before said beyond it, as how long a stillness must last, stays.
    """
    from gateway.assistant.own_files import edited, own_file  # noqa: PLC0415
    from gateway.config import read_content  # noqa: PLC0415

    work = _ended(desk)
    if work.machine is None:
        raise absent()
    evidence_of(body.evidence)
    name, workshop = work.machine, request.app.state.workshop

    def draft(files: Files, state: Path) -> Draft:
        path = own_file(state, name)
        content = None if path is None else read_content(path)
        before = (content.get("evidence") if isinstance(content, dict) else None) or {}
        same = before.get("type") == body.evidence.get("type")
        said = {**before, **body.evidence} if same else body.evidence
        if "temper" in before and "temper" not in body.evidence:
            said = {key: value for key, value in said.items() if key != "temper"}
        return edited(files, state, name, {"evidence": said})

    found, shown = await workshop.do(rooms, draft, write=True)
    if shown["written"]:
        change.note(f"{found.machine}: evidence")
    return Json(shown)


def _work(desk: Desk) -> Learning:
    from gateway.assistant.learning import Learning  # noqa: PLC0415

    if not isinstance(desk.work, Learning):
        raise absent()
    return desk.work


def _ended(desk: Desk) -> Learning:
    work = _work(desk)
    if desk.busy:
        raise refusal(
            409,
            "Es wird noch aufgenommen. Beenden Sie zuerst die Aufnahme.",
            "It is still recording. End the recording first.",
        )
    return work


def _nowhere(rooms: Rooms) -> Free:
    """No line is asked."""
    return Free(frozenset(), rooms.asking.readings)


def _nothing_named() -> Exception:
    return refusal(
        422,
        "Nennen Sie eine Maschine, oder Anschluss und Vorlage, und bestätigen Sie, dass Sie dort "
        "fragen dürfen.",
        "Name a machine, or a connection and a template, and confirm that you may ask there.",
    )


async def _own_file(rooms: Rooms, machine: Machine) -> Path | None:
    from gateway.assistant.own_files import own_file  # noqa: PLC0415

    return await asyncio.to_thread(own_file, rooms.site.state, machine.name)


def _period(machine: Machine) -> float:
    """The polling period in seconds with which a machine is known."""
    return max(one.every.total_seconds() for one in machine.devices)


def _machine(rooms: Rooms, name: str) -> Machine:
    found = next((one for one in rooms.site.machines if one.name == name), None)
    if found is None:
        raise absent()
    return found


async def _roles(rooms: Rooms, body: WhatBody) -> set[str]:
    """The roles of the points that there are. Raises HTTPException."""
    if body.machine is not None:
        machine = _machine(rooms, body.machine)
        return {one.role for one in _signals(rooms, machine.name) if one.role is not None}
    template = await asyncio.to_thread(_template, body)
    roles = {one.role for one in template.points} | {one.role for one in template.derived}
    return {role for role in roles if role is not None}


def _signals(rooms: Rooms, machine: str) -> Collection[Any]:
    return [one for one in rooms.signals.values() if str(one.id).startswith(f"{machine}/")]


def _template(body: WhatBody) -> Template:
    """The delivered template that is named, or the one that is drafted. Raises HTTPException."""
    from gateway.api.routes.assistant import modelled  # noqa: PLC0415
    from gateway.machines import catalog  # noqa: PLC0415

    if body.draft is not None:
        return modelled(body.draft)[1]
    if body.template is None or body.template not in catalog.names():
        raise refusal(
            422,
            "Diese Vorlage kennt das Gateway nicht.",
            "The gateway does not know this template.",
        )
    return catalog.template(body.template).fitted({})


def _fitting(kind: str, roles: Collection[str]) -> Any:
    from gateway.jobs.learning import LESSONS, lacking, why_lacking  # noqa: PLC0415

    lesson = LESSONS[kind]
    if lacks := lacking(lesson, roles):
        why = why_lacking(lesson, lacks, roles)
        raise refusal(422, why.de, why.en)
    return lesson


def _live(
    rooms: Rooms, machine: Machine, wanted: Collection[str], every: float
) -> tuple[tuple[str, ...], Callable[[], AsyncGenerator[Look]]]:
    """The roles of a machine's signals, and how its newest values are looked at."""
    from gateway.api.learning_views import live  # noqa: PLC0415

    by_role = {
        one.role: one for one in reversed(list(_signals(rooms, machine.name))) if one.role in wanted
    }
    signals = {role: by_role[role] for role in wanted if role in by_role}
    return tuple(signals), partial(live, rooms, machine.name, signals, every)


async def _load() -> None:
    await asyncio.to_thread(partial(import_module, "gateway.api.learning_views"))


async def _begun(desk: Desk, work: Learning, change: Change, free: Free) -> Json[AssistantShape]:
    return await begun(desk, work, change, free, work.lesson.longest + LONGER)
