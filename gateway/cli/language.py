"""German or English on the command line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gateway.core.text import Language

OPTION = "--lang"


def from_environment(env: Mapping[str, str]) -> Language:
    """English where the computer speaks a language that is not German, else German.

    ``C`` and ``POSIX`` name no language: services and containers run so, whoever reads them.
    """
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        spoken = env.get(name, "").partition(".")[0].lower()
        if spoken and spoken not in ("c", "posix"):
            return "de" if spoken.startswith("de") else "en"
    return "de"


def take(arguments: Sequence[str], env: Mapping[str, str]) -> tuple[Language, list[str]]:
    """The language, and the arguments without ``--lang``, which may stand anywhere.

    Raises ValueError for a language that we do not speak.
    """
    language = from_environment(env)
    rest: list[str] = []
    given = iter(arguments)
    for argument in given:
        if argument == "--":
            return language, [*rest, argument, *given]
        if argument == OPTION:
            language = _known(next(given, ""))
        elif argument.startswith(f"{OPTION}="):
            language = _known(argument.removeprefix(f"{OPTION}="))
        else:
            rest.append(argument)
    return language, rest


def _known(name: str) -> Language:
    if name == "de":
        return "de"
    if name == "en":
        return "en"
    raise ValueError(name)
