"""The files of machines that a gateway writes itself: shown first, checked as files are, then done.

What is to be done is a ``Draft``: the file, its text before and after, and every mistake that the
firm's files would have with it, in the words of ``check``. Nothing is written until it is carried
out, and that can be taken back.
"""

from __future__ import annotations

import difflib
import re
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from gateway.config import Files, machine_files, machine_model, read_content
from gateway.config.editing import NoPlace, drop, merge, put_entry
from gateway.config.machine_text import Content, entry_text, machine_text
from gateway.core.errors import ConfigError, Problem, Unwritable, WerkverbundError
from gateway.core.names import MACHINE_PATTERN
from gateway.core.text import Text

TEMPLATES = "templates"
"""The folder below the state folder in which the firm's own templates stand."""
OF_DEVICE = ("template", "connect", "every", "parameters")
"""Keys that belong to a device: where there are several, they stand in the list of these."""


class NotPossibleHere(WerkverbundError):
    """What is asked for cannot be done with these files; ``text`` says what can be done instead."""

    def __init__(self, text: Text) -> None:
        self.text = text
        super().__init__(text.en)


@dataclass(frozen=True, slots=True)
class OwnTemplate:
    """A template that was drafted, and is written with the machine that uses it."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Draft:
    """What is going to be done to one file: None for ``before`` is a new one, for ``after`` none.

    ``keys`` are what it changes, ``beside`` is a template that is written with it, ``origin`` the
    file that it comes back from, and ``problems`` are what stands against it.
    """

    machine: str
    path: Path
    before: str | None
    after: str | None
    keys: tuple[str, ...] = ()
    beside: tuple[Path, str] | None = None
    origin: Path | None = None
    problems: tuple[Problem, ...] = ()

    @property
    def difference(self) -> list[str]:
        """The lines that go and come, with what stands around them."""
        old, new = ((text or "").splitlines() for text in (self.before, self.after))
        return list(difflib.unified_diff(old, new, n=2, lineterm=""))[2:]


def added(
    files: Files, state: Path, content: Content, template: OwnTemplate | None = None
) -> Draft:
    """A new machine. Raises NotPossibleHere where its own template has a name that is taken."""
    name = str(content["name"])
    stem = name if re.fullmatch(MACHINE_PATTERN, name) else "machine"  # a wrong one is told of
    path = machine_files.free_path(state, stem)
    beside = None if template is None else _beside(state, template)
    if template is not None:
        content = {**content, "template": f"../{TEMPLATES}/{template.name}.yaml"}
    text = machine_text(content, machine_model(files.variants))
    draft = Draft(name, path, None, text, tuple(content), beside)
    return _checked(files, draft, template)


def edited(
    files: Files, state: Path, name: str, changes: Mapping[str, Any], device: int = 0
) -> Draft:
    """A machine that is to be others; a key that is None is taken out. Raises NotPossibleHere."""
    path, before, content = _file_of(files, state, name)
    text = before
    for key, value in changes.items():
        try:
            text = _with(files, text, content, key, value, device)
        except NoPlace as error:
            raise NotPossibleHere(
                Text(
                    f"Die Datei {path} ist so geschrieben, dass {key} nicht von selbst zu ändern "
                    "ist. Schreiben Sie es von Hand hinein, und lesen Sie die Dateien neu.",
                    f"The file {path} is written so that {key} cannot be changed by itself. Write "
                    "it by hand, and read the files again.",
                )
            ) from error
    return _checked(files, Draft(name, path, before, text, tuple(changes)))


def unchanged(files: Files, state: Path, name: str) -> Draft:
    """A machine whose file stays as it is, be it its own or the firm's."""
    path = own_file(state, name) or files.file
    text = path.read_text("utf-8")
    return _checked(files, Draft(name, path, text, text))


def removed(files: Files, state: Path, name: str) -> Draft:
    """A machine that goes. Raises NotPossibleHere."""
    path, before, _ = _file_of(files, state, name)
    return _checked(files, Draft(name, path, before, None))


def brought_back(files: Files, state: Path, name: str) -> Draft:
    """A machine that was removed, from the newest of its files. Raises NotPossibleHere."""
    aside = put_aside(state).get(name)
    if aside is None:
        raise NotPossibleHere(
            Text(
                f"Von {name} liegt hier keine Datei mehr.",
                f"There is no file of {name} here any more.",
            )
        )
    path, text = machine_files.free_path(state, name), aside.read_text("utf-8")
    return _checked(files, Draft(name, path, None, text, origin=aside))


def put_aside(state: Path) -> dict[str, Path]:
    """The newest file of each removed machine, by its name."""
    folder = state / machine_files.FOLDER / machine_files.ASIDE
    found = sorted(folder.glob("*.yaml"), key=lambda path: path.name.rpartition(".2")[2])
    return {name: path for path in found if (name := _name_in(path)) is not None}


def carried_out(draft: Draft, at: datetime) -> Callable[[], None]:
    """Do what the draft says; what is returned takes it back. Raises what stands against it."""
    if draft.before is None and draft.after is not None:
        return _written(draft)
    if draft.before is None or draft.path.read_text("utf-8") != draft.before:
        raise _changed_meanwhile(draft.path)
    if draft.after is None:
        aside = machine_files.put_aside(draft.path, at)
        return lambda: _moved(aside, draft.path)
    if draft.after == draft.before:
        return lambda: None
    machine_files.replace_text(draft.path, draft.after)
    before = draft.before
    return lambda: machine_files.replace_text(draft.path, before)


