"""Changing one value of a file that a person may have written: every other byte stays.

YAML's parser knows where each value begins and ends, so the new one is put exactly there; comments,
blanks, order and quotes around it are not read at all. The result is read again and must say just
what was asked for, or nothing is changed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import yaml

from gateway.config.references import mask, unmask
from gateway.config.scalar_text import written
from gateway.config.tree import Scalar, Step
from gateway.core.errors import WerkverbundError

_MAPPING = "tag:yaml.org,2002:map"


class NoPlace(WerkverbundError):
    """A value has no place in the text as it is written; somebody has to write it by hand."""

    def __init__(self, at: Sequence[Step]) -> None:
        shown = ".".join(map(str, at))
        super().__init__(f"{shown} has no place in this text: please write it by hand")


def put(text: str, at: Sequence[Step], value: Scalar) -> str:
    """The text with ``value`` at the place that ``at`` leads to; a key that is missing is added.

    A scalar takes the place of whatever stands there. Raises NoPlace where the way leads through
    what is not there, or the text is no YAML.
    """
    if isinstance(value, str) and any(ord(sign) < ord(" ") for sign in value):
        raise NoPlace((value,))
    *above, last = at
    holder = _follow(_composed(text), above)
    found = _below(holder, last)
    said = written(value)
    if found is not None:
        start, end = found.start_mark.index, _end(found)
        lead = " " if text[start - 1 : start] == ":" else ""
        fresh = text[:start] + lead + said + text[end:]
    elif isinstance(holder, yaml.MappingNode) and isinstance(last, str):
        fresh = _added(text, holder, f"{last}: {said}")
    else:
        raise NoPlace(at)
    return _sure(text, fresh, at, value)


def drop(text: str, at: Sequence[Step]) -> str:
    """The text without the key that ``at`` leads to; comments above it stay. Raises NoPlace."""
    *above, last = at
    holder = _follow(_composed(text), above)
    value = _below(holder, last)
    if value is None:
        return text
    if not isinstance(holder, yaml.MappingNode) or holder.flow_style or len(holder.value) == 1:
        raise NoPlace(at)
    (key,) = (key for key, below in holder.value if below is value)
    start = text.rfind("\n", 0, key.start_mark.index) + 1
    end = text.find("\n", _end(value))
    fresh = text[:start] + (text[end + 1 :] if end >= 0 else "")
    return _sure(text, fresh, at, _GONE)


def put_entry(text: str, key: str, lines: str) -> str:
    """The text with ``lines`` for the key at the top and all below it; at the end if it is new.

    Comments above the key stay, those inside its value go with it. Raises NoPlace.
    """
    root = _composed(text)
    value = _below(root, key)
    if not isinstance(root, yaml.MappingNode) or root.flow_style:
        raise NoPlace((key,))
    if value is None:
        fresh = f"{text.rstrip()}\n\n{lines}"
    else:
        (named,) = (one for one, below in root.value if below is value)
        start, end = named.start_mark.index, text.find("\n", _end(value))
        fresh = text[:start] + lines + (text[end + 1 :] if end >= 0 else "")
    before, after = _plain(text), _plain(fresh)
    if not isinstance(before, dict) or not isinstance(after, dict):
        raise NoPlace((key,))
    if {**before, key: None} != {**after, key: None}:
        raise NoPlace((key,))
    return fresh


def merge(text: str, at: tuple[Step, ...], value: Scalar | Mapping[str, Any]) -> str:
    """The text with ``value`` at that place, changed line by line: comments between them stay.

    Raises NoPlace.
    """
    if not isinstance(value, Mapping):
        return text if _says(text, at, value) else put(text, at, value)
    present = _follow(_composed(text), at)
    if not isinstance(present, yaml.MappingNode):
        raise NoPlace(at)
    for step in [node.value for node, _ in present.value if node.value not in value]:
        text = drop(text, [*at, step])
    for step, one in value.items():
        if isinstance(one, list):
            raise NoPlace((*at, step))
        text = merge(text, (*at, step), one)
    return text


def _says(text: str, at: tuple[Step, ...], value: Scalar) -> bool:
    """Whether this value stands there already, however it is written."""
    *above, last = at
    found = _below(_follow(_composed(text), above), last)
    if found is None:
        return False
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # 400 and 400.0 are the same number
    return bool(_bare(found) == _plain(written(value)))


_GONE = object()


def _sure(before: str, after: str, at: Sequence[Step], value: object) -> str:
    """``after``, if it differs from ``before`` in this one value alone."""
    wanted: Any = _plain(before)
    *above, last = at
    holder = wanted
    for step in above:
        holder = holder[step]
    if value is _GONE:
        del holder[last]
    else:
        holder[last] = _plain(written(cast("Scalar", value)))
    if _plain(after) != wanted:
        raise NoPlace(at)
    return after


def _composed(text: str) -> yaml.Node:
    try:
        root = yaml.compose(mask(text), Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise NoPlace(()) from error
    if root is None:
        raise NoPlace(())
    return root


def _plain(text: str) -> object:
    """What a text says, every scalar as it is written: no meaning is read into it."""
    return _bare(_composed(text))


def _bare(node: yaml.Node) -> object:
    if isinstance(node, yaml.MappingNode):
        return {unmask(key.value): _bare(below) for key, below in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [_bare(below) for below in node.value]
    return (node.tag, unmask(node.value))


def _follow(node: yaml.Node, path: Sequence[Step]) -> yaml.Node:
    for step in path:
        below = _below(node, step)
        if below is None:
            raise NoPlace(path)
        node = below
    return node


def _below(node: yaml.Node, step: Step) -> yaml.Node | None:
    if isinstance(node, yaml.MappingNode):
        return next((below for key, below in node.value if key.value == step), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        found: yaml.Node = node.value[step]
        return found
    return None


def _end(node: yaml.Node) -> int:
    """Where a value ends: a block's own mark lies behind the comments and blank lines after it."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _end(last[1] if isinstance(last, tuple) else last)
    return int(node.end_mark.index)


def _added(text: str, holder: yaml.MappingNode, line: str) -> str:
    """A further key: behind the last one, in a line of its own or inside the brackets."""
    if not holder.value:
        raise NoPlace((line.partition(":")[0],))
    _, last = holder.value[-1]
    if holder.flow_style:
        end = _end(last)
        return f"{text[:end]}, {line}{text[end:]}"
    indent = " " * int(holder.start_mark.column)
    end = text.find("\n", _end(last))
    if end < 0:
        return f"{text}\n{indent}{line}\n"
    return f"{text[: end + 1]}{indent}{line}\n{text[end + 1 :]}"
