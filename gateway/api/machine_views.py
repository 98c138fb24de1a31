"""Templates and sheets as JSON. Loaded when somebody uses it."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from gateway.api.machine_shapes import (
    FirstShape,
    MachinePartShape,
    ParameterShape,
    SheetShape,
    TemplateShape,
)
from gateway.api.rooms import Rooms
from gateway.api.views import moment, words
from gateway.assistant.own_files import TEMPLATES
from gateway.assistant.sheet import FirstRun, Part, sheet
from gateway.config import Machine
from gateway.core.errors import ConfigError
from gateway.machines import catalog
from gateway.machines.parameters import Parameter
from gateway.machines.template import Template


def templates(state: Path) -> list[TemplateShape]:
    """Those that are delivered, then the firm's own; of these only what is sound."""
    found = [_template(name, catalog.template(name), own=False) for name in catalog.names()]
    for path in sorted((state / TEMPLATES).glob("*.yaml")):
        with suppress(ConfigError):
            named = f"../{TEMPLATES}/{path.name}"
            found.append(_template(named, catalog.template(str(path)), own=True))
    return found


def _template(name: str, template: Template, *, own: bool) -> TemplateShape:
    roles = {*(one.role for one in template.points), *(one.role for one in template.derived)}
    return {
        "name": name,
        "title": words(template.title),
        "own": own,
        "roles": sorted(role for role in roles if role is not None),
        "parameters": [_parameter(one) for one in template.parameters],
    }


def _parameter(one: Parameter) -> ParameterShape:
    return {
        "name": one.name,
        "means": words(one.means),
        "needed": one.needed,
        "default": one.default,
        "low": one.low,
        "high": one.high,
        "choices": [{"name": choice.name, "means": words(choice.means)} for choice in one.choices],
    }


def sheet_of(rooms: Rooms, machine: Machine, first: FirstRun | None) -> SheetShape:
    """The sheet of a machine."""
    page = sheet(rooms.site, machine, rooms.now().astimezone(), first)
    counted = None if first is None else FirstShape(at=moment(first.at), seconds=first.seconds)
    return {
        "first": counted,
        "title": words(page.title),
        "lead": words(page.lead),
        "parts": [_part(part) for part in page.parts],
    }


def _part(part: Part) -> MachinePartShape:
    return {
        "title": words(part.title),
        "facts": [{"label": words(label), "value": words(value)} for label, value in part.facts],
        "sentences": [words(one) for one in part.sentences],
        "columns": [words(one) for one in part.columns],
        "rows": [[words(cell) for cell in row] for row in part.rows],
    }
