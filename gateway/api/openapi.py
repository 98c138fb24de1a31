"""The shapes of the API as a file, of which the pages' types are made: ``make types``."""

from __future__ import annotations

import sys
from typing import Any

import orjson

from gateway.api.app import routed
from gateway.api.documents import Schema, document


def shapes() -> Schema:
    """The shapes of bodies and answers alone, of an application that serves nobody."""
    made = document(routed("1"))
    schemas: Schema = _untitled(made["components"]["schemas"])
    return made | {"paths": {}, "components": {"schemas": schemas}}


def _untitled(schema: Any) -> Any:
    """A schema without the titles that pydantic makes of its names."""
    if isinstance(schema, list):
        return [_untitled(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    titled = isinstance(schema.get("title"), str)
    return {key: _untitled(each) for key, each in schema.items() if key != "title" or not titled}


if __name__ == "__main__":
    sys.stdout.buffer.write(orjson.dumps(shapes(), option=orjson.OPT_SORT_KEYS))
