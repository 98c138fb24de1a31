"""The commands. Each imports its room only when it runs, so that ``--help`` stays quick."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Annotated

import typer

from gateway import garbage, private_files
from gateway.cli import limits
from gateway.cli.errors import CONFIG_IS_WRONG, USAGE_IS_WRONG, CommandError
from gateway.cli.help_pages import language_of
from gateway.cli.printing import (
    complain,
    json_line,
    notices_as_text,
    problem_as_json,
    problems_as_text,
    say,
    square,
)
from gateway.core.text import Text

Json = Annotated[bool, typer.Option("--json")]
File = Annotated[Path, typer.Argument()]
Files = Annotated[list[Path], typer.Argument()]


def demo(  # noqa: PLR0917 - typer calls it by name
    context: typer.Context,
    base_port: Annotated[int | None, typer.Option(min=0, max=65475)] = None,
    no_browser: Annotated[bool, typer.Option("--no-browser")] = False,
    seed: int = 1987,
    duration: Annotated[str | None, typer.Option()] = None,
    lan: Annotated[bool, typer.Option("--lan")] = False,
    fresh: Annotated[bool, typer.Option("--fresh")] = False,
    json: Json = False,
    folder: Annotated[Path | None, typer.Option()] = None,
) -> None:
    """Start the model factory."""
    limits.enough_address_space()
    garbage.rarely()
    from gateway.cli.stage import play  # noqa: PLC0415

    play(
        base_port=base_port,
        browser=not no_browser,
        seed=seed,
        duration=duration,
        lan=lan,
        fresh=fresh,
        json=json,
        folder=folder,
        language=language_of(context),
    )


def run(context: typer.Context, file: File) -> None:
    """Run the gateway of one firm."""
    garbage.rarely()
    from gateway import service  # noqa: PLC0415 - heavy

    limits.enough_address_space()
    from gateway.cli.rooms import site, variants  # noqa: PLC0415
    from gateway.config import Files, machine_files  # noqa: PLC0415

    config = site(file, make=True)
    private_files.usable(config.state)
    language = language_of(context)

    def announce(text: Text, link: str | None) -> None:
        complain(text.in_(language))
        if link is not None:
            square(link)

    machine_files.folder(config.state)
    service.run(config, announce, language, Files(file.absolute(), variants()))


def reload(context: typer.Context, file: File, json: Json = False) -> None:
    """Have a running gateway read its files again."""
    from gateway.cli.reloading import again  # noqa: PLC0415

    again(file, language_of(context), as_json=json)


def simulate(  # noqa: PLR0917 - typer calls it by name
    context: typer.Context,
    file: Annotated[Path | None, typer.Argument()] = None,
    template: Annotated[list[str] | None, typer.Option()] = None,
    unknown: Annotated[bool, typer.Option("--unknown")] = False,
    parameter: Annotated[list[str] | None, typer.Option()] = None,
    recording: Annotated[Path | None, typer.Option()] = None,
    listen: Annotated[str | None, typer.Option()] = None,
    serial: Annotated[bool, typer.Option("--serial")] = False,
    link: Annotated[Path | None, typer.Option()] = None,
    behind: Annotated[str | None, typer.Option()] = None,
    unit: Annotated[int, typer.Option(min=1, max=247)] = 1,
    baud: Annotated[int, typer.Option(min=300, max=921_600)] = 9600,
    parity: Annotated[str, typer.Option()] = "none",
    stop_bits: Annotated[int, typer.Option(min=1, max=2)] = 1,
    faults: Annotated[str | None, typer.Option()] = None,
    control: Annotated[str | None, typer.Option()] = None,
    seed: Annotated[int | None, typer.Option()] = None,
    state: Annotated[Path | None, typer.Option()] = None,
) -> None:
    """Run simulated machines."""
    garbage.rarely()
    from gateway import logs  # noqa: PLC0415
    from gateway.cli import simulating  # noqa: PLC0415

    language = language_of(context)
    logs.speak(language, logging.WARNING)
    if file is not None and not (template or unknown or recording):
        simulating.of_file(file, control=control, seed=seed, state=state)
        return
    single = simulating.single(
        file,
        template or (),
        parameters=parameter or (),
        unknown=unknown,
        recording=recording,
        listen=listen,
        serial=serial,
        link=link,
        behind=behind,
        unit=unit,
        baud=baud,
        parity=parity,
        stop_bits=stop_bits,
        faults=faults,
        seed=seed,
    )
    simulating.serve(single, lambda text: say(text.in_(language)))


def broker(
    context: typer.Context,
    port: Annotated[list[int] | None, typer.Option(min=1, max=65535)] = None,
) -> None:
    """Run embedded brokers."""
    garbage.rarely()
    from gateway import logs  # noqa: PLC0415
    from gateway.cli.stage import brokers  # noqa: PLC0415

    logs.speak(language_of(context), logging.WARNING)
    brokers(port or [1883])


def check(
    context: typer.Context,
    files: Files,
    kind: Annotated[str | None, typer.Option()] = None,
    json: Json = False,
) -> None:
    """Check files and name every mistake."""
    from gateway.cli.kinds import (  # noqa: PLC0415
        known_kind,
        notes_on,
        notices_in,
        problems_in,
        yaml_files,
    )

    chosen = known_kind(kind) if kind else None
    checked = yaml_files(files)
    problems = problems_in(checked, chosen, os.environ)
    notices = notices_in(checked, chosen, os.environ)
    if json:
        for problem in problems:
            json_line(problem_as_json(problem))
        for notice in notices:
            json_line({**problem_as_json(notice), "notice": True})
    elif notices:
        say(notices_as_text(notices, language_of(context)))
    if problems and not json:
        say(problems_as_text(problems, language_of(context)))
    elif not json:
        text = Text(f"Geprüft: {len(checked)}, alles gut.", f"Checked: {len(checked)}, all well.")
        say(text.in_(language_of(context)))
        for note in notes_on(checked, chosen, os.environ):
            say(note.in_(language_of(context)))
    if problems:
        raise typer.Exit(CONFIG_IS_WRONG)


def read(  # noqa: PLR0917 - typer calls it by name
    context: typer.Context,
    file: Annotated[Path | None, typer.Argument()] = None,
    machine: Annotated[str | None, typer.Argument()] = None,
    template: Annotated[str | None, typer.Option()] = None,
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
    shown_as: Annotated[str | None, typer.Option("--as")] = None,
    order: Annotated[str | None, typer.Option()] = None,
    every: Annotated[str | None, typer.Option()] = None,
    parameter: Annotated[list[str] | None, typer.Option()] = None,
    recording: Annotated[Path | None, typer.Option()] = None,
    as_hex: Annotated[bool, typer.Option("--hex")] = False,
    json: Json = False,
) -> None:
    """Read a machine now."""
    from gateway.cli.reaching import Reached  # noqa: PLC0415
    from gateway.cli.reading import choose, read_now  # noqa: PLC0415

    units = unit or [1]
    way = (rtu, serial, baud, parity, stop_bits, timeout, recording)
    reached = Reached(host, port, units[0], *way)
    from gateway.cli.durations import duration_of  # noqa: PLC0415

    pause = None if every is None else duration_of(every).total_seconds()
    if table is not None and reached.named:
        from gateway.cli import looking, raw  # noqa: PLC0415

        (wanted,) = looking.tables_of(table)
        stretch = min(count, 65536 - first)
        form = raw.shown_as(shown_as, order)
        asked = raw.Raw(wanted, first, stretch, units, *form, pause, as_hex)
        if not raw.read_raw(reached.connect(), asked, language_of(context), as_json=json):
            raise typer.Exit(1)
        return
    site, machines = choose(
        file,
        machine,
        template=template,
        reached=reached,
        parameters=parameter or (),
        units=units,
    )
    language = language_of(context)
    if not read_now(site, machines, language, as_json=json, as_hex=as_hex, every=pause):
        raise typer.Exit(1)


def template(  # noqa: PLR0917 - typer calls it by name
    context: typer.Context,
    name: Annotated[str | None, typer.Argument()] = None,
    aid: Annotated[bool, typer.Option("--aid")] = False,
    parameter: Annotated[list[str] | None, typer.Option()] = None,
    host: Annotated[str | None, typer.Option()] = None,
    port: Annotated[int, typer.Option(min=1, max=65535)] = 502,
    unit: Annotated[int, typer.Option(min=1, max=255)] = 1,
) -> None:
    """Say what is known of a device."""
    from gateway.cli import templates  # noqa: PLC0415

    if name is None:
        say(templates.listed(language_of(context)))
    elif aid:
        say(templates.exported(name, parameter or (), host, port, unit))
    else:
        say(templates.shown(name, language_of(context)))


def learn(  # noqa: PLR0917 - typer calls it by name
    context: typer.Context,
    file: Annotated[Path | None, typer.Argument()] = None,
    machine: Annotated[str | None, typer.Argument()] = None,
    template: Annotated[str | None, typer.Option()] = None,
    host: Annotated[str | None, typer.Option()] = None,
    port: Annotated[int, typer.Option(min=1, max=65535)] = 502,
    unit: Annotated[int, typer.Option(min=0, max=255)] = 1,
    rtu: Annotated[bool, typer.Option("--rtu")] = False,
    serial: Annotated[str | None, typer.Option()] = None,
    baud: Annotated[int, typer.Option(min=300, max=1_000_000)] = 9600,
    parity: Annotated[str, typer.Option()] = "none",
    stop_bits: Annotated[int, typer.Option(min=1, max=2)] = 1,
    timeout: Annotated[str | None, typer.Option()] = None,
    kind: Annotated[str | None, typer.Option()] = None,
    length: Annotated[str | None, typer.Option("--for")] = None,
    recording: Annotated[Path | None, typer.Option()] = None,
    save: Annotated[Path | None, typer.Option()] = None,
) -> None:
    """Learn from a recording what shows that a machine works."""
    from gateway.cli import learning  # noqa: PLC0415
    from gateway.cli.durations import duration_of  # noqa: PLC0415
    from gateway.cli.reaching import Reached  # noqa: PLC0415
    from gateway.cli.reading import choose  # noqa: PLC0415

    language = language_of(context)
    reached = Reached(host, port, unit, rtu, serial, baud, parity, stop_bits, timeout)
    chosen = None
    if recording is None or file is not None:
        _, (chosen, *others) = choose(file, machine, template=template, reached=reached)
        if others:
            raise CommandError(
                Text("Nennen Sie auch den Namen der Maschine.", "Name the machine, too."),
                USAGE_IS_WRONG,
            )
    if recording is not None:
        kept = learning.stored(recording)
        lesson = learning.lesson_for(kind, chosen, set(kept.roles))
    elif chosen is not None:
        lesson = learning.lesson_for(kind, chosen, learning.roles_of(chosen))
        span = None if length is None else duration_of(length)
        kept = learning.recording(lesson, chosen, span, language).recording
    if save is not None:
        learning.save(kept, save, chosen.name if chosen else "?")
    learnt = learning.learnt_from(lesson, kept, chosen if file is not None else None)
    if not learning.show(learnt, chosen.name if chosen else "?", language):
        raise typer.Exit(1)


def identity(files: Files, json: Json = False) -> None:
    """Show public keys."""
    from gateway.cli.keys import public_keys  # noqa: PLC0415

    for file in files:
        keys = public_keys(file)
        if json:
            json_line({"firm": keys["id"], "sign": keys["sign"], "seal": keys["seal"]})
        else:
            say("  - id: {id}\n    sign: {sign}\n    seal: {seal}".format_map(keys))


def schema(kind: Annotated[str, typer.Argument()]) -> None:
    """Print a JSON Schema."""
    import json  # noqa: PLC0415

    from gateway.cli.kinds import MODELS, known_kind  # noqa: PLC0415
    from gateway.config.schema import schema as schema_of  # noqa: PLC0415

    model = MODELS[known_kind(kind)]()
    say(json.dumps(schema_of(kind, model), ensure_ascii=False, indent=2))


def version(json: Json = False) -> None:
    """Say the version."""
    from gateway import resources  # noqa: PLC0415

    if json:
        json_line({"name": "werkverbund", "version": resources.version()})
    else:
        say(f"werkverbund {resources.version()}")
