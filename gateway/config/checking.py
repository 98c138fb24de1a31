"""From a tree to a model: pydantic's findings, put back to line and column."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from gateway.config.finding import Spot
from gateway.config.foreign_words import replaced
from gateway.config.hints import closest
from gateway.config.model_keys import bounds, description, known_keys, known_types
from gateway.config.models import Strict
from gateway.config.sentences import doubtful, literal_secret, sentence
from gateway.config.strict_yaml import Tree
from gateway.config.tree import Items, Leaf, Node, Place, Step, Table, child, plain

Model = TypeVar("Model", bound=BaseModel)


def validated(tree: Tree, model: type[Model]) -> Model | None:
    """The file as a ``model``; None after reporting what is wrong."""
    if tree.root is None:
        return None
    _take_secrets(tree, model, tree.root)
    errors, result = _errors(model, tree.root, _context(tree))
    _settle_doubts(tree, model, errors)
    for error in _without_echo(errors, model, tree.root):
        _report(tree, model, tree.root, error)
    if result is None:
        _report_between(tree, model, tree.root)
    return None if tree.problems else result


def _report_between(tree: Tree, model: type[BaseModel], root: Node) -> None:
    """What does not fit together between the parts that are sound by themselves."""
    known = {(one.line, one.column, one.what) for one in tree.problems}
    for objection in model.objections_to_parts(_Parts(tree)) if issubclass(model, Strict) else ():
        node, _ = locate(root, objection.at)
        if (node.place.line, node.place.column, objection.what) not in known:
            tree.report(node.place, objection.what, objection.fix)


class _Parts:
    """The parts of a tree that are sound by themselves."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree

    def one(self, kind: Any, key: str, otherwise: Any) -> Any:
        """The value of a key."""
        root = self._tree.root
        node = None if root is None else child(root, key)
        return otherwise if node is None else sound(self._tree, kind, node)

    def each(self, kind: Any, key: str) -> Mapping[int, Any]:
        """The entries of a list that are sound."""
        root = self._tree.root
        items = None if root is None else child(root, key)
        if not isinstance(items, Items):
            return {}
        read = {at: sound(self._tree, kind, item) for at, item in enumerate(items.items)}
        return {at: value for at, value in read.items() if value is not None}


def sound(tree: Tree, kind: Any, node: Node) -> Any:
    """``node`` as a ``kind`` where nothing in it is wrong, else None; reports nothing."""
    if _poisoned_below(tree, node):
        return None
    try:
        text = json.dumps(plain(node))
        return TypeAdapter(kind).validate_json(text, context=_context(tree))
    except ValidationError:
        return None


def _errors(
    model: type[Model], node: Node, context: Mapping[str, object]
) -> tuple[list[ErrorDetails], Model | None]:
    try:
        return [], model.model_validate_json(json.dumps(plain(node)), context=dict(context))
    except ValidationError as invalid:
        found = invalid.errors(include_url=False, include_input=False)
        return [single for error in found for single in _singly(error)], None


def _singly(error: ErrorDetails) -> Iterator[ErrorDetails]:
    """Each objection of a validator of ours as an error of its own, with the path to its value."""
    objections = error.get("ctx", {}).get("objections")
    if objections is None:
        yield error
        return
    for objection in objections:
        single = error.copy()
        single["loc"] = (*error["loc"], *objection.at)
        single["ctx"] = {"objection": objection}
        yield single


def _context(tree: Tree) -> dict[str, object]:
    return {"folder": Path(tree.file).absolute().parent}


def _take_secrets(tree: Tree, model: type[BaseModel], root: Node) -> None:
    """Find where secrets stand; refuse literals; take references as text whatever they look like.

    The model itself says where: with ``looking_for_secrets`` each secret raises once.
    """
    errors, _ = _errors(model, root, {**_context(tree), "looking_for_secrets": True})
    for error in errors:
        if error["type"] != "secret":
            continue
        leaf, _ = locate(root, error["loc"])
        if not isinstance(leaf, Leaf) or leaf.value is None:
            continue
        if leaf.by_reference_only:
            tree.doubts.pop(id(leaf), None)
            leaf.value = leaf.text or None  # an empty secret is none
        elif id(leaf) not in tree.poisoned:
            tree.doubts.pop(id(leaf), None)
            tree.report(leaf.place, *literal_secret(error["loc"]), leaf)


def _settle_doubts(tree: Tree, model: type[BaseModel], errors: list[ErrorDetails]) -> None:
    """Say what to write instead of a misleading scalar, now that it is known what is expected."""
    if tree.root is None:
        return
    found: dict[int, ErrorDetails] = {}
    unseen: list[Node] = []
    for error in errors:
        node, _ = locate(tree.root, error["loc"])
        found.setdefault(id(node), error)
        if error["type"] in ("extra_forbidden", "union_tag_invalid", "union_tag_not_found"):
            unseen.append(node)
    for leaf, doubt in list(tree.doubts.values()):
        wrong = found.get(id(leaf))
        if wrong is not None and wrong["type"] != "extra_forbidden":
            expected = sentence(wrong, _place_in(tree, model, wrong, leaf))
            what, fix = doubtful(leaf, doubt, wrong["type"], expected)
        else:
            kind = "unknown" if any(_is_below(leaf, node) for node in unseen) else "text"
            what, fix = doubtful(leaf, doubt, kind, None)
        tree.report(leaf.place, what, fix, leaf)
    tree.doubts.clear()


