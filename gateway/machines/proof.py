"""Where the facts of a template come from, and how far they are proven."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import BeforeValidator, Field

from gateway.config import Strict


class Proof(StrEnum):
    """How far a register's meaning is proven; each step includes the one before."""

    READ = "read"  # a register list was read, and says so
    RECORDED = "recorded"  # a recording of such a device shows what its display showed
    DEVICE = "device"  # a device was read, beside its display


class Document(Strict):
    """A register list that was really read: a manual, a page, or a file in a repository."""

    title: str = Field(
        min_length=1,
        description="Titel mit Seite, oder Repositorium und Datei / title with page, or repository "
        "and file",
    )
    edition: str | None = Field(
        default=None, description="Ausgabe, oder Commit / edition, or commit"
    )
    seen: str | None = Field(
        default=None, description="Wo es gelesen wurde, und wann / where it was read, and when"
    )


DocumentKey = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,31}$")]


def _listed(value: object) -> object:
    if isinstance(value, str):
        return (value,)
    return tuple(value) if isinstance(value, list) else value


Sources = Annotated[
    tuple[str, ...], BeforeValidator(_listed, json_schema_input_type=str | tuple[str, ...])
]
"""Where a meaning was read: each text begins with the key of a document (``manual 30001``)."""


def document_of(source: str) -> str:
    """The key of the document that a source begins with."""
    return source.split(maxsplit=1)[0].rstrip(":,") if source.strip() else ""


def place_in(source: str) -> str:
    """What a source says after the key of its document: the place in it, if any."""
    return source.strip().partition(" ")[2].strip()
