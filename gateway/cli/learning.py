"""``werkverbund learn``: a guided recording of a power curve becomes the lines for the file."""

from __future__ import annotations

import asyncio
import signal as signals
from collections.abc import Sequence
from contextlib import aclosing
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.cli.errors import FAILED, USAGE_IS_WRONG, CommandError
from gateway.cli.printing import complain, say, shown
from gateway.core.text import Language, Text

if TYPE_CHECKING:
    from gateway.config import Machine, SiteConfig
    from gateway.core.signals import SignalId
    from gateway.jobs.evidence.power_runs.learn import Sample, Thresholds

ROLE = "power"
EVERY = timedelta(milliseconds=250)
"""A run of a second shows in four values; a machine that is asked more often is recorded so."""
TELL = 15.0
"""Seconds between two lines that show that it records."""
GUIDE = Text(
    "Aufnahme läuft, {span}: eine Minute aus, eine Minute in Bereitschaft, dann genau drei Läufe "
    "mit Pausen dazwischen. Strg+C beendet sie früher.",
    "Recording for {span}: one minute off, one minute standing by, then exactly three runs with "
    "pauses between them. Ctrl-C ends it earlier.",
)


def recording(
    site: SiteConfig, machine: Machine, span: timedelta, language: Language
) -> list[Sample]:
    """Record the machine's power for at most ``span``; Ctrl-C ends it earlier."""
    from gateway.sources.record import signal_in_role  # noqa: PLC0415

    signal = signal_in_role(site, machine.name, ROLE)
    if signal is None:
        raise CommandError(
            Text(
                f"{machine.name} hat keinen Messpunkt mit der Rolle {ROLE}. Gelernt wird aus der "
                "Leistung; ein Stromzähler wie sdm630 misst sie.",
                f"{machine.name} has no point in the role {ROLE}. Thresholds are learnt from the "
                "power; a meter such as sdm630 measures it.",
            ),
            USAGE_IS_WRONG,
        )
    complain(GUIDE.in_(language).format(span=_spelled(span.total_seconds())))
    samples, missed = asyncio.run(_record(site, machine, signal, span))
    if missed:
        complain(
            Text(
                f"{missed} Werte fehlen oder taugen nicht; prüfen Sie die Verbindung mit "
                "werkverbund read.",
                f"{missed} values are missing or unfit; check the connection with "
                "werkverbund read.",
            ).in_(language)
        )
    return samples


async def _record(
    site: SiteConfig, machine: Machine, signal: SignalId, span: timedelta
) -> tuple[list[Sample], int]:
    from gateway.sources.record import record  # noqa: PLC0415

    every = min(EVERY, *(device.every for device in machine.devices))
    enough = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signals.SIGINT, enough.set)
    samples: list[Sample] = []
    missed, told = 0, 0.0
    async with aclosing(record(site, machine.name, signal, every)) as values:
        async for t, watts in values:
            if watts is None:
                missed += 1
            else:
                samples.append((round(t, 3), round(watts, 1)))  # as it is stored
            if t - told >= TELL:
                told = t
                complain(f"  {t:4.0f} s  {'-' if watts is None else f'{watts:.0f} W'}")
            if enough.is_set() or t >= span.total_seconds():
                break
    loop.remove_signal_handler(signals.SIGINT)
    return samples, missed


def stored(file: Path) -> list[Sample]:
    """A recording from before. Raises CommandError where the file holds none."""
    from gateway.jobs.evidence.power_runs.learn import read_recording  # noqa: PLC0415

    try:
        return read_recording(file.read_text("utf-8"))
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


def save(samples: Sequence[Sample], file: Path, machine: str) -> None:
    """Keep a recording, so that the thresholds can be learnt again from it."""
    lines = [f"# {machine}: Sekunden, Watt / seconds, watts"]
    lines += [f"{t:.3f},{watts:.1f}" for t, watts in samples]
    try:
        file.write_text("\n".join(lines) + "\n", "utf-8")
    except OSError as error:
        raise CommandError(
            Text(
                f"{shown(file)} ist nicht zu schreiben: {error.strerror}.",
                f"{shown(file)} cannot be written: {error.strerror}.",
            ),
            FAILED,
        ) from error


def thresholds(samples: Sequence[Sample]) -> Thresholds:
    """What the recording shows. Raises CommandError with what to record instead."""
    from gateway.jobs.evidence.power_runs.learn import NotLearnable, learn  # noqa: PLC0415

    try:
        return learn(samples)
    except NotLearnable as error:
        raise CommandError(error.why, FAILED) from error


def show(learnt: Thresholds, machine: str, language: Language) -> None:
    """The runs that were found, and the lines for the file."""

    def tell(text: Text) -> None:
        say(text.in_(language))

    for number, (begin, end) in enumerate(learnt.runs, 1):
        span = _spelled(end - begin)
        at = f"{begin:.0f}"
        tell(
            Text(
                f"# Lauf {number}: nach {at} s, {span} lang",
                f"# run {number}: after {at} s, {span} long",
            )
        )
    pauses = ", ".join(_spelled(begin - end) for (_, end), (begin, _) in pairwise(learnt.runs))
    tell(Text(f"# Pausen: {pauses}", f"# pauses: {pauses}"))
    tell(
        Text(
            f"# In die Datei der Firma, unter der Maschine {machine}:",
            f"# For the firm's file, below the machine {machine}:",
        )
    )
    say(
        "    evidence:\n"
        "      type: power-runs\n"
        f"      off_below: {learnt.off_below:g}\n"
        f"      standby_below: {learnt.standby_below:g}\n"
        f"      run_above: {learnt.run_above:g}\n"
        f"      run_below: {learnt.run_below:g}\n"
        f"      min_run: {learnt.min_run:g}s\n"
        f"      min_pause: {learnt.min_pause:g}s"
    )


def _spelled(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 60 else f"{seconds / 60:.1f} min"
