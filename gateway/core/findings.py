"""What a driver finds on a line: a reason to act on, from which the sentence for people follows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from gateway.core.text import Text


class Why(StrEnum):
    """What has happened instead of an answer."""

    NO_CONNECTION = "no_connection"
    NO_SUCH_PORT = "no_such_port"
    NO_PORT = "no_port"
    PORT_SETTINGS = "port_settings"
    NOT_PERMITTED = "not_permitted"
    PORT_IN_USE = "port_in_use"
    HUNG_UP = "hung_up"
    NO_ANSWER = "no_answer"
    WAITING = "waiting"  # not asked: an older answer could be taken for this one
    EXCEPTION = "exception"
    UNASKED = "unasked"
    OTHER_QUESTION = "other_question"
    OTHER_UNIT = "other_unit"
    OTHER_FUNCTION = "other_function"
    WRONG_LENGTH = "wrong_length"
    WRONG_SIZE = "wrong_size"
    NOISE = "noise"
    NOT_RECORDED = "not_recorded"
    RECORDING_ENDED = "recording_ended"
    NO_RECORDING = "no_recording"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found: ``got`` instead of ``asked`` (unit, function), a code, or bytes of noise."""

    why: Why
    got: int = 0
    asked: int = 0

    @property
    def text(self) -> Text | None:
        """For people; None where the reason of the fault has said all."""
        say = _SENTENCES.get(self.why)
        return say(self.got, self.asked) if say else None

    def __str__(self) -> str:
        text = self.text
        return self.why.replace("_", " ") if text is None else text.en


EXCEPTIONS: Mapping[int, Text] = {
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


def _always(de: str, en: str) -> Callable[[int, int], Text]:
    said = Text(de, en)
    return lambda _got, _asked: said


_SENTENCES: Mapping[Why, Callable[[int, int], Text | None]] = {
    Why.HUNG_UP: _always("die Verbindung wurde abgebrochen", "the connection was closed"),
    Why.WAITING: _always(
        "wartet, bis keine verspätete Antwort mehr kommen kann",
        "waits until no late answer can come any more",
    ),
    Why.EXCEPTION: lambda code, _: EXCEPTIONS.get(code),
    Why.UNASKED: _always(
        "eine Antwort, nach der nicht gefragt war", "an answer without a question"
    ),
    Why.OTHER_QUESTION: _always(
        "eine Antwort auf eine andere Frage", "an answer to another question"
    ),
    Why.OTHER_UNIT: lambda got, asked: Text(
        f"Gerät {got} antwortet für Gerät {asked}", f"unit {got} answers for unit {asked}"
    ),
    Why.OTHER_FUNCTION: lambda got, asked: Text(
        f"Funktion {got} antwortet auf Funktion {asked}",
        f"function {got} answers function {asked}",
    ),
    Why.WRONG_LENGTH: _always("eine Antwort mit falscher Länge", "an answer of the wrong length"),
    Why.WRONG_SIZE: _always("eine Antwort mit falscher Größe", "an answer of the wrong size"),
    Why.NOISE: lambda got, _: Text(
        f"{got} Bytes, die keine Antwort sind: stimmen Baudrate, Parität und Stoppbits?",
        f"{got} bytes that are no answer: are baud rate, parity and stop bits right?",
    ),
    Why.NOT_RECORDED: _always("steht nicht in der Aufnahme", "is not in the recording"),
    Why.NO_RECORDING: _always(
        "die Aufnahme lässt sich nicht lesen", "the recording cannot be read"
    ),
    Why.RECORDING_ENDED: _always("die Aufnahme ist zu Ende", "the recording has ended"),
    Why.NO_SUCH_PORT: _always(
        "den Anschluss gibt es nicht: steckt der Adapter?",
        "there is no such port: is the adapter plugged in?",
    ),
    Why.NO_PORT: _always("das ist kein serieller Anschluss", "this is no serial port"),
    Why.PORT_SETTINGS: _always(
        "der Anschluss nimmt diese Baudrate, Parität oder Stoppbits nicht an",
        "the port does not take this baud rate, parity or stop bits",
    ),
    Why.NOT_PERMITTED: _always(
        "dieser Benutzer darf den Anschluss nicht öffnen: fehlt ihm die Gruppe dialout?",
        "this user may not open the port: is the group dialout missing?",
    ),
    Why.PORT_IN_USE: _always(
        "ein anderes Programm hat den Anschluss offen", "another program has the port open"
    ),
}
