"""What the command line prints: problems, usage errors, JSON lines."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from gateway.core.errors import Problem
from gateway.core.text import Language, Text


def say(text: str) -> None:
    """One line for people or programs."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def complain(text: str) -> None:
    """One line about what went wrong."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def ask(question: str) -> str | None:
    """What somebody answers in one line; None where nobody is there to answer.

    The question is no output: programs read that.
    """
    sys.stderr.write(question)
    sys.stderr.flush()
    try:
        answer = sys.stdin.readline()
    except (AttributeError, OSError, ValueError):  # closed, or never open
        return None
    return answer.strip() if answer else None


def number(value: float, language: Language, digits: int | None = 6) -> str:
    """A number for people: whole ones exactly, others with so many digits, or with all."""
    if value == int(value) and abs(value) < 1e20:
        return str(int(value))
    text = repr(value) if digits is None else f"{value:.{digits}g}"
    return text.replace(".", ",") if language == "de" else text


def square(link: str) -> None:
    """A QR code to open ``link`` with, where a person looks at a terminal."""
    if sys.stderr.isatty():
        import segno  # noqa: PLC0415 - only where the pages are for the network

        segno.make(link, error="l").terminal(sys.stderr, border=2, compact=True)


def json_line(content: Mapping[str, object]) -> None:
    """One JSON object on a line of its own."""
    say(json.dumps(content, ensure_ascii=False))


def problem_as_json(problem: Problem) -> dict[str, object]:
    """The stable form of one problem."""
    return {
        "file": str(problem.file),
        "line": problem.line,
        "column": problem.column,
        "what": problem.what.as_json(),
        "fix": problem.fix.as_json(),
    }


def problems_as_text(problems: Sequence[Problem], language: Language) -> str:
    """All problems, places aligned, the remedy below each, the count at the end."""
    lines = _placed(problems, language)
    count = len(problems)
    end = Text(
        "1 Fehler gefunden." if count == 1 else f"{count} Fehler gefunden.",
        "1 mistake found." if count == 1 else f"{count} mistakes found.",
    )
    return "\n".join([*lines, end.in_(language)])


def notices_as_text(notices: Sequence[Problem], language: Language) -> str:
    """What is no mistake and yet looks like one, as mistakes are printed."""
    head = Text("Bitte sehen Sie noch einmal hin:", "Please look once more:")
    return "\n".join([head.in_(language), *_placed(notices, language)])


def _placed(problems: Sequence[Problem], language: Language) -> list[str]:
    places = [f"{shown(p.file)}:{p.line}:{p.column}" for p in problems]
    width = max(map(len, places))
    lines: list[str] = []
    for place, problem in zip(places, problems, strict=True):
        what, fix = problem.what.in_(language), problem.fix.in_(language)
        lines += [f"{place:<{width}}  {what}", f"{'':<{width}}  → {fix}"]
    return lines


def shown(path: Path) -> str:
    """A path as short as it can be said from here."""
    try:
        return str(path.absolute().relative_to(Path.cwd()))
    except ValueError:
        return str(path)
