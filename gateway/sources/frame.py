"""Frames: is this the answer to that question? Pure, for both ways of putting Modbus into bytes.

Modbus TCP (``Mbap``) numbers its questions, so a late answer is known by its number. RTU (``Rtu``)
has nothing but unit, function, length and a checksum: what fits in all of them is the answer.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from gateway.core.findings import Finding, Why

HEADER = 8
"""Bytes of Modbus TCP: transaction 2, protocol 2, length 2, unit 1, function 1."""
REPORT_ID, IDENTIFICATION = 17, 43
"""Function codes by which a device is asked what it is; the second with MEI type 14 only."""
LARGEST = 250
"""Bytes of values in one answer at most."""


@dataclass(frozen=True, slots=True)
class Question:
    """What the answer must look like. ``size`` is the bytes of its values; None: it says itself.

    ``head`` is transaction and protocol 0, as on the wire; empty for RTU. Of devices that answer
    with a foreign one, ``any_unit`` and ``any_number`` are taken.
    """

    head: bytes
    unit: int
    function: int
    size: int | None
    any_unit: bool = False
    any_number: bool = False


class Expected(NamedTuple):
    """What is known of the answer before the question has been put into bytes."""

    size: int | None
    any_unit: bool = False
    any_number: bool = False


@dataclass(frozen=True, slots=True)
class Late:
    """An answer to a question that was given up; unit, function and size where it has no number."""

    unit: int = 0
    function: int = 0
    size: int = 0


class Heard(NamedTuple):
    """What bytes are worth: those to ``hand_on``, and whether the ``answer`` is in them, whole.

    ``late`` are answers to older questions, ``strange`` is why no answer can come any more.
    """

    hand_on: bytes
    answer: bool = False
    late: tuple[Late, ...] = ()
    strange: Finding | None = None


class Framing(ABC):
    """One connection's way of putting questions and answers into bytes; one question at a time."""

    numbered: bool
    """Answers carry the number of their question."""
    resyncs: bool
    """After something strange the connection may go on: the next question begins anew."""

    def __init__(self) -> None:
        self.question: Question | None = None

    @abstractmethod
    def ask(self, sent: bytes, expected: Expected) -> int:
        """A question goes out; returns its function code."""

    @abstractmethod
    def hear(self, received: bytes) -> Heard:
        """What has been received since the question, or since the last that was handed on."""

    @property
    def outstanding(self) -> int:
        """How many questions have been given up whose answers would be known as late."""
        return 0

    @property
    def found(self) -> Finding | None:
        """What has come instead of an answer, once its time is over."""
        return None

    @abstractmethod
    def done(self, *, given_up: bool) -> None:
        """The question has had its answer, or was ``given_up``."""

    def reset(self) -> None:
        """The connection is a new one."""
        self.question = None


class Mbap(Framing):
    """Modbus TCP."""

    numbered = True
    resyncs = False

    def __init__(self) -> None:
        super().__init__()
        self._unanswered: set[bytes] = set()

    @property
    def outstanding(self) -> int:
        """How many numbers are kept in mind."""
        return len(self._unanswered)

    def ask(self, sent: bytes, expected: Expected) -> int:
        """Keep the number in mind."""
        self.question = Question(
            sent[:4], sent[6], sent[7], expected.size, expected.any_unit, expected.any_number
        )
        self._unanswered.discard(sent[:4])  # after 65,000 questions numbers come again
        return sent[7]

    def hear(self, received: bytes) -> Heard:
        """Late answers are handed on with the rest: pymodbus skips them by their number."""
        rest, late = received, 0
        while rest[:4] in self._unanswered:
            if len(rest) < HEADER or len(rest) < (end := whole(rest)):
                return Heard(received, late=(Late(),) * late)
            self._unanswered.discard(rest[:4])
            late += 1
            rest = rest[end:]
        lates = (Late(),) * late
        if not rest:
            return Heard(received, late=lates)
        strange = mismatch(self.question, rest)
        if strange is not None or self.question is None:
            return Heard(b"", late=lates, strange=strange)
        complete = len(rest) >= HEADER and len(rest) >= whole(rest)
        if self.question.any_unit or self.question.any_number:
            before = received[: len(received) - len(rest)]
            received = before + _as_asked(self.question, rest)
        return Heard(received, answer=complete, late=lates)

    def done(self, *, given_up: bool) -> None:
        """Keep in mind what was given up, if its answer will bear its number."""
        if given_up and self.question is not None and not self.question.any_number:
            self._unanswered.add(self.question.head)
        self.question = None

    def reset(self) -> None:
        """Answers to the old connection's questions do not come on a new one."""
        self.question = None
        self._unanswered.clear()


class Rtu(Framing):
    """RTU, on a serial port or through TCP. Noise around an answer does no harm."""

    numbered = False
    resyncs = True

    def __init__(self) -> None:
        super().__init__()
        self._read = 0
        self._found: Finding | None = None

    @property
    def found(self) -> Finding | None:
        """The answer to another question, or bytes that are no frame."""
        return self._found

    def ask(self, sent: bytes, expected: Expected) -> int:
        """Begin anew."""
        self.question = Question(b"", sent[0], sent[1], expected.size, expected.any_unit)
        self._read, self._found = 0, None
        return sent[1]

    def hear(self, received: bytes) -> Heard:
        """Nothing but the whole answer is handed on."""
        question = self.question
        if question is not None and (answer := _answer(question, received)) is not None:
            return Heard(answer, answer=True)
        if len(received) < self._read:  # the buffer has been emptied meanwhile
            self._read = 0
        late = []
        for end, frame in _frames(received, self._read):
            self._read = end
            late.append(Late(frame[0], frame[1] & 0x7F, len(frame) - 5))
            if question is not None:
                self._found = _other(question, frame)
        if self._found is None and len(received) > self._read and question is not None:
            self._found = Finding(Why.NOISE, len(received))
        return Heard(b"", late=tuple(late))

    def done(self, *, given_up: bool) -> None:  # noqa: ARG002
        """What comes from now on is late."""
        self.question, self._read = None, 0


