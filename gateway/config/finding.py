"""One finding about a file: where it is, what the model says of the place, what stands there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from gateway.config.tree import Items, Leaf, Node, Table
from gateway.core.text import Text

Said = tuple[Text, Text]
"""What is wrong, and what to write instead."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in a file, and what its model says of it.

    ``key`` is the nearest named step, ``keys`` and ``types`` are what may stand there, ``means`` is
    the key's description, ``bounds`` is between what a duration has to be.
    """

    key: str
    node: Node
    keys: Sequence[str] = ()
    types: Sequence[str] = ()
    means: Text | None = None
    bounds: tuple[timedelta, timedelta] = (timedelta(0), timedelta.max)


@dataclass(frozen=True, slots=True)
class Found:
    """One of pydantic's findings: its own details, and the spot."""

    ctx: Mapping[str, object]
    spot: Spot

    @property
    def key(self) -> str:
        """The key at which it was found."""
        return self.spot.key

    @property
    def node(self) -> Node:
        """The value that is wrong."""
        return self.spot.node


def as_written(node: Node) -> str:
    """A value as a person wrote it, cut where it is long, without the credentials of an address."""
    if isinstance(node, Table):
        return "{...}"
    if isinstance(node, Items):
        return "[...]"
    text = node.shown if isinstance(node, Leaf) else ""
    if "@" in text and ":" in text:
        before, _, place = text.rpartition("@")
        scheme, slashes, _ = before.partition("//")
        text = f"{scheme if slashes else ''}{slashes}***@{place}"
    return text if len(text) <= 40 else text[:37] + "..."
