"""Sentences for what of YAML is not allowed here."""

from __future__ import annotations

from gateway.core.text import Text


def repeated(key: str, first: int) -> tuple[Text, Text]:
    """A key stands in one table twice."""
    return (
        Text(
            f"der Schlüssel {key} steht hier ein zweites Mal, zuerst in Zeile {first}",
            f"the key {key} is repeated; it stands in line {first} already",
        ),
        Text("Löschen Sie einen der beiden Einträge.", "Delete one of the two entries."),
    )


def alias(sign: str) -> tuple[Text, Text]:
    """What refers to another place of the file."""
    return (
        Text(
            f"{sign}: Anker, Verweise und Einmischungen von YAML sind hier nicht erlaubt",
            f"{sign}: YAML's anchors, aliases and merge keys are not allowed here",
        ),
        Text(
            "Schreiben Sie die Werte aus, oder setzen Sie den Text in Anführungszeichen.",
            "Write the values out, or put the text in quotes.",
        ),
    )


def tag(name: str) -> tuple[Text, Text]:
    """What says of which type a value is."""
    short = name.replace("tag:yaml.org,2002:", "!!")
    return (
        Text(
            f"Typangaben von YAML ({short}) sind hier nicht erlaubt",
            f"YAML's type tags ({short}) are not allowed here",
        ),
        Text("Löschen Sie die Typangabe.", "Delete the tag."),
    )


SECOND_DOCUMENT = (
    Text(
        "hier beginnt ein zweites Dokument (---); eine Datei ist ein Dokument",
        "a second document (---) begins here; a file is one document",
    ),
    Text(
        "Löschen Sie die Zeile, oder legen Sie eine zweite Datei an.",
        "Delete the line, or make a second file.",
    ),
)
TOO_DEEP = (
    Text("die Datei ist zu tief verschachtelt", "the file is nested too deeply"),
    Text("Prüfen Sie die Einrückung und die Klammern.", "Check indentation and brackets."),
)
KEY_IS_NO_NAME = (
    Text("der Schlüssel ist kein einfacher Name", "the key is not a plain name"),
    Text("Schreiben Sie: name: wert", "Write: name: value"),
)
