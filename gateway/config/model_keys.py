"""What a model knows about a path of its file: keys, variants, descriptions."""

from __future__ import annotations

import types
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from gateway.config.glossary import DIVIDER, GLOSSARY
from gateway.config.tree import Step
from gateway.core.text import Text


def known_keys(model: type[BaseModel], value: object, path: Iterable[Step]) -> tuple[str, ...]:
    """The keys that may stand at ``path`` below a file of this ``model``."""
    models = [one for one in _models(_kind_at(model, value, tuple(path))) if one is not None]
    fitting = [one for one in models if _fits(one, _value_at(value, path))]
    return tuple(sorted(_keys(fitting[0]))) if fitting else ()


def known_types(model: type[BaseModel], value: object, path: Iterable[Step]) -> tuple[str, ...]:
    """The variants that may stand at ``path``, by their ``type``."""
    found = set()
    for one in _models(_kind_at(model, value, tuple(path))):
        field = one.model_fields.get("type")
        if field is not None and get_origin(field.annotation) is Literal:
            found |= set(get_args(field.annotation))
    return tuple(sorted(found))


def description(model: type[BaseModel], value: object, path: tuple[Step, ...]) -> Text | None:
    """What the model says of the key at the end of ``path``, in both languages."""
    if not path or not isinstance(path[-1], str):
        return None
    above = _value_at(value, path[:-1])
    for one in _models(_kind_at(model, value, path[:-1])):
        for name, field in one.model_fields.items():
            if (field.alias or name) == path[-1] and _fits(one, above):
                return _both(field.description or "") or _both(GLOSSARY.get(path[-1], ""))
    return None


def bounds(
    model: type[BaseModel], value: object, path: tuple[Step, ...]
) -> tuple[timedelta, timedelta]:
    """Between what a duration at the end of ``path`` has to be."""
    said = [
        bound
        for one in (_models(_kind_at(model, value, path[:-1])) if path else ())
        for name, field in one.model_fields.items()
        if (field.alias or name) == path[-1] and _fits(one, _value_at(value, path[:-1]))
        for bound in _said_of(field)
    ]
    least = [getattr(bound, "ge", None) for bound in said]
    most = [getattr(bound, "le", None) for bound in said]
    return (
        max((one for one in least if isinstance(one, timedelta)), default=timedelta(0)),
        min((one for one in most if isinstance(one, timedelta)), default=timedelta.max),
    )


def _said_of(kind: Any) -> Iterator[object]:
    """What an annotation says of its values, however deep it stands in it."""
    if isinstance(kind, FieldInfo):
        yield from kind.metadata
        yield from _said_of(kind.annotation)
    for inner in (*get_args(kind), *getattr(kind, "__metadata__", ())):
        yield inner
        yield from _said_of(inner)


def _both(description: str) -> Text | None:
    de, divider, en = description.partition(DIVIDER)
    return Text(de, en) if divider else None


def _keys(model: type[BaseModel]) -> set[str]:
    return {field.alias or name for name, field in model.model_fields.items()}


def _kind_at(kind: Any, value: object, path: tuple[Step, ...]) -> Any:
    """The annotation at ``path``."""
    if not path:
        return kind
    step, rest = path[0], path[1:]
    if isinstance(value, dict) and value.get("type") == step:
        return _kind_at(kind, value, rest)
    for model in (model for model in _models(kind) if _fits(model, value)):
        for name, field in model.model_fields.items():
            if (field.alias or name) == step:
                return _kind_at(field.annotation, _value_at(value, (step,)), rest)
    element = _element(kind)
    return None if element is None else _kind_at(element, _value_at(value, (step,)), rest)


def _value_at(value: object, path: Iterable[Step]) -> object:
    for step in path:
        if isinstance(value, list):
            value = value[step] if isinstance(step, int) and step < len(value) else None
        elif isinstance(value, dict) and (step in value or value.get("type") != step):
            value = value.get(step)
        elif not isinstance(value, dict):
            return None
    return value


def _fits(model: type[BaseModel], value: object) -> bool:
    """Whether a variant's ``type`` is the one that the file names."""
    field = model.model_fields.get("type")
    if field is None or get_origin(field.annotation) is not Literal:
        return True
    return isinstance(value, dict) and value.get("type") in get_args(field.annotation)


def _models(kind: Any) -> list[type[BaseModel]]:
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return [kind]
    if get_origin(kind) is Annotated:
        return _models(get_args(kind)[0])
    if get_origin(kind) in (Union, types.UnionType):
        return [model for option in get_args(kind) for model in _models(option)]
    return []


def _element(kind: Any) -> Any:
    """What a tuple or the values of a dict hold."""
    if get_origin(kind) in (Annotated, Union, types.UnionType):
        for option in get_args(kind):
            element = _element(option)
            if element is not None:
                return element
        return None
    arguments = get_args(kind)
    if get_origin(kind) in (dict, Mapping):
        return arguments[1]
    return arguments[0] if get_origin(kind) in (tuple, list) else None
