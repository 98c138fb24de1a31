"""Frames of Modbus TCP: is this the answer to that question? Pure."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.core.findings import Finding, Why

HEADER = 8
"""Bytes: transaction 2, protocol 2, length 2, unit 1, function 1."""


@dataclass(frozen=True, slots=True)
class Question:
    """What the answer must look like. ``head`` is transaction, protocol 0, as on the wire."""

    head: bytes
    unit: int
    function: int
    size: int


def whole(frame: bytes) -> int:
    """The length of the first frame, by what stands in its head."""
    return 6 + int.from_bytes(frame[4:6])


def mismatch(question: Question | None, frame: bytes) -> Finding | None:
    """Why ``frame``, complete or not, cannot be the answer; None where it may be."""
    if question is None:
        return Finding(Why.UNASKED)
    if frame[:4] != question.head[: len(frame)]:
        return Finding(Why.OTHER_QUESTION)
    return None if len(frame) < HEADER else _strange(question, frame)


def _strange(question: Question, frame: bytes) -> Finding | None:
    length, unit, function = int.from_bytes(frame[4:6]), frame[6], frame[7]
    refused = function == question.function | 0x80
    if unit != question.unit:
        return Finding(Why.OTHER_UNIT, unit, question.unit)
    if function != question.function and not refused:
        return Finding(Why.OTHER_FUNCTION, function, question.function)
    if length != (3 if refused else 3 + question.size):
        return Finding(Why.WRONG_LENGTH)
    if not refused and len(frame) > HEADER and frame[HEADER] != question.size:
        return Finding(Why.WRONG_SIZE)
    return None
