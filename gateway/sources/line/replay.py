"""A recording instead of a device: what it said then is said again, at the same pace."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

from pydantic import Field, model_validator

from gateway.config import LocalPath, Objection, refuse
from gateway.core.errors import Desync, Refused, Unreachable
from gateway.core.findings import Finding, Why
from gateway.core.text import Text
from gateway.machines import recording
from gateway.machines.numbering import Table
from gateway.machines.read_plan import Block
from gateway.machines.recording import ENDED, NotARecording, Question
from gateway.sources import recordings
from gateway.sources.bus_time import Wire
from gateway.sources.frame import Expected, Framing, Heard
from gateway.sources.line.base import NEVER, Hooks, ModbusConnect, Opener

if TYPE_CHECKING:
    from pymodbus.client.base import ModbusBaseClient

IN_TIME = 0.8
"""The part of the longest wait after which an answer comes at the latest that had come."""
AFTER = 1.0
"""Seconds after its end in which a recording still answers: a poll may come a little late."""
_TIMED_OUT = (Why.NO_ANSWER, Why.WAITING)
_LOST = (Why.HUNG_UP, Why.NO_CONNECTION)


class ReplayConnect(ModbusConnect):
    """A device of a recording that ``werkverbund record`` has made."""

    type: Literal["replay"] = "replay"
    file: LocalPath = Field(
        description="Aufnahme von werkverbund record / recording made by werkverbund record"
    )
    speed: float = Field(
        default=1.0,
        ge=0.01,
        le=1000,
        description="Wie schnell sie abläuft, 2 ist doppelt so schnell / how fast it is played, 2 "
        "is twice as fast",
    )
    track: int = Field(
        default=1,
        ge=1,
        description="Welche Leitung der Aufnahme, die erste ist 1 / which line of the recording, "
        "the first is 1",
    )

    @model_validator(mode="after")
    def _is_there(self) -> ReplayConnect:
        refuse(self._missing())
        return self

    def _missing(self) -> Sequence[Objection]:
        try:
            lines = len(recordings.read_head(self.file).lines)
        except NotARecording as error:
            return (_unusable(self.file, error.text),)
        if self.track <= lines:
            return ()
        return (
            Objection(
                Text(
                    f"die Leitung {self.track} gibt es in der Aufnahme nicht",
                    f"the recording has no line {self.track}",
                ),
                Text(f"Möglich sind 1 bis {lines}.", f"Possible are 1 to {lines}."),
                ("track",),
            ),
        )

    @property
    def key(self) -> str:
        """The file, and which of its lines."""
        return str(self.file) if self.track == 1 else f"{self.file} track {self.track}"

    @property
    def through_gateway(self) -> bool:
        """As it was."""
        return self._line.gateway

    @property
    def wire(self) -> Wire | None:
        """As it was, so much faster."""
        serial = self._line.serial
        return None if serial is None else Wire(max(1, round(serial[0] * self.speed)), serial[1])

    @property
    def _line(self) -> recording.Line:
        return recordings.read_head(self.file).lines[self.track - 1]

    def agreed(self) -> Mapping[str, object]:
        """How fast it is played."""
        return {"type": self.type, "speed": self.speed}

    def objections(self, *, simulated: bool) -> Sequence[Objection]:
        """Values of another day are no values of a machine: only where that is said."""
        if simulated:
            return ()
        return (
            Objection(
                Text(
                    "eine Aufnahme zeigt Werte von früher als wären sie von jetzt",
                    "a recording shows old values as if they were of now",
                ),
                Text(
                    "Schreiben Sie simulated: true in die Datei, oder nennen Sie das Gerät selbst.",
                    "Write simulated: true into the file, or name the device itself.",
                ),
                ("type",),
            ),
        )

    def opener(self) -> Opener:
        """Reads the file."""
        return ReplayOpener(self)

    def framing(self) -> Framing:
        """None; but its answers are as certain as they were."""
        return Unframed(numbered=self._line.numbered)


def _unusable(file: Path, why: Text) -> Objection:
    return Objection(
        Text(f"die Aufnahme {file}: {why.de}", f"the recording {file}: {why.en}"),
        Text(
            "Prüfen Sie den Pfad; Aufnahmen macht werkverbund record.",
            "Check the path; recordings are made by werkverbund record.",
        ),
        ("file",),
    )


class Unframed(Framing):
    """No bytes are sent and none received."""

    def __init__(self, *, numbered: bool) -> None:
        super().__init__()
        self.numbered = numbered
        self.resyncs = not numbered

    def ask(self, sent: bytes, expected: Expected) -> int:  # noqa: ARG002
        """Never called."""
        raise AssertionError("a recording is not sent anything")

    def hear(self, received: bytes) -> Heard:
        """Never called."""
        return Heard(received)

    def done(self, *, given_up: bool) -> None:
        """Nothing to do."""


class ReplayOpener:
    """Plays one line of a recording; it begins when the line is opened for the first time."""

    def __init__(self, connect: ReplayConnect) -> None:
        self.connect = connect
        self._played: recording.Played | None = None
        self._began: float | None = None

    async def open(self, hooks: Hooks) -> ModbusBaseClient:  # noqa: ARG002
        """As the line was opened then. Raises Unreachable."""
        connect = self.connect
        if self._played is None:
            try:
                read = await asyncio.to_thread(recordings.read, connect.file)
            except NotARecording as error:
                raise Unreachable(connect.key, Finding(Why.NO_RECORDING)) from error
            self._played = read.of(connect.track)
        played, at = self._played, self.now()
        closed = ENDED if at > played.end + AFTER * connect.speed else played.closed(at)
        if closed is not None:
            raise Unreachable(connect.key, closed)
        return cast("ModbusBaseClient", _Device(self, played))

    def worth_keeping(self, client: ModbusBaseClient) -> bool:  # noqa: ARG002
        """As a connection."""
        return False

    def drain(self, client: ModbusBaseClient) -> None:
        """Nothing comes unasked."""

    def now(self) -> float:
        """Where it is in the recording, in seconds."""
        time = asyncio.get_running_loop().time()
        if self._began is None:
            self._began = time
        return (time - self._began) * self.connect.speed


@dataclass(frozen=True, slots=True)
class _Said:
    """An answer as pymodbus would give it."""

    words: Sequence[int]
    exception_code: int = 0

    @property
    def registers(self) -> list[int]:
        return list(self.words)

    @property
    def bits(self) -> list[bool]:
        return [bool(word) for word in self.words]

    def isError(self) -> bool:  # noqa: N802 - pymodbus calls it so
        return self.exception_code != 0


class _Device:
    """Stands where pymodbus's client stands, and answers from the recording."""

    def __init__(self, opener: ReplayOpener, played: recording.Played) -> None:
        self.connected = True
        self._opener, self._played = opener, played

    async def read_coils(self, first: int, *, count: int, device_id: int) -> _Said:
        return await self._said(Question(device_id, Table.COILS, first, count))

    async def read_discrete_inputs(self, first: int, *, count: int, device_id: int) -> _Said:
        return await self._said(Question(device_id, Table.DISCRETE_INPUTS, first, count))

    async def read_holding_registers(self, first: int, *, count: int, device_id: int) -> _Said:
        return await self._said(Question(device_id, Table.HOLDING_REGISTERS, first, count))

    async def read_input_registers(self, first: int, *, count: int, device_id: int) -> _Said:
        return await self._said(Question(device_id, Table.INPUT_REGISTERS, first, count))

    def close(self) -> None:
        self.connected = False

    async def _said(self, question: Question) -> _Said:
        connect, at = self._opener.connect, self._opener.now()
        place = f"{connect.key} unit {question.unit}"
        if at > self._played.end + AFTER * connect.speed:
            self.connected = False
            raise Unreachable(place, ENDED)
        answer = self._played.answer(question, at)
        if answer is None:
            return await self._silence()
        if answer.found is None or answer.found.why not in _TIMED_OUT:
            longest = IN_TIME * connect.within(
                Block(question.table, question.first, question.count, ())
            )
            await asyncio.sleep(min(answer.took / connect.speed, longest))
        if answer.words is not None:
            return _Said(answer.words)
        return await self._instead(place, answer.found or ENDED)

    async def _instead(self, place: str, found: Finding) -> _Said:
        if found.why in _TIMED_OUT:
            return await self._silence()
        if found.why is Why.EXCEPTION:
            return _Said((), found.got)
        if found.why is Why.NOT_RECORDED:
            raise Refused(place, found)
        if found.why in _LOST:
            self.connected = False
            raise Unreachable(place, found)
        raise Desync(place, found)

    @staticmethod
    async def _silence() -> _Said:
        await asyncio.sleep(NEVER)  # whoever asks has a deadline
        raise AssertionError("its deadline comes first")
