"""YAML without its traps: a tree with line and column of everything, and every mistake at once.

Refused with a message each: repeated keys, anchors, aliases, merge keys, tags, several documents,
tabs, bad UTF-8, and scalars that YAML reads other than people do (``scalar_rules``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from gateway.config import yaml_sentences as said
from gateway.config.references import Surroundings, mask, resolve, unmask
from gateway.config.scalar_rules import Doubt, meaning
from gateway.config.source_text import decoded, odd_character, sound_text
from gateway.config.tree import Entry, Items, Leaf, Node, Place, Table
from gateway.config.yaml_errors import translated
from gateway.core.errors import ConfigError, Problem
from gateway.core.text import Text

DEEPEST = 24
"""More nesting than this no file of ours needs."""
_READ_DIFFERENTLY = frozenset("\t!?")


@dataclass(slots=True)
class Tree:
    """A file as read: its root (None where the text is no YAML at all) and its problems so far.

    ``poisoned`` are the nodes that a problem has been reported for, by identity: whatever else
    they cause stays unsaid. ``doubts`` are the scalars whose spelling misleads; what to write
    instead depends on what is expected there. ``lacks``: one of the files that are taken in
    could not be read, so what stands there is not known.
    """

    file: Path
    root: Node | None
    problems: list[Problem] = field(default_factory=list)
    poisoned: dict[int, list[Problem]] = field(default_factory=dict)
    doubts: dict[int, tuple[Leaf, Doubt]] = field(default_factory=dict)
    lacks: bool = False

    def report(self, place: Place, what: Text, fix: Text, node: Node | None = None) -> None:
        """Note one problem."""
        problem = Problem(place.file or self.file, place.line, place.column, what, fix)
        self.problems.append(problem)
        if node is not None:
            self.poisoned.setdefault(id(node), []).append(problem)

    def line_of(self, there: Place, here: Place) -> Text:
        """A place as seen from another: its line, and its file where that is another one."""
        line = Text(f"Zeile {there.line}", f"line {there.line}")
        if there.file == here.file:
            return line
        file = self.file if there.file is None else there.file
        return Text(f"{file}, {line.de}", f"{file}, {line.en}")

    def forgive(self, node: Node) -> None:
        """Take back what was said of one node."""
        self.doubts.pop(id(node), None)
        for problem in self.poisoned.pop(id(node), []):
            self.problems.remove(problem)

    def error(self) -> ConfigError:
        """Every problem, in the order of the file; after it those of the files that it takes in."""
        return ConfigError(
            sorted(self.problems, key=lambda p: (p.file != self.file, p.file, p.line, p.column))
        )


def read(
    path: Path, env: Mapping[str, str], *, make: bool = False, draft: str | None = None
) -> Tree:
    """Read ``path``; raises ConfigError only where there is no tree to go on with.

    ``make`` allows to make the secrets that the file leaves to the gateway. ``draft`` is what the
    file is going to say: it is read instead.
    """
    tree = Tree(path, None)
    text = decoded(path, tree.report) if draft is None else sound_text(draft, tree.report)
    if text is None:
        raise tree.error()
    try:
        events = iter(_events(mask(text)))
        tree.root = _Builder(tree, Surroundings(env, path.parent, make), events).document()
    except yaml.MarkedYAMLError as error:
        tree.report(*translated(error, text))
        raise tree.error() from error
    if tree.root is None:
        tree.report(
            Place(1, 1),
            Text("die Datei ist leer", "the file is empty"),
            Text(
                "Kopieren Sie eine der Beispieldateien aus configs/.",
                "Copy one of the examples in configs/.",
            ),
        )
        raise tree.error()
    return tree


def _events(text: str) -> Iterable[yaml.Event]:
    """YAML's events; by its fast parser where both read the text alike and it has nothing to say.

    They differ over tabs, tags and "?", and over where a value stands that is not there.
    """
    fast = getattr(yaml, "CSafeLoader", None)  # PyYAML may have been built without it
    if fast is not None and not set(text) & _READ_DIFFERENTLY:
        with suppress(yaml.YAMLError):  # the slow one says why, and where
            events = list(yaml.parse(text, Loader=fast))
            if not any(map(_nothing, events)):
                return events
    return yaml.parse(text, Loader=yaml.SafeLoader)


def _nothing(event: yaml.Event) -> bool:
    return isinstance(event, yaml.ScalarEvent) and not (event.value or event.style)


class _Builder:
    """Turns YAML's events into nodes."""

    def __init__(self, tree: Tree, where: Surroundings, events: Iterator[yaml.Event]) -> None:
        self._tree, self._where, self._events = tree, where, events

    def document(self) -> Node | None:
        """The first document; any further one is a problem."""
        root: Node | None = None
        documents = 0
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self._tree.report(_place(event), *said.SECOND_DOCUMENT)
                    break
            elif isinstance(event, yaml.NodeEvent):
                root = self._node(event, 0)
        return root

    def _node(self, event: yaml.Event, depth: int) -> Node:
        if depth > DEEPEST:
            self._tree.report(_place(event), *said.TOO_DEEP)
            raise self._tree.error()
        if isinstance(event, yaml.ScalarEvent):
            return self._leaf(event)
        if isinstance(event, yaml.AliasEvent):
            self._tree.report(_place(event), *said.alias(f"*{event.anchor}"))
            return self._refused(_place(event))
        node = self._table(event, depth) if _opens_table(event) else self._items(event, depth)
        return self._refused(_place(event)) if self._refuse_extras(event) else node

    def _refused(self, place: Place) -> Leaf:
        """Stands for what has been refused as a whole."""
        leaf = Leaf(place, "", None, "")
        self._tree.poisoned[id(leaf)] = []
        return leaf

    def _refuse_extras(self, event: yaml.Event) -> bool:
        """Report anchor and tag; True where a tag changes what the value means."""
        if not isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent):
            return False
        if event.anchor:
            self._tree.report(_place(event), *said.alias(f"&{event.anchor}"))
        if event.tag:
            self._tree.report(_place(event), *said.tag(event.tag))
        return bool(event.tag)

    def _items(self, event: yaml.Event, depth: int) -> Items:
        items = Items(_place(event))
        while not isinstance(below := next(self._events), yaml.SequenceEndEvent):
            items.items.append(self._node(below, depth + 1))
        return items

    def _table(self, event: yaml.Event, depth: int) -> Table:
        table = Table(_place(event))
        before: Entry | None = None
        ends = -1
        while not isinstance(key_event := next(self._events), yaml.MappingEndEvent):
            place = _place(key_event)
            key = self._key(key_event, depth)
            value_event = next(self._events)
            value = self._node(value_event, depth + 1)
            if key is None:
                continue
            if before is not None and _goes_on(before.value, ends, key, value, key_event):
                ends = _span(key_event)[1]
                self._comma(before, key)
                continue
            key = self._spaced(key, value, place)
            before, ends = Entry(key, place, value), _span(value_event)[1]
            if key == "<<":
                self._tree.report(place, *said.alias("<<"))
            elif key in table.entries:
                self._tree.report(place, *said.repeated(key, table.entries[key].place.line))
            else:
                table.entries[key] = Entry(key, place, value)
        return table

    def _comma(self, entry: Entry, more: str) -> None:
        """A number with commas, which within brackets divide entries."""
        leaf = entry.value
        if not isinstance(leaf, Leaf):
            raise TypeError(leaf)
        self._tree.forgive(leaf)
        leaf.shown = f"{leaf.shown},{more}"
        meant = leaf.shown.replace(",", ".")
        self._tree.report(
            leaf.place,
            Text(
                f"{leaf.shown}: in einer Klammer trennt das Komma Einträge",
                f"{leaf.shown}: within brackets the comma divides entries",
            ),
            Text(
                f"Mit Punkt: {entry.key}: {meant}",
                f"With a point: {entry.key}: {meant}",
            ),
            leaf,
        )

    def _spaced(self, key: str, value: Node, place: Place) -> str:
        """A key with its value stuck to it, within brackets: the key alone, after a report."""
        stuck = re.fullmatch(r"([a-z_]+):(\S.*)", key)
        if stuck is None or not isinstance(value, Leaf) or value.text:
            return key
        self._tree.report(
            place,
            Text(
                f"nach {stuck.group(1)}: fehlt ein Leerzeichen",
                f"a blank is missing after {stuck.group(1)}:",
            ),
            Text(
                f"Schreiben Sie {stuck.group(1)}: {stuck.group(2)}",
                f"Write {stuck.group(1)}: {stuck.group(2)}",
            ),
            value,
        )
        return stuck.group(1)

    def _key(self, event: yaml.Event, depth: int) -> str | None:
        if isinstance(event, yaml.ScalarEvent):
            self._refuse_extras(event)
            key = unmask(event.value)
            odd = odd_character(key)
            if odd is None:
                return key
            self._tree.report(_place(event), *odd)
            return None
        self._node(event, depth + 1)
        self._tree.report(_place(event), *said.KEY_IS_NO_NAME)
        return None

    def _leaf(self, event: yaml.ScalarEvent) -> Leaf:
        self._refuse_extras(event)
        shown = unmask(event.value)
        odd = odd_character(shown)
        if odd is not None:
            self._tree.report(_place(event), *odd)
            return self._refused(_place(event))
        resolved = resolve(shown, self._where)
        quoted = bool(event.style)
        value, doubt = (resolved.text, None) if quoted else meaning(resolved.text)
        if resolved.whole and resolved.text and value is None:
            value = resolved.text  # a password may be "null"; only the file itself says nothing
        leaf = Leaf(
            _place(event),
            resolved.text,
            value,
            shown,
            quoted=quoted,
            referenced=resolved.referenced,
            by_reference_only=resolved.whole,
        )
        for what, fix in resolved.problems:
            self._tree.report(leaf.place, what, fix, leaf)
        if doubt and not resolved.problems:
            self._tree.doubts[id(leaf)] = (leaf, doubt)
        return leaf


def _goes_on(before: Node, ends: int, key: str, value: Node, event: yaml.Event) -> bool:
    """Whether a key is the rest of the number before it: 0,5 within brackets."""
    return (
        isinstance(before, Leaf)
        and isinstance(value, Leaf)
        and not (before.quoted or value.text)
        and re.fullmatch(r"-?[\d,]+", before.shown) is not None
        and key.isdecimal()
        and _span(event)[0] == ends + 1
    )


def _opens_table(event: yaml.Event) -> bool:
    return isinstance(event, yaml.MappingStartEvent)


def _place(event: yaml.Event) -> Place:
    mark = event.start_mark
    return Place(mark.line + 1, mark.column + 1) if mark is not None else Place(1, 1)


def _span(event: yaml.Event) -> tuple[int, int]:
    """Where an event begins and ends in the text."""
    start, end = event.start_mark, event.end_mark
    return (start.index, end.index) if start is not None and end is not None else (-1, -1)
