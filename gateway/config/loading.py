"""Reading the files that people write: every mistake at once, or a sound model."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache, reduce
from operator import or_
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Generic, Literal, cast, get_args

from pydantic import Field, create_model

from gateway.config import crosschecks, machine_files
from gateway.config.checking import Model, locate, validated
from gateway.config.models import Objection, Variant
from gateway.config.site import Device, Machine, SiteConfig
from gateway.config.strict_yaml import Tree, read
from gateway.config.tree import Node, plain
from gateway.config.variants import Variants
from gateway.core.errors import ConfigError, Problem


def read_model(path: Path, model: type[Model], env: Mapping[str, str] | None = None) -> Model:
    """Read the file at ``path`` as a ``model``; raises ConfigError with every problem."""
    tree = read(Path(path), os.environ if env is None else env)
    result = validated(tree, model)
    if tree.problems or result is None:
        raise tree.error()
    return result


@dataclass(frozen=True, slots=True, eq=False)
class Placed(Generic[Model]):
    """A sound file that still knows where its values stand."""

    model: Model
    tree: Tree

    @property
    def file(self) -> Path:
        """The file."""
        return self.tree.file

    def problem(self, objection: Objection) -> Problem:
        """An objection to the model, with the place of its value."""
        node, _ = locate(cast("Node", self.tree.root), objection.at)
        place = node.place
        file = place.file or self.file
        return Problem(file, place.line, place.column, objection.what, objection.fix)


def placed(path: Path, model: type[Model], env: Mapping[str, str]) -> Placed[Model] | None:
    """The file at ``path`` as a ``model``, with its places; None where it has a mistake."""
    try:
        tree = read(path, env)
        if issubclass(model, SiteConfig):
            machine_files.take_in(tree, env)
    except ConfigError:
        return None
    result = validated(tree, model)
    return None if tree.problems or result is None else Placed(result, tree)


def load(
    path: Path,
    variants: Variants,
    env: Mapping[str, str] | None = None,
    *,
    with_files: bool = True,
    make: bool = False,
    drafts: machine_files.Drafts = MappingProxyType({}),
) -> SiteConfig:
    """Read a firm's file and those of its machines below the state folder.

    Raises ConfigError with every problem, those between parts and files included.
    ``with_files`` False is for a firm whose consortium has no file yet: its keys come first.
    ``make`` allows to make the secrets that the file leaves to the gateway (``${generated:...}``).
    ``drafts`` are files of machines that are to be written, or to go.
    """
    env = os.environ if env is None else env
    tree = read(Path(path), env, make=make)
    machine_files.take_in(tree, env, make=make, drafts=drafts)
    model = site_model(variants)
    result = validated(tree, model)
    crosschecks.report(tree, model, variants, with_files=with_files)
    if tree.problems or result is None:
        raise tree.error()
    return result


@dataclass(frozen=True, slots=True, eq=False)
class Files:
    """A firm's file and those of its machines, which a gateway reads again while it runs."""

    file: Path
    variants: Variants
    env: Mapping[str, str] | None = None

    def read(self, drafts: machine_files.Drafts = MappingProxyType({})) -> SiteConfig:
        """What they say, or would say with these ``drafts``. Raises ConfigError."""
        return load(self.file, self.variants, self.env, make=True, drafts=drafts)


def load_machine(path: Path, variants: Variants, env: Mapping[str, str] | None = None) -> Machine:
    """Read the file of one machine by itself; raises ConfigError with every problem."""
    tree = read(Path(path), os.environ if env is None else env)
    result = validated(tree, machine_model(variants))
    crosschecks.report_machine(tree, site_model(variants), variants)
    if tree.problems or result is None:
        raise tree.error()
    return result


@lru_cache(maxsize=4)
def machine_model(variants: Variants) -> type[Machine]:
    """The file of one machine: a machine as in the firm's file, and the version of its format."""
    (machine, _) = get_args(site_model(variants).model_fields["machines"].annotation)
    version: Any = (Literal[1], SiteConfig.model_fields["schema_"])
    made: Any = create_model("MachineFile", __base__=machine, schema_=version)
    return cast("type[Machine]", made)


@lru_cache(maxsize=4)
def site_model(variants: Variants) -> type[SiteConfig]:
    """SiteConfig narrowed to the variants that the rooms offer."""
    connect: Any = _one_of(variants.connect)
    evidence: Any = _one_of(variants.evidence)
    sink: Any = _one_of(variants.sinks)
    device: Any = create_model(
        "Device", __base__=Device, connect=(connect, Device.model_fields["connect"])
    )
    machine: Any = create_model(
        "Machine",
        __base__=Machine,
        connect=(connect | None, Machine.model_fields["connect"]),
        devices=(tuple[device, ...], Machine.model_fields["devices"]),
        evidence=(evidence | None, Machine.model_fields["evidence"]),
    )
    site: Any = create_model(
        "Site",
        __base__=SiteConfig,
        machines=(tuple[machine, ...], SiteConfig.model_fields["machines"]),
        sinks=(tuple[sink, ...], SiteConfig.model_fields["sinks"]),
    )
    return cast("type[SiteConfig]", site)


def _one_of(variants: Mapping[str, type[Variant]]) -> Any:
    """The union of the variants, told apart by ``type``."""
    models: list[Any] = list(dict.fromkeys(variants.values()))
    if not models:
        return Variant
    union = reduce(or_, models)
    return union if len(models) == 1 else Annotated[union, Field(discriminator="type")]


def read_content(path: Path, env: Mapping[str, str] | None = None) -> object:
    """What a file says, without a model, whatever else is wrong with it."""
    tree = read(Path(path), os.environ if env is None else env)
    return plain(tree.root) if tree.root is not None else None