def own_file(state: Path, name: str) -> Path | None:
    """The file in which this machine alone stands; None where it has none."""
    return next((path for path in machine_files.files(state) if _name_in(path) == name), None)


def _name_in(path: Path) -> str | None:
    try:
        content = read_content(path)
    except ConfigError:
        return None
    named = content.get("name") if isinstance(content, dict) else None
    return named if isinstance(named, str) else None


def _written(draft: Draft) -> Callable[[], None]:
    made: list[Path] = []

    def back() -> None:
        for path in made:
            path.unlink(missing_ok=True)
        if draft.origin is not None and not draft.origin.exists():
            machine_files.replace_text(draft.origin, draft.after or "")

    if draft.beside is not None and machine_files.write_new(*draft.beside):
        made.append(draft.beside[0])
    try:
        if draft.after is None or not machine_files.write_new(draft.path, draft.after):
            raise _changed_meanwhile(draft.path)
    except WerkverbundError:
        back()
        raise
    made.append(draft.path)
    if draft.origin is not None:
        draft.origin.unlink(missing_ok=True)
    return back


def _moved(here: Path, there: Path) -> None:
    try:
        here.rename(there)
    except OSError as error:
        raise Unwritable(there, error) from error


def _changed_meanwhile(path: Path) -> NotPossibleHere:
    return NotPossibleHere(
        Text(
            f"{path.name} ist inzwischen geändert worden, oder jemand war schneller. Sehen Sie "
            "sich den neuen Stand an, und versuchen Sie es noch einmal.",
            f"{path.name} has been changed meanwhile, or somebody was quicker. Look at it as it is "
            "now, and try again.",
        )
    )


def _file_of(files: Files, state: Path, name: str) -> tuple[Path, str, dict[str, Any]]:
    path = own_file(state, name)
    if path is None and name not in _in_the_firm_s(files.file):
        raise NotPossibleHere(
            Text(f"Die Maschine {name} gibt es hier nicht.", f"There is no machine {name} here.")
        )
    if path is None:
        raise NotPossibleHere(
            Text(
                f"{name} steht in der Datei der Firma ({files.file}), nicht in einer eigenen. "
                "Diese Datei ändert das Gateway nicht: Ändern Sie sie von Hand, und lesen Sie die "
                "Dateien neu.",
                f"{name} stands in the firm's file ({files.file}), not in one of its own. The "
                "gateway does not change that file: change it by hand, and read the files again.",
            )
        )
    content = read_content(path)
    return path, path.read_text("utf-8"), dict(content) if isinstance(content, dict) else {}


def _in_the_firm_s(file: Path) -> set[str]:
    """The machines that stand in the firm's own file."""
    try:
        content = read_content(file)
    except ConfigError:
        return set()
    listed = content.get("machines") if isinstance(content, dict) else None
    entries = listed if isinstance(listed, list) else []
    return {str(entry.get("name")) for entry in entries if isinstance(entry, dict)}


def _with(  # noqa: PLR0917
    files: Files, text: str, content: Content, key: str, value: Any, device: int
) -> str:
    listed = key in OF_DEVICE and "devices" in content
    at: tuple[str | int, ...] = ("devices", device, key) if listed else (key,)
    if value is None:
        return drop(text, at)
    try:
        return merge(text, at, value)
    except NoPlace:
        if listed:
            raise
        lines = entry_text({**content, key: value}, machine_model(files.variants), key)
        return put_entry(text, key, lines)


def _beside(state: Path, template: OwnTemplate) -> tuple[Path, str] | None:
    """Where the template goes; None where just this one stands there already."""
    path = state / TEMPLATES / f"{template.name}.yaml"
    if not path.exists():
        return path, template.text
    if path.read_text("utf-8") == template.text:
        return None
    raise NotPossibleHere(
        Text(
            f"Eine andere Vorlage {path.name} gibt es schon. Geben Sie Ihrer einen anderen Namen.",
            f"There is another template {path.name} already. Give yours another name.",
        )
    )


def _checked(files: Files, draft: Draft, template: OwnTemplate | None = None) -> Draft:
    """The draft with every mistake that the files would have."""
    if draft.after is not None and draft.after == draft.before:
        return draft
    if template is None or draft.after is None or draft.beside is None:
        return replace(draft, problems=_problems(files, draft.path, draft.after))
    with tempfile.TemporaryDirectory() as folder:
        trial = Path(folder) / f"{template.name}.yaml"
        trial.write_text(template.text, "utf-8")
        named = f"../{TEMPLATES}/{template.name}.yaml"
        text = draft.after.replace(f"\ntemplate: {named}\n", f"\ntemplate: {trial}\n")
        return replace(draft, problems=_problems(files, draft.path, text))


def _problems(files: Files, path: Path, text: str | None) -> tuple[Problem, ...]:
    try:
        files.read({path: text})
    except ConfigError as error:
        return error.problems
    return ()
