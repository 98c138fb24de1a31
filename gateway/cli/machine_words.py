"""The words of ``init`` and of the commands below ``machine``, German and English."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.core.text import Text

_COMMANDS = {
    "init": Text(
        "Die Datei einer neuen Firma schreiben, aus wenigen Antworten.\n"
        "Fragt nach Name, Kurzname und Datenordner, was nicht angegeben ist. Eine Datei, die es "
        "gibt, bleibt, wie sie ist.",
        "Write the file of a new firm, from a few answers.\n"
        "Asks for name, short name and data folder where they are not given. A file that is there "
        "stays as it is.",
    ),
    "init.file": Text("Wohin: die neue Datei der Firma", "Where to: the firm's new file"),
    "init.firm": Text("Kurzname, z. B. fraeserei-muster", "Short name, e.g. acme-mills"),
    "init.name": Text("Name der Firma", "Name of the firm"),
    "init.state": Text("Ordner für alle Daten", "Folder for all data"),
    "init.listen": Text(
        "Adresse der Seiten, oder lan (Vorgabe 127.0.0.1:8080)",
        "Address of the pages, or lan (default 127.0.0.1:8080)",
    ),
    "machine": Text(
        "Maschinen hinzufügen, ändern, tauschen, entfernen; ihr Blatt drucken.\n"
        "Jede hat eine eigene Datei im Datenordner. Was geschrieben wird, wird gezeigt und "
        "geprüft; ein laufendes Gateway nimmt es gleich auf.",
        "Add, change, exchange and remove machines; print their sheets.\n"
        "Each has a file of its own in the data folder. What is written is shown and checked "
        "before; a running gateway takes it in at once.",
    ),
    "machine add": Text(
        "Eine Maschine hinzufügen: ihre Datei zeigen, prüfen, schreiben, aufnehmen.",
        "Add a machine: show its file, check it, write it, take it in.",
    ),
    "machine edit": Text(
        "Eine Maschine ändern: zeigt, was anders wird; Kommentare bleiben.",
        "Change a machine: shows what differs; comments stay.",
    ),
    "machine exchange": Text(
        "Ein Messgerät oder Modul ist getauscht: Verlauf und Zählung gehen weiter.\n"
        "Das laufende Gateway hält es fest und zählt ab dem ersten Stand des neuen Geräts weiter. "
        "Was nicht angegeben ist, bleibt.",
        "A meter or module has been exchanged: history and counts go on.\n"
        "The running gateway records it and goes on counting from what the new device shows first. "
        "What is not given stays.",
    ),
    "machine remove": Text(
        "Eine Maschine entfernen: Ihr Verlauf bleibt, ihre Datei geht beiseite.",
        "Remove a machine: its history stays, its file goes aside.",
    ),
    "machine sheet": Text(
        "Das Blatt einer Maschine: Anschluss, Register, Schwellen, was nicht zu sehen ist.",
        "The sheet of a machine: wiring, registers, thresholds, what cannot be seen.",
    ),
    "machine sheet.html": Text("Als Seite zum Drucken (A4)", "As a page to print (A4)"),
}
_PARAMETERS = {
    "file": Text("Die Datei der Firma", "The firm's file"),
    "machine": Text("Kurzname, z. B. mill-1", "Short name, e.g. mill-1"),
    "title": Text("Anzeigename", "Display name"),
    "title_en": Text(
        "Anzeigename auf Englisch (Vorgabe: derselbe)",
        "Display name in English (default: the same)",
    ),
    "template": Text(
        "Gerätetyp, oder die Datei einer eigenen Vorlage",
        "Type of device, or the file of a template of your own",
    ),
    "parameter": Text(
        "Parameter der Vorlage, auch mehrmals, z. B. ct_ratio=40",
        "Parameter of the template, repeatedly if needed, e.g. ct_ratio=40",
    ),
    "every": Text("Abfragetakt, z. B. 1s", "Polling period, e.g. 1s"),
    "evidence": Text(
        "Datei mit den Zeilen, die learn ausgibt", "File with the lines that learn prints"
    ),
    "built": Text("Baujahr", "Year of construction"),
    "yes": Text("Nicht nachfragen", "Do not ask"),
    "what": Text(
        "Was es jetzt ist, z. B. »SDM630, Nr. 4711«", 'What it is now, e.g. "SDM630, no. 4711"'
    ),
}
_REACHED = ["host", "port", "rtu", "serial", "baud", "parity", "stop_bits", "unit", "timeout"]
_TAKES = {
    "add": ["title", "title_en", "template", *_REACHED, "parameter", "every", "evidence", "built"],
    "edit": ["title", "title_en", *_REACHED, "parameter", "every", "evidence", "built"],
    "exchange": ["what", "template", *_REACHED, "parameter", "every"],
    "remove": [],
    "sheet": [],
}


def machine_words(known: Mapping[str, Text]) -> dict[str, Text]:
    """Help by command and parameter; how a device is reached is said as ``look`` says it."""
    words = dict(_COMMANDS)
    for command, takes in _TAKES.items():
        asked = [] if command == "sheet" else ["yes"]
        for name in ("file", "machine", *takes, *asked):
            said = _PARAMETERS.get(name) or known[f"look.{name}"]
            words[f"machine {command}.{name}"] = said
    return words
