"""``werkverbund init``: the file of a new firm, from a few answers; machines come afterwards."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

from gateway.cli.errors import CONFIG_IS_WRONG, FAILED, USAGE_IS_WRONG, CommandError
from gateway.cli.printing import ask, problems_as_text, say, shown
from gateway.config.scalar_text import written
from gateway.core.errors import reason
from gateway.core.names import FIRM_PATTERN
from gateway.core.text import Language, Text

STATE = "~/.local/state/werkverbund/{firm}"
LISTEN = "127.0.0.1:8080"
FILE = """\
# Die Datei der Firma {name}. Prüfen: werkverbund check {file}
# Starten: werkverbund run {file}
# Maschinen schreibt der Assistent der Seiten (»Maschine anschließen«) oder der Befehl
# werkverbund machine add; jede hat eine eigene Datei im Ordner machines des Datenordners.
#
# The file of the firm {name}. Check it: werkverbund check {file}
# Start: werkverbund run {file}
# Machines are written by the pages' assistant ("Connect a machine") or by the command
# werkverbund machine add; each has a file of its own in the folder machines of the data folder.
schema: 1

# Kennung der Firma in Adressen und Meldungen; sie bleibt.
# The firm's id in addresses and messages; it stays.
firm: {firm}
name: {title}

# Ordner für alle Daten: Journal, Verlauf, Zugänge, Dateien der Maschinen.
# Folder for all data: journal, history, accounts, files of machines.
state: {state}

machines: []

# Die Seiten. »lan« statt der Adresse: verschlüsselt im ganzen Netz.
# The pages. "lan" instead of the address: encrypted, in the whole network.
web:
  listen: {listen}
"""


def begin(
    file: Path,
    language: Language,
    *,
    firm: str | None,
    name: str | None,
    state: str | None,
    listen: str | None,
) -> None:
    """Ask for what is not given, write the file, and say what comes next. Raises CommandError."""
    if file.exists():
        raise CommandError(
            Text(
                f"{shown(file)} gibt es schon, und es bleibt, wie es ist.",
                f"{shown(file)} is there already, and stays as it is.",
            ),
            USAGE_IS_WRONG,
        )
    name = name or _asked(Text("Name der Firma", "Name of the firm"), None, language)
    firm = firm or _asked(
        Text("Kurzname (klein, ohne Umlaute)", "Short name (lower case)"), _id(name), language
    )
    state = state or _asked(
        Text("Ordner für alle Daten", "Folder for all data"), STATE.format(firm=firm), language
    )
    text = FILE.format(
        name=name, file=shown(file), firm=written(firm), title=written(name),
        state=written(state), listen=written(listen or LISTEN),
    )  # fmt: skip
    try:
        with file.open("x", encoding="utf-8") as made:
            made.write(text)
    except OSError as error:
        why = reason(error)
        raise CommandError(Text(f"{file}: {why.de}", f"{file}: {why.en}"), FAILED) from error
    _check(file)
    say(
        Text(
            f"Geschrieben: {shown(file)}. Weiter: werkverbund run {shown(file)}, dann im Browser "
            f"»Maschine anschließen«; oder im Terminal: werkverbund scan --help",
            f"Written: {shown(file)}. Next: werkverbund run {shown(file)}, then in the browser "
            f'"Connect a machine"; or in the terminal: werkverbund scan --help',
        ).in_(language)
    )


def _check(file: Path) -> None:
    """What is wrong is told as of any file, and the file goes again."""
    from gateway.cli.kinds import problems_of  # noqa: PLC0415

    problems = problems_of(file, "site", os.environ)
    if problems:
        file.unlink()
        said = (problems_as_text(problems, "de"), problems_as_text(problems, "en"))
        raise CommandError(Text(*said), CONFIG_IS_WRONG)


def _asked(what: Text, usual: str | None, language: Language) -> str:
    given = f" [{usual}]" if usual else ""
    answer = ask(f"{what.in_(language)}{given}: ") if sys.stdin is not None else None
    found = answer or (usual if answer is not None else None)
    if not found:
        raise CommandError(
            Text(
                f"Es fehlt: {what.de}. Nennen Sie --name, --firm und --state, oder antworten Sie.",
                f"Missing: {what.en}. Name --name, --firm and --state, or answer.",
            ),
            USAGE_IS_WRONG,
        )
    return found


def _id(name: str) -> str:
    """A short name that may be meant."""
    spelled = name.lower()
    for sign, letters in (("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("ß", "ss")):
        spelled = spelled.replace(sign, letters)
    found = re.sub(r"[^a-z0-9]+", "-", spelled).strip("-")[:32].rstrip("-")
    return found if re.fullmatch(FIRM_PATTERN, found) else "werkstatt"
