"""``werkverbund look``: a stretch of registers, what it may mean, and what changes in it."""

from __future__ import annotations

import asyncio
import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.cli.errors import CONFIG_IS_WRONG, USAGE_IS_WRONG, CommandError
from gateway.cli.printing import ask, complain, json_line, number, problems_as_text, say
from gateway.core.errors import Unreachable, reason
from gateway.core.text import Language, Text
from gateway.machines.numbering import FUNCTIONS, Table

if TYPE_CHECKING:
    from gateway.assistant.drafting import Mark
    from gateway.assistant.looking import Change, Meaning
    from gateway.assistant.question import Asker, Heard
    from gateway.assistant.stretch import Run
    from gateway.sources.line.base import ModbusConnect

NOT_READ = 4
"""The exit code where nothing could be read."""
SAMPLES = 5
SWITCH = Text(
    "Schalten Sie jetzt die Maschine ein (oder um), warten Sie einen Moment, dann Enter: ",
    "Now switch the machine on (or over), wait a moment, then press Enter: ",
)

NOBODY_PRESSED = Text(
    "Zu --switch gehört jemand, der Enter drückt: Die Eingabe ist zu Ende.",
    "--switch needs somebody to press Enter: the input has ended.",
)
Words = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Stretch:
    """What is looked at, in the first of ``tables`` that has it."""

    tables: Sequence[Table]
    first: int
    count: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """A template that is to be drafted."""

    file: Path
    marks: tuple[Mark, ...]


TABLES = {
    "coils": Table.COILS,
    "inputs": Table.DISCRETE_INPUTS,
    "holding": Table.HOLDING_REGISTERS,
    "input": Table.INPUT_REGISTERS,
} | {table.value: table for table in Table}


def tables_of(name: str | None) -> Sequence[Table]:
    """The table of that name, also by the short names of manuals; without one those of registers.

    Raises CommandError.
    """
    if name is None:
        return (Table.HOLDING_REGISTERS, Table.INPUT_REGISTERS)
    if (table := TABLES.get(name.lower())) is not None:
        return (table,)
    from gateway.config import one_of  # noqa: PLC0415

    fix = one_of(name, [str(table) for table in Table])
    raise CommandError(
        Text(f"Die Tabelle {name} gibt es nicht. {fix.de}", f"There is no table {name}. {fix.en}"),
        USAGE_IS_WRONG,
    )


def look_now(
    connect: ModbusConnect,
    stretch: Stretch,
    language: Language,
    *,
    samples: int = SAMPLES,
    switch: bool = False,
    template: Wanted | None = None,
    as_json: bool = False,
) -> None:
    """Read, rank and print; save what is marked. Raises CommandError where nothing can be read."""
    runs, before = asyncio.run(_first(connect, stretch, samples))
    after = before
    if switch:
        if ask(SWITCH.in_(language)) is None:
            raise CommandError(NOBODY_PRESSED, USAGE_IS_WRONG)
        after = asyncio.run(_samples(connect, runs, samples))
    seen = [it for it in zip(runs, before, after, strict=True) if it[1] and it[2]]
    if not seen:
        raise CommandError(_nobody(connect, Text("keine Antwort", "no answer")), NOT_READ)
    if switch:
        from gateway.assistant.looking import changes  # noqa: PLC0415

        changed = [one for run, old, new in seen for one in changes(run.first, old, new)]
        _changed(sorted(changed, key=lambda one: -one.strength), language, as_json=as_json)
    for run, _, new in seen:
        _tell(run, new, language, as_json=as_json)
    if template is not None:
        (complain if as_json else say)(_save(template, runs[0].table).in_(language))


@contextmanager
def _asker(connect: ModbusConnect) -> Iterator[Asker]:
    from gateway.assistant.question import Asker  # noqa: PLC0415

    asker = Asker(connect)
    try:
        yield asker
    except Unreachable as error:
        raise CommandError(_nobody(connect, error.found.text), NOT_READ) from error
    finally:
        asker.close()


async def _first(
    connect: ModbusConnect, stretch: Stretch, samples: int
) -> tuple[Sequence[Run], list[Sequence[Words]]]:
    """What can be read, and its words."""
    from gateway.assistant.stretch import sample, survey  # noqa: PLC0415

    with _asker(connect) as asker:
        seen = await survey(asker, stretch.tables, stretch.first, stretch.count)
        if not seen.runs:
            raise CommandError(_in_vain(connect, seen.refusal), NOT_READ)
        return seen.runs, [await sample(asker, run, samples) for run in seen.runs]


async def _samples(
    connect: ModbusConnect, runs: Sequence[Run], samples: int
) -> list[Sequence[Words]]:
    from gateway.assistant.stretch import sample  # noqa: PLC0415

    with _asker(connect) as asker:
        return [await sample(asker, run, samples) for run in runs]


def _tell(run: Run, samples: Sequence[Words], language: Language, *, as_json: bool) -> None:
    from gateway.assistant.looking import distinct, letters, meanings  # noqa: PLC0415

    found = distinct(meanings(run.first, samples))
    if as_json:
        for meaning in found:
            json_line({"table": run.table.value, **_as_json(meaning)})
        return
    say(_head(run).in_(language))
    _table(run.first, samples[-1], _best(found), language)
    for address, text in letters(run.first, samples[-1]):
        say(Text(f"Text ab {address}: {text}", f"Text from {address}: {text}").in_(language))


