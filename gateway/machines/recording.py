"""A recording: what the registers of devices have answered, and when. Pure.

A file of it is JSON, one object a line. The first says what it is, each of the others one answer,
or what came instead of one; a last one says that it ended, and may be missing. The columns stand in
docs/en/how-to/record.md.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gateway.core.findings import Finding, Why
from gateway.core.text import Text
from gateway.machines.numbering import BIT_TABLES, FUNCTIONS, LAST, Table

FORMAT = 1
"""The version of the format. A reader takes this one and every earlier one."""
NOT_RECORDED = Finding(Why.NOT_RECORDED, 2)
"""The answer for registers that nobody has asked for: as of addresses that are not there."""
ENDED = Finding(Why.RECORDING_ENDED)
MOMENT = 0.3
"""Seconds in which a question may have been asked again in the same poll."""
AT_ONCE = 0.02
"""Seconds in which a question is asked again at once."""
AHEAD = 0.75
"""The part of the time between two answers by which the second may be given too early."""
_TABLES = {function: table for table, function in FUNCTIONS.items()}


class NotARecording(ValueError):
    """A file is no recording, or one that cannot be used; ``text`` says why, for people."""

    def __init__(self, text: Text) -> None:
        self.text = text
        super().__init__(text.en)


@dataclass(frozen=True, slots=True)
class Question:
    """A block of registers (or bits) of one unit."""

    unit: int
    table: Table
    first: int
    count: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered on one line ``at`` seconds, after ``took`` seconds.

    Either ``words``, or ``found`` instead of them; ``question`` is None where the line could not
    be opened. ``raw`` are the bytes of what did not fit.
    """

    at: float
    line: int
    question: Question | None
    words: tuple[int, ...] | None = None
    found: Finding | None = None
    took: float = 0.0
    raw: bytes = b""


@dataclass(frozen=True, slots=True)
class Line:
    """How a line of the recording was reached, without its address.

    ``settings`` are its type and how it was set, ``baud`` and ``bits`` of a byte if it was serial.
    ``numbered``: its answers bore the number of their question; ``gateway``: units behind one.
    """

    settings: Mapping[str, object]
    numbered: bool
    gateway: bool

    @property
    def serial(self) -> tuple[int, int] | None:
        """Baud rate and bits of a byte, where these are known."""
        baud, bits = self.settings.get("baud"), self.settings.get("bits")
        if isinstance(baud, int) and isinstance(bits, int) and baud >= 300 and 8 <= bits <= 12:
            return baud, bits
        return None


@dataclass(frozen=True, slots=True)
class Head:
    """The first line: when it began (UTC), what made it, and its lines, which count from 1."""

    begun: str
    program: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Recording:
    """A whole recording; ``end`` is the seconds that it lasts."""

    head: Head
    answers: tuple[Answer, ...]
    end: float

    def of(self, line: int) -> Played:
        """One of its lines, to be asked."""
        return Played([one for one in self.answers if one.line == line], self.end)


@dataclass(slots=True)
class _Course:
    """The answers to one question, oldest first."""

    at: list[float] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    given: int = -1

    def next(self, at: float) -> Answer:
        """The answer to a question that is asked at this time, one after the other.

        What was asked again within a moment is answered in the same turn; answers that are long
        over are left out, and one that is still far ahead is not given before its time.
        """
        turn, times = self.given + 1, self.at
        while turn + 1 < len(times) and times[turn] < at - MOMENT:
            if times[turn + 1] - at > at - times[turn]:
                break
            turn += 1
        too_early = turn == len(times) or (
            turn and times[turn] - at > max(AT_ONCE, AHEAD * (times[turn] - times[turn - 1]))
        )
        if not too_early or self.given < 0:
            self.given = turn
        return self.answers[self.given]

    def nearest(self, at: float) -> Answer:
        """The answer whose time is nearest: polls come a little earlier or later than they did."""
        after = bisect_left(self.at, at)
        if after == len(self.at) or (after and at - self.at[after - 1] <= self.at[after] - at):
            after -= 1
        return self.answers[after]


