"""The machine types that we know: one file each in ``configs/machines``, found by its existence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from gateway import resources
from gateway.config import Device, Objection, read_model
from gateway.machines.parameters import Values, unfit
from gateway.machines.template import Template


def names() -> tuple[str, ...]:
    """Every template that may be named without a path."""
    return tuple(sorted(path.stem for path in resources.templates().glob("*.yaml")))


def template(name_or_path: str) -> Template:
    """A template by its name, or by a path that ends in ``.yaml``.

    Raises KeyError for a name that nobody knows and ConfigError for a file with mistakes.
    """
    if name_or_path.endswith((".yaml", ".yml")):
        path = Path(name_or_path)
    elif name_or_path in names():
        path = resources.templates() / f"{name_or_path}.yaml"
    else:
        raise KeyError(name_or_path)
    return _read(path, *_version(path))


def of(device: Device) -> Template:
    """The template of a device of a site that has been checked, with its parameters."""
    return template(device.template).fitted(device.parameters)


@lru_cache(maxsize=256)
def _read(path: Path, changed: int, size: int) -> Template:  # noqa: ARG001 - they tell versions apart
    return read_model(path, Template, env={})


def _version(path: Path) -> tuple[int, int]:
    """When a file was changed, and its size: another version is read anew."""
    try:
        there = path.stat()
    except OSError:
        return 0, 0  # reading it says why it cannot be read
    return there.st_mtime_ns, there.st_size


class Catalog:
    """The templates as ``gateway.config`` asks for them when it checks a site's file."""

    def names(self) -> Sequence[str]:
        """Every template that may be named."""
        return names()

    def unfit(self, template: str, given: Values) -> Sequence[Objection]:
        """What is wrong with a device's parameters. Raises KeyError, or ConfigError."""
        return list(unfit(template, _template(template).parameters, given))

    def roles(self, template: str, given: Values) -> Mapping[str, str | None]:
        """The points of a device with their roles. Raises KeyError, or ConfigError.

        Parameters that do not fit count as not given.
        """
        known = _template(template)
        try:
            known = known.fitted(given)
        except LookupError:
            known = known.fitted({}) if not any(p.needed for p in known.parameters) else known
        points = {point.name: point.role for point in known.points}
        return points | {derived.name: derived.role for derived in known.derived}


_template = template
