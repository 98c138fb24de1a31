"""Which keys a model knows at a path: for "did you mean ...?"."""

from __future__ import annotations

import types
from collections.abc import Iterable
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from gateway.config.tree import Step


def known_keys(model: type[BaseModel], value: object, path: Iterable[Step]) -> tuple[str, ...]:
    """The keys that may stand at ``path`` below a file of this ``model``."""
    found = _descend(model, value, tuple(path))
    return tuple(sorted(_keys(found))) if found is not None else ()


def _keys(model: type[BaseModel]) -> set[str]:
    return {field.alias or name for name, field in model.model_fields.items()}


def _descend(kind: Any, value: object, path: tuple[Step, ...]) -> type[BaseModel] | None:
    models = [m for m in _models(kind) if _fits(m, value)]
    if not path:
        return models[0] if models else None
    step, rest = path[0], path[1:]
    if isinstance(value, dict) and value.get("type") == step and isinstance(step, str):
        return _descend(kind, value, rest)
    for model in models:
        for name, field in model.model_fields.items():
            if (field.alias or name) == step:
                below = value.get(step) if isinstance(value, dict) else None
                return _descend(field.annotation, below, rest)
    if isinstance(value, list) and isinstance(step, int) and step < len(value):
        return _descend(_element(kind), value[step], rest)
    if isinstance(value, dict) and isinstance(step, str) and step in value:
        return _descend(_element(kind), value[step], rest)
    return None


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
    if get_origin(kind) is dict:
        return arguments[1]
    return arguments[0] if get_origin(kind) in (tuple, list) else None
