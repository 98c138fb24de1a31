"""The kinds of file that people write, told apart by their keys, and the model of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gateway.core.errors import ConfigError, Problem
from gateway.core.text import Text

if TYPE_CHECKING:
    from pydantic import BaseModel


def _site() -> type[BaseModel]:
    from gateway.cli.rooms import variants  # noqa: PLC0415
    from gateway.config import site_model  # noqa: PLC0415

    return site_model(variants())


def _template() -> type[BaseModel]:
    from gateway.machines.template import Template  # noqa: PLC0415

    return Template


def _consortium() -> type[BaseModel]:
    from gateway.network.files import ConsortiumFile  # noqa: PLC0415

    return ConsortiumFile


def _order() -> type[BaseModel]:
    from gateway.network.files import OrderFile  # noqa: PLC0415

    return OrderFile


def _simulation() -> type[BaseModel]:
    from simulators.simulation import SimulationFile  # noqa: PLC0415

    return SimulationFile


def _scenario() -> type[BaseModel]:
    from simulators.stage.scenario import Scenario  # noqa: PLC0415

    return Scenario


MODELS: Mapping[str, Callable[[], type[BaseModel]]] = {
    "site": _site,
    "template": _template,
    "consortium": _consortium,
    "order": _order,
    "simulation": _simulation,
    "scenario": _scenario,
}
"""The model of each kind; its room is imported only when it is asked for."""

_SIGNS: tuple[tuple[str, frozenset[str]], ...] = (
    ("scenario", frozenset({"keyframes"})),
    ("template", frozenset({"template", "points"})),
    ("template", frozenset({"identification", "points"})),
    ("order", frozenset({"packages"})),
    ("consortium", frozenset({"firms", "lead"})),
    ("simulation", frozenset({"simulation"})),
    ("site", frozenset({"firm", "machines"})),
    ("site", frozenset({"firm", "state"})),
    ("simulation", frozenset({"machines"})),
)


def kind_of(content: Any) -> str | None:
    """What kind of file has this content; None where it cannot be told."""
    if not isinstance(content, dict):
        return None
    return next((kind for kind, keys in _SIGNS if keys <= content.keys()), None)


def problems_of(file: Path, kind: str | None, env: Mapping[str, str]) -> tuple[Problem, ...]:
    """Every mistake in ``file``."""
    from gateway.cli.rooms import variants  # noqa: PLC0415
    from gateway.config import load, read_content, read_model  # noqa: PLC0415

    try:
        known = kind or kind_of(read_content(file, env))
        if known is None:
            return (_unknown(file),)
        if known == "site":
            load(file, variants(), env)
        else:
            read_model(file, MODELS[known](), env)
    except ConfigError as error:
        return error.problems
    return ()


def _unknown(file: Path) -> Problem:
    return Problem(
        file,
        1,
        1,
        Text(
            "welche Art von Datei das ist, ist nicht zu erkennen",
            "it cannot be told what kind of file this is",
        ),
        Text(
            f"Nennen Sie die Art: --kind {'|'.join(MODELS)}",
            f"Name its kind: --kind {'|'.join(MODELS)}",
        ),
    )
