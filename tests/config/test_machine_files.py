"""Machines that have a file of their own below the state folder."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from gateway.cli.kinds import problems_in, problems_of
from gateway.cli.rooms import variants
from gateway.config import SiteConfig, load, machine_files
from gateway.core.errors import ConfigError, Problem

FIRM = """\
schema: 1
firm: werkstatt
name: Unsere Werkstatt
state: state
machines:
  - name: mill-1
    title: {de: Fräse, en: Mill}
    template: sdm630
    connect: {type: modbus-tcp, host: 192.168.10.21, unit: 1}
"""
PRESS = """\
# Die Presse in Halle 2, am 3. März angeschlossen.
schema: 1
name: press-1
title: {de: Presse, en: Press}
template: sdm630
connect: {type: modbus-tcp, host: 192.168.10.22, unit: 1}
"""


class Firm:
    """A firm's file with files of machines beside its data."""

    def __init__(self, folder: Path, text: str = FIRM) -> None:
        self.file = folder / "firm.yaml"
        self.file.write_text(text, "utf-8")
        self.machines = folder / "state" / "machines"

    def machine(self, name: str, text: str) -> Path:
        self.machines.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = self.machines / name
        path.write_text(text, "utf-8")
        path.chmod(0o600)
        return path

    def load(self) -> SiteConfig:
        return load(self.file, variants(), {})

    def problems(self) -> tuple[Problem, ...]:
        with pytest.raises(ConfigError) as raised:
            self.load()
        return raised.value.problems


@pytest.fixture
def firm(tmp_path: Path) -> Firm:
    return Firm(tmp_path)


def names(site: SiteConfig) -> list[str]:
    return [machine.name for machine in site.machines]


def test_a_file_is_one_more_machine(firm: Firm):
    firm.machine("press-1.yaml", PRESS)
    assert names(firm.load()) == ["mill-1", "press-1"]


def test_without_its_file_the_machine_is_gone(firm: Firm):
    firm.machine("press-1.yaml", PRESS).unlink()
    assert names(firm.load()) == ["mill-1"]


def test_a_firm_may_have_its_machines_in_such_files_alone(tmp_path: Path):
    firm = Firm(tmp_path, FIRM.partition("machines:")[0])
    firm.machine("press-1.yaml", PRESS)
    assert names(firm.load()) == ["press-1"]


def test_a_firm_without_a_machine_says_so_on_purpose(tmp_path: Path):
    head = FIRM.partition("machines:")[0]
    assert "machines" in Firm(tmp_path, head).problems()[0].what.en
    assert names(Firm(tmp_path, f"{head}machines: []\n").load()) == []


def test_a_mistake_is_told_with_its_own_file_line_and_cure(firm: Firm):
    path = firm.machine("press-1.yaml", PRESS.replace("template: sdm630", "template: sdm631"))
    (problem,) = firm.problems()
    assert (problem.file, problem.line, problem.column) == (path, 5, 11)
    assert problem.what.en == "there is no template sdm631"
    assert "sdm630" in problem.fix.en


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("every: 100", "100"),
        ("evry: 100ms", "every"),
        ("\tevery: 1s", "tab"),
        ("built: no", "no"),
        ("schema: 1", "schema"),
    ],
)
def test_every_kind_of_mistake_names_the_file(firm: Firm, wrong: str, said: str):
    path = firm.machine("press-1.yaml", f"{PRESS}{wrong}\n")
    (problem,) = firm.problems()
    assert problem.file == path
    assert problem.line == 7
    assert said in problem.what.en + problem.fix.en


def test_mistakes_of_all_files_come_in_one_round(firm: Firm):
    firm.file.write_text(FIRM.replace("192.168.10.21", "not a host"), "utf-8")
    first = firm.machine(
        "a.yaml", PRESS.replace("press-1", "press-2").replace("unit: 1", "unit: x")
    )
    second = firm.machine("b.yaml", "name: [\n")
    assert [problem.file for problem in firm.problems()] == [firm.file, first, second]


def test_two_machines_of_one_name_in_two_files_name_both_places(firm: Firm):
    first = firm.machine("a.yaml", PRESS)
    second = firm.machine("b.yaml", PRESS.replace("192.168.10.22", "192.168.10.23"))
    (problem,) = firm.problems()
    assert (problem.file, problem.line) == (second, 3)
    assert problem.what.en == f"the machine press-1 stands in {first}, line 3 already"
    assert problem.what.de == f"die Maschine press-1 gibt es schon in {first}, Zeile 3"


def test_a_name_of_the_firm_s_own_file_is_taken_too(firm: Firm):
    second = firm.machine("b.yaml", PRESS.replace("press-1", "mill-1"))
    (problem,) = firm.problems()
    assert (problem.file, problem.line) == (second, 3)
    assert f"{firm.file}, line 6" in problem.what.en


