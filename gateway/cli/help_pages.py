"""Help pages in both languages; the words stand in ``gateway.cli.words``."""

from __future__ import annotations

from typing import Any

from typer.core import TyperCommand, TyperGroup

from gateway.cli.words import EXAMPLES, FILE_NAME, HELP, TERMS, param_key
from gateway.core.text import Language


def language_of(context: Any) -> Language:
    """The language that the command line was asked in."""
    language: Language = context.find_root().obj["language"]
    return language


class Command(TyperCommand):
    """A command whose help page is ours."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Purpose, usage, arguments, options, examples."""
        language = language_of(ctx)
        name = full_name(ctx)
        _opening(ctx, formatter, language, name, _usage(self, language))
        _parameters(self, ctx, formatter, language, name)
        _examples(formatter, language, name)


class Group(TyperGroup):
    """The list of commands."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Purpose, usage, and the commands with one line each."""
        language, above = language_of(ctx), full_name(ctx)
        _opening(ctx, formatter, language, above, _usage(self, language))
        names = [(name, f"{above} {name}".strip()) for name in self.list_commands(ctx)]
        with formatter.section(TERMS["commands"].in_(language)):
            formatter.write_dl([(name, _first_line(whole, language)) for name, whole in names])
        with formatter.section(TERMS["options"].in_(language)):
            formatter.write_dl(
                [
                    ("--lang de|en", HELP["--lang"].in_(language)),
                    ("--help", HELP["--help"].in_(language)),
                ]
            )
        _examples(formatter, language, above)


def full_name(context: Any) -> str:
    """A command with those above it, ``machine add``; empty for the program itself."""
    return str(context.command_path.partition(" ")[2])


def usage_line(context: Any, language: Language) -> str:
    """How the command of ``context`` is called."""
    usage = _usage(context.command, language)
    return f"{TERMS['usage'].in_(language)}: {context.command_path} {usage}"


def _opening(ctx: Any, formatter: Any, language: Language, name: str, usage: str) -> None:
    formatter.write_usage(ctx.command_path, usage, f"{TERMS['usage'].in_(language)}: ")
    formatter.write_paragraph()
    with formatter.indentation():
        for paragraph in HELP[name].in_(language).split("\n"):
            formatter.write_text(paragraph)


def _first_line(name: str, language: Language) -> str:
    return HELP[name].in_(language).split("\n", maxsplit=1)[0]


def _usage(command: Any, language: Language) -> str:
    if isinstance(command, Group):
        return f"{TERMS['COMMAND'].in_(language)} ..."
    arguments = []
    for param in command.params:
        if param.param_type_name == "argument":
            shown = argument_name(param, language) + ("..." if param.nargs == -1 else "")
            arguments.append(shown if param.required else f"[{shown}]")
    return " ".join([f"[{TERMS['OPTIONS'].in_(language)}]", *arguments])


def argument_name(param: Any, language: Language) -> str:
    """What stands for an argument in the usage line."""
    word = TERMS.get(str(param.name).upper())
    return word.in_(language) if word else str(param.name).upper()


def _parameters(command: Any, ctx: Any, formatter: Any, language: Language, name: str) -> None:
    arguments, options = [], []
    for param in command.get_params(ctx):
        text = HELP[param_key(name, param.name)].in_(language)
        if param.param_type_name == "argument":
            arguments.append((argument_name(param, language), text))
        else:
            options.append((_option(param, language), text))
    for title, records in (("arguments", arguments), ("options", options)):
        if records:
            with formatter.section(TERMS[title].in_(language)):
                formatter.write_dl(records)


def _option(param: Any, language: Language) -> str:
    names = ", ".join((*param.opts, *param.secondary_opts))
    if getattr(param, "is_flag", False) or param.name == "help":
        return names
    word = TERMS.get(f"--{param.name}", TERMS["VALUE"])
    return f"{names} {word.in_(language)}"


def _examples(formatter: Any, language: Language, name: str) -> None:
    lines = [
        (line.replace("firma.yaml", FILE_NAME.in_(language)), text)
        for line, text in EXAMPLES.get(name, ())
    ]
    if lines:
        with formatter.section(TERMS["examples"].in_(language)):
            formatter.write_dl([(line, text.in_(language)) for line, text in lines], col_max=60)
