"""``werkverbund template``: which devices are known, what is known of one, and its export."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.cli.errors import USAGE_IS_WRONG, CommandError
from gateway.core.text import Language, Text

if TYPE_CHECKING:
    from gateway.machines.template import Template


def known(name: str) -> Template:
    """A template by its name or path. Raises CommandError for a name that nobody knows."""
    from gateway.config import ALL_TEMPLATES, choice  # noqa: PLC0415
    from gateway.machines import catalog  # noqa: PLC0415

    stem = Path(name).stem
    if name.endswith((".yaml", ".yml")) and stem in catalog.names() and not Path(name).exists():
        raise CommandError(
            Text(
                f"Die Datei {name} gibt es nicht. Die mitgelieferte Vorlage heißt {stem}.",
                f"There is no file {name}. The template that comes with us is called {stem}.",
            ),
            USAGE_IS_WRONG,
        )
    try:
        return catalog.template(name)
    except KeyError as error:
        fix = choice(name, catalog.names(), ALL_TEMPLATES)
        raise CommandError(
            Text(
                f"Die Vorlage {name} gibt es nicht. {fix.de}",
                f"There is no template {name}. {fix.en}",
            ),
            USAGE_IS_WRONG,
        ) from error


def listed(language: Language) -> str:
    """One line for each template: its name and title."""
    from gateway.machines import catalog  # noqa: PLC0415

    width = max(map(len, catalog.names()))
    return "\n".join(
        f"{name:<{width}}  {catalog.template(name).title.text.in_(language)}"
        for name in catalog.names()
    )


def shown(name: str, language: Language) -> str:
    """All that is known of a device."""
    from gateway.machines.card import card  # noqa: PLC0415

    return card(known(name), language).rstrip()


def exported(name: str, given: Sequence[str], host: str | None, port: int, unit: int) -> str:
    """The Asset Interfaces Description of a device, as the text of a JSON file."""
    from gateway.machines.aid import Endpoint, environment  # noqa: PLC0415

    template = _fitted(known(name), given)
    endpoint = Endpoint(port=port, unit=unit) if host is None else Endpoint(host, port, unit)
    return json.dumps(environment(template, endpoint), ensure_ascii=False, indent=2)


def _fitted(template: Template, given: Sequence[str]) -> Template:
    return template.fitted(parameters(template, given))


def parameters(template: Template, given: Sequence[str]) -> dict[str, float | str]:
    """``ct_ratio=40`` and the like, as a template takes them. Raises CommandError."""
    from gateway.machines.parameters import unfit  # noqa: PLC0415

    values = dict(map(parameter, given))
    wrong = list(unfit(template.template, template.parameters, values))
    if wrong:
        raise CommandError(
            Text(
                "\n".join(f"{one.what.de}. {one.fix.de}" for one in wrong),
                "\n".join(f"{one.what.en}. {one.fix.en}" for one in wrong),
            ),
            USAGE_IS_WRONG,
        )
    return values


def parameter(given: str) -> tuple[str, float | str]:
    """``ct_ratio=40``. Raises CommandError."""
    name, equals, value = given.partition("=")
    if not (name and equals and value):
        raise CommandError(
            Text(
                f"--parameter {given} ist kein NAME=WERT. Schreiben Sie zum Beispiel ct_ratio=40.",
                f"--parameter {given} is no NAME=VALUE. Write ct_ratio=40, for example.",
            ),
            USAGE_IS_WRONG,
        )
    try:
        return name, float(value)
    except ValueError:
        return name, value