def locate(root: Node, path: Iterable[Step]) -> tuple[Node, tuple[Step, ...]]:
    """The deepest value along ``path``, and the steps that really led there.

    Pydantic puts the ``type`` of a variant into its paths; the file has no such step.
    """
    node, taken = root, []
    for step in path:
        below: Node | None = None
        if isinstance(node, Table) and isinstance(step, str):
            kind = node.entries.get("type")
            if kind and isinstance(kind.value, Leaf) and kind.value.value == step:
                continue
            entry = node.entries.get(step)
            below = entry.value if entry else None
        elif isinstance(node, Items) and isinstance(step, int) and step < len(node.items):
            below = node.items[step]
        if below is not None:
            node = below
            taken.append(step)
    return node, tuple(taken)


def _without_echo(
    errors: list[ErrorDetails], model: type[BaseModel], root: Node
) -> list[ErrorDetails]:
    """One error for one mistake.

    A misspelled key also seems to be missing; where a word or a list may stand, pydantic says of
    either why it does not fit. Of an unknown type nobody knows which keys it has.
    """
    meant, words, unknown = set(), set(), set()
    for error in errors:
        parent, last = error["loc"][:-1], str(error["loc"][-1]) if error["loc"] else ""
        if error["type"] == "extra_forbidden":
            keys = known_keys(model, plain(root), parent)
            meant.add((parent, closest(last, keys) or replaced(last, keys)))
        elif error["type"] == "literal_error" and last == "type":
            unknown.add(parent)
        elif last.startswith(_BRANCH):
            words.add((parent, isinstance(locate(root, parent)[0], Leaf)))

    def echo(error: ErrorDetails) -> bool:
        parent, last = error["loc"][:-1], str(error["loc"][-1]) if error["loc"] else ""
        if last != "type" and any(error["loc"][: len(above)] == above for above in unknown):
            return True
        if error["type"] == "missing":
            return (parent, last) in meant
        if last.startswith(_BRANCH):
            return (parent, False) in words
        return (parent, True) in words

    return [error for error in errors if not echo(error)]


_BRANCH = "literal["
"""How pydantic names the branch of a fixed word in its paths."""


def _report(tree: Tree, model: type[BaseModel], root: Node, error: ErrorDetails) -> None:
    kind = error["type"]
    node, taken = locate(root, error["loc"])
    if kind != "extra_forbidden" and isinstance(node, Leaf) and id(node) in tree.poisoned:
        return  # it has been found wrong before; more would only repeat it
    if kind == "too_short" and isinstance(node, Items) and node.items:
        return  # its entries are wrong, not too few
    place = node.place
    if kind in ("extra_forbidden", "missing", "union_tag_not_found"):
        place = _key_of(root, taken) or place
    what, fix = sentence(error, _place_in(tree, model, error, node))
    tree.report(place, what, fix, node)


def _place_in(tree: Tree, model: type[BaseModel], error: ErrorDetails, node: Node) -> Spot:
    """What the model says of the place of an error."""
    content = plain(tree.root) if tree.root is not None else None
    path = error["loc"]
    above = path[:-1] if error["type"] == "extra_forbidden" else path
    _, taken = locate(tree.root, path) if tree.root is not None else (node, ())
    steps = (*taken, path[-1]) if error["type"] in ("missing", "extra_forbidden") else taken
    named = [step for step in steps if isinstance(step, str)]
    return Spot(
        named[-1] if named else "",
        node,
        known_keys(model, content, above) or known_keys(model, content, (*above, 0)),
        known_types(model, content, path),
        description(model, content, path),
        bounds(model, content, path),
    )


def _key_of(root: Node, taken: tuple[Step, ...]) -> Place | None:
    """Where the key of a value stands."""
    if not taken:
        return None
    holder, _ = locate(root, taken[:-1])
    step = taken[-1]
    if isinstance(holder, Table) and isinstance(step, str):
        return holder.entries[step].place
    return None


def _is_below(leaf: Node, node: Node) -> bool:
    return leaf is node or any(_is_below(leaf, below) for below in _children(node))


def _poisoned_below(tree: Tree, node: Node) -> bool:
    return id(node) in tree.poisoned or any(
        _poisoned_below(tree, below) for below in _children(node)
    )


def _children(node: Node) -> list[Node]:
    if isinstance(node, Table):
        return [entry.value for entry in node.entries.values()]
    return node.items if isinstance(node, Items) else []
