"""Frames of Modbus TCP: is this the answer to that question? Pure."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.core.text import Text

HEADER = 8
"""Bytes: transaction 2, protocol 2, length 2, unit 1, function 1."""

EXCEPTIONS = {
    1: Text("diese Art von Abfrage gibt es im Gerät nicht", "the device has no such function"),
    2: Text("diese Adresse gibt es im Gerät nicht", "the device has no such address"),
    3: Text("diese Abfrage passt dem Gerät nicht", "the device does not take this request"),
    4: Text("Störung im Gerät", "the device has failed"),
    5: Text("das Gerät ist noch beschäftigt", "the device is still at it"),
    6: Text("das Gerät ist beschäftigt", "the device is busy"),
    8: Text("Speicherfehler im Gerät", "memory error in the device"),
    10: Text("Gateway: kein Weg zum Gerät", "gateway: no path to the target"),
    11: Text("Gateway: das Gerät antwortet nicht", "gateway: target does not respond"),
}
"""What a device means by its exceptions (Modbus application protocol 1.1b3, chapter 7)."""


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


def mismatch(question: Question | None, frame: bytes) -> Text | None:
    """Why ``frame``, complete or not, cannot be the answer; None where it may be."""
    if question is None:
        return Text("eine Antwort, nach der nicht gefragt war", "an answer without a question")
    if frame[:4] != question.head[: len(frame)]:
        return Text("eine Antwort auf eine andere Frage", "an answer to another question")
    return None if len(frame) < HEADER else _strange(question, frame)


def _strange(question: Question, frame: bytes) -> Text | None:
    length, unit, function = int.from_bytes(frame[4:6]), frame[6], frame[7]
    refused = function == question.function | 0x80
    if unit != question.unit:
        return Text(
            f"Gerät {unit} antwortet für Gerät {question.unit}",
            f"unit {unit} answers for unit {question.unit}",
        )
    if function != question.function and not refused:
        return Text(
            f"Funktion {function} antwortet auf Funktion {question.function}",
            f"function {function} answers function {question.function}",
        )
    if length != (3 if refused else 3 + question.size):
        return Text("eine Antwort mit falscher Länge", "an answer of the wrong length")
    if not refused and len(frame) > HEADER and frame[HEADER] != question.size:
        return Text("eine Antwort mit falscher Größe", "an answer of the wrong size")
    return None
