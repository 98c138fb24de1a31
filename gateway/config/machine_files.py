"""The files of single machines: ``machines/*.yaml`` below the state folder, one machine each.

They are written by the gateway's own assistant or by a person, beside the firm's file, and say the
same as an entry of its ``machines``. Here they are taken in before anything is checked, so that a
mistake is told in the same words wherever a machine stands, with its own file and line.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

from gateway import private_files
from gateway.config.scalars import from_home
from gateway.config.strict_yaml import Tree, read
from gateway.config.tree import Entry, Items, Leaf, Node, Place, Table, child
from gateway.core.errors import ConfigError, Unwritable, reason
from gateway.core.text import Text

FOLDER = "machines"
"""The name of the folder below the state folder."""
ASIDE = "removed"
"""The folder below, for files of machines that were taken away and may come back."""
SCHEMA = 1
Drafts = Mapping[Path, str | None]
"""What files of machines are going to say, by their paths; None: the file goes."""
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH
_OTHERS_COME_IN = stat.S_IXGRP | stat.S_IXOTH


def files(state: Path) -> list[Path]:
    """The files of machines below a state folder. What is being written is not among them.

    Raises OSError where the folder cannot be looked into.
    """
    try:
        names = sorted(entry.name for entry in os.scandir(state / FOLDER) if entry.is_file())
    except (FileNotFoundError, NotADirectoryError):
        if (state / FOLDER).exists():
            raise
        return []  # whoever writes to the state folder says what is wrong with that
    return [
        state / FOLDER / name
        for name in names
        if name.endswith((".yaml", ".yml")) and not name.startswith(".")
    ]


def folder(state: Path) -> Path:
    """The folder, made for its owner alone where it is not there yet. Raises Unwritable."""
    path = state / FOLDER
    private_files.usable(path)
    return path


def write(state: Path, machine: str, text: str) -> Path:
    """Write the file of a machine, for the gateway's own account alone; returns where it is.

    Whoever reads meanwhile gets the old file or the new one. Raises Unwritable.
    """
    path = folder(state) / f"{machine}.yaml"
    replace_text(path, text)
    return path


def replace_text(path: Path, text: str) -> None:
    """Let a file say something else, as ``write`` does. Raises Unwritable."""
    try:
        private_files.write(path, text.encode())
    except OSError as error:
        raise Unwritable(path, error) from error


def write_new(path: Path, text: str) -> bool:
    """Write a file that is not there yet; False where it is there by now. Raises Unwritable."""
    private_files.usable(path.parent)
    try:
        private_files.write(path, text.encode(), new=True)
    except FileExistsError:
        return False
    except OSError as error:
        raise Unwritable(path, error) from error
    return True


def put_aside(path: Path, at: datetime) -> Path:
    """Move a file to those of removed machines, its date in its name. Raises Unwritable."""
    aside = path.parent / ASIDE
    private_files.usable(aside)
    there = aside / f"{path.stem}.{at.astimezone(UTC):%Y%m%dT%H%M%S%fZ}.yaml"
    try:
        path.rename(there)
    except OSError as error:
        raise Unwritable(there, error) from error
    return there


def free_path(state: Path, machine: str) -> Path:
    """Where the file of a new machine goes: a name that no file has, whatever it may say."""
    number, path = 1, state / FOLDER / f"{machine}.yaml"
    while path.exists():
        number += 1
        path = path.with_name(f"{machine}-{number}.yaml")
    return path


def take_in(
    tree: Tree,
    env: Mapping[str, str],
    *,
    make: bool = False,
    drafts: Drafts = MappingProxyType({}),
) -> None:
    """Add the machines that have files of their own to those of the firm's file ``tree``.

    ``drafts`` stand for what is in files, or is not there yet.
    """
    state = _state(tree)
    if state is None or not isinstance(tree.root, Table):
        return
    leaf, base = state
    try:
        found = sorted({*files(base), *drafts} - _going(drafts))
        open_to_others = bool(files(base)) and _mode(base / FOLDER) & _OTHERS_WRITE
    except OSError as error:
        why = reason(error)
        tree.lacks = True
        tree.report(leaf.place, *_no_look(base / FOLDER, why), leaf)
        return
    if open_to_others:
        tree.report(leaf.place, *_open_to_others(base / FOLDER, "700"), leaf)
    machines = [
        node
        for file in found
        if (node := _machine(tree, file, env, make=make, draft=drafts.get(file)))
    ]
    if machines or found:
        _list(tree.root).items.extend(machines)


def _going(drafts: Drafts) -> set[Path]:
    return {path for path, text in drafts.items() if text is None}


def _state(tree: Tree) -> tuple[Leaf, Path] | None:
    """Where the firm's file says that its data are, and its folder, as it is shown."""
    leaf = child(tree.root, "state") if tree.root is not None else None
    if not isinstance(leaf, Leaf) or not leaf.text or id(leaf) in tree.poisoned:
        return None
    return leaf, tree.file.parent / from_home(leaf.text)


