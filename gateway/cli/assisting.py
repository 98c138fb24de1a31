"""The assistant's commands: find devices, and find out what their registers mean."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.errors import USAGE_IS_WRONG, CommandError
from gateway.cli.help_pages import language_of
from gateway.core.text import Text

if TYPE_CHECKING:
    from gateway.config import Machine

BEHIND_A_GATEWAY = "2s"
"""A gateway waits about a second for a unit that is silent, and hears no other question then."""
Json = Annotated[bool, typer.Option("--json")]


def scan(  # noqa: PLR0917 - typer calls it by name
    context: typer.Context,
    host: Annotated[list[str] | None, typer.Option()] = None,
    port: Annotated[int, typer.Option(min=1, max=65535)] = 502,
    rtu: Annotated[bool, typer.Option("--rtu")] = False,
    serial: Annotated[str | None, typer.Option()] = None,
    baud: Annotated[int, typer.Option(min=300, max=1_000_000)] = 9600,
    parity: Annotated[str, typer.Option()] = "none",
    stop_bits: Annotated[int, typer.Option(min=1, max=2)] = 1,
    network: Annotated[list[str] | None, typer.Option()] = None,
    in_use: Annotated[Path | None, typer.Option()] = None,
    units: Annotated[str, typer.Option()] = "1-10",
    timeout: Annotated[str | None, typer.Option()] = None,
    yes: Annotated[bool, typer.Option("--yes")] = False,
    json: Json = False,
) -> None:
    """Look for devices."""
    from gateway.cli import scanning  # noqa: PLC0415
    from gateway.cli.reaching import Reached  # noqa: PLC0415

    numbers, language = scanning.units(units), language_of(context)
    host = list(host or ())
    if network:
        ours = scanning.in_use(in_use)
        host += scanning.search(network, port, ours, language, agreed=yes)
        if not host and serial is None:
            raise typer.Exit(1)
    places: list[tuple[str | None, str | None]] = [(one, None) for one in host]
    if serial is not None:
        places.append((None, serial))
    if not places:
        raise CommandError(
            Text(
                "Nennen Sie --host (auch mehrmals), --serial, oder --network own.",
                "Name --host (repeatedly, if you like), --serial, or --network own.",
            ),
            USAGE_IS_WRONG,
        )
    connects = [
        Reached(a_host, port, numbers[0], rtu, a_port, baud, parity, stop_bits, patience).connect()
        for a_host, a_port, patience in (
            (*place, timeout or (BEHIND_A_GATEWAY if place[0] else None)) for place in places
        )
    ]
    wanted = scanning.Wanted(connects, numbers)
    if not scanning.consent(wanted, language, agreed=yes):
        raise typer.Exit(1)
    if not scanning.scan_now(wanted, language, as_json=json):
        raise typer.Exit(1)


def look(  # noqa: PLR0917 - typer calls it by name
    context: typer.Context,
    host: Annotated[str | None, typer.Option()] = None,
    port: Annotated[int, typer.Option(min=1, max=65535)] = 502,
    unit: Annotated[int, typer.Option(min=0, max=255)] = 1,
    rtu: Annotated[bool, typer.Option("--rtu")] = False,
    serial: Annotated[str | None, typer.Option()] = None,
    baud: Annotated[int, typer.Option(min=300, max=1_000_000)] = 9600,
    parity: Annotated[str, typer.Option()] = "none",
    stop_bits: Annotated[int, typer.Option(min=1, max=2)] = 1,
    timeout: Annotated[str | None, typer.Option()] = None,
    recording: Annotated[Path | None, typer.Option()] = None,
    table: Annotated[str | None, typer.Option()] = None,
    first: Annotated[int, typer.Option(min=0, max=65535)] = 0,
    count: Annotated[int, typer.Option(min=1, max=2000)] = 20,
    samples: Annotated[int, typer.Option(min=1, max=100)] = 5,
    switch: Annotated[bool, typer.Option("--switch")] = False,
    mark: Annotated[list[str] | None, typer.Option()] = None,
    save: Annotated[Path | None, typer.Option()] = None,
    json: Json = False,
) -> None:
    """Look at registers."""
    from gateway.cli import looking  # noqa: PLC0415
    from gateway.cli.reaching import Reached  # noqa: PLC0415
    from gateway.machines.numbering import LAST  # noqa: PLC0415

    way = (rtu, serial, baud, parity, stop_bits, timeout, recording)
    reached = Reached(host, port, unit, *way)
    if not reached.named:
        raise CommandError(
            Text("Nennen Sie --host oder --serial.", "Name --host or --serial."), USAGE_IS_WRONG
        )
    looking.look_now(
        reached.connect(),
        looking.Stretch(looking.tables_of(table), first, min(count, LAST + 1 - first)),
        language_of(context),
        samples=samples,
        switch=switch,
        template=looking.wanted(mark or (), save),
        as_json=json,
    )


def record(  # noqa: PLR0917 - typer calls it by name
    context: typer.Context,
    file: Annotated[Path | None, typer.Argument()] = None,
    machine: Annotated[str | None, typer.Argument()] = None,
    template: Annotated[str | None, typer.Option()] = None,
    parameter: Annotated[list[str] | None, typer.Option()] = None,
    host: Annotated[str | None, typer.Option()] = None,
    port: Annotated[int, typer.Option(min=1, max=65535)] = 502,
    unit: Annotated[list[int] | None, typer.Option(min=0, max=255)] = None,
    rtu: Annotated[bool, typer.Option("--rtu")] = False,
    serial: Annotated[str | None, typer.Option()] = None,
    baud: Annotated[int, typer.Option(min=300, max=1_000_000)] = 9600,
    parity: Annotated[str, typer.Option()] = "none",
    stop_bits: Annotated[int, typer.Option(min=1, max=2)] = 1,
    timeout: Annotated[str | None, typer.Option()] = None,
    table: Annotated[str | None, typer.Option()] = None,
    first: Annotated[int, typer.Option(min=0, max=65535)] = 0,
    count: Annotated[int, typer.Option(min=1, max=65536)] = 10,
    every: Annotated[str | None, typer.Option()] = None,
    length: Annotated[str, typer.Option("--for")] = "10min",
    most: Annotated[str, typer.Option()] = "64MB",
    save: Annotated[Path | None, typer.Option()] = None,
    bug_report: Annotated[bool, typer.Option("--bug-report")] = False,
) -> None:
    """Record what registers answer."""
    from gateway.cli import recording as recordings  # noqa: PLC0415
    from gateway.cli.durations import duration_of  # noqa: PLC0415
    from gateway.cli.reaching import Reached  # noqa: PLC0415
    from gateway.cli.reading import choose  # noqa: PLC0415

    language, units = language_of(context), unit or [1]
    reached = Reached(host, port, units[0], rtu, serial, baud, parity, stop_bits, timeout)
    span, room = duration_of(length), recordings.size(most)
    pause = None if every is None else duration_of(every)
    chosen: Sequence[Machine] = ()
    if table is not None and reached.named:
        from gateway.cli import looking, raw  # noqa: PLC0415

        (wanted_table,) = looking.tables_of(table)
        again = None if pause is None else pause.total_seconds()
        stretch = min(count, 65536 - first)
        asked = raw.Raw(wanted_table, first, stretch, units, None, None, again)
        wanted = recordings.registers(reached.connect(), asked)
    else:
        site, chosen = choose(
            file,
            machine,
            template=template,
            reached=reached,
            parameters=parameter or (),
            every=pause,
        )
        wanted = recordings.machines(site, chosen)
    path = recordings.place(save, wanted.name)
    recordings.record_now(wanted, path, span, room, language)
    if bug_report:
        from gateway.cli.bug_report import pack  # noqa: PLC0415

        pack(path, file, chosen, language)
