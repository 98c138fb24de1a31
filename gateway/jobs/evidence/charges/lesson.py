"""Charges of a furnace, learnt from one: cold, then heating, holding and cooling."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from gateway.config import Variant
from gateway.core.signals import Kind, Limits, Signal, signal_id
from gateway.core.text import Text
from gateway.core.units import unit
from gateway.jobs.evidence.charges.rule import CURRENTS, ChargesConfig
from gateway.jobs.evidence.findings import RunFinished, RunStarted, Unseen
from gateway.jobs.evidence.lesson import (
    Line,
    NotLearnable,
    Piece,
    Step,
    Verdict,
    between,
    duration,
    gaps,
    holes,
    replayed,
    seconds_since_epoch,
)
from gateway.jobs.evidence.recording import Recording, Sample
from gateway.jobs.wording import degrees, span

TEMPERATURE, SETPOINT = "temperature", "setpoint"
FEWEST = 30
LEAST_RISE = 60.0
"""A furnace becomes hotter than it was when cold by so many K at least."""
OFF = 0.15
"""A setpoint below this share of the highest one means that it does not heat."""
SAME = 0.02
"""Setpoints that differ by less than this share of the highest one mean the same."""
COLD_ROOM = 0.05
"""It counts as cold so far above where the charge began, as a share of the whole rise."""
LEAST_BAND = 5.0
PERIOD = 1.0

STEPS = (
    Step(
        "cold",
        Text("Ofen kalt", "Furnace cold"),
        Text(
            "Der Ofen ist kalt und beladen, das Programm noch nicht gestartet. Warten Sie eine "
            "Minute, dann weiter.",
            "The furnace is cold and loaded, the program not started yet. Wait a minute, then go "
            "on.",
        ),
        60.0,
    ),
    Step(
        "charge",
        Text("Eine Charge", "One charge"),
        Text(
            "Starten Sie das Programm: aufheizen, halten, abkühlen, auch anlassen, wenn Sie das "
            "tun. Gehen Sie erst weiter, wenn der Ofen so kalt ist, dass Sie entladen. Die Seite "
            "darf derweil zu sein; das dauert bis zu 24 Stunden.",
            "Start the program: heating, holding, cooling, and tempering if you do that. Go on "
            "only when the furnace is so cold that you unload it. The page may be closed "
            "meanwhile; it may take up to 24 hours.",
        ),
        3600.0,
    ),
)


@dataclass(frozen=True, slots=True)
class Course:
    """The times in seconds at which one phase of a charge follows another."""

    begins: float
    hot: float
    cools: float
    tempers: float | None
    tempered: float | None
    cold: float


class ChargesLesson:
    """Implements ``gateway.jobs.evidence.lesson.Lesson``."""

    kind = "charges"
    needs = (TEMPERATURE, SETPOINT)
    also = CURRENTS
    unit = "Cel"
    look_every = 2.0
    longest = 24 * 3600.0
    steps: Sequence[Step] = STEPS

    def learn(self, recording: Recording) -> dict[str, Any]:
        """The evidence that a recording shows. Raises NotLearnable."""
        heat, wanted = recording.samples(TEMPERATURE), recording.samples(SETPOINT)
        if min(len(heat), len(wanted)) < FEWEST:
            raise NotLearnable(
                Text(
                    f"Die Aufnahme ist zu kurz: {len(heat)} Werte, nötig sind {FEWEST}.",
                    f"The recording is too short: {len(heat)} values, it needs {FEWEST}.",
                )
            )
        first = median([value for _, value in heat[:5]])
        top = max(value for _, value in wanted)
        if max(value for _, value in heat) - first < LEAST_RISE or top - first < LEAST_RISE:
            raise _no_charge(first, max(value for _, value in heat), top)
        if min(value for _, value in wanted) > 0.9 * top:
            raise _always_wanted(top)
        temper = _temper(wanted, top)
        cold = _cold(heat, wanted, top, temper)
        course, band = _course(heat, wanted, top, temper, cold)
        phases = {
            "ramp": _long(course.begins, course.hot),
            "soak": _long(course.hot, course.cools),
            "quench": _long(course.cools, course.tempers or course.cold),
        }
        if course.tempers is not None and course.tempered is not None:
            phases["temper"] = _long(course.tempers, course.tempered)
            phases["handling"] = _long(course.tempered, course.cold)
        else:
            phases["handling"] = "0s"
        found: dict[str, Any] = {"type": self.kind, "pieces": 1, "hot": round(top)}
        if course.tempers is not None and temper is not None:
            found["temper"] = round(temper)
        found |= {"cold": cold, "band": band, **_currents(recording), "phases": phases}
        return found

    def period(self, evidence: Variant) -> float:  # noqa: ARG002
        """A furnace is slow."""
        return PERIOD

    def judge(self, recording: Recording, evidence: Variant, every: float) -> Verdict:
        """The charges that the rule counts, and what it will not see at this period."""
        if not isinstance(evidence, ChargesConfig):
            raise TypeError(evidence.type)
        heat = recording.samples(TEMPERATURE)
        rule = evidence.bind(list(_signals(recording.roles, every)))
        found = [one for _, one in replayed(rule, recording, every)]
        pieces = tuple(_piece(one, heat) for one in found if isinstance(one, RunFinished))
        begun = sum(isinstance(one, RunStarted) for one in found)
        usual, _ = gaps([t for t, _ in heat])
        worst = max(every, usual)
        doubts = list(_counted(len(pieces), begun, heat, evidence))
        if any(isinstance(one, Unseen) for one in found):
            doubts.append(
                Text(
                    "In der Aufnahme blieb Zeit ungesehen, länger als die halbe kürzeste Phase.",
                    "Time passed unseen in the recording, longer than half the shortest phase.",
                )
            )
        doubts += holes(recording, TEMPERATURE)
        return Verdict(
            pieces,
            _lines(evidence),
            _expects(rule.glance, worst, evidence),
            tuple(doubts),
            as_announced=len(pieces) == 1,
        )


def _no_charge(cold: float, hottest: float, wanted: float) -> NotLearnable:
    low, high, goal = degrees(cold), degrees(hottest), degrees(wanted)
    return NotLearnable(
        Text(
            f"In der Aufnahme ist keine Charge zu erkennen: Temperatur {low.de} bis {high.de}, "
            f"höchster Sollwert {goal.de}. Messen beide Punkte diesen Ofen? Nehmen Sie eine ganze "
            "Charge auf: kalt, aufheizen, halten, abkühlen.",
            f"The recording shows no charge: temperature {low.en} to {high.en}, highest setpoint "
            f"{goal.en}. Do both points measure this furnace? Record a whole charge: cold, "
            "heating, holding, cooling.",
        )
    )


def _cold(
    heat: Sequence[Sample], wanted: Sequence[Sample], top: float, temper: float | None
) -> float:
    """From where a charge is finished: a little above where it began, below what it is quenched to.

    A quenched charge that waits for its tempering is not finished.
    """
    first = median([value for _, value in heat[:5]])
    coldest = max(first, median([value for _, value in heat[-5:]]))
    cold = coldest + COLD_ROOM * (top - first)
    if temper is not None:
        cools = max(t for t, value in wanted if value >= top * (1 - SAME))
        again = [t for t, value in wanted if t > cools and abs(value - temper) <= SAME * top]
        quenched = [value for t, value in heat if cools < t <= again[-1]]
        cold = min(cold, (coldest + min(quenched, default=cold)) / 2)
    return float(round(cold))


def _always_wanted(top: float) -> NotLearnable:
    goal = degrees(top)
    return NotLearnable(
        Text(
            f"Der Sollwert bleibt die ganze Zeit bei {goal.de}; so ist nicht zu sehen, wann das "
            "Programm endet. Nehmen Sie den laufenden Sollwert des Programmreglers, nicht den "
            "eingestellten.",
            f"The setpoint stays at {goal.en} all the time; so it cannot be seen when the program "
            "ends. Take the working setpoint of the program controller, not the one that was set.",
        )
    )


def _temper(wanted: Sequence[Sample], top: float) -> float | None:
    """The setpoint that holds longest after the hot one, without being off."""
    last_hot = max(t for t, value in wanted if value >= top * (1 - SAME))
    later = [one for one in wanted if one[0] > last_hot and OFF * top <= one[1] < 0.8 * top]
    best, longest = None, 0.0
    begin = 0
    for i in range(1, len(later) + 1):
        if i < len(later) and abs(later[i][1] - later[begin][1]) <= SAME * top:
            continue
        if later and later[i - 1][0] - later[begin][0] > longest:
            best, longest = later[begin][1], later[i - 1][0] - later[begin][0]
        begin = i
    return best


def _course(
    heat: Sequence[Sample],
    wanted: Sequence[Sample],
    top: float,
    temper: float | None,
    cold: float,
) -> tuple[Course, float]:
    """When each phase began, and how far the temperature strayed while it was held."""
    hot_times = [t for t, value in wanted if value >= top * (1 - SAME)]
    rising = [t for t, value in wanted if value >= top / 2]
    begins, cools = rising[0], hot_times[-1]
    # It holds from where it comes no nearer to what is wanted.
    late = [value for t, value in heat if cools - 0.2 * (cools - begins) <= t <= cools]
    stray = max((abs(value - top) for value in late), default=0.0)
    band = float(max(LEAST_BAND, round(1.5 * stray)))
    hot = next((t for t, value in heat if t >= begins and value >= top - band), None)
    if hot is None or hot >= cools:
        reached = max(value for _, value in heat)
        goal, most = degrees(top), degrees(reached)
        raise NotLearnable(
            Text(
                f"Der Ofen hat seinen Sollwert nicht gehalten: gewollt {goal.de}, erreicht "
                f"{most.de}. Nehmen Sie eine ganze Charge auf.",
                f"The furnace did not hold its setpoint: wanted {goal.en}, reached {most.en}. "
                "Record a whole charge.",
            )
        )
    tempers = tempered = None
    if temper is not None:
        tempers = next((t for t, v in heat if t > cools and v <= temper + band), None)
        held = [t for t, value in wanted if t > cools and abs(value - temper) <= SAME * top]
        tempered = held[-1] if held and tempers is not None and held[-1] > tempers else None
        tempers = tempers if tempered is not None else None
    done = cools if tempered is None else tempered
    is_cold = next((t for t, value in heat if t > done and value <= cold), heat[-1][0])
    return Course(begins, hot, cools, tempers, tempered, max(is_cold, done + 1)), band


def _long(begin: float, end: float) -> str:
    seconds = max(1.0, end - begin)
    return duration(round(seconds / 60) * 60.0 if seconds > 1200 else float(round(seconds)))


def _currents(recording: Recording) -> dict[str, float]:
    """Which current means heating, and below which a phase is dead."""
    columns = [[value for _, value in recording.samples(role)] for role in CURRENTS]
    if not all(columns):
        return {}
    most = min(max(column) for column in columns)
    if most < 1:
        return {}
    return {"live_above": round(most / 2, 1), "dead_below": round(most / 20, 2)}


def _signals(roles: Sequence[str], every: float) -> Iterator[Signal]:
    for role in roles:
        name = signal_id("recording", role)
        yield Signal(name, Text(role, role), unit("1"), Kind.GAUGE, Limits(), every, role)


def _piece(charge: RunFinished, heat: Sequence[Sample]) -> Piece:
    end = seconds_since_epoch(charge.at)
    begin = end if charge.began is None else seconds_since_epoch(charge.began)
    return Piece(begin, end - begin, max(between(heat, (begin, end)), default=None))


def _lines(config: ChargesConfig) -> tuple[Line, ...]:
    rows = [
        ("hot", config.hot, Text("Härten", "Hardening")),
        ("temper", config.temper, Text("Anlassen", "Tempering")),
        ("cold", config.cold, Text("Fertig darunter", "Finished below")),
    ]
    return tuple(
        Line(key, TEMPERATURE, value, "Cel", means)
        for key, value, means in rows
        if value is not None
    )


def _expects(glance: float, worst: float, config: ChargesConfig) -> tuple[Text, ...]:
    period, exact, blind = span(worst), span(2 * worst), span(glance)
    warm = degrees(config.cold + config.band)
    return (
        Text(
            f"Beginn und Länge einer Charge sind auf {exact.de} genau; abgefragt wird alle "
            f"{period.de}. Ohne Strommesser beginnt sie erst, wenn der Ofen {warm.de} hat.",
            f"Beginning and length of a charge are exact to {exact.en}; it is polled every "
            f"{period.en}. Without a current meter it begins only when the furnace has {warm.en}.",
        ),
        Text(
            f"Eine Lücke bis {blind.de} in der Abfrage übersieht keine Phase.",
            f"A gap of up to {blind.en} in polling misses no phase.",
        ),
        Text(
            "Gelernt ist eine Charge. Andere Programme (andere Temperatur, andere Dauer) erkennt "
            f"das Gateway, solange sie bis auf {config.band:g} K an die Härtetemperatur kommen.",
            "One charge has been learnt. Other programs (another temperature, another length) are "
            f"recognised as long as they come within {config.band:g} K of the hardening "
            "temperature.",
        ),
    )


def _counted(
    charges: int, begun: int, heat: Sequence[Sample], config: ChargesConfig
) -> Iterator[Text]:
    if charges == 1:
        return
    now, cold = degrees(heat[-1][1] if heat else 0.0), degrees(config.cold)
    if not charges and begun:
        yield Text(
            f"Die Charge ist begonnen, aber nicht fertig: Am Ende sind es {now.de}, fertig ist sie "
            f"bei {cold.de}. Ziehen Sie »Fertig« höher, oder nehmen Sie länger auf.",
            f"The charge has begun but is not finished: in the end it is {now.en}, it is finished "
            f"at {cold.en}. Drag »Finished« up, or record longer.",
        )
    else:
        yield Text(
            f"Erkannt: {charges} statt 1 Charge. Ziehen Sie die Temperaturen auf die Kurve, oder "
            "nehmen Sie noch einmal genau eine Charge auf.",
            f"Recognised: {charges} instead of 1 charge. Drag the temperatures onto the curve, or "
            "record exactly one charge again.",
        )
