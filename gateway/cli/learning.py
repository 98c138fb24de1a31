"""``werkverbund learn``: a guided recording of a machine becomes the lines for the file."""

from __future__ import annotations

import asyncio
import os
import signal as signals
import threading
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, suppress
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.cli.errors import FAILED, USAGE_IS_WRONG, CommandError
from gateway.cli.printing import complain, say, shown
from gateway.core.text import Language, Text

if TYPE_CHECKING:
    from gateway.assistant.learning import Learning, Learnt
    from gateway.config import Machine
    from gateway.jobs.evidence.lesson import Lesson
    from gateway.jobs.evidence.recording import Recording
    from gateway.sources.record import Look, Watched

TELL = 15.0
"""Seconds between two lines that show that it records."""
GUIDE = Text(
    "Aufnahme läuft, höchstens {span}: {steps}. Strg+C beendet sie früher.",
    "Recording for at most {span}: {steps}. Ctrl-C ends it earlier.",
)
KEYS = Text(
    "Eingabetaste: weiter; s: überspringen; b: zurück; e: Ende.",
    "Enter: go on; s: skip; b: back; e: end.",
)
DONE = Text("Die Aufnahme ist zu Ende.", "The recording has ended.")


def lesson_for(kind: str | None, machine: Machine | None, roles: set[str]) -> Lesson:
    """What is to be learnt: what is named, what the file says, or what fits. Raises CommandError.

    ``roles`` are those of the machine's points, or of a recording's columns.
    """
    from gateway.jobs.learning import LESSONS, lacking, why_lacking  # noqa: PLC0415

    said = kind or (machine.evidence.type if machine is not None and machine.evidence else None)
    if said is not None and said not in LESSONS:
        known = ", ".join(LESSONS)
        raise CommandError(
            Text(
                f"{said} lässt sich nicht lernen. Möglich sind: {known}",
                f"{said} cannot be learnt. Possible are: {known}",
            ),
            USAGE_IS_WRONG,
        )
    fits = [lesson for lesson in LESSONS.values() if not lacking(lesson, roles)]
    lesson = LESSONS[said] if said else next(iter(fits), LESSONS["power-runs"])
    if lacks := lacking(lesson, roles):
        raise CommandError(why_lacking(lesson, lacks, roles), USAGE_IS_WRONG)
    return lesson


def roles_of(machine: Machine) -> set[str]:
    """The roles of a machine's points."""
    from gateway.machines.catalog import Catalog  # noqa: PLC0415

    known = Catalog()
    found = (known.roles(one.template, one.parameters).values() for one in machine.devices)
    return {role for of_one in found for role in of_one if role}


def recording(
    lesson: Lesson, machine: Machine, span: timedelta | None, language: Language
) -> Learning:
    """Record a machine step by step, for at most ``span``; Ctrl-C ends it earlier."""
    from gateway.assistant.learning import Learning  # noqa: PLC0415
    from gateway.jobs.evidence.recording import Recording  # noqa: PLC0415
    from gateway.sources.record import of_machine  # noqa: PLC0415

    watched = of_machine(machine, (*lesson.needs, *lesson.also))
    learning = Learning(lesson, Text(machine.name, machine.name), Recording(watched.roles))
    longest = lesson.longest if span is None else span.total_seconds()
    asyncio.run(_record(learning, watched, machine, longest, language))
    missing = learning.recording.missing(lesson.needs[0])
    if missing:
        complain(
            Text(
                f"{missing} Werte fehlen oder taugen nicht; prüfen Sie die Verbindung mit "
                "werkverbund read.",
                f"{missing} values are missing or unfit; check the connection with "
                "werkverbund read.",
            ).in_(language)
        )
    return learning


async def _record(
    learning: Learning, watched: Watched, machine: Machine, longest: float, language: Language
) -> None:
    from gateway.sources.record import record  # noqa: PLC0415

    lesson = learning.lesson
    every = min(lesson.look_every, *(one.every.total_seconds() for one in machine.devices))
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signals.SIGINT, learning.end)
    unattended = _listen(loop, lambda word: _said(learning, word, language))

    async def looks() -> AsyncGenerator[Look]:
        told = 0.0
        async with aclosing(record(watched, every)) as seen:
            async for t, values in seen:
                if t >= longest:
                    learning.end()
                yield t, values
                if t - told >= TELL:
                    told = t
                    value = values[lesson.needs[0]]
                    complain(f"  {t:4.0f} s  {'-' if value is None else f'{value:.6g}'}")

    learning.feed = looks
    titles = Text(
        ", ".join(one.title.de for one in lesson.steps),
        ", ".join(one.title.en for one in lesson.steps),
    )
    complain(GUIDE.in_(language).format(span=_spelled(longest), steps=titles.in_(language)))
    _instruct(learning, language)
    await learning.run()
    if unattended.is_set():  # nobody said when a step began
        learning.recording.steps.clear()
        await learning.conclude()
    loop.remove_signal_handler(signals.SIGINT)


