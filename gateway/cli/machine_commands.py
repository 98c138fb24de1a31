"""The commands below ``werkverbund machine``, and ``init``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from gateway.cli.errors import USAGE_IS_WRONG, CommandError
from gateway.cli.help_pages import language_of
from gateway.cli.printing import say
from gateway.core.text import Text

File = Annotated[Path, typer.Argument()]
Machine = Annotated[str, typer.Argument()]
Yes = Annotated[bool, typer.Option("--yes")]
Optional = Annotated[str | None, typer.Option()]
Several = Annotated[list[str] | None, typer.Option()]
Unit = Annotated[int | None, typer.Option(min=0, max=255)]
Port = Annotated[int, typer.Option(min=1, max=65535)]
Baud = Annotated[int, typer.Option(min=300, max=1_000_000)]
Bits = Annotated[int, typer.Option(min=1, max=2)]
Year = Annotated[int | None, typer.Option(min=1850, max=2100)]
Evidence = Annotated[Path | None, typer.Option()]


def init(  # noqa: PLR0917 - typer calls it by name
    context: typer.Context,
    file: File,
    firm: Optional = None,
    name: Optional = None,
    state: Optional = None,
    listen: Optional = None,
) -> None:
    """Write the file of a new firm."""
    from gateway.cli.beginning import begin  # noqa: PLC0415

    begin(file, language_of(context), firm=firm, name=name, state=state, listen=listen)


def add(  # noqa: PLR0917 - typer calls it by name
    context: typer.Context,
    file: File,
    machine: Machine,
    title: Optional = None,
    title_en: Optional = None,
    template: Optional = None,
    host: Optional = None,
    port: Port = 502,
    rtu: Annotated[bool, typer.Option("--rtu")] = False,
    serial: Optional = None,
    baud: Baud = 9600,
    parity: Annotated[str, typer.Option()] = "none",
    stop_bits: Bits = 1,
    unit: Unit = None,
    timeout: Optional = None,
    parameter: Several = None,
    every: Annotated[str, typer.Option()] = "1s",
    evidence: Evidence = None,
    built: Year = None,
    yes: Yes = False,
) -> None:
    """Add a machine."""
    from gateway.assistant.own_files import added  # noqa: PLC0415
    from gateway.cli import machines  # noqa: PLC0415
    from gateway.cli.reaching import Reached  # noqa: PLC0415

    reached = Reached(
        host, port, 1 if unit is None else unit, rtu, serial, baud, parity, stop_bits, timeout
    )
    if not reached.named or template is None:
        raise CommandError(
            Text(
                "Nennen Sie --template, und --host oder --serial.",
                "Name --template, and --host or --serial.",
            ),
            USAGE_IS_WRONG,
        )
    shown = title or machine
    content: dict[str, Any] = {"name": machine, "title": {"de": shown, "en": title_en or shown}}
    if built is not None:
        content["built"] = built
    content |= {"template": template, "connect": machines.connect_of(reached), "every": every}
    if parameter:
        content["parameters"] = machines.parameters_of(parameter)
    if evidence is not None:
        content["evidence"] = machines.evidence_in(evidence)
    own = machines.own_template(template)
    machines.carry_out(
        file,
        lambda files, state: added(files, state, content, own),
        language_of(context),
        yes=yes,
    )


def edit(  # noqa: PLR0917 - typer calls it by name
    context: typer.Context,
    file: File,
    machine: Machine,
    title: Optional = None,
    title_en: Optional = None,
    host: Optional = None,
    port: Port = 502,
    rtu: Annotated[bool, typer.Option("--rtu")] = False,
    serial: Optional = None,
    baud: Baud = 9600,
    parity: Annotated[str, typer.Option()] = "none",
    stop_bits: Bits = 1,
    unit: Unit = None,
    timeout: Optional = None,
    parameter: Several = None,
    every: Optional = None,
    evidence: Evidence = None,
    built: Year = None,
    yes: Yes = False,
) -> None:
    """Change a machine."""
    from gateway.assistant.own_files import edited  # noqa: PLC0415
    from gateway.cli import machines  # noqa: PLC0415
    from gateway.cli.reaching import Reached  # noqa: PLC0415

    changes: dict[str, Any] = {}
    if title is not None:
        changes["title"] = {"de": title, "en": title_en or title}
    changes |= {key: value for key, value in (("built", built), ("every", every)) if value}
    reached = Reached(
        host, port, 1 if unit is None else unit, rtu, serial, baud, parity, stop_bits, timeout
    )
    if reached.named:
        changes["connect"] = machines.connect_of(reached)
    if parameter:
        changes["parameters"] = machines.parameters_of(parameter)
    if evidence is not None:
        changes["evidence"] = machines.evidence_in(evidence)
    machines.carry_out(
        file,
        lambda files, state: edited(files, state, machine, changes),
        language_of(context),
        yes=yes,
    )


def remove(context: typer.Context, file: File, machine: Machine, yes: Yes = False) -> None:
    """Remove a machine."""
    from gateway.assistant.own_files import removed  # noqa: PLC0415
    from gateway.cli import machines  # noqa: PLC0415

    language = language_of(context)
    if not yes and not machines.called_by_name(machine, language):
        raise CommandError(machines.NOTHING_DONE)
    machines.carry_out(
        file, lambda files, state: removed(files, state, machine), language, yes=True
    )


def exchange(  # noqa: PLR0917 - typer calls it by name
    context: typer.Context,
    file: File,
    machine: Machine,
    what: Annotated[str, typer.Option()],
    template: Optional = None,
    host: Optional = None,
    port: Port = 502,
    rtu: Annotated[bool, typer.Option("--rtu")] = False,
    serial: Optional = None,
    baud: Baud = 9600,
    parity: Annotated[str, typer.Option()] = "none",
    stop_bits: Bits = 1,
    unit: Unit = None,
    timeout: Optional = None,
    parameter: Several = None,
    every: Optional = None,
    yes: Yes = False,
) -> None:
    """Exchange a meter or module."""
    from gateway.assistant.own_files import edited, unchanged  # noqa: PLC0415
    from gateway.cli import machines  # noqa: PLC0415
    from gateway.cli.reaching import Reached  # noqa: PLC0415

    changes = {key: value for key, value in (("template", template), ("every", every)) if value}
    more: dict[str, Any] = dict(changes)
    reached = Reached(
        host, port, 1 if unit is None else unit, rtu, serial, baud, parity, stop_bits, timeout
    )
    if reached.named:
        more["connect"] = machines.connect_of(reached)
    if parameter:
        more["parameters"] = machines.parameters_of(parameter)
    machines.carry_out(
        file,
        lambda files, state: (
            edited(files, state, machine, more) if more else unchanged(files, state, machine)
        ),
        language_of(context),
        yes=yes,
        exchanged=" ".join(what.split()),
    )


def sheet(
    context: typer.Context,
    file: File,
    machine: Machine,
    html: Annotated[bool, typer.Option("--html")] = False,
) -> None:
    """Print the sheet of a machine."""
    from gateway.cli.machines import sheet_of  # noqa: PLC0415

    say(sheet_of(file, machine, language_of(context), html=html).rstrip())
