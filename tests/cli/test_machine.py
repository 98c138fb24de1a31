"""``init`` and ``machine``: a firm's file and its machines, from a terminal."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from gateway.cli.kinds import problems_of
from tests.cli.conftest import Call

PLACE = ("--host", "10.0.0.9", "--unit", "3")
LEARNT = """\
# run 1: after 20 s
    evidence:
      type: power-runs
      off_below: 20
      standby_below: 120
      run_above: 400
      run_below: 300
      min_run: 2s
      min_pause: 1s
"""


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch):
    def answers(*lines: str) -> None:
        monkeypatch.setattr(sys, "stdin", io.StringIO("".join(f"{line}\n" for line in lines)))

    return answers


@pytest.fixture
def firm(werkverbund: Call, tmp_path: Path) -> Path:
    file = tmp_path / "firm.yaml"
    made = werkverbund(
        "init", file, "--name", "Müller: Fräserei", "--firm", "mueller", "--state", "state"
    )
    assert made.code == 0, made.err
    return file


def test_init_asks_for_what_it_needs_and_never_overwrites(
    werkverbund: Call, typed, tmp_path: Path
) -> None:
    file = tmp_path / "firm.yaml"
    typed("Fräserei Müßig & Söhne", "", str(tmp_path / "data"))
    made = werkverbund("--lang", "de", "init", file)
    assert made.code == 0, made.err
    assert "Kurzname" in made.err
    assert "[fraeserei-muessig-soehne]" in made.err
    assert "werkverbund run" in made.out
    text = file.read_text("utf-8")
    assert "firm: fraeserei-muessig-soehne" in text
    assert problems_of(file, "site", {}) == ()
    again = werkverbund("init", file, "--name", "x", "--firm", "x", "--state", "y")
    assert again.code == 2
    assert "stays as it is" in again.err
    assert file.read_text("utf-8") == text


def test_init_without_answers_says_what_is_missing(werkverbund: Call, typed, tmp_path: Path):
    typed()
    answer = werkverbund("init", tmp_path / "firm.yaml")
    assert answer.code == 2
    assert "--name" in answer.err
    wrong = werkverbund(
        "init", tmp_path / "firm.yaml", "--name", "x", "--firm", "Not Good", "--state", "s"
    )
    assert wrong.code == 78
    assert "Not Good" in wrong.err
    assert not (tmp_path / "firm.yaml").exists()


def test_a_machine_is_added_changed_and_removed(
    werkverbund: Call, typed, firm: Path, tmp_path: Path
) -> None:
    learnt = tmp_path / "learnt.yaml"
    learnt.write_text(LEARNT)
    add = ("machine", "add", firm, "press-1", "--template", "sdm630", *PLACE)
    typed("n")
    refused = werkverbund(*add)
    assert refused.code == 1
    assert "Nothing is written" in refused.err
    assert "name: press-1" in refused.out, "it is shown before it is asked about"
    typed("y")
    done = werkverbund(*add, "--title", "Presse", "--evidence", learnt, "--built", "1974")
    assert done.code == 0, done.err
    assert "No gateway is running here" in done.out
    path = tmp_path / "state" / "machines" / "press-1.yaml"
    assert "run_above: 400" in path.read_text("utf-8")
    assert werkverbund("check", firm).code == 0
    changed = werkverbund("machine", "edit", firm, "press-1", "--every", "2s", "--yes")
    assert changed.code == 0, changed.err
    assert "-every: 1s" in changed.out
    assert "+every: 2s" in changed.out
    sheet = werkverbund("--lang", "de", "machine", "sheet", firm, "press-1")
    assert "Zu erwartender Fehler" in sheet.out
    assert "Pausen ab 4 s" in sheet.out, "from two polls on, whatever the file says"
    page = werkverbund("machine", "sheet", firm, "press-1", "--html").out
    assert page.startswith("<!doctype html>")
    assert "@page{size:A4" in page
    typed("press-2")
    assert werkverbund("machine", "remove", firm, "press-1").code == 1
    assert path.exists()
    typed("press-1")
    assert werkverbund("machine", "remove", firm, "press-1").code == 0
    assert not path.exists()
    assert len(list(path.parent.glob("removed/press-1.*.yaml"))) == 1


def test_mistakes_come_as_check_tells_them(werkverbund: Call, firm: Path) -> None:
    wrong = werkverbund("machine", "add", firm, "press-1", "--template", "sdm631", *PLACE, "--yes")
    assert wrong.code == 78
    assert "there is no template sdm631" in wrong.err
    unknown = werkverbund("machine", "edit", firm, "press-9", "--every", "2s", "--yes")
    assert unknown.code == 1
    assert "press-9" in unknown.err
    exchanged = werkverbund(
        "machine", "add", firm, "press-1", "--template", "sdm630", *PLACE, "--yes"
    )
    assert exchanged.code == 0
    needs = werkverbund("machine", "exchange", firm, "press-1", "--what", "SDM630", "--yes")
    assert needs.code == 1
    assert "start it first" in needs.err
