"""What is said in English inside the program, in both languages for people.

Log lines and errors are written in English where they arise; ``german`` holds the German of each.
"""

from __future__ import annotations

import re
from errno import EACCES, ENOSPC
from functools import lru_cache

from gateway.core.errors import REFUSALS, reason
from gateway.core.german import SENTENCES
from gateway.core.text import Text

LONGEST = 500
"""Characters of a sentence that is looked up; what is longer comes from elsewhere."""

CAUSES = (
    (
        ("nobody listens there", "Connection refused"),
        Text("dort nimmt niemand Verbindungen an", "nobody listens there"),
    ),
    (
        ("the name is unknown", "Name or service not known"),
        Text("diesen Namen kennt das Netz nicht", "the name is unknown"),
    ),
    (("Network is unreachable",), Text("kein Netz", "no network")),
    (("no answer", "timed out"), Text("keine Antwort", "no answer")),
    (
        ("not heard",),
        Text(
            "was dieses Gateway sendet, kommt nicht zurück",
            "what this gateway sends does not come back",
        ),
    ),
    (
        ("another gateway uses this name",),
        Text(
            "ein anderes Gateway meldet sich dort unter demselben Namen (firm, plant)",
            "another gateway uses the same name (firm, plant) there",
        ),
    ),
    (
        ("another client took our name",),
        Text(
            "jemand anderes hat sich dort unter unserem Namen gemeldet",
            "somebody else has used our name there",
        ),
    ),
    (("no connection", "not connected"), Text("keine Verbindung", "not connected")),
    (
        ("its process needed more memory",),
        Text("sein Prozess brauchte mehr Speicher", "its process needed more memory"),
    ),
    (
        ("its process gave no sign of life",),
        Text("sein Prozess gab kein Lebenszeichen", "its process gave no sign of life"),
    ),
    (
        ("its process was ended", "its process has ended"),
        Text("sein Prozess wurde beendet", "its process was ended"),
    ),
    (("Address already in use",), Text("die Adresse ist belegt", "the address is taken")),
    (("the broker hung up",), Text("der Broker hat aufgelegt", "the broker hung up")),
    (
        ("Connection reset by peer", "Broken pipe"),
        Text("die Verbindung ist abgerissen", "the connection broke"),
    ),
    (("No route to host",), Text("dorthin führt kein Weg", "there is no way to it")),
    (("Permission denied",), REFUSALS[EACCES]),
    (("Not authorized",), Text("nicht zugelassen", "not authorized")),
    (
        ("Bad user name or password",),
        Text("Benutzer oder Passwort ist falsch", "wrong user or password"),
    ),
    (
        ("No space left on device", "database or disk is full"),
        REFUSALS[ENOSPC],
    ),
    (
        ("Read-only file system", "attempt to write a readonly database"),
        Text("der Datenträger oder die Datei ist nur lesbar", "the disk or the file is read-only"),
    ),
    (
        ("unable to open database file",),
        Text("die Datei lässt sich nicht öffnen", "the file cannot be opened"),
    ),
    (("disk I/O error",), Text("Fehler des Datenträgers", "error of the disk")),
    (("database is locked",), Text("ein anderes Programm benutzt sie", "another program uses it")),
    (
        ("file is not a database",),
        Text("die Datei ist keine Datenbank", "the file is not a database"),
    ),
    (
        ("database disk image is malformed",),
        Text("der Inhalt ist unlesbar", "its content cannot be read"),
    ),
)
"""What drivers and the system say most often, at the end of a sentence; else it stays as it is."""


def text_of(error: BaseException) -> Text:
    """What an error says, in both languages."""
    for told in (getattr(error, "text", None), getattr(error, "why", None)):
        if isinstance(told, Text):
            return told if told.de != told.en else in_words(told.en)
    if isinstance(error, OSError) and error.strerror and not error.filename:
        known = reason(error)
        return known if known.de != known.en else in_words(error.strerror)
    return in_words(str(error))


@lru_cache(256)
def in_words(said: str) -> Text:
    """An English sentence of ours in both languages, with what it quotes; others as they are."""
    if len(said) > LONGEST:
        return Text(said, said)
    for pattern, english in _PATTERNS:
        if (found := pattern.fullmatch(said)) is not None:
            quoted = [in_words(part) for part in found.groups()]
            return Text(
                SENTENCES[english] % tuple(part.de for part in quoted),
                english % tuple(part.en for part in quoted),
            )
    place, colon, what = said.partition(": ")
    if colon:
        rest = in_words(what)
        return Text(f"{place}: {rest.de}", f"{place}: {rest.en}")
    for known, words in CAUSES:
        if any(said.endswith(one) for one in known):
            return words
    return _REASONS.get(said, Text(said, said))


def _pattern(english: str) -> re.Pattern[str]:
    return re.compile("(.*?)".join(map(re.escape, english.split("%s"))), re.DOTALL)


_REASONS = {words.en: words for words in [*REFUSALS.values(), *(words for _, words in CAUSES)]}
_PATTERNS = [
    (_pattern(english), english)
    for english in sorted(SENTENCES, key=lambda one: len(one.replace("%s", "")), reverse=True)
]
"""Those that leave the least open come first."""
