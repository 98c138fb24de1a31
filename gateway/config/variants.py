"""Variants: what the rooms offer to a site's file. They are found because their file exists."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Protocol, get_args

from gateway.config.models import Objection, Variant
from gateway.config.site import Device


def scan(package: ModuleType | str) -> dict[str, type[Variant]]:
    """Import every module of ``package`` and collect the variants defined there, by ``type``."""
    home = importlib.import_module(package) if isinstance(package, str) else package
    for module in pkgutil.iter_modules(home.__path__, f"{home.__name__}."):
        importlib.import_module(module.name)
    inside = f"{home.__name__}."
    found: dict[str, type[Variant]] = {}
    for variant in _subclasses(Variant):
        if not variant.__module__.startswith(inside) and variant.__module__ != home.__name__:
            continue
        for name in type_names(variant):
            found[name] = variant
    return dict(sorted(found.items()))


def type_names(variant: type[Variant]) -> tuple[str, ...]:
    """What ``type`` may say for this variant; empty for a class that only others build on."""
    return tuple(str(name) for name in get_args(variant.model_fields["type"].annotation))


def _subclasses(base: type[Variant]) -> list[type[Variant]]:
    direct = base.__subclasses__()
    return direct + [below for one in direct for below in _subclasses(one)]


class Templates(Protocol):
    """What a site's file may ask of the machine templates."""

    def names(self) -> Sequence[str]:
        """Every template that may be named."""

    def unfit(self, template: str, given: Mapping[str, float | str]) -> Sequence[Objection]:
        """What is wrong with a device's parameters. Raises KeyError, or ConfigError."""

    def roles(self, template: str, given: Mapping[str, float | str]) -> Mapping[str, str | None]:
        """The points of a device with their roles. Raises KeyError, or ConfigError."""


TooMuch = Callable[[Sequence[Device]], Objection | None]
"""Why one line cannot carry these devices; raises LookupError or ConfigError if unknown."""


@dataclass(frozen=True, slots=True, eq=False)
class Variants:
    """The catalogue of what the rooms offer; what is None is not checked."""

    connect: Mapping[str, type[Variant]]
    sinks: Mapping[str, type[Variant]]
    evidence: Mapping[str, type[Variant]]
    templates: Templates | None = None
    too_much: TooMuch | None = None
