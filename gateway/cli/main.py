"""From arguments to an exit code: 0 done, 1 failed, 2 wrong usage, 78 wrong configuration."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any

import typer
from typer.main import get_command

from gateway.cli.app import build
from gateway.cli.errors import (
    CONFIG_IS_WRONG,
    FAILED,
    INTERRUPTED,
    USAGE_IS_WRONG,
    CommandError,
)
from gateway.cli.help_pages import argument_name, full_name, usage_line
from gateway.cli.language import from_environment, take
from gateway.cli.printing import complain, problems_as_text
from gateway.cli.words import HELP, param_key
from gateway.core.errors import ConfigError, Unwritable, WerkverbundError, no_room
from gateway.core.sayings import text_of
from gateway.core.text import Language, Text

NAME = "werkverbund"
_UsageError: type[Any] = typer.BadParameter.__mro__[1]
"""Every kind of wrong usage; typer exports only this child of it."""


def run_command_line(arguments: Sequence[str]) -> int:
    """Carry out one command line."""
    try:
        language, rest = take(arguments, os.environ)
    except ValueError as error:
        complain(
            Text(
                f"Die Sprache {error} gibt es nicht: --lang de oder --lang en",
                f"There is no language {error}: --lang de or --lang en",
            ).in_(from_environment(os.environ))
        )
        return USAGE_IS_WRONG
    try:
        return _carry_out(rest, language)
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # whoever read us has had enough
        return FAILED


def _carry_out(arguments: Sequence[str], language: Language) -> int:
    code = 0 if arguments else USAGE_IS_WRONG
    try:
        result = get_command(build()).main(
            args=list(arguments) or ["--help"],
            prog_name=NAME,
            standalone_mode=False,
            obj={"language": language},
        )
        code = code or (result if isinstance(result, int) else 0)
    except _UsageError as error:
        complain(_usage_problem(error, language))
        code = USAGE_IS_WRONG
    except CommandError as error:
        complain(error.text.in_(language))
        code = error.code
    except ConfigError as error:
        complain(problems_as_text(error.problems, language))
        code = CONFIG_IS_WRONG
    except Unwritable as error:
        complain(error.text.in_(language))
        code = FAILED
    except WerkverbundError as error:
        complain(text_of(error).in_(language))
        code = FAILED
    except (RuntimeError, MemoryError, OSError, ImportError) as error:
        text = no_room(error)
        if text is None:
            raise
        complain(text.in_(language))
        code = FAILED
    return code


def _usage_problem(error: Any, language: Language) -> str:
    """What is wrong with the command line, how it is called, where to read more."""
    context = error.ctx
    said = _said(error).in_(language)
    if context is None:
        return said
    more = Text(f"Hilfe: {context.command_path} --help", f"Help: {context.command_path} --help")
    return f"{said}\n{usage_line(context, language)}\n{more.in_(language)}"


def _said(error: Any) -> Text:
    param = getattr(error, "param", None)
    kind = type(error).__name__
    if kind == "NoSuchOption":
        return _no_such(
            Text(
                f"Die Option {error.option_name} gibt es nicht.",
                f"There is no option {error.option_name}.",
            ),
            ", ".join(error.possibilities or ()),
        )
    if kind == "MissingParameter" and param is not None:
        return Text(f"Es fehlt: {_shown(param, 'de')}", f"Missing: {_shown(param, 'en')}")
    if kind == "BadParameter" and param is not None:
        words = HELP[param_key(full_name(error.ctx), param.name)]
        return Text(
            f"Der Wert für {_shown(param, 'de')} passt nicht. Gemeint ist: {words.de}",
            f"The value for {_shown(param, 'en')} does not fit. Meant is: {words.en}",
        )
    quoted = re.search(r"No such command '([^']*)'", error.message)
    if quoted:
        asked = quoted.group(1)
        near = get_close_matches(asked, error.ctx.command.list_commands(error.ctx), n=1)
        return _no_such(
            Text(f"Den Befehl {asked} gibt es nicht.", f"There is no command {asked}."),
            ", ".join(near),
        )
    return Text(f"Der Aufruf passt nicht: {error.message}", f"Wrong usage: {error.message}")


def _no_such(said: Text, meant: str) -> Text:
    if not meant:
        return said
    return Text(f"{said.de} Meinten Sie {meant}?", f"{said.en} Did you mean {meant}?")


def _shown(param: Any, language: Language) -> str:
    if param.param_type_name == "option":
        return str(param.opts[0])
    return argument_name(param, language)
