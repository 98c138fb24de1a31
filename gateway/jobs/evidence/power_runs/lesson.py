"""Runs from a power curve, learnt: off, standing by, three runs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from gateway.config import Variant
from gateway.core.text import Text
from gateway.jobs.evidence.findings import RunFinished, Unseen
from gateway.jobs.evidence.lesson import (
    PERIODS,
    Line,
    Piece,
    Step,
    Verdict,
    between,
    duration,
    gaps,
    holes,
    replayed,
    seconds_since_epoch,
    sigma,
)
from gateway.jobs.evidence.power_runs.learn import RUNS, learn
from gateway.jobs.evidence.power_runs.rule import PowerRuns, PowerRunsConfig
from gateway.jobs.evidence.recording import Recording, Sample
from gateway.jobs.wording import number, power, span

LOOKS = 2.5
"""So many looks fit at least into the shortest run and the shortest pause."""
NARROW = 4.0
"""Thresholds that are nearer to a level than so many standard deviations are doubtful."""
SHORTEST = 0.1

STEPS = (
    Step(
        "off",
        Text("Maschine aus", "Machine off"),
        Text(
            "Schalten Sie die Maschine am Hauptschalter aus. Warten Sie eine Minute, dann weiter. "
            "Darf sie nicht aus, überspringen Sie den Schritt.",
            "Switch the machine off at its main switch. Wait a minute, then go on. If it must not "
            "be off, skip the step.",
        ),
        60.0,
        optional=True,
    ),
    Step(
        "standby",
        Text("In Bereitschaft", "Standing by"),
        Text(
            "Schalten Sie die Maschine ein, ohne dass sie arbeitet. Warten Sie, bis sie bereit "
            "ist, und noch eine Minute.",
            "Switch the machine on without letting it work. Wait until it is ready, and one more "
            "minute.",
        ),
        60.0,
        optional=True,
    ),
    Step(
        "runs",
        Text("Genau drei Läufe", "Exactly three runs"),
        Text(
            "Fertigen Sie drei Teile wie im Alltag, mit den üblichen Pausen dazwischen. Warten Sie "
            "nach dem dritten Lauf so lange wie eine Pause, dann weiter.",
            "Make three parts as on any day, with the usual pauses between them. After the third "
            "run wait as long as a pause, then go on.",
        ),
        180.0,
    ),
)


class PowerRunsLesson:
    """Implements ``gateway.jobs.evidence.lesson.Lesson``."""

    kind = "power-runs"
    needs = ("power",)
    also: tuple[str, ...] = ()
    unit = "W"
    look_every = 0.25
    longest = 4 * 3600.0
    steps: Sequence[Step] = STEPS

    def learn(self, recording: Recording) -> dict[str, Any]:
        """The evidence that a recording shows. Raises NotLearnable."""
        skipped = (0.0, 0.0) if recording.steps else None
        off, standby = (recording.within(step) or skipped for step in ("off", "standby"))
        learnt = learn(recording.samples("power"), off, standby)
        return {
            "type": self.kind,
            "off_below": learnt.off_below,
            "standby_below": learnt.standby_below,
            "run_above": learnt.run_above,
            "run_below": learnt.run_below,
            "pieces_per_run": 1,
            "min_run": duration(max(SHORTEST, learnt.min_run)),
            "min_pause": duration(max(SHORTEST, learnt.min_pause)),
        }

    def period(self, evidence: Variant) -> float:
        """So often that the shortest run and pause cannot fall between two looks."""
        config = _config(evidence)
        shortest = min(_seconds(config.min_run), _seconds(config.min_pause) or PERIODS[0])
        return next((one for one in PERIODS if LOOKS * one <= shortest), PERIODS[-1])

    def judge(self, recording: Recording, evidence: Variant, every: float) -> Verdict:
        """The runs that the rule counts, and what it will not see at this period."""
        config, samples = _config(evidence), recording.samples("power")
        found = [one for _, one in replayed(PowerRuns(config), recording, every)]
        pieces = tuple(_piece(one, samples) for one in found if isinstance(one, RunFinished))
        usual, _ = gaps([t for t, _ in samples])
        worst = max(every, usual)
        doubts = [*_counted(len(pieces), worst, config)]
        if any(isinstance(one, Unseen) for one in found):
            doubts.append(_rare(worst, config))
        doubts += _guessed(recording)
        doubts += holes(recording, "power")
        distance, narrow = _distance(samples, pieces, config, every)
        return Verdict(
            pieces,
            _lines(config),
            (*_unseen(worst, config), *distance),
            (*doubts, *narrow),
            as_announced=len(pieces) == RUNS,
        )


def _config(evidence: Variant) -> PowerRunsConfig:
    if not isinstance(evidence, PowerRunsConfig):
        raise TypeError(evidence.type)
    return evidence


def _seconds(value: timedelta) -> float:
    return value.total_seconds()


def _piece(run: RunFinished, samples: Sequence[Sample]) -> Piece:
    end = seconds_since_epoch(run.at)
    begin = end - (run.seconds or 0.0) if run.began is None else seconds_since_epoch(run.began)
    watts = between(samples, (begin, end))
    return Piece(begin, end - begin, sum(watts) / len(watts) if watts else None)


def _lines(config: PowerRunsConfig) -> tuple[Line, ...]:
    rows = (
        ("run_above", config.run_above, Text("Lauf beginnt darüber", "A run begins above")),
        ("run_below", config.run_below, Text("Lauf endet darunter", "A run ends below")),
        ("standby_below", config.standby_below, Text("Bereitschaft darunter", "Standby below")),
        ("off_below", config.off_below, Text("Aus darunter", "Off below")),
    )
    return tuple(Line(key, "power", value, "W", means) for key, value, means in rows)


def surely_seen(config: PowerRunsConfig, worst: float) -> tuple[float, float]:
    """How long in seconds a run and a pause must be to be seen in any case, polled so rarely."""
    run, pause = _seconds(config.min_run), _seconds(config.min_pause)
    return max(run, worst) + worst, max(pause, worst) + worst


def _unseen(worst: float, config: PowerRunsConfig) -> tuple[Text, ...]:
    run, pause = (span(seconds) for seconds in surely_seen(config, worst))
    period, exact = span(worst), span(2 * worst)
    return (
        Text(
            f"Läufe unter {run.de} und Pausen unter {pause.de} werden nicht sicher erkannt: "
            f"Gemessen wird alle {period.de}, und eine Flanke braucht zwei Werte.",
            f"Runs shorter than {run.en} and pauses shorter than {pause.en} cannot be seen "
            f"reliably: it is measured every {period.en}, and an edge needs two values.",
        ),
        Text(
            f"Beginn und Länge eines Laufs sind auf {exact.de} genau.",
            f"Beginning and length of a run are exact to {exact.en}.",
        ),
    )


def _counted(runs: int, worst: float, config: PowerRunsConfig) -> tuple[Text, ...]:
    if runs == RUNS:
        return ()
    pause = span(surely_seen(config, worst)[1])
    if runs < RUNS:
        return (
            Text(
                f"Erkannt: {runs} statt {RUNS} Läufe. Ziehen Sie »Lauf beginnt« unter die Leistung "
                "des fehlenden Laufs. Waren die Pausen kürzer als "
                f"{pause.de}, verkürzen Sie die kürzeste Pause oder den Abfragetakt. Hilft das "
                "nicht, nehmen Sie noch einmal auf.",
                f"Recognised: {runs} instead of {RUNS} runs. Drag »A run begins« below the power "
                f"of the missing run. If the pauses were shorter than {pause.en}, make the "
                "shortest pause or the polling period shorter. If that does not help, record "
                "again.",
            ),
        )
    return (
        Text(
            f"Erkannt: {runs} statt {RUNS} Läufe. Ist ein Lauf in Teile zerfallen, ziehen Sie "
            "»Lauf endet« tiefer, oder verlängern Sie die kürzeste Pause. Zählt Anderes mit, "
            "ziehen Sie »Lauf beginnt« höher oder verlängern Sie den kürzesten Lauf.",
            f"Recognised: {runs} instead of {RUNS} runs. If a run fell into parts, drag »A run "
            "ends« down, or make the shortest pause longer. If something else counts, drag »A run "
            "begins« up, or make the shortest run longer.",
        ),
    )


def _rare(worst: float, config: PowerRunsConfig) -> Text:
    shortest = min(_seconds(config.min_run), _seconds(config.min_pause))
    now, wanted = span(worst), span(shortest / LOOKS)
    return Text(
        f"Abgefragt wird alle {now.de}; dazwischen kann ein Lauf ungesehen bleiben. Nötig ist ein "
        f"Takt von höchstens {wanted.de}.",
        f"It is polled every {now.en}; a run may pass unseen in between. It needs a period of "
        f"{wanted.en} at most.",
    )


def _guessed(recording: Recording) -> tuple[Text, ...]:
    if not recording.steps:
        return ()
    found = []
    if recording.within("off") is None:
        found.append(
            Text(
                "»Aus« wurde nicht aufgenommen; seine Schwelle ist geschätzt.",
                "»Off« was not recorded; its threshold is a guess.",
            )
        )
    if recording.within("standby") is None:
        found.append(
            Text(
                "»Bereitschaft« wurde nicht aufgenommen; ihre Schwelle ist geschätzt.",
                "»Standby« was not recorded; its threshold is a guess.",
            )
        )
    return tuple(found)


def _distance(
    samples: Sequence[Sample], pieces: Sequence[Piece], config: PowerRunsConfig, every: float
) -> tuple[tuple[Text, ...], tuple[Text, ...]]:
    """How far the thresholds are from what was measured, and whether that is too near."""
    if not pieces:
        return (), ()
    ends = [(one.begin + every, one.begin + (one.seconds or 0.0) - every) for one in pieces]
    runs = [w for t, w in samples if any(a <= t <= b for a, b in ends)]
    gone = [(one.begin - every, one.begin + (one.seconds or 0.0) + every) for one in pieces]
    rest = [w for t, w in samples if not any(a <= t <= b for a, b in gone)]
    if not runs or not rest:
        return (), ()
    lowest, highest = sorted(runs)[len(runs) // 50], sorted(rest)[-1 - len(rest) // 50]
    room = min(lowest - config.run_below, config.run_above - highest)
    noise = max(sigma(runs), sigma(rest))
    least, most = power(lowest), power(highest)
    said = Text(
        f"Im Lauf waren es mindestens {least.de}, sonst höchstens {most.de}.",
        f"In a run it was at least {least.en}, otherwise at most {most.en}.",
    )
    if room >= NARROW * noise and room > 0:
        return (said,), ()
    away, shakes = power(max(0.0, room)), number(noise, 1 if noise < 10 else 0)
    return (said,), (
        Text(
            f"Der Abstand ist knapp: Eine Schwelle liegt nur {away.de} von einem gemessenen Wert, "
            f"und die Leistung schwankt um {shakes.de} W. Ziehen Sie die Schwellen in die Mitte "
            "zwischen Pause und Lauf.",
            f"The distance is small: a threshold is only {away.en} from a measured value, and the "
            f"power trembles by {shakes.en} W. Drag the thresholds to the middle between pause "
            "and run.",
        ),
    )
