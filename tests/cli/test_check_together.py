"""``check FOLDER``: what files say of each other."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

from gateway import resources
from gateway.cli.kinds import problems_in, yaml_files

NAMED = ("consortium.yaml", "order.yaml", "scenario.yaml", "simulation.yaml", "firms")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The demo's files, to be broken."""
    for name in NAMED:
        source = resources.configs() / "demo" / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, tmp_path / name)
    return tmp_path


def change(file: Path, before: str, old: str, new: str) -> tuple[int, int]:
    """Write ``new`` for the ``old`` behind ``before``; its line and column."""
    text = file.read_text("utf-8")
    assert text.count(before + old) == 1
    file.write_text(text.replace(before + old, before + new), "utf-8")
    lines = text[: text.index(before + old) + len(before)].split("\n")
    return len(lines), len(lines[-1]) + 1


def test_the_shipped_files_fit_together():
    files = yaml_files([resources.configs()])
    assert problems_in(files, None, {}) == []


MISTAKES = [
    (
        "order.yaml",
        "    firm: ",
        "laser-saalebogen",
        "laser",
        "die Firma laser gehört nicht zum Verbund",
    ),
    (
        "order.yaml",
        "    firm: ",
        "laser-saalebogen",
        "spritzguss-ilmtal",
        "spritzguss-ilmtal hat für AP4 keine Maschine",
    ),
    (
        "order.yaml",
        "prepared:\n  firm: ",
        "haertetechnik-vogtei",
        "niemand",
        "die Firma niemand gehört nicht zum Verbund",
    ),
    (
        "order.yaml",
        "{from: [zerspanung-rennweg], to: [",
        "montage-holzland]",
        "montage]",
        "die Firma montage gehört nicht zum Verbund",
    ),
    (
        "firms/laser-saalebogen.yaml",
        "{package: ",
        "AP4",
        "AP9",
        "das Paket AP9 gibt es im Auftrag nicht",
    ),
    (
        "firms/haertetechnik-vogtei.yaml",
        "reserve: {package: ",
        "AP3",
        "AP8",
        "das Paket AP8 gibt es im Auftrag nicht",
    ),
    (
        "firms/laser-saalebogen.yaml",
        "firm: ",
        "laser-saalebogen",
        "laser",
        "die Firma laser gehört nicht zum Verbund",
    ),
    (
        "scenario.yaml",
        "machine: laser-1, package: ",
        "AP4",
        "AP7",
        "das Paket AP7 gibt es im Auftrag nicht",
    ),
    (
        "scenario.yaml",
        "laser-saalebogen.yaml, machine: ",
        "laser-1",
        "laser-9",
        "die Maschine laser-9 gibt es nicht",
    ),
    (
        "scenario.yaml",
        "fault_machine: ",
        "furnace-1",
        "furnace-7",
        "die Maschine furnace-7 gibt es nicht",
    ),
    (
        "scenario.yaml",
        "{id: ",
        "laser-saalebogen",
        "laser",
        "die Firma laser gehört nicht zum Verbund",
    ),
    (
        "scenario.yaml",
        "file: ",
        "firms/retrofit.yaml",
        "firms/drill.yaml",
        "drill.yaml gibt es nicht",
    ),
    (
        "scenario.yaml",
        "consortium: ",
        "consortium.yaml",
        "verbund.yaml",
        "verbund.yaml gibt es nicht",
    ),
]


@pytest.mark.parametrize(("name", "before", "old", "new", "said"), MISTAKES)
def test_what_does_not_fit_together_is_named_at_its_place(
    folder: Path, name: str, before: str, old: str, new: str, said: str
):
    place = change(folder / name, before, old, new)
    found = [one for one in problems_in(yaml_files([folder]), None, {}) if said in one.what.de]
    assert (folder / name, *place) in [(one.file, one.line, one.column) for one in found]
    assert found[0].what.de != found[0].what.en
    assert found[0].fix.de != found[0].fix.en


def test_an_order_that_is_too_long_for_a_message_is_named(folder: Path):
    """Five packages of ten thousand lots each, all of which reach one firm."""
    file = folder / "order.yaml"
    content = yaml.safe_load(file.read_text("utf-8"))
    for entry in content["packages"]:
        entry |= {"quantity": 10_000, "lot": 1}
        if entry["id"] == "AP4":
            entry["needs"] = [{"package": name, "per": 1} for name in ("AP1", "AP2", "AP3")]
        elif entry["id"] == "AP5":
            entry["needs"] = [{"package": "AP4", "per": 1}]
    content["quantity"] = 10_000
    file.write_text(yaml.safe_dump(content, allow_unicode=True), "utf-8")
    for files in ([file], yaml_files([folder])):
        found = problems_in(files, None, {})
        [long] = [one for one in found if "too long for a message" in one.what.en]
        assert "laser-saalebogen" in long.what.de
        assert "50000" in long.what.de
        assert long.file == file


def test_a_firms_file_alone_is_held_against_the_files_that_it_names(folder: Path):
    change(folder / "order.yaml", "    firm: ", "laser-saalebogen", "laser")
    found = problems_in([folder / "firms" / "montage-holzland.yaml"], None, {})
    assert [(one.file.name, one.what.en) for one in found] == [
        ("order.yaml", "the firm laser is not in the consortium")
    ]


def test_a_file_with_a_mistake_of_its_own_is_compared_with_nothing(folder: Path):
    change(folder / "order.yaml", "lapse: ", "144", "0")
    found = problems_in(yaml_files([folder]), None, {})
    assert [(one.file.name, one.what.en) for one in found] == [
        ("order.yaml", "lapse 0 is out of range")
    ]
