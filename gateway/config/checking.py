"""From a tree to a model: pydantic's findings, put back to line and column."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from gateway.config.model_keys import known_keys
from gateway.config.sentences import closest, literal_secret, sentence
from gateway.config.strict_yaml import Tree
from gateway.config.tree import Items, Leaf, Node, Place, Step, Table, plain

Model = TypeVar("Model", bound=BaseModel)


def validated(tree: Tree, model: type[Model], node: Node | None = None) -> Model | None:
    """``node`` (default: the whole file) as a ``model``; None after reporting what is wrong."""
    root = node if node is not None else tree.root
    if root is None:
        return None
    _take_secrets(tree, model, root)
    errors, result = _errors(model, root, _context(tree))
    for error in _without_echo(errors, model, root):
        _report(tree, model, root, error)
    return result if not _poisoned_below(tree, root) else None


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
        return invalid.errors(include_url=False, include_input=False), None


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
            if not _unresolved(tree, leaf):
                tree.forgive(leaf)
            leaf.value = leaf.text or None  # an empty secret is none
        elif id(leaf) not in tree.poisoned or not leaf.referenced:
            tree.forgive(leaf)
            tree.report(leaf.place, *literal_secret(error["loc"]), leaf)


def _unresolved(tree: Tree, leaf: Leaf) -> bool:
    return leaf.text == "" and id(leaf) in tree.poisoned


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
    """Without the keys that only seem to be missing, because they are misspelled."""
    meant = set()
    for error in errors:
        if error["type"] == "extra_forbidden":
            parent = error["loc"][:-1]
            keys = known_keys(model, plain(root), parent)
            meant.add((parent, closest(str(error["loc"][-1]), keys)))
    return [
        e for e in errors if e["type"] != "missing" or (e["loc"][:-1], e["loc"][-1]) not in meant
    ]


def _report(tree: Tree, model: type[BaseModel], root: Node, error: ErrorDetails) -> None:
    path = error["loc"]
    kind = error["type"]
    node, taken = locate(root, path)
    if kind != "extra_forbidden" and _poisoned_above(tree, root, taken):
        return
    if kind == "too_short" and isinstance(node, Items) and node.items:
        return  # its entries are wrong, not too few
    place = node.place
    keys: tuple[str, ...] = ()
    if kind == "extra_forbidden":
        holder, _ = locate(root, taken[:-1])
        if isinstance(holder, Table) and str(path[-1]) in holder.entries:
            place = holder.entries[str(path[-1])].place
        keys = known_keys(model, plain(root), path[:-1])
    elif kind in ("missing", "union_tag_not_found"):
        place = _key_of(root, taken) or place
    what, fix = sentence(error, node, keys)
    tree.report(place, what, fix, node)


def _key_of(root: Node, taken: tuple[Step, ...]) -> Place | None:
    """Where the key of a value stands."""
    if not taken:
        return None
    holder, _ = locate(root, taken[:-1])
    step = taken[-1]
    if isinstance(holder, Table) and isinstance(step, str):
        return holder.entries[step].place
    return None


def _poisoned_above(tree: Tree, root: Node, taken: tuple[Step, ...]) -> bool:
    """Whether the value itself has been found wrong before, so that more would only repeat it."""
    node, _ = locate(root, taken)
    return isinstance(node, Leaf) and id(node) in tree.poisoned


def _poisoned_below(tree: Tree, node: Node) -> bool:
    if id(node) in tree.poisoned:
        return True
    if isinstance(node, Table):
        return any(_poisoned_below(tree, entry.value) for entry in node.entries.values())
    if isinstance(node, Items):
        return any(_poisoned_below(tree, item) for item in node.items)
    return False