class Played:
    """One line of a recording, as something that can be asked what it said at a time.

    A question that was recorded has its answers in their turn and at their time. Any other one, and
    one that was asked at other times only, is answered from those that hold its registers then;
    where there are none it is ``NOT_RECORDED``.
    """

    def __init__(self, answers: Sequence[Answer], end: float) -> None:
        self.end = end
        self._asked: defaultdict[Question, _Course] = defaultdict(_Course)
        self._units: defaultdict[int, _Course] = defaultdict(_Course)
        self._whole = _Course()
        for answer in answers:
            courses = [self._whole]
            if answer.question is not None:
                courses += [self._asked[answer.question], self._units[answer.question.unit]]
            for course in courses:
                course.at.append(answer.at)
                course.answers.append(answer)
        self._stretches: defaultdict[tuple[int, Table], list[Question]] = defaultdict(list)
        for question in self._asked:
            self._stretches[question.unit, question.table].append(question)

    @property
    def units(self) -> tuple[int, ...]:
        """Who was asked."""
        return tuple(sorted(self._units))

    def closed(self, at: float) -> Finding | None:
        """Why the line could not be opened; None where it could."""
        if not self._whole.at:
            return ENDED
        answer = self._whole.nearest(at)
        return answer.found if answer.question is None else None

    def answer(self, question: Question, at: float) -> Answer | None:
        """What was said; None: nobody has ever asked that unit."""
        if question.unit not in self._units:
            return None
        own = self._asked[question].next(at) if question in self._asked else None
        if own is not None and abs(own.at - at) <= MOMENT:
            return own
        near = self._units[question.unit].nearest(at)
        if near.found is not None and near.found.why is not Why.EXCEPTION:
            return near
        others = self._put_together(question, at)
        return others if own is None or others.words is not None else own

    def _put_together(self, question: Question, at: float) -> Answer:
        wanted = range(question.first, question.first + question.count)
        found: dict[int, int] = {}
        for answer in sorted(self._holding(question, at), key=lambda one: -abs(one.at - at)):
            if answer.question is not None and answer.words is not None:
                found.update(enumerate(answer.words, answer.question.first))
        if any(address not in found for address in wanted):
            return Answer(at, 0, question, found=NOT_RECORDED)
        return Answer(at, 0, question, tuple(found[address] for address in wanted))

    def _holding(self, question: Question, at: float) -> Iterable[Answer]:
        for one in self._stretches[question.unit, question.table]:
            if (
                one.first < question.first + question.count
                and question.first < one.first + one.count
            ):
                yield self._asked[one].nearest(at)


def head_line(head: Head) -> str:
    """The first line of a file."""
    return _json(
        {
            "werkverbund": "recording",
            "version": FORMAT,
            "begun": head.begun,
            "program": head.program,
            "lines": [
                {**one.settings, "numbered": one.numbered, "gateway": one.gateway}
                for one in head.lines
            ],
        }
    )


def answer_line(answer: Answer) -> str:
    """One answer, on a line."""
    said: dict[str, object] = {"t": round(answer.at, 4), "line": answer.line}
    if (question := answer.question) is not None:
        said |= {"unit": question.unit, "fn": FUNCTIONS[question.table], "first": question.first}
        said |= {"count": question.count, "ms": round(answer.took * 1000, 2)}
    if answer.words is not None and question is not None:
        if question.table in BIT_TABLES:
            said["bits"] = "".join("1" if bit else "0" for bit in answer.words)
        else:
            said["words"] = " ".join(f"{word:04X}" for word in answer.words)
    elif answer.found is not None and answer.found.why is Why.EXCEPTION:
        said["exception"] = answer.found.got
    elif answer.found is not None:
        said["found"] = answer.found.why.value
        numbers = {"got": answer.found.got, "asked": answer.found.asked}
        said |= {key: number for key, number in numbers.items() if number}
    if answer.raw:
        said["raw"] = answer.raw.hex()
    return _json(said)