def wanted(said: Sequence[str], file: Path | None) -> Wanted | None:
    """The marks and the file for them, or None where nothing is marked. Raises CommandError."""
    from gateway.assistant.drafting import NotAMark, mark  # noqa: PLC0415

    if not said and file is None:
        return None
    if not said or file is None or file.suffix != ".yaml":
        raise CommandError(
            Text(
                "Zu --mark gehört --save DATEI.yaml, und umgekehrt.",
                "To --mark belongs --save FILE.yaml, and the other way round.",
            ),
            USAGE_IS_WRONG,
        )
    if file.exists():
        raise CommandError(
            Text(f"{file} gibt es schon.", f"{file} is there already."), USAGE_IS_WRONG
        )
    if not os.access(file.parent, os.W_OK):
        raise CommandError(
            Text(
                f"In den Ordner {file.parent} kann nichts geschrieben werden.",
                f"Nothing can be written to the folder {file.parent}.",
            ),
            USAGE_IS_WRONG,
        )
    try:
        marks = tuple(mark(one) for one in said)
    except NotAMark as error:
        raise CommandError(error.text, USAGE_IS_WRONG) from error
    name, times = Counter(one.name for one in marks).most_common(1)[0]
    if times > 1:
        raise CommandError(
            Text(f"{name} ist mehrmals markiert.", f"{name} is marked more than once."),
            USAGE_IS_WRONG,
        )
    return Wanted(file, marks)


def _save(template: Wanted, table: Table) -> Text:
    """Write the draft, and check it; what to say then. Raises CommandError."""
    from gateway.assistant.drafting import draft  # noqa: PLC0415
    from gateway.cli.kinds import known_kind, problems_in  # noqa: PLC0415

    file = template.file
    stem = re.sub(r"[^a-z0-9-]+", "-", file.stem.lower()).strip("-") or "device"
    name = (stem if stem[0].isalpha() else f"device-{stem}")[:32].rstrip("-")
    try:
        file.write_text(draft(name, file.stem, table, template.marks), "utf-8")
    except OSError as error:
        why = reason(error)
        raise CommandError(Text(f"{file}: {why.de}", f"{file}: {why.en}")) from error
    problems = problems_in([file], known_kind("template"), os.environ)
    if problems:
        said = (problems_as_text(problems, "de"), problems_as_text(problems, "en"))
        raise CommandError(Text(*said), CONFIG_IS_WRONG)
    return Text(
        f"Vorlage geschrieben: {file}. Weiter: werkverbund read --template {file} …",
        f"Template written: {file}. Next: werkverbund read --template {file} …",
    )


def _head(run: Run) -> Text:
    last = run.first + run.count - 1
    function = FUNCTIONS[run.table]
    return Text(
        f"{run.table}, {run.first} bis {last} (Funktion {function})",
        f"{run.table}, {run.first} to {last} (function {function})",
    )


def _nobody(connect: ModbusConnect, why: Text | None) -> Text:
    said = why or Text("keine Verbindung", "no connection")
    return Text(f"{connect.place()}: {said.de}", f"{connect.place()}: {said.en}")


def _in_vain(connect: ModbusConnect, heard: Heard | None) -> Text:
    said = heard.found.text if heard is not None and heard.found is not None else None
    why = said or Text("keine Antwort", "no answer")
    advice = Text("", "")
    if heard is not None and heard.refused:
        advice = Text(
            " Versuchen Sie eine andere Strecke (--first) oder Tabelle (--table).",
            " Try another stretch (--first) or table (--table).",
        )
    return Text(
        f"{connect.place()}: {why.de}.{advice.de}", f"{connect.place()}: {why.en}.{advice.en}"
    )


def _best(found: Sequence[Meaning]) -> dict[int, list[Meaning]]:
    """The likeliest three of each register."""
    best: dict[int, list[Meaning]] = {}
    for meaning in found:
        of_one = best.setdefault(meaning.address, [])
        if meaning.score > 0 and len(of_one) < 3:
            of_one.append(meaning)
    return best


def _table(
    first: int, words: Sequence[int], best: dict[int, list[Meaning]], language: Language
) -> None:
    heads = Text(
        "Adresse|Hex|uint16|int16|am ehesten|sonst",
        "Address|Hex|uint16|int16|most likely|or else",
    )
    rows = [heads.in_(language).split("|")]
    for offset, word in enumerate(words):
        address = first + offset
        likely = [_said(meaning, language) for meaning in best.get(address, [])]
        signed = word - 0x10000 if word >> 15 else word
        rows.append(
            [
                str(address),
                f"{word:04X}",
                str(word),
                str(signed),
                likely[0] if likely else "-",
                "; ".join(likely[1:]) or "-",
            ]
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        say("  ".join(cells).rstrip())


def _said(meaning: Meaning, language: Language) -> str:
    value = number(meaning.value, language)
    unit = "" if meaning.unit == "1" else f" {meaning.unit}"
    how = meaning.encoding.value if meaning.order is None else f"{meaning.encoding} {meaning.order}"
    return f"{value}{unit} ({how}: {meaning.why.in_(language)})"


def _as_json(meaning: Meaning) -> dict[str, object]:
    return {
        "address": meaning.address,
        "encoding": meaning.encoding.value,
        "order": meaning.order,
        "value": meaning.value,
        "scale": meaning.scale,
        "unit": meaning.unit,
        "score": round(meaning.score, 2),
        "why": meaning.why.as_json(),
    }


def _changed(found: Sequence[Change], language: Language, *, as_json: bool) -> None:
    if as_json:
        for change in found:
            json_line({"changed": change.address, "before": change.before, "after": change.after})
        return
    if not found:
        say(
            Text(
                "Kein Register hat sich dabei geändert. Schauen Sie in eine andere Strecke.",
                "No register has changed by that. Look at another stretch.",
            ).in_(language)
        )
        return
    say(Text("Dabei haben sich geändert:", "By that have changed:").in_(language))
    for change in found[:10]:
        before, after = (number(value, language) for value in (change.before, change.after))
        say(f"  {change.address}: {before} → {after}")
