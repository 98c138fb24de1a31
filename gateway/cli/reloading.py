"""Asking a running gateway to read its files again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from gateway.assembly import control
from gateway.cli.errors import CONFIG_IS_WRONG, FAILED, CommandError
from gateway.cli.printing import json_line, problems_as_text, say
from gateway.config import from_home, read_content
from gateway.core.errors import Problem
from gateway.core.reloads import Reloaded
from gateway.core.text import Language, Text


def again(file: Path, language: Language, *, as_json: bool) -> None:
    """Ask, and say what came of it. Raises CommandError or ConfigError."""
    try:
        answer = control.ask(state_of(file), control.RELOAD)
    except control.NobodyThere as error:
        raise CommandError(
            Text(
                f"Mit {file} läuft hier kein Gateway. Starten Sie es mit: werkverbund run {file}",
                f"No gateway is running here with {file}. Start it with: werkverbund run {file}",
            )
        ) from error
    if as_json:
        json_line(answer)
    else:
        say(told(answer, language))
    if answer["how"] == Reloaded.REFUSED:
        raise typer.Exit(CONFIG_IS_WRONG if answer["problems"] else FAILED)


def state_of(file: Path) -> Path:
    """The data folder that a firm's file names, whatever else is wrong with the file."""
    content = read_content(file)
    named = content.get("state") if isinstance(content, dict) else None
    if not isinstance(named, str):
        raise CommandError(
            Text(
                f"{file} nennt keinen Datenordner (state).", f"{file} names no data folder (state)."
            ),
            CONFIG_IS_WRONG,
        )
    return file.absolute().parent / from_home(named)


def told(answer: dict[str, Any], language: Language) -> str:
    """What a gateway said of reading its files, for people."""
    problems = [
        Problem(
            Path(one["file"]), one["line"], one["column"], Text(**one["what"]), Text(**one["fix"])
        )
        for one in answer["problems"]
    ]
    if problems:
        kept = Text(
            "Nichts ist übernommen, alles läuft weiter wie vorher.",
            "Nothing is taken over, everything goes on as before.",
        )
        return f"{problems_as_text(problems, language)}\n{kept.in_(language)}"
    said: str = answer["said"][language]
    return f"{said}."
