"""The shapes of the answers about machines' files, templates and sheets."""

from __future__ import annotations

from typing import Any

from typing_extensions import TypedDict

from gateway.api.shapes import ProblemShape, ReloadedShape, Words


class DraftedShape(TypedDict):
    """A file that is shown or written: its text, what differs, every mistake that it would bring.

    ``written``: it is so, and the gateway works with it. Else ``problems`` or ``outcome`` say what
    stands against it, or it was only asked for.
    """

    file: str
    text: str | None
    difference: list[str]
    problems: list[ProblemShape]
    written: bool
    outcome: ReloadedShape | None


class FileShape(TypedDict):
    """Where a machine stands: in a file of its ``own``, or in the firm's; ``of`` marks its text.

    ``content`` is what its file says, the defaults left out.
    """

    own: bool
    file: str
    of: str | None
    text: str | None
    content: dict[str, Any]


class ChoiceShape(TypedDict):
    """One of the choices of a parameter."""

    name: str
    means: Words


class ParameterShape(TypedDict):
    """What a template leaves open; ``needed``: nobody can guess it."""

    name: str
    means: Words
    needed: bool
    default: float | None
    low: float | None
    high: float | None
    choices: list[ChoiceShape]


class TemplateShape(TypedDict):
    """A type of device, as a machine's file names it; ``own``: the firm's."""

    name: str
    title: Words
    own: bool
    roles: list[str]
    parameters: list[ParameterShape]


class RemovedShape(TypedDict):
    """A machine that was removed, and can come back."""

    name: str
    file: str


class SheetFactShape(TypedDict):
    """A fact of a sheet: what it is, and what it says."""

    label: Words
    value: Words


class MachinePartShape(TypedDict):
    """A part of a sheet: facts, sentences, or a table with columns."""

    title: Words
    facts: list[SheetFactShape]
    sentences: list[Words]
    columns: list[Words]
    rows: list[list[Words]]


class FirstShape(TypedDict):
    """The first run or parts that were counted; ``seconds`` null where no length is known."""

    at: str
    seconds: float | None


class SheetShape(TypedDict):
    """A machine on one page, for whoever looks after it; ``first`` null: nothing counted yet."""

    first: FirstShape | None

    title: Words
    lead: Words
    parts: list[MachinePartShape]