def whole(frame: bytes) -> int:
    """The length of the first frame of Modbus TCP, by what stands in its head."""
    return 6 + int.from_bytes(frame[4:6])


def mismatch(question: Question | None, frame: bytes) -> Finding | None:
    """Why ``frame`` of Modbus TCP, complete or not, cannot be the answer; None where it may be."""
    if question is None:
        return Finding(Why.UNASKED)
    begin = 2 if question.any_number else 0
    if frame[begin:4] != question.head[begin : len(frame)]:
        return Finding(Why.OTHER_QUESTION)
    return None if len(frame) < HEADER else _strange(question, frame)


def _strange(question: Question, frame: bytes) -> Finding | None:
    length, unit, function = int.from_bytes(frame[4:6]), frame[6], frame[7]
    refused = function == question.function | 0x80
    if unit != question.unit and not question.any_unit:
        return Finding(Why.OTHER_UNIT, unit, question.unit)
    if function != question.function and not refused:
        return Finding(Why.OTHER_FUNCTION, function, question.function)
    size = question.size
    if refused or size is None:
        fits = length == 3 if refused else 3 < length <= 254
        return None if fits else Finding(Why.WRONG_LENGTH)
    if length != 3 + size:
        return Finding(Why.WRONG_LENGTH)
    wrong_size = len(frame) > HEADER and frame[HEADER] != size
    return Finding(Why.WRONG_SIZE) if wrong_size else None


def _as_asked(question: Question, frame: bytes) -> bytes:
    """An answer, or its beginning, with the number and the unit that it should have."""
    if question.any_number:
        frame = question.head[: len(frame)] + frame[4:]
    if question.any_unit and len(frame) > 6:
        frame = frame[:6] + bytes([question.unit]) + frame[7:]
    return frame


def _answer(question: Question, received: bytes) -> bytes | None:
    """The answer, wherever it stands in what was received."""
    for start in range(len(received) - 4):
        unit, function = received[start], received[start + 1]
        if unit != question.unit and not question.any_unit:
            continue
        if function == question.function and question.size is None:
            frame = received[start : start + (_of_its_own_length(received[start:]) or 0)]
            if len(frame) >= 5 and _sound(frame):
                return _for(question, frame)
            continue
        if function == question.function and received[start + 2] == question.size:
            frame = received[start : start + 5 + question.size]
        elif function == question.function | 0x80:
            frame = received[start : start + 5]
        else:
            continue
        if len(frame) >= 5 and _sound(frame) and len(frame) == _length(frame):
            return _for(question, frame)
    return None


def _for(question: Question, frame: bytes) -> bytes:
    """The answer under the unit that was asked."""
    return frame if frame[0] == question.unit else _with_checksum(question.unit, frame[1:-2])


def _of_its_own_length(frame: bytes) -> int | None:
    """How long the answer to an identification is in RTU; None while that is not known yet."""
    if frame[1] == REPORT_ID:
        return 5 + frame[2]
    end = 8  # unit, function, type, code, conformity, more, next, how many
    if len(frame) < end:
        return None
    for _ in range(frame[end - 1]):
        if len(frame) < end + 2:
            return None
        end += 2 + frame[end + 1]
    return end + 2


def _frames(received: bytes, start: int) -> Iterator[tuple[int, bytes]]:
    """Whole frames of any question, each with its end; up to the first that is not complete."""
    while len(received) - start >= 5:
        length = _length(received[start:])
        if length is not None:
            frame = received[start : start + length]
            if len(frame) < length:
                return
            if _sound(frame):
                start += length
                yield start, frame
                continue
        start += 1


def _length(frame: bytes) -> int | None:
    """How long an RTU answer is, by what stands in its head; None: it is none."""
    function, size = frame[1], frame[2]
    if function & 0x7F not in {1, 2, 3, 4}:
        return None
    return 5 if function & 0x80 else 5 + size if size <= LARGEST else None


def _other(question: Question, frame: bytes) -> Finding:
    unit, function = frame[0], frame[1] & 0x7F
    if unit != question.unit:
        return Finding(Why.OTHER_UNIT, unit, question.unit)
    if function != question.function:
        return Finding(Why.OTHER_FUNCTION, function, question.function)
    return Finding(Why.WRONG_LENGTH)


def _sound(frame: bytes) -> bool:
    return crc(frame[:-2]) == frame[-2:]


def _with_checksum(unit: int, rest: bytes) -> bytes:
    frame = bytes([unit]) + rest
    return frame + crc(frame)


def crc(frame: bytes) -> bytes:
    """The checksum of RTU, as it stands on the wire (Modbus over serial line 1.02, 2.5.1.2)."""
    register = 0xFFFF
    for byte in frame:
        register = register >> 8 ^ _CRC[(register ^ byte) & 0xFF]
    return register.to_bytes(2, "little")


def _crc_of_byte(byte: int) -> int:
    for _ in range(8):
        byte = byte >> 1 ^ (0xA001 if byte & 1 else 0)
    return byte


_CRC = tuple(_crc_of_byte(byte) for byte in range(256))
