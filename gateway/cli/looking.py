"""``werkverbund look``: a stretch of registers, what it may mean, and what changes in it."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.cli.errors import USAGE_IS_WRONG, CommandError
from gateway.cli.printing import json_line, problems_as_text, say
from gateway.core.errors import Unreachable
from gateway.core.text import Language, Text
from gateway.machines.numbering import FUNCTIONS, Table

if TYPE_CHECKING:
    from gateway.assistant.drafting import Mark
    from gateway.assistant.looking import Change, Meaning
    from gateway.assistant.question import Heard
    from gateway.assistant.stretch import Run
    from gateway.sources.line.base import ModbusConnect

NOT_READ = 4
"""The exit code where nothing could be read."""
SAMPLES = 5
SWITCH = Text(
    "Schalten Sie jetzt die Maschine ein (oder um), warten Sie einen Moment, dann Enter: ",
    "Now switch the machine on (or over), wait a moment, then press Enter: ",
)


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
    names = "holding, input, coils, inputs"
    raise CommandError(
        Text(
            f"Die Tabelle {name} gibt es nicht. Es gibt: {names}",
            f"There is no table {name}. There are: {names}",
        ),
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
    table = asyncio.run(_look(connect, stretch, language, samples, switch=switch, as_json=as_json))
    if template is not None:
        _save(template, table, language)


async def _look(
    connect: ModbusConnect,
    stretch: Stretch,
    language: Language,
    samples: int,
    *,
    switch: bool,
    as_json: bool,
) -> Table:
    """The table that was read."""
    from gateway.assistant.looking import changes, distinct, letters, meanings  # noqa: PLC0415
    from gateway.assistant.question import Asker  # noqa: PLC0415
    from gateway.assistant.stretch import sample, survey  # noqa: PLC0415

    asker = Asker(connect)
    try:
        seen = await survey(asker, stretch.tables, stretch.first, stretch.count)
        if not seen.runs:
            raise CommandError(_in_vain(connect, seen.refusal), NOT_READ)
        before = [await sample(asker, run, samples) for run in seen.runs]
        after = before
        if switch:
            await asyncio.to_thread(input, SWITCH.in_(language))
            after = [await sample(asker, run, samples) for run in seen.runs]
    except Unreachable as error:
        raise CommandError(_nobody(connect, error.found.text), NOT_READ) from error
    finally:
        asker.close()
    runs = [
        (run, old, new)
        for run, old, new in zip(seen.runs, before, after, strict=True)
        if old and new
    ]
    if switch:
        changed = [one for run, old, new in runs for one in changes(run.first, old, new)]
        _changed(sorted(changed, key=lambda one: -one.strength), language, as_json=as_json)
    for run, _, new in runs:
        found = distinct(meanings(run.first, new))
        if as_json:
            for meaning in found:
                json_line({"table": run.table.value, **_as_json(meaning)})
            continue
        say(_head(run).in_(language))
        _table(run.first, new[-1], _best(found), language)
        for address, text in letters(run.first, new[-1]):
            say(Text(f"Text ab {address}: {text}", f"Text from {address}: {text}").in_(language))

    return seen.runs[0].table


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
    try:
        return Wanted(file, tuple(mark(one) for one in said))
    except NotAMark as error:
        raise CommandError(error.text, USAGE_IS_WRONG) from error


def _save(template: Wanted, table: Table, language: Language) -> None:
    from gateway.assistant.drafting import draft  # noqa: PLC0415
    from gateway.cli.kinds import known_kind, problems_in  # noqa: PLC0415

    stem = re.sub(r"[^a-z0-9-]+", "-", template.file.stem.lower()).strip("-") or "device"
    name = stem if stem[0].isalpha() else f"device-{stem}"
    template.file.write_text(draft(name[:32], template.file.stem, table, template.marks), "utf-8")
    problems = problems_in([template.file], known_kind("template"), os.environ)
    if problems:
        say(problems_as_text(problems, language))
        return
    say(
        Text(
            f"Vorlage geschrieben: {template.file}. Weiter: werkverbund read --template "
            f"{template.file} …",
            f"Template written: {template.file}. Next: werkverbund read --template "
            f"{template.file} …",
        ).in_(language)
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
    value = f"{meaning.value:.6g}"
    if language == "de":
        value = value.replace(".", ",")
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
        say(f"  {change.address}: {change.before:.6g} → {change.after:.6g}")
