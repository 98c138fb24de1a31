"""The shapes of the answers about machines, their history and their jobs."""

from __future__ import annotations

from typing import Annotated, Literal, NotRequired

from pydantic import WithJsonSchema
from typing_extensions import TypedDict

from gateway.api.shapes import Value, Words

Bucket = tuple[int, float | None, float | None, Value | None, Literal[0, 1, 2]]
"""Time in ms since 1970 (UTC), lowest, highest, last value, worst quality (0 good, 2 bad)."""


class SignalShape(TypedDict):
    """A signal with its newest reading.

    ``value`` is null where there is none to be trusted, and a whole number as text where a browser
    would round it; ``word`` is what a number of an enumeration means. ``reason`` says why, and
    ``code`` is the Modbus exception where one was answered; ``detail`` says what was found, while
    it is known.
    """

    id: str
    point: str
    means: Words
    unit: str
    value: Value | None
    word: Words | None
    quality: Literal["good", "uncertain", "bad"]
    reason: str
    code: int | None
    detail: Words | None
    at: str | None
    seq: int | None
    role: str | None


MachineState = Annotated[int, WithJsonSchema({"type": "integer", "enum": [0, 1, 2, 3]})]


class StateShape(TypedDict):
    """What a machine does (numbers of OPC 40001-1), since when, and the sentence why we say so.

    ``known`` is false while it does not answer: ``since`` is then when that began, and the state is
    the last one known, null where it has never answered. Durations in ``because`` are of order
    time, ``lapse`` times faster than real time.
    """

    state: MachineState | None
    name: str | None
    mode: int | None
    since: str
    because: Words
    known: bool
    phase: Words | None
    lapse: int


class ThresholdShape(TypedDict):
    """A line in a signal's chart, and what it divides."""

    signal: str
    value: float
    means: Words


class LineShape(TypedDict):
    """A line that devices of a machine are on: its kind, its address or port, and their units."""

    type: str
    place: str
    units: list[int | None]


class ConnectionShape(TypedDict):
    """How the first device of a machine is reached; host and port only on TCP."""

    type: str
    host: str | None
    port: int | None
    units: list[int | None]


class GapShape(TypedDict):
    """A stretch of real time in which parts may have passed unseen."""

    start: str
    end: str
    why: Words


class OriginsShape(TypedDict, total=False):
    """How many good pieces are known how; those of no piece are absent."""

    measured: int
    counted: int
    entered: int
    simulated: int
    corrected: int


class JobShape(TypedDict):
    """A firm's own order on one machine. Keys ending in ``_s`` are order time in seconds."""

    id: str
    machine: str
    order: str | None
    package: str | None
    item: Words
    planned: int
    lot: int
    state: Literal["planned", "released", "running", "interrupted", "ended", "aborted"]
    substate: str
    because: Words
    good: int
    scrap: int
    origins: OriginsShape
    opening: int
    runs_started: int
    runs_completed: int
    pieces_per_run: int
    planned_per_piece_s: float
    per_piece_s: float
    run_began: str | None
    run_expected_s: float | None
    started: str | None
    ended: str | None
    departures: list[str]
    inbound: int | None
    degraded: str | None
    gaps: list[GapShape]
    lapse: int
    simulated: bool


class QuestionShape(TypedDict):
    """A step of a device's counter that the machine could not have made: was it work?

    ``signal`` is the counter (null: not in the firm's file any more), ``before`` and ``after`` are
    its readings at ``start`` and ``end``; confirmed it counts ``counts``: ``good`` and ``scrap``
    pieces of the job.
    """

    id: str
    machine: str
    signal: str | None
    means: Words | None
    job: str
    item: Words
    before: int
    after: int
    counts: int
    good: int
    scrap: int
    start: str
    end: str


class BusShape(TypedDict):
    """What one line carries in a cycle in which everything is due, and how long that takes.

    ``expected_s`` is computed from baud rate and frames (null: its speed is not known),
    ``measured_s`` was taken by cycles in which everything answered (null: none yet), both in
    seconds; ``share`` of the time (0 to 1) the line was needed of late; ``shortest_s`` is the
    shortest period that it can do. ``told`` says the same.
    """

    place: str
    requests: int
    registers: int
    values: int
    expected_s: float | None
    measured_s: float | None
    share: float
    shortest_s: float | None
    told: Words


class MachineShape(TypedDict):
    """One machine; ``thresholds``, ``polling`` and ``bus`` are absent in events.

    ``polling`` says of each of its lines how often it was asked, and what became of it; ``bus``
    how long that takes.
    """

    firm: str
    name: str
    title: Words
    template: str
    template_title: Words
    built: int | None
    simulated: bool
    connection: ConnectionShape
    lines: list[LineShape]
    state: StateShape
    signals: list[SignalShape]
    job: JobShape | None
    thresholds: NotRequired[list[ThresholdShape]]
    polling: NotRequired[list[Words]]
    bus: NotRequired[list[BusShape]]


class ReadRegisterShape(TypedDict):
    """The words behind a value, as the device sent them; addresses count from 0."""

    function: int
    address: int
    words: list[int]
    at: str | None


class FactShape(TypedDict):
    """One part of a place; ``name`` is for programs, ``label`` for people."""

    name: str
    label: Words
    value: str


class SinkPlaceShape(TypedDict):
    """Where a sink's peer has the same value: node of an OPC UA server, topic of a broker."""

    sink: str
    title: str
    facts: list[FactShape]


class StoredPointShape(TypedDict):
    """The last point with a number that the history holds.

    ``seq`` is there where it is the very reading shown.
    """

    seq: int | None
    at: str | None
    value: Value | None
    quality: Literal[0, 1, 2]


class TraceShape(TypedDict):
    """One number followed back from the page to the register.

    ``plain``: nothing but encoding, order and scale makes the value of the registers.
    """

    signal: SignalShape
    register: ReadRegisterShape | None
    encoding: str
    order: str | None
    scale: float
    plain: bool
    template: str
    unit: int | None
    source: str | None
    places: list[SinkPlaceShape]
    stored: StoredPointShape | None
    committed_seq: int


class RunShape(TypedDict):
    """A finished run; ``seconds`` is order time.

    ``start`` is when it began, or was first seen (``partial``); null where an earlier version of
    the gateway saw it.
    """

    number: int | None
    start: str | None
    end: str | None
    seconds: float | None
    pieces: int | None
    partial: bool
    job: str | None


class HistoryShape(TypedDict):
    """A chart's points, in time order."""

    signal: str
    unit: str
    points: list[Bucket]


class MachineEvent(TypedDict):
    """``event: machine``: at most four a second for each machine."""

    firm: str
    machine: MachineShape


class MachinesEvent(TypedDict):
    """``event: machines``: the names of all machines, when one has come or gone."""

    firm: str
    names: list[str]


class QuestionsEvent(TypedDict):
    """``event: questions``: all open questions, when one has come or gone."""

    firm: str
    questions: list[QuestionShape]


class JobsEvent(TypedDict):
    """``event: jobs``: all jobs, when one has changed."""

    firm: str
    jobs: list[JobShape]
