"""How each part of a gateway does, as plain sentences for the page ``Zustand``."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from datetime import datetime

from gateway.api.rooms import Part
from gateway.core.reloads import Outcome, Reloaded
from gateway.core.sayings import in_words
from gateway.core.signals import WHY, Fault, Reason
from gateway.core.text import Text
from gateway.flow.sink_health import SinkHealth
from gateway.flow.source_runner import MachineHealth
from gateway.journal import JournalHealth
from gateway.sinks import variants as sinks_offered
from gateway.sinks.base import SinkConfig
from gateway.sources import LineUse

OK, WAITING, FAILED, ABSENT = "ok", "waiting", "failed", "absent"


def sources(healths: Iterable[MachineHealth]) -> Iterator[Part]:
    """One part per machine and line."""
    for health in healths:
        name = health.machine
        if health.refused and health.refused == health.asked:
            yield Part(name, FAILED, _refusing(health))
        elif health.silent == 0 and health.last_ok is not None:
            yield Part(name, OK, _answers(health))
        elif health.last_ok is None and health.fault is None:
            yield Part(name, WAITING, Text("noch nicht gefragt", "not asked yet"))
        else:
            yield Part(name, FAILED, _silent(health))


def lines(uses: Iterable[LineUse]) -> Iterator[Part]:
    """One part for each line that is asked for more than it can do."""
    for use in uses:
        if use.full:
            told = use.told()
            yield Part(
                use.place,
                WAITING,
                Text(
                    f"zu viel für diese Leitung, Abfragen fallen aus. {told.de}. Wählen Sie einen "
                    "längeren Takt (every), weniger Messpunkte oder eine höhere Baudrate.",
                    f"too much for this line, polls are left out. {told.en}. Choose a longer "
                    "period (every), fewer points, or a higher baud rate.",
                ),
            )


def _silent(health: MachineHealth) -> Text:
    partly = health.connected
    why = Text("Grund unbekannt", "cause unknown")
    if health.fault is not None:
        code = str(health.fault)
        why = _with_detail(WHY.get(health.fault.reason, Text(code, code)), health.fault)
    return Text(
        f"{'antwortet nur zum Teil' if partly else 'keine Antwort'} von {health.endpoint} "
        f"({health.silent} von {health.asked} Signalen, {why.de}). Es wird weiter versucht.",
        f"{'answers only in part' if partly else 'no answer'} from {health.endpoint} "
        f"({health.silent} of {health.asked} signals, {why.en}). It is tried again and again.",
    )


def _answers(health: MachineHealth) -> Text:
    place = health.endpoint
    if not health.refused:
        return Text(f"antwortet, {place}", f"answers, {place}")
    why = _with_detail(WHY[Reason.REFUSED], health.refusal)
    return Text(
        f"antwortet, {place}; {health.refused} von {health.asked} Signalen {why.de}",
        f"answers, {place}; {health.refused} of {health.asked} signals {why.en}",
    )


def _refusing(health: MachineHealth) -> Text:
    why = _with_detail(WHY[Reason.REFUSED], health.refusal)
    return Text(
        f"alle {health.asked} Signale {why.de}, {health.endpoint}. Es wird weiter versucht.",
        f"all {health.asked} signals {why.en}, {health.endpoint}. It is tried again and again.",
    )


def _with_detail(why: Text, fault: Fault | None) -> Text:
    if fault is None or fault.detail is None:
        return why
    code = "" if fault.code is None else f" ({fault.code})"
    return Text(
        f"{why.de}{code}: {fault.detail.de}",
        f"{why.en}{code}: {fault.detail.en}",
    )


def sinks(healths: Iterable[tuple[SinkHealth, Text]]) -> Iterator[Part]:
    """One part per sink, with its own word for being well.

    What is missing is said plainly, and that all else goes on.
    """
    for health, well in healths:
        why = in_words(health.refusal or "")
        if health.connected and health.refusing:
            yield Part(health.name, FAILED, _takes_nothing(health, why))
        elif health.connected and health.waits_for_clock:
            yield Part(health.name, WAITING, NO_CLOCK)
        elif health.connected and health.parked:
            yield Part(health.name, WAITING, _parked(health, why))
        elif health.connected:
            said = well
            if (note := health.note) is not None:
                said = Text(f"{well.de}; {note.de}", f"{well.en}; {note.en}")
            yield Part(health.name, OK if health.note is None else WAITING, said)
        elif health.cause is None:
            yield Part(health.name, WAITING, Text("startet", "starting"))
        else:
            why = in_words(health.cause)
            yield Part(
                health.name,
                ABSENT,
                Text(
                    f"nicht erreichbar ({why.de}). Lesen und Speichern gehen weiter.",
                    f"not reachable ({why.en}). Reading and storing go on.",
                ),
            )


def _takes_nothing(health: SinkHealth, why: Text) -> Text:
    return Text(
        f"nimmt nichts an ({why.de}). {health.parked} Pakete liegen beiseite, die übrigen warten "
        "im Journal. Es wird weiter versucht.",
        f"takes nothing ({why.en}). {health.parked} batches are parked, the others wait in the "
        "journal. It is tried again and again.",
    )


def _parked(health: SinkHealth, why: Text) -> Text:
    return Text(
        f"verbunden; {health.parked} abgelehnte Pakete liegen beiseite (zuletzt: {why.de})",
        f"connected; {health.parked} refused batches are parked (the last: {why.en})",
    )


NO_CLOCK = Text(
    "wartet, bis die Uhr dieses Rechners abgeglichen ist: Die Zeiten können nicht stimmen",
    "waits until this computer's clock is kept in step: the times cannot be right",
)


def journal(health: JournalHealth) -> Part:
    """The durable store."""
    if health.trouble is not None:
        why = in_words(health.trouble)
        return Part(
            "journal",
            FAILED,
            Text(
                f"kann nicht speichern: {why.de}. {health.queued_batches} Pakete warten.",
                f"cannot store: {why.en}. {health.queued_batches} batches wait.",
            ),
        )
    if health.broken:
        return Part(
            "journal",
            WAITING,
            Text(
                f"läuft; eine beschädigte Datei wurde beiseitegelegt: {health.broken[-1].name}",
                f"works; a damaged file was put aside: {health.broken[-1].name}",
            ),
        )
    return Part("journal", OK, Text("speichert", "stores"))


def history(trouble: str | None) -> Part:
    """The store of the charts; what it cannot keep now it holds in memory for a while."""
    if trouble is None:
        return Part("history", OK, Text("speichert", "stores"))
    why = in_words(trouble)
    return Part(
        "history",
        FAILED,
        Text(
            f"kann nicht speichern: {why.de}. Die neuesten Werte sind im Verlauf zu sehen.",
            f"cannot store: {why.en}. The newest values can be seen in charts.",
        ),
    )


def files(last: Outcome | None, started: datetime, machines: int) -> Part:
    """The firm's files: which of them hold, and whether the newest ones do."""
    if last is not None and (last.how is Reloaded.REFUSED or last.later):
        return Part("files", WAITING, last.said, remedy="reload")
    at = started if last is None else last.at
    said = Text(
        f"gelesen um {at:%H:%M:%S} UTC; Maschinen: {machines}",
        f"read at {at:%H:%M:%S} UTC; machines: {machines}",
    )
    return Part("files", OK, said, remedy="reload")


