"""The file of one machine as text: YAML with comments in both languages, from what it is to say.

A person reads it, and may change it afterwards; the comments are the descriptions of the models.
Pure: nothing is checked here, and what does not fit is said by whoever reads the text again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any, cast

from pydantic import BaseModel

from gateway.config.model_keys import description
from gateway.config.scalar_text import written
from gateway.config.site import Machine
from gateway.config.tree import Scalar, Step

Content = Mapping[str, Any]
"""What a file says: its keys, with scalars, lists and mappings as they stand in YAML."""
HEAD = (
    "Geschrieben vom Gateway. Ändern Sie, was Sie wollen: Ihre Kommentare bleiben stehen.",
    "Written by the gateway. Change what you like: your comments stay.",
)
EXPLAINED = "evidence"
"""Below this key each line is explained; elsewhere those at the top are enough."""
_EXACT = 2**53
_UNITS = (("d", 86_400_000_000), ("h", 3_600_000_000), ("min", 60_000_000), ("s", 1_000_000))


def machine_text(content: Content, model: type[BaseModel], head: Sequence[str] = HEAD) -> str:
    """The text of a file that says ``content``; ``model`` is that of the files of machines."""
    lines = [*(f"# {line}" for line in head), "schema: 1"]
    for key, value in content.items():
        lines += ["", *_entry(model, content, (key,), value)]
    return "\n".join(lines) + "\n"


def entry_text(content: Content, model: type[BaseModel], key: str) -> str:
    """The lines of one key at the top, as they stand in the file, explained."""
    return "".join(f"{line}\n" for line in _entry(model, content, (key,), content[key]))


def content_of(machine: Machine) -> dict[str, Any]:
    """What a file says that means ``machine``; what is left out is as ever."""
    said = said_of(machine)
    if machine.template is not None:
        del said["devices"]
    return said


def said_of(model: BaseModel) -> dict[str, Any]:
    """What a part of a file says that means ``model``; what is as ever is left out."""
    return cast("dict[str, Any]", _said(model))


def spelled(duration: timedelta) -> str:
    """A duration as files write it: 250ms, 1.5s, 15min."""
    us = duration // timedelta(microseconds=1)
    for unit, size in _UNITS:
        if us and us % size == 0:
            return f"{us // size}{unit}"
    in_ms = us < _UNITS[-1][1] or us % 1000
    return f"{Decimal(us) / 1000:f}ms" if in_ms else f"{Decimal(us) / 1_000_000:f}s"


def _said(value: object) -> object:
    if isinstance(value, BaseModel):
        return {
            field.alias or name: _said(given)
            for name, field in type(value).model_fields.items()
            if (given := getattr(value, name)) is not None
            and (name == "type" or given != field.get_default(call_default_factory=True))
        }
    if isinstance(value, Mapping):
        return {key: _said(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_said(one) for one in value]
    return _scalar(value)


def _scalar(value: object) -> Scalar:
    if isinstance(value, timedelta):
        return spelled(value)
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT:
        return int(value)
    return value if isinstance(value, (bool, int, float)) else str(value)


def _entry(
    model: type[BaseModel], content: Content, path: tuple[Step, ...], value: object
) -> list[str]:
    before, key = "  " * (len(path) - 1), written(str(path[-1]))
    lines = [f"{before}# {line}" for line in _comment(model, content, path)]
    if isinstance(value, Mapping) and value and key != "title":
        below = (_entry(model, content, (*path, name), one) for name, one in value.items())
        return [*lines, f"{before}{key}:", *(line for one in below for line in one)]
    if isinstance(value, list) and value and isinstance(value[0], Mapping):
        items = (line for item in value for line in _item(item, before))
        return [*lines, f"{before}{key}:", *items]
    return [*lines, f"{before}{key}: {_flow(value)}"]


def _item(item: Mapping[str, object], before: str) -> Iterator[str]:
    lead = "  - "
    for name, value in item.items():
        yield f"{before}{lead}{written(name)}: {_flow(value)}"
        lead = "    "


def _comment(model: type[BaseModel], content: Content, path: tuple[Step, ...]) -> Iterator[str]:
    told = len(path) == 1 or (path[0] == EXPLAINED and path[-1] != "type")
    means = description(model, content, path) if told else None
    if means is not None:
        yield means.de
        yield means.en


def _flow(value: object) -> str:
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{written(k)}: {_flow(v)}' for k, v in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_flow, value))}]"
    return written(cast("Scalar", value))
