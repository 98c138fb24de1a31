"""The kinds of file that people write, told apart by their keys, and the model of each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.cli.errors import USAGE_IS_WRONG, CommandError
from gateway.core.errors import ConfigError, Problem
from gateway.core.text import Text

if TYPE_CHECKING:
    from pydantic import BaseModel

    from gateway.config import Machine, SiteConfig


def _site() -> type[BaseModel]:
    from gateway.cli.rooms import variants  # noqa: PLC0415
    from gateway.config import site_model  # noqa: PLC0415

    return site_model(variants())


def _machine() -> type[BaseModel]:
    from gateway.cli.rooms import variants  # noqa: PLC0415
    from gateway.config import machine_model  # noqa: PLC0415

    return machine_model(variants())


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
    from simulators.simulation_file import SimulationFile  # noqa: PLC0415

    return SimulationFile


def _scenario() -> type[BaseModel]:
    from simulators.stage.scenario import Scenario  # noqa: PLC0415

    return Scenario


MODELS: Mapping[str, Callable[[], type[BaseModel]]] = {
    "site": _site,
    "machine": _machine,
    "template": _template,
    "consortium": _consortium,
    "order": _order,
    "simulation": _simulation,
    "scenario": _scenario,
}
"""The model of each kind; its room is imported only when it is asked for."""

KEYS: Mapping[str, frozenset[str]] = {
    kind: frozenset(keys.split())
    for kind, keys in {
        "site": "firm name plant area simulated state machines history web sinks jobs network "
        "calendar",
        "machine": "name title built manufacturer model serial template connect parameters "
        "every devices evidence shifts maintenance",
        "template": "template title identification numbering sentinels points derived readable "
        "workarounds proof sources wiring parameters caveats",
        "consortium": "name lead firms agreements",
        "order": "id item quantity unit lead start due transport threshold interval stale step "
        "calendar_step lapse packages agreements prepared",
        "simulation": "seed start transport lapse packages reserves element machines",
        "scenario": "order lapse simulation consortium firms fault_machine keyframes confirm_after",
    }.items()
}
"""The keys of each kind of file, ``schema`` aside: by them it is told."""


def kind_of(content: object) -> str | None:
    """What kind of file has this content: the one with most of its keys; None on a tie."""
    if not isinstance(content, dict):
        return None
    fits = {kind: len(keys & content.keys()) for kind, keys in KEYS.items()}
    best = [kind for kind, fit in fits.items() if fit and fit == max(fits.values())]
    return best[0] if len(best) == 1 else None


def known_kind(name: str) -> str:
    """The kind called ``name``. Raises CommandError for a name that nobody knows."""
    if name in MODELS:
        return name
    listed = ", ".join(MODELS)
    raise CommandError(
        Text(
            f"Die Art {name} gibt es nicht. Möglich sind: {listed}",
            f"There is no kind {name}. Possible are: {listed}",
        ),
        USAGE_IS_WRONG,
    )


def yaml_files(named: Sequence[Path]) -> list[Path]:
    """The files themselves, and the YAML files below each folder. Raises CommandError if none."""
    found = [
        file for one in named for file in (sorted(one.rglob("*.y*ml")) if one.is_dir() else [one])
    ]
    if not found:
        raise CommandError(
            Text("Hier gibt es keine YAML-Dateien.", "There are no YAML files here."),
            USAGE_IS_WRONG,
        )
    return found


def problems_in(files: Sequence[Path], kind: str | None, env: Mapping[str, str]) -> list[Problem]:
    """Every mistake in the ``files``, those between them included, in the order of the files."""
    from gateway.cli.together import problems_between  # noqa: PLC0415

    found = [problem for file in files for problem in problems_of(file, kind, env)]
    kinds = [(file, kind or _kind_written(file, env)) for file in files]
    found += problems_between(kinds, env)
    # the file of a machine is read with its firm's, too
    found = list(
        {(one.file.resolve(), one.line, one.column, one.what): one for one in found}.values()
    )
    return sorted(found, key=lambda problem: (str(problem.file), problem.line, problem.column))


def notices_in(files: Sequence[Path], kind: str | None, env: Mapping[str, str]) -> list[Problem]:
    """What in sound templates looks like a mistake, in the order of the files."""
    from gateway.config import placed  # noqa: PLC0415
    from gateway.machines.notices import notices  # noqa: PLC0415
    from gateway.machines.template import Template  # noqa: PLC0415

    named = {
        one.resolve(): one
        for file in files
        for one in _templates_of(file, kind or _kind_written(file, env), env)
    }
    found: list[Problem] = []
    for file in named.values():
        template = placed(file, Template, env)
        if template is not None:
            found += [template.problem(one) for one in notices(template.model)]
    return found


def _templates_of(file: Path, kind: str | None, env: Mapping[str, str]) -> Iterator[Path]:
    """The template that a file is, or the templates that the file of a firm or a machine names."""
    from gateway.cli.rooms import variants  # noqa: PLC0415
    from gateway.config import load, load_machine  # noqa: PLC0415

    if kind == "template":
        yield file
    with suppress(ConfigError):  # its mistakes have been told
        machines: Sequence[Machine] = ()
        if kind == "site":
            machines = load(file, variants(), env, with_files=False).machines
        elif kind == "machine":
            machines = [load_machine(file, variants(), env)]
        for machine in machines:
            for device in machine.devices:
                if device.template.endswith((".yaml", ".yml")):
                    yield Path(device.template)


def _kind_written(file: Path, env: Mapping[str, str]) -> str | None:
    from gateway.config import read_content  # noqa: PLC0415

    try:
        return kind_of(read_content(file, env))
    except ConfigError:
        return None


def problems_of(file: Path, kind: str | None, env: Mapping[str, str]) -> tuple[Problem, ...]:
    """Every mistake in ``file``."""
    from gateway.cli.rooms import variants  # noqa: PLC0415
    from gateway.config import load, load_machine, read_content, read_model  # noqa: PLC0415

    try:
        known = kind or kind_of(read_content(file, env))
        if known is None:
            return (_unknown(file),)
        if known == "site":
            return _two_names(file, load(file, variants(), env), env)
        if known == "machine":
            load_machine(file, variants(), env)
        else:
            read_model(file, MODELS[known](), env)
    except ConfigError as error:
        return error.problems
    return ()


def _two_names(file: Path, site: SiteConfig, env: Mapping[str, str]) -> tuple[Problem, ...]:
    """Devices of a sound file that are reached by two names, as far as names can be found now."""
    from gateway.cli.rooms import variants  # noqa: PLC0415
    from gateway.config import placed, site_model  # noqa: PLC0415
    from gateway.sources.line_load import two_names  # noqa: PLC0415

    objections = list(two_names(site.machines))
    found = placed(file, site_model(variants()), env) if objections else None
    return () if found is None else tuple(map(found.problem, objections))


def notes_on(files: Sequence[Path], kind: str | None, env: Mapping[str, str]) -> Iterator[Text]:
    """What is good to know of the ``files``, which have no mistake: of a firm's, its lines."""
    from gateway.cli.rooms import variants  # noqa: PLC0415
    from gateway.config import load  # noqa: PLC0415
    from gateway.sources.line_load import notes  # noqa: PLC0415

    for file in files:
        if (kind or _kind_written(file, env)) == "site":
            yield from notes(load(file, variants(), env).machines)


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
