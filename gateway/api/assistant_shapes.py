"""The shapes of what the assistant answers: what it does, and what it has found."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import WithJsonSchema
from typing_extensions import TypedDict

from gateway.api.shapes import Words

RegisterTable = Annotated[
    str, WithJsonSchema({"type": "string", "enum": ["holding-registers", "input-registers"]})
]


class MatchShape(TypedDict):
    """A template that may fit a device, with what speaks for it, and lines for the firm's file."""

    name: str
    title: Words
    likely: bool
    evidence: Words
    entry: str


class PlaceShape(TypedDict):
    """An address at which a device has registers."""

    table: RegisterTable
    first: int


class FoundShape(TypedDict):
    """A device that answers; ``says`` is what it says that it is, if anything.

    ``entry`` names a template that is still to be made.
    """

    line: str
    unit: int
    answer_s: float
    says: str
    templates: list[MatchShape]
    places: list[PlaceShape]
    entry: str


class UnreachableShape(TypedDict):
    """A line that could not be opened."""

    line: str
    why: Words


class NetworkShape(TypedDict):
    """A private network of this computer, and what a search of it means."""

    network: str
    about: Words


class ScanShape(TypedDict):
    """A scan: ``tried`` of ``of`` units, ``asked`` questions so far.

    ``network`` is searched first, if one was named: ``knocked`` at so many of ``addresses``.
    """

    network: str | None
    knocked: int
    addresses: int
    line: str
    tried: int
    of: int
    asked: int
    found: list[FoundShape]
    unreachable: list[UnreachableShape]


class MeaningShape(TypedDict):
    """One way to read a register; ``score`` is 0 (hardly) to 1 (very likely)."""

    encoding: str
    order: str | None
    value: float
    scale: float
    unit: str
    score: float
    why: Words


class ChangeShape(TypedDict):
    """What a register was on average before, and is now; ``rank`` 1 changed most clearly."""

    before: float
    after: float
    rank: int


class RegisterShape(TypedDict):
    """A register: its newest word, the likeliest meanings first, and whether it has changed."""

    table: RegisterTable
    address: int
    word: int
    meanings: list[MeaningShape]
    change: ChangeShape | None


class LettersShape(TypedDict):
    """A text that stands in registers."""

    address: int
    text: str


class LookShape(TypedDict):
    """A look at a stretch; ``rounds`` 2 and more are compared with the one before."""

    line: str
    unit: int
    asked: int
    rounds: int
    registers: list[RegisterShape]
    letters: list[LettersShape]
    in_vain: Words | None


class LearntRunShape(TypedDict):
    """A run, a stroke or a charge that the rule finds in the recording.

    ``begin_s`` seconds after its beginning; ``seconds`` long, null where it is only a moment;
    ``level`` its mean power or highest temperature, or what was counted.
    """

    begin_s: float
    seconds: float | None
    level: float | None


class LearntLineShape(TypedDict):
    """A threshold that may be moved: its key in the evidence, its value, and what it divides."""

    key: str
    role: str
    value: float
    unit: str
    means: Words


class LearntShape(TypedDict):
    """What a recording teaches.

    ``evidence`` is the mapping ``evidence`` of a machine's file, checked; ``lines`` the same as
    text. ``every_s`` is the polling period for which ``runs`` and ``expects`` hold. ``expects``
    says what will not be seen, ``doubts`` what speaks against the result.
    """

    kind: LearntKind
    evidence: dict[str, Any]
    lines: str
    every_s: float
    thresholds: list[LearntLineShape]
    runs: list[LearntRunShape]
    expects: list[Words]
    doubts: list[Words]


class LearnKindShape(TypedDict):
    """What can be learnt; ``why`` not, and what to do about it."""

    kind: LearntKind
    title: Words
    possible: bool
    why: Words | None


class LearnStepShape(TypedDict):
    """What somebody does at the machine, usually for ``seconds``."""

    name: str
    title: Words
    text: Words
    seconds: float
    optional: bool


class LearnShape(TypedDict):
    """A guided recording.

    ``step`` is the number of the step under way, from 0; as many as there are steps: it has ended.
    ``curve`` holds seconds, lowest and highest value of ``role``; ``begun`` the steps' beginnings.
    ``silent``: so many looks in a row brought no value. ``machine`` is null for a device that does
    not run in this gateway; ``file`` says whether its file lies where the gateway may write.
    """

    kind: LearntKind
    place: Words
    machine: str | None
    file: bool
    role: str
    unit: str
    steps: list[LearnStepShape]
    step: int
    step_s: float
    length_s: float
    longest_s: float
    now: dict[str, float | None]
    silent: int
    curve: list[tuple[float, float, float]]
    begun: list[tuple[str, float]]
    result: LearntShape | None
    trouble: Words | None


class AssistantShape(TypedDict):
    """What the assistant does or has done last; nothing of it is stored."""

    busy: bool
    trouble: Words | None
    scan: ScanShape | None
    look: LookShape | None
    learn: LearnShape | None


class DraftShape(TypedDict):
    """A template's text, the name of its file, and lines for the firm's file."""

    file: str
    text: str
    entry: str | None


LookedAt = Literal["either", "holding-registers", "input-registers"]
LearntKind = Literal["power-runs", "counters", "charges"]
"""What can be learnt: the kinds of evidence."""
