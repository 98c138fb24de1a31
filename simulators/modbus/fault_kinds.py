"""The words for faults: one table for answers, one for connections. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pydantic import TypeAdapter

from gateway.config import Duration
from gateway.core.text import Text
from simulators.modbus.faults import Change
from simulators.modbus.pdu import ILLEGAL_ADDRESS, ILLEGAL_VALUE, Asked, Shows
from simulators.modbus.script import Fate

BUSY = 6
NOISE = b"\xde\xad\xbe\xef"


@dataclass(frozen=True, slots=True)
class Word:
    """What a word means, an example of its value, and what it makes of one.

    ``make`` raises ValueError for a value that it does not understand.
    """

    means: Text
    make: Callable[[str], Change]
    example: str = ""


@dataclass(frozen=True, slots=True)
class Manner:
    """A word for how a device treats all its connections: a field and its value."""

    means: Text
    field: str
    read: Callable[[str], Any]
    example: str = ""


def seconds(text: str) -> float:
    """What ``300ms`` means. Raises ValueError."""
    return TypeAdapter(Duration).validate_python(text).total_seconds()


def _number(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise ValueError(text)
    return int(text)


def _count(text: str) -> int:
    if not (found := _number(text)):
        raise ValueError(text)
    return found


def _is(value: Any) -> Callable[[str], Any]:
    """A manner without a value."""

    def read(text: str) -> Any:
        if text:
            raise ValueError(text)
        return value

    return read


def _always(**more: Any) -> Callable[[str], Change]:
    """A word without a value."""

    def make(text: str) -> Change:
        if text:
            raise ValueError(text)
        return lambda fate, _: replace(fate, **more)

    return make


def _to(field: str, read: Callable[[str], Any]) -> Callable[[str], Change]:
    """A word whose value is a field of the fate."""

    def make(text: str) -> Change:
        value = read(text)
        return lambda fate, _: replace(fate, **{field: value})

    return make


def _longer(**more: Any) -> Callable[[str], Change]:
    """A word that is true of requests for more than its value."""

    def make(text: str) -> Change:
        most = _count(text)
        return lambda fate, asked: replace(fate, **more) if asked.count > most else fate

    return make


def _hole(text: str) -> Change:
    begin, _, end = text.partition("-")
    first = _number(begin)
    last = _number(end or begin)

    def change(fate: Fate, asked: Asked) -> Fate:
        meets = asked.count and asked.first <= last and first < asked.first + asked.count
        return replace(fate, exception=ILLEGAL_ADDRESS) if meets else fate

    return change


def _late(text: str) -> Change:
    by = seconds(text)
    return lambda fate, _: replace(fate, late=fate.late + by)


def _restart(text: str) -> Change:
    seconds(text)
    return lambda fate, _: replace(fate, resets=True)


REBOOT = "reboot"

WORDS: Mapping[str, Word] = {
    "late": Word(Text("kommt so viel später", "comes so much later"), _late, "3s"),
    "lost": Word(Text("kommt nicht", "does not come"), _always(lost=True)),
    "swapped": Word(
        Text("kommt hinter der nächsten Antwort", "comes behind the next answer"),
        _always(swapped=True),
    ),
    "truncated": Word(
        Text("nur so viele Bytes kommen", "only so many bytes come"), _to("cut", _count), "5"
    ),
    "doubled": Word(Text("kommt zweimal", "comes twice"), _always(copies=2)),
    "torn": Word(
        Text("kommt in zwei Stücken mit dieser Pause", "comes in two pieces with this pause"),
        _to("torn", seconds),
        "20ms",
    ),
    "noise": Word(
        Text("Störung vor der Antwort", "noise before the answer"),
        _always(change=lambda frame: NOISE + frame),
    ),
    "other-unit": Word(
        Text("ein anderes Gerät antwortet", "another unit answers"), _to("unit", _number), "9"
    ),
    "other-transaction": Word(
        Text("mit dieser Vorgangsnummer (TCP)", "with this transaction number (TCP)"),
        _to("transaction", _number),
        "0",
    ),
    "exception": Word(
        Text("Ablehnung mit diesem Code", "a refusal with this code"),
        _to("exception", _count),
        "4",
    ),
    "busy": Word(Text("Ablehnung: beschäftigt", "a refusal: busy"), _always(exception=BUSY)),
    "hole": Word(Text("lehnt diese Adressen ab", "refuses these addresses"), _hole, "40-45"),
    "most": Word(
        Text("lehnt längere Anfragen ab", "refuses longer requests"),
        _longer(exception=ILLEGAL_VALUE),
        "60",
    ),
    "mute-above": Word(
        Text("schweigt zu längeren Anfragen", "is silent to longer requests"),
        _longer(lost=True),
        "60",
    ),
    "sentinels": Word(
        Text("hat noch keine Werte", "has no values yet"), _always(shows=Shows.SENTINELS)
    ),
    "glitch": Word(
        Text("Zähler zeigen einmal 0", "counters show 0 once"),
        _always(shows=Shows.COUNTERS_AT_ZERO),
    ),
    "reset": Word(
        Text("Zähler beginnen wieder bei 0", "counters begin at 0 again"),
        _always(shows=Shows.COUNTERS_BEGIN_ANEW),
    ),
    REBOOT: Word(
        Text(
            "startet neu: so lange stumm, dann so lange ohne Werte",
            "restarts: so long silent, then so long without values",
        ),
        _restart,
        "3s",
    ),
    "drops": Word(
        Text("trennt, statt zu antworten (TCP)", "cuts off instead of an answer (TCP)"),
        _always(resets=True),
    ),
    "closes": Word(
        Text("trennt nach der Antwort (TCP)", "closes after the answer (TCP)"),
        _always(closes=True),
    ),
}
"""What becomes of an answer. Each takes conditions."""

MANNERS: Mapping[str, Manner] = {
    "connections": Manner(
        Text("höchstens so viele Verbindungen", "so many connections at most"),
        "connections",
        _count,
        "1",
    ),
    "forgets": Manner(
        Text("vergisst Verbindungen nach solcher Ruhe", "forgets connections idle for so long"),
        "forgets",
        seconds,
        "60s",
    ),
    "hangs-up": Manner(
        Text("trennt Verbindungen nach solcher Ruhe", "closes connections idle for so long"),
        "hangs_up",
        seconds,
        "60s",
    ),
    "wakes": Manner(
        Text("taub so lange nach dem Verbinden", "deaf so long after the connection began"),
        "wakes",
        seconds,
        "1500ms",
    ),
    "pause": Manner(
        Text("taub so lange nach einer Antwort", "deaf so long after an answer"),
        "pause",
        seconds,
        "120ms",
    ),
}
"""How a device on TCP treats its connections: true of all, so without conditions."""

GATEWAY: Mapping[str, Manner] = {
    "waits": Manner(
        Text("wartet so lange auf stumme Geräte", "waits so long for silent units"),
        "waits",
        seconds,
        "3s",
    ),
    "keeps-late": Manner(
        Text("hebt verspätete Antworten auf", "keeps answers that came too late"),
        "flushes",
        _is(False),
    ),
    "says-so": Manner(
        Text("meldet stumme Geräte mit Code 11", "reports silent units with exception 11"),
        "says_so",
        _is(True),
    ),
}
"""How a gateway in front of a serial line is: true of all, so without conditions."""