def test_two_files_at_one_device_name_both_places(firm: Firm):
    firm.machine("a.yaml", PRESS.replace("192.168.10.22", "192.168.10.21"))
    (problem,) = firm.problems()
    assert f"{firm.file}, line 9" in problem.what.en


def test_a_job_may_be_at_a_machine_of_a_file(firm: Firm):
    job = "id: B-1, machine: press-1, item: {de: A, en: A}, quantity: 1, per_piece: 1s"
    firm.file.write_text(f"{FIRM}jobs:\n  - {{{job}}}\n", "utf-8")
    firm.machine("press-1.yaml", PRESS)
    assert firm.load().jobs[0].machine == "press-1"


def test_a_file_that_cannot_be_read_accuses_no_job_of_its_machine(firm: Firm):
    job = "id: B-1, machine: press-1, item: {de: A, en: A}, quantity: 1, per_piece: 1s"
    firm.file.write_text(f"{FIRM}jobs:\n  - {{{job}}}\n", "utf-8")
    path = firm.machine("press-1.yaml", f"{PRESS}every: [\n")
    assert {problem.file for problem in firm.problems()} == {path}


def test_a_version_of_tomorrow_is_refused(firm: Firm):
    path = firm.machine("press-1.yaml", PRESS.replace("schema: 1", "schema: 2"))
    (problem,) = firm.problems()
    assert (problem.file, problem.line) == (path, 2)
    assert problem.fix.en == "Write schema: 1"


def test_a_path_of_a_template_starts_at_the_folder_of_the_file(firm: Firm):
    path = firm.machine("press-1.yaml", PRESS.replace("sdm630", "../../own.yaml"))
    (problem,) = firm.problems()
    assert problem.file == path
    own = firm.file.parent / "own.yaml"
    own.write_text((Path("configs/machines") / "sdm630.yaml").read_text("utf-8"), "utf-8")
    (device,) = firm.load().machines[1].devices
    assert Path(device.template).resolve() == own.resolve()


def test_what_is_being_written_is_never_read(firm: Firm):
    firm.machine("press-1.yaml.new", "name: half a fi")
    firm.machine(".press-1.yaml", "name: half a fi")
    firm.machine("press-1.yaml~", "name: an editor's copy")
    assert names(firm.load()) == ["mill-1"]


def test_a_file_is_written_for_its_owner_alone_and_at_once(firm: Firm):
    state = firm.file.parent / "state"
    before = os.umask(0)
    try:
        path = machine_files.write(state, "press-1", PRESS)
    finally:
        os.umask(before)
    assert path == state / "machines" / "press-1.yaml"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert sorted(entry.name for entry in path.parent.iterdir()) == ["press-1.yaml"]
    assert names(firm.load()) == ["mill-1", "press-1"]


def test_what_others_may_change_is_not_believed(firm: Firm):
    path = firm.machine("press-1.yaml", PRESS)
    firm.machines.chmod(0o770)
    (problem,) = firm.problems()
    assert problem.fix.en == f"Take the right from them: chmod 700 {firm.machines}"
    firm.machines.chmod(0o755)
    path.chmod(0o660)
    (problem,) = firm.problems()
    assert problem.fix.en == f"Take the right from them: chmod 600 {path}"
    firm.machines.chmod(0o700)
    assert names(firm.load()) == ["mill-1", "press-1"]


def test_check_reads_the_files_of_machines_with_the_firm_s(firm: Firm):
    path = firm.machine("press-1.yaml", f"{PRESS}evry: 1s\n")
    assert [problem.file for problem in problems_in([firm.file], None, {})] == [path]


def test_check_names_a_mistake_once_however_often_it_comes_by(firm: Firm):
    path = firm.machine("press-1.yaml", f"{PRESS}evry: 1s\n")
    assert len(problems_in([firm.file, path], None, {})) == 1


def test_a_machine_s_file_is_checked_by_itself(firm: Firm):
    path = firm.machine("press-1.yaml", PRESS)
    assert problems_of(path, None, {}) == ()
    path.write_text(f"{PRESS}evidence: {{type: charges}}\n", "utf-8")
    assert {problem.file for problem in problems_of(path, None, {})} == {path}
    path.write_text(PRESS.replace("sdm630", "nobody"), "utf-8")
    assert [problem.what.en for problem in problems_of(path, None, {})] == [
        "there is no template nobody"
    ]


@pytest.mark.parametrize("page", sorted(Path("docs").glob("*/how-to/machine-files.md")), ids=str)
def test_the_file_that_a_page_shows_is_sound(firm: Firm, page: Path):
    shown = re.search(r"```yaml\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
    assert shown is not None
    firm.machine("press-1.yaml", shown.group(1))
    assert names(firm.load()) == ["mill-1", "press-1"]
