"""The tree of a YAML file: what was written, and where."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

Scalar = str | int | float | bool | None
Plain = Scalar | list["Plain"] | dict[str, "Plain"]
Step = str | int


@dataclass(frozen=True, slots=True)
class Place:
    """Line and column, counted from 1; ``file`` where it is not the file that is read."""

    line: int
    column: int
    file: Path | None = None


@dataclass(slots=True)
class Node:
    """One value of the file.

    ``shown`` is the text as a person wrote it, references unresolved: messages show this and
    never a resolved secret.
    """

    place: Place


@dataclass(slots=True)
class Leaf(Node):
    """A scalar. ``text`` has its references resolved, ``value`` is what it means.

    ``reference`` says that ``text`` came from outside the file in whole; ``quoted`` that it stands
    in quotes, so that it is text whatever it looks like.
    """

    text: str
    value: Scalar
    shown: str
    quoted: bool = False
    referenced: bool = False
    by_reference_only: bool = False


@dataclass(slots=True)
class Items(Node):
    """A sequence."""

    items: list[Node] = field(default_factory=list)


@dataclass(slots=True)
class Entry:
    """A key with its place, and its value."""

    key: str
    place: Place
    value: Node


@dataclass(slots=True)
class Table(Node):
    """A mapping; the first of repeated keys counts."""

    entries: dict[str, Entry] = field(default_factory=dict)


def plain(node: Node) -> Plain:
    """What the tree means, without places."""
    if isinstance(node, Table):
        return {key: plain(entry.value) for key, entry in node.entries.items()}
    if isinstance(node, Items):
        return [plain(item) for item in node.items]
    return node.value if isinstance(node, Leaf) else None


def child(node: Node, step: Step) -> Node | None:
    """The value one step below, or None."""
    if isinstance(node, Table) and isinstance(step, str):
        entry = node.entries.get(step)
        return entry.value if entry else None
    if isinstance(node, Items) and isinstance(step, int) and step < len(node.items):
        return node.items[step]
    return None
