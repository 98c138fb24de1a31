"""What a page says of a machine that is to be added, changed, exchanged or removed."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from gateway.api.assistant_bodies import Place, Strict, TemplateBody, connects
from gateway.config.machine_text import said_of

Parameters = Annotated[dict[str, float | str], Field(max_length=32)]
Evidence = Annotated[dict[str, Any], Field(max_length=32)]
"""The mapping ``evidence`` of a machine's file; whether it fits is said as for a file."""
Unit = Annotated[int, Field(ge=0, le=255)]
TemplateName = Annotated[
    str, Field(max_length=64, pattern=r"^(\.\./templates/[a-z][a-z0-9-]*\.yaml|[A-Za-z0-9-]+)$")
]
"""A delivered one by its name, or one of the firm's own as ``GET templates`` names it."""
Short = Annotated[str, Field(max_length=80)]


class Title(Strict):
    """A name in both languages."""

    de: Short
    en: Short


class AddBody(Strict):
    """A machine of one device. Without ``write`` its file is only shown and checked.

    ``drafted`` is a template of the assistant's marks, which is written with it.
    """

    name: Short
    title: Title
    place: Place
    unit: Unit
    template: TemplateName | None = None
    drafted: TemplateBody | None = None
    parameters: Parameters = Field(default={})
    every: Short = "1s"
    evidence: Evidence | None = None
    built: int | None = None
    write: bool = False


class EditBody(Strict):
    """What is to be others of a machine; what is not named stays, ``evidence`` null goes.

    ``of`` is the file's mark that it was shown with: a change of a text that somebody else has
    changed meanwhile is refused. ``device`` counts the machine's devices from 0.
    """

    of: str
    title: Title | None = None
    built: int | None = None
    every: Short | None = None
    parameters: Parameters | None = None
    evidence: Evidence | None = None
    place: Place | None = None
    unit: Unit | None = None
    device: int = Field(default=0, ge=0, le=99)
    write: bool = False


class ExchangeBody(Strict):
    """A meter or module that is another one now; what is not named of it is as before."""

    what: Annotated[str, Field(min_length=1, max_length=80)]
    place: Place | None = None
    unit: Unit | None = None
    template: TemplateName | None = None
    parameters: Parameters | None = None
    every: Short | None = None
    device: int = Field(default=0, ge=0, le=99)
    write: bool = False


class RemoveBody(Strict):
    """A machine that goes; ``name`` once more, so that nobody does it by mistake."""

    name: Short


def connect_of(place: Place, unit: int) -> dict[str, Any]:
    """The key ``connect`` of a file. Raises HTTPException."""
    (connect,) = connects(place, [unit])[:1]
    said = said_of(connect)
    serial = (
        {key: getattr(connect, key) for key in ("baud", "parity", "stop_bits")}
        if place.serial
        else {}
    )
    ordered = {"type": connect.type, **said, **serial, "unit": unit}
    timeout = ordered.pop("timeout", None)
    return ordered if timeout is None else {**ordered, "timeout": timeout}


def changes_of(body: EditBody | ExchangeBody) -> dict[str, Any]:
    """The keys of the file that the body names. Raises HTTPException."""
    found: dict[str, Any] = {}
    for key in ("title", "built", "every", "template", "parameters"):
        value = getattr(body, key, None)
        if value is not None:
            found[key] = value.model_dump() if isinstance(value, Title) else value
    if body.place is not None:
        found["connect"] = connect_of(body.place, 1 if body.unit is None else body.unit)
    if isinstance(body, EditBody) and "evidence" in body.model_fields_set:
        found["evidence"] = body.evidence
    return found
