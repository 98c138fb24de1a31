"""``werkverbund machine``: the files of machines, shown, asked about, written, taken in."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gateway.assembly import control
from gateway.cli.errors import CONFIG_IS_WRONG, FAILED, USAGE_IS_WRONG, CommandError
from gateway.cli.printing import ask, say
from gateway.cli.reloading import state_of, told
from gateway.cli.templates import parameter
from gateway.config import Files, read_content
from gateway.config.machine_text import said_of
from gateway.core.errors import ConfigError
from gateway.core.reloads import Reloaded
from gateway.core.text import Language, Text

if TYPE_CHECKING:
    from gateway.assistant.own_files import Draft, OwnTemplate
    from gateway.cli.reaching import Reached

Drafting = Callable[[Files, Path], "Draft"]


def files_of(file: Path) -> Files:
    """A firm's file, and what the rooms offer to it."""
    from gateway.cli.rooms import variants  # noqa: PLC0415

    return Files(file.absolute(), variants())


def connect_of(reached: Reached) -> dict[str, Any]:
    """The key ``connect`` of a file. Raises CommandError."""
    connect = reached.connect()
    return {"type": connect.type, **said_of(connect), "unit": connect.unit}


def parameters_of(given: Sequence[str]) -> dict[str, float | str]:
    """``ct_ratio=40`` and more of it. Raises CommandError."""
    found = dict(map(parameter, given))
    whole = {k: int(v) for k, v in found.items() if isinstance(v, float) and v.is_integer()}
    return {**found, **whole}


def evidence_in(file: Path) -> Mapping[str, Any]:
    """The key ``evidence`` that stands in a file, as ``learn`` prints it. Raises CommandError."""
    content = read_content(file)
    found = content.get("evidence", content) if isinstance(content, dict) else None
    if isinstance(found, dict) and "type" in found:
        return found
    raise CommandError(
        Text(
            f"In {file} steht keine Erkennung. Gemeint sind die Zeilen, die werkverbund learn "
            "ausgibt: evidence: und was darunter steht.",
            f"{file} holds no evidence. Meant are the lines that werkverbund learn prints: "
            "evidence: and what stands below it.",
        ),
        USAGE_IS_WRONG,
    )


def own_template(named: str) -> OwnTemplate | None:
    """A template that is named by its file: it is written beside the machine's. Else None."""
    from gateway.assistant.own_files import OwnTemplate  # noqa: PLC0415

    if not named.endswith((".yaml", ".yml")):
        return None
    try:
        text = Path(named).read_text("utf-8")
    except OSError as error:
        raise CommandError(
            Text(
                f"Die Vorlage {named} ist nicht zu lesen: {error.strerror}.",
                f"The template {named} cannot be read: {error.strerror}.",
            ),
            USAGE_IS_WRONG,
        ) from error
    return OwnTemplate(Path(named).stem, text)


def carry_out(
    file: Path, drafting: Drafting, language: Language, *, yes: bool, exchanged: str | None = None
) -> None:
    """Show what is going to be written, ask, write, and have the gateway take it in.

    ``exchanged`` says that a device is another one, and which. Raises CommandError or ConfigError.
    """
    from gateway.assistant.own_files import NotPossibleHere, carried_out  # noqa: PLC0415

    files, state = files_of(file), state_of(file)
    try:
        draft = drafting(files, state)
        if draft.problems:
            raise ConfigError(draft.problems)
        _show(draft, language)
        if not yes and not _agreed(language):
            raise CommandError(NOTHING_DONE)
        back = carried_out(draft, datetime.now(UTC))
    except NotPossibleHere as error:
        raise CommandError(error.text) from error
    said = (
        control.RELOAD if exchanged is None else f"{control.EXCHANGE} {draft.machine} {exchanged}"
    )
    try:
        answer = control.ask(state, said)
    except control.NobodyThere as error:
        if exchanged is not None:
            back()
            raise CommandError(NEEDS_GATEWAY) from error
        say(_done(draft).in_(language))
        say(LATER.in_(language))
        return
    if answer["how"] == Reloaded.REFUSED:
        back()
        raise CommandError(
            Text(told(answer, "de"), told(answer, "en")),
            CONFIG_IS_WRONG if answer["problems"] else FAILED,
        )
    say(_done(draft).in_(language))
    say(told(answer, language))


NOTHING_DONE = Text("Nichts ist geschrieben.", "Nothing is written.")
NEEDS_GATEWAY = Text(
    "Hier läuft kein Gateway mit dieser Datei. Den Tausch hält es selbst fest: Starten Sie es "
    "zuerst. Nichts ist geändert.",
    "No gateway is running here with this file. It is the one to record the exchange: start it "
    "first. Nothing is changed.",
)
LATER = Text(
    "Hier läuft gerade kein Gateway mit dieser Datei: Es gilt, sobald es startet.",
    "No gateway is running here with this file: it holds as soon as one starts.",
)


def _show(draft: Draft, language: Language) -> None:
    if draft.before is None and draft.after is not None:
        say(f"{draft.path}:\n\n{draft.after}")
        return
    if draft.after is None:
        text = Text(f"{draft.path} geht beiseite.", f"{draft.path} goes aside.")
        say(text.in_(language))
        return
    unchanged = Text("(die Datei bleibt, wie sie ist)", "(the file stays as it is)")
    say(f"{draft.path}:\n\n{os.linesep.join(draft.difference) or unchanged.in_(language)}\n")


def _agreed(language: Language) -> bool:
    answer = ask(Text("So schreiben? [j/N] ", "Write it so? [y/N] ").in_(language))
    return answer is not None and answer.lower()[:1] in {"j", "y"}


def _done(draft: Draft) -> Text:
    if draft.after is None:
        return Text(
            f"{draft.machine} ist entfernt; ihr Verlauf bleibt, ihre Datei liegt beiseite.",
            f"{draft.machine} is removed; its history stays, its file lies aside.",
        )
    return Text(f"Geschrieben: {draft.path}", f"Written: {draft.path}")


def called_by_name(machine: str, language: Language) -> bool:
    """Whether somebody types the name of the machine that shall go."""
    question = Text(
        f"Zum Entfernen den Namen eingeben ({machine}): ",
        f"To remove it, type its name ({machine}): ",
    )
    return ask(question.in_(language)) == machine


def sheet_of(file: Path, name: str, language: Language, *, html: bool) -> str:
    """The sheet of a machine, as its file says it now. Raises CommandError or ConfigError."""
    from gateway.assistant.sheet import as_html, as_text, sheet  # noqa: PLC0415
    from gateway.cli.reading import choose  # noqa: PLC0415

    site, (machine,) = choose(file, name)
    page = sheet(site, machine, datetime.now(UTC).astimezone())
    return (as_html if html else as_text)(page, language)
