"""The Typer app: which commands there are."""

from __future__ import annotations

import typer

from gateway.cli import assisting, commands
from gateway.cli.help_pages import Command, Group

_ALL = (
    commands.demo,
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


def build() -> typer.Typer:
    """The command line."""
    app = typer.Typer(cls=Group, add_completion=False, rich_markup_mode=None)
    app.callback()(_werkverbund)
    for command in _ALL:
        app.command(command.__name__, cls=Command)(command)
    return app


def _werkverbund() -> None:
    """Make this a program with commands, however many there are."""