def _list(root: Table) -> Items:
    """The list of machines of the firm's file; what is no list stays to be refused."""
    entry = root.entries.get("machines")
    if entry is None:
        place = Place(root.place.line, root.place.column)
        entry = root.entries["machines"] = Entry("machines", place, Items(place))
    return entry.value if isinstance(entry.value, Items) else Items(entry.place)


def _machine(
    tree: Tree, file: Path, env: Mapping[str, str], *, make: bool, draft: str | None
) -> Node | None:
    """What one file says, as an entry of the list; None after reporting that it says nothing."""
    try:
        own = read(file, env, make=make, draft=draft)
    except ConfigError as error:
        tree.problems += error.problems
        tree.lacks = True
        return None
    if own.root is None:
        raise AssertionError("read raises where there is no tree")
    for node in _all(own.root):
        _settle(node, file)
    tree.problems += own.problems
    tree.poisoned |= own.poisoned
    tree.doubts |= own.doubts
    if file.exists() and _mode(file) & _OTHERS_WRITE and _mode(file.parent) & _OTHERS_COME_IN:
        tree.report(own.root.place, *_open_to_others(file, "600"))
    if isinstance(own.root, Table):
        _take_version(tree, own.root)
    return own.root


def _all(node: Node) -> Iterator[Node]:
    yield node
    if isinstance(node, Table):
        for entry in node.entries.values():
            yield from _all(entry.value)
    elif isinstance(node, Items):
        for item in node.items:
            yield from _all(item)


def _settle(node: Node, file: Path) -> None:
    """Let a node know its file, and a path of a template the folder that it starts from."""
    node.place = replace(node.place, file=file)
    if not isinstance(node, Table):
        return
    for entry in node.entries.values():
        entry.place = replace(entry.place, file=file)
    template = child(node, "template")
    if isinstance(template, Leaf) and template.text.endswith((".yaml", ".yml")):
        path = file.absolute().parent / from_home(template.text)
        template.text = template.value = os.path.normpath(path)


def _take_version(tree: Tree, root: Table) -> None:
    """The version of the format is the file's, not the machine's."""
    version = root.entries.pop("schema", None)
    if version is None:
        return
    leaf = version.value
    if isinstance(leaf, Leaf) and leaf.value == SCHEMA:
        return
    tree.doubts.pop(id(leaf), None)
    shown = leaf.shown if isinstance(leaf, Leaf) else "?"
    tree.report(
        leaf.place,
        Text(
            f"die Fassung {shown} dieser Datei kennt dieses Programm nicht",
            f"this program does not know the version {shown} of this file",
        ),
        Text(f"Schreiben Sie schema: {SCHEMA}", f"Write schema: {SCHEMA}"),
    )


def _mode(path: Path) -> int:
    return path.stat().st_mode


def _no_look(folder: Path, why: Text) -> tuple[Text, Text]:
    return (
        Text(
            f"in den Ordner {folder} lässt sich nicht sehen: {why.de}",
            f"one cannot look into the folder {folder}: {why.en}",
        ),
        Text(
            "Geben Sie dem Gateway das Recht, den Ordner zu lesen.",
            "Let the gateway read the folder.",
        ),
    )


def _open_to_others(path: Path, mode: str) -> tuple[Text, Text]:
    return (
        Text(
            f"auch andere Benutzer dieses Rechners dürfen {path} ändern",
            f"other users of this computer may change {path}, too",
        ),
        Text(
            f"Nehmen Sie ihnen das Recht: chmod {mode} {path}",
            f"Take the right from them: chmod {mode} {path}",
        ),
    )