def _listen(loop: asyncio.AbstractEventLoop, said: Callable[[str], None]) -> threading.Event:
    """Hand on each line that is typed; the event says that nobody has ever typed any."""
    unattended = threading.Event()

    def listen() -> None:
        typed, rest = False, b""
        with suppress(OSError, RuntimeError):  # there is no input, or nobody listens any more
            while more := os.read(0, 4096):  # not sys.stdin: its lock would outlive the program
                typed = True
                *lines, rest = (rest + more).split(b"\n")
                for line in lines:
                    word = line.decode(errors="replace").strip().lower()
                    loop.call_soon_threadsafe(said, word)
        if not typed:
            unattended.set()

    threading.Thread(target=listen, daemon=True).start()
    return unattended


def _said(learning: Learning, word: str, language: Language) -> None:
    act = {"s": learning.skip, "b": learning.back, "e": learning.end}.get(word[:1], learning.done)
    act()
    _instruct(learning, language)


def _instruct(learning: Learning, language: Language) -> None:
    step, of = learning.present, len(learning.lesson.steps)
    if step is None:
        complain(DONE.in_(language))
        return
    head = f"[{learning.step + 1}/{of}] {step.title.in_(language)}"
    complain(f"{head}: {step.text.in_(language)}\n  {KEYS.in_(language)}")


def stored(file: Path) -> Recording:
    """A recording from before. Raises CommandError where the file holds none."""
    from gateway.jobs.evidence.recording import read  # noqa: PLC0415

    try:
        return read(file.read_text("utf-8"), "power")
    except OSError as error:
        raise CommandError(
            Text(
                f"{shown(file)} ist nicht zu lesen: {error.strerror}. Prüfen Sie den Pfad.",
                f"{shown(file)} cannot be read: {error.strerror}. Check the path.",
            ),
            USAGE_IS_WRONG,
        ) from error
    except ValueError as error:
        raise CommandError(
            Text(
                f"{shown(file)} ist keine Aufnahme: je Zeile gehören Sekunden und Watt, "
                "zum Beispiel 12.5,430",
                f"{shown(file)} is no recording: each line holds seconds and watts, "
                "for example 12.5,430",
            ),
            USAGE_IS_WRONG,
        ) from error


def save(recording: Recording, file: Path, machine: str) -> None:
    """Keep a recording, so that the thresholds can be learnt again from it."""
    from gateway.jobs.evidence.recording import written  # noqa: PLC0415

    try:
        file.write_text(written(recording, machine), "utf-8")
    except OSError as error:
        raise CommandError(
            Text(
                f"{shown(file)} ist nicht zu schreiben: {error.strerror}.",
                f"{shown(file)} cannot be written: {error.strerror}.",
            ),
            FAILED,
        ) from error


def learnt_from(lesson: Lesson, recording: Recording, machine: Machine | None) -> Learnt:
    """What a recording shows. Raises CommandError with what to record instead."""
    from gateway.assistant.learning import conclude  # noqa: PLC0415
    from gateway.jobs.evidence.lesson import NotLearnable  # noqa: PLC0415

    every = (
        max((one.every.total_seconds() for one in machine.devices), default=1.0)
        if machine
        else None
    )
    try:
        return conclude(lesson, recording, None, every)
    except NotLearnable as error:
        raise CommandError(error.why, FAILED) from error


def show(learnt: Learnt, machine: str, language: Language) -> bool:
    """What was found, what will not be seen, the lines for the file; whether it is as announced."""
    from gateway.assistant.entry import evidence_lines  # noqa: PLC0415

    def tell(text: Text) -> None:
        say(text.in_(language))

    verdict = learnt.verdict
    for number, piece in enumerate(verdict.pieces, 1):
        tell(_piece(learnt.lesson.kind, number, piece.begin, piece.seconds, piece.level))
    ends = [(one.begin, one.begin + one.seconds) for one in verdict.pieces if one.seconds]
    if learnt.lesson.kind == "power-runs" and len(ends) > 1:
        pauses = ", ".join(_spelled(begin - end) for (_, end), (begin, _) in pairwise(ends))
        tell(Text(f"# Pausen: {pauses}", f"# pauses: {pauses}"))
    for text in verdict.expects:
        tell(Text(f"# {text.de}", f"# {text.en}"))
    for text in verdict.doubts:
        complain(text.in_(language))
    tell(
        Text(
            f"# In die Datei der Firma, unter der Maschine {machine}:",
            f"# For the firm's file, below the machine {machine}:",
        )
    )
    say(evidence_lines(learnt.evidence, indent=4).rstrip("\n"))
    return verdict.as_announced


def _piece(
    kind: str, number: int, begin: float, seconds: float | None, level: float | None
) -> Text:
    at = f"{begin:.0f}"
    if seconds is None:
        return Text(
            f"# Zählung {number}: nach {at} s, {level or 0:g}",
            f"# count {number}: after {at} s, {level or 0:g}",
        )
    span = _spelled(seconds)
    name = Text("Charge", "charge") if kind == "charges" else Text("Lauf", "run")
    return Text(
        f"# {name.de} {number}: nach {at} s, {span} lang",
        f"# {name.en} {number}: after {at} s, {span} long",
    )


def _spelled(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 60 else f"{seconds / 60:.1f} min"