def end_line(at: float) -> str:
    """The last line of a file that was ended."""
    return _json({"end": round(at, 3)})


def _json(said: Mapping[str, object]) -> str:
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")) + "\n"


def parse_head(line: str) -> Head:
    """What the first line says. Raises NotARecording."""
    try:
        said = json.loads(line)
        version = {"recording": int(said["version"])}[said["werkverbund"]]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise NotARecording(
            Text("das ist keine Aufnahme von werkverbund record", "this was not made by record")
        ) from None
    if version > FORMAT:
        raise NotARecording(
            Text(
                f"die Aufnahme hat die Fassung {version}, dieses Programm kennt {FORMAT}",
                f"the recording has version {version}, this program knows {FORMAT}",
            )
        )
    try:
        return Head(str(said["begun"]), str(said["program"]), tuple(map(_line, said["lines"])))
    except (ValueError, KeyError, TypeError):
        raise _damaged(1) from None


def _line(said: Mapping[str, Any]) -> Line:
    settings = {key: said[key] for key in said if key not in ("numbered", "gateway")}
    return Line(settings, bool(said["numbered"]), bool(said["gateway"]))


def parse(lines: Iterable[str]) -> Recording:
    """The recording that stands in whole lines. Raises NotARecording with the number of a line."""
    each = iter(lines)
    head = parse_head(next(each, ""))
    answers: list[Answer] = []
    same: dict[str, tuple[int, ...]] = {}
    end: float | None = None
    for number, line in enumerate(each, 2):
        try:
            said = json.loads(line)
            if "end" in said:
                end = _seconds(said["end"])
                break
            answers.append(_answer(said, len(head.lines), same))
        except (ValueError, KeyError, TypeError, RecursionError):
            raise _damaged(number) from None
    last = max((one.at + one.took for one in answers), default=0.0)
    return Recording(head, tuple(sorted(answers, key=lambda one: one.at)), max(last, end or 0.0))


def _damaged(number: int) -> NotARecording:
    return NotARecording(
        Text(
            f"Zeile {number} der Aufnahme ist beschädigt",
            f"line {number} of the recording is damaged",
        )
    )


def _answer(said: Mapping[str, Any], lines: int, same: dict[str, tuple[int, ...]]) -> Answer:
    at, line = _seconds(said["t"]), _whole(said["line"], 1, lines)
    if "unit" not in said:
        return Answer(at, line, None, found=Finding(Why(said["found"])))
    table = _TABLES[said["fn"]]
    first = _whole(said["first"], 0, LAST)
    question = Question(_whole(said["unit"], 0, 255), table, first, _whole(said["count"], 1, 2000))
    took, raw = _seconds(said["ms"]) / 1000, bytes.fromhex(said.get("raw", ""))
    if "exception" in said:
        found = Finding(Why.EXCEPTION, _whole(said["exception"], 0, 255))
        return Answer(at, line, question, None, found, took, raw)
    if "found" in said:
        numbers = (_whole(said.get(key, 0), 0, 2**31) for key in ("got", "asked"))
        return Answer(at, line, question, None, Finding(Why(said["found"]), *numbers), took, raw)
    text = said["bits" if table in BIT_TABLES else "words"]
    words = same.get(text)
    if words is None:
        words = same[text] = _bits(text) if table in BIT_TABLES else _words(text)
    if len(words) != question.count:
        raise ValueError
    return Answer(at, line, question, words, None, took, raw)


def _bits(text: str) -> tuple[int, ...]:
    return tuple("01".index(one) for one in text)


def _words(text: str) -> tuple[int, ...]:
    return tuple(_whole(int(word, 16), 0, 0xFFFF) for word in text.split())


def _whole(value: object, low: int, high: int) -> int:
    if not isinstance(value, int) or not low <= value <= high:
        raise ValueError
    return value


def _seconds(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1e9:
        raise ValueError
    return float(value)