def questions(count: int) -> Part:
    """What only a person can answer."""
    if not count:
        return Part("questions", OK, Text("keine", "none"))
    return Part(
        "questions",
        WAITING,
        Text(
            f"{count} offen: Sprünge von Zählern, die nicht gezählt sind, bis jemand sie bestätigt "
            "oder ablehnt.",
            f"{count} open: jumps of counters that are not counted until somebody confirms or "
            "refuses them.",
        ),
    )


def exchange(how: Text, *, connected: bool, shut: bool = False) -> Part:
    """The exchange with the partners; ``shut`` until a person has decided about its ledger."""
    if shut:
        return Part("exchange", FAILED, how, remedy="begin_anew")
    return Part("exchange", OK if connected else WAITING, how)


def aside(told: Text) -> Part:
    """What was put aside when the exchange was begun anew."""
    return Part("aside", OK, told, remedy="erase_aside")


def failed(name: str, at: datetime) -> Part:
    """A part that a bug has ended, until it starts again."""
    return Part(
        name,
        FAILED,
        Text(
            f"ausgefallen um {at:%H:%M:%S} UTC, startet von selbst neu",
            f"failed at {at:%H:%M:%S} UTC, restarts by itself",
        ),
    )


def missing(kinds: Container[str], *, consortium: bool) -> Iterator[Part]:
    """What this gateway does without; ``kinds`` are the types of its sinks."""
    for kind, config in sinks_offered().items():
        if issubclass(config, SinkConfig) and config.optional and kind not in kinds:
            yield Part(kind, ABSENT, Text("nicht eingerichtet", "not set up"))
    if not consortium:
        yield Part(
            "exchange",
            ABSENT,
            Text(
                "kein Verbund: Diese Firma arbeitet allein.", "no consortium: this firm is alone."
            ),
        )
