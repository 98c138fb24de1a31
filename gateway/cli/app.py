"""The Typer app: which commands there are."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import typer

from gateway.cli import assisting, commands, machine_commands
from gateway.cli.help_pages import Command, Group

_ALL = (
    commands.demo,
    machine_commands.init,
    commands.run,
    commands.reload,
    commands.check,
    commands.read,
    assisting.scan,
    assisting.look,
    commands.template,
    assisting.record,
    commands.learn,
    commands.simulate,
    commands.broker,
    commands.identity,
    commands.schema,
    commands.version,
)


_MACHINE = (
    machine_commands.add,
    machine_commands.edit,
    machine_commands.exchange,
    machine_commands.remove,
    machine_commands.sheet,
)


def build() -> typer.Typer:
    """The command line."""
    app = _group(_ALL)
    app.callback()(_werkverbund)
    app.add_typer(_group(_MACHINE), name="machine", cls=Group)
    return app


def _group(commands: Sequence[Callable[..., None]]) -> typer.Typer:
    app = typer.Typer(cls=Group, add_completion=False, rich_markup_mode=None)
    for command in commands:
        app.command(command.__name__, cls=Command)(command)
    return app


def _werkverbund() -> None:
    """Make this a program with commands, however many there are."""
