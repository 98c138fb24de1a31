"""References to what a file must not, or cannot, say itself.

    ${NAME}              an environment variable
    ${NAME:-default}     the same, or the default where it is not set or empty
    ${file:PATH}         the content of a file, relative paths from the folder of this file
    ${credential:NAME}   a file in the folder that systemd names (CREDENTIALS_DIRECTORY)
    ${generated:PATH}    a secret that the gateway makes itself at its first start

A reference is replaced inside its scalar, before the scalar is given a meaning. It may stand
without quotes in ``{...}``: its braces are masked before YAML sees them.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gateway import private_files
from gateway.config.scalars import from_home
from gateway.core.errors import reason
from gateway.core.text import Text

_REFERENCE = re.compile(r"\$\{([^{}\r\n]*)\}")
_NAME = re.compile(r"^([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?$")
_OUTSIDE = re.compile(r"^(file|credential|generated):(.+)$")
_SIGNIFICANT = "{}[],:#'\"\\ -?&*!|>%@`"
_MASK = {ord(char): 0xE000 + index for index, char in enumerate(_SIGNIFICANT)}
_UNMASK = {masked: chr(char) for char, masked in _MASK.items()}
RESERVED = "".join(chr(masked) for masked in _UNMASK)
"""Characters that a file must not contain, because masked references use them."""


def mask(text: str) -> str:
    """The text with the inside of its references hidden from YAML; every column stays."""
    return _REFERENCE.sub(lambda match: "$" + match.group(0)[1:].translate(_MASK), text)


def unmask(text: str) -> str:
    """The text as it was written."""
    return text.translate(_UNMASK)


@dataclass(frozen=True, slots=True)
class Resolved:
    """A scalar with its references replaced.

    ``whole``    the text is nothing but references that took no default from the file
    ``problems`` what is wrong with a reference, and what to do
    """

    text: str
    referenced: bool = False
    whole: bool = False
    problems: tuple[tuple[Text, Text], ...] = ()


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where references are looked up. ``make`` allows to make generated secrets for good."""

    env: Mapping[str, str]
    folder: Path
    make: bool = False


def resolve(text: str, where: Surroundings) -> Resolved:
    """Replace the references in one scalar."""
    if "${" not in text:
        return Resolved(text)
    problems: list[tuple[Text, Text]] = []
    literal_default = False

    def one(match: re.Match[str]) -> str:
        nonlocal literal_default
        inside = match.group(1)
        outside = _OUTSIDE.match(inside)
        if outside:
            return _read(outside.group(1), outside.group(2), where, problems)
        name = _NAME.match(inside)
        if name is None:
            problems.append(_malformed(match.group(0)))
            return ""
        value = where.env.get(name.group(1))
        if value:
            return value
        if name.group(2) is not None:
            literal_default = literal_default or bool(name.group(2))
            return name.group(2)
        problems.append(_missing(name.group(1)))
        return ""

    resolved = _REFERENCE.sub(one, text)
    if "${" in _REFERENCE.sub("", text):
        problems.append(_malformed(text))
    whole = not literal_default and not _REFERENCE.sub("", text)
    return Resolved(resolved, referenced=True, whole=whole, problems=tuple(problems))


def _read(kind: str, name: str, where: Surroundings, problems: list[tuple[Text, Text]]) -> str:
    """The content of a secret's file."""
    if kind == "credential":
        credentials = where.env.get("CREDENTIALS_DIRECTORY")
        if not credentials:
            problems.append(_missing("CREDENTIALS_DIRECTORY"))
            return ""
        path = Path(credentials) / name
    else:
        path = where.folder / from_home(name)
    try:
        if kind == "generated" and not path.exists():
            return _generate(path, where)
        return path.read_text(encoding="utf-8").rstrip("\r\n")
    except OSError as error:
        problems.append(_unreadable(path, reason(error)))
    except UnicodeDecodeError:
        problems.append(_unreadable(path, Text("das ist kein Text", "that is not text")))
    return ""


def _generate(path: Path, where: Surroundings) -> str:
    """A new secret, kept for its owner alone; where nothing may be made, one for the moment.

    Raises Unwritable.
    """
    made = secrets.token_urlsafe(15)
    if where.make:
        private_files.usable(path.parent)
        private_files.write(path, f"{made}\n".encode())
    return made


def _unreadable(path: Path, why: Text) -> tuple[Text, Text]:
    return (
        Text(
            f"die Datei {path} lässt sich nicht lesen: {why.de}",
            f"the file {path} cannot be read: {why.en}",
        ),
        Text(
            "Legen Sie die Datei an und geben Sie dem Gateway Leserecht.",
            "Create the file and let the gateway read it.",
        ),
    )


def _missing(name: str) -> tuple[Text, Text]:
    return (
        Text(
            f"die Umgebungsvariable {name} ist nicht gesetzt",
            f"the environment variable {name} is not set",
        ),
        Text(
            f"Setzen Sie sie vor dem Start: export {name}=...",
            f"Set it before the start: export {name}=...",
        ),
    )


def _malformed(text: str) -> tuple[Text, Text]:
    return (
        Text(f"{text} ist kein gültiger Verweis", f"{text} is not a valid reference"),
        Text(
            "Schreiben Sie ${NAME}, ${NAME:-Vorgabe} oder ${file:/pfad/zur/datei}.",
            "Write ${NAME}, ${NAME:-default} or ${file:/path/to/file}.",
        ),
    )
