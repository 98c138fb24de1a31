"""Two plants compared: what is others between them, and which lines go on."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.assembly.plant import Plant, built, difference
from gateway.assembly.reloading import later
from gateway.cli.rooms import variants
from gateway.config import SiteConfig, load
from gateway.core.text import Text

HEAD = "schema: 1\nfirm: werkstatt\nname: Werkstatt\nstate: state\nmachines:\n"


def entry(name: str, host: str = "192.168.10.21", unit: int = 1, **more: str) -> str:
    keys = {"title": "{de: Fräse, en: Mill}", "template": "sdm630", **more}
    connect = f"{{type: modbus-tcp, host: {host}, unit: {unit}}}"
    lines = [f"  - name: {name}", f"    connect: {connect}"]
    return "\n".join([*lines, *(f"    {key}: {value}" for key, value in keys.items())]) + "\n"


class Firm:
    def __init__(self, folder: Path) -> None:
        self.file = folder / "firm.yaml"

    def site(self, *machines: str, tail: str = "", head: str = HEAD) -> SiteConfig:
        self.file.write_text(head + "".join(machines) + tail, "utf-8")
        return load(self.file, variants(), {})

    def plant(self, *machines: str) -> Plant:
        return built(self.site(*machines))


@pytest.fixture
def firm(tmp_path: Path) -> Firm:
    return Firm(tmp_path)


A, B = entry("a", "192.168.10.21"), entry("b", "192.168.10.22")
AT_A, AT_B = "192.168.10.21:502", "192.168.10.22:502"


def test_the_same_files_make_the_same_plant(firm: Firm):
    found = difference(firm.plant(A, B), firm.plant(A, B))
    assert not found
    assert found.kept_lines == {AT_A, AT_B}


def test_a_new_machine_leaves_all_lines_alone(firm: Firm):
    found = difference(firm.plant(A), firm.plant(A, B))
    assert (found.added, found.removed, found.changed) == (("b",), (), ())
    assert found.kept_lines == {AT_A}
    assert list(found.texts()) == [Text("neu: b", "new: b")]


def test_a_machine_that_is_gone_takes_its_own_line_alone(firm: Firm):
    found = difference(firm.plant(A, B), firm.plant(A))
    assert (found.added, found.removed, found.changed) == ((), ("b",), ())
    assert found.kept_lines == {AT_A}


@pytest.mark.parametrize(
    "other",
    [
        entry("b", "192.168.10.22", 2),
        entry("b", "192.168.10.22", every="100ms"),
        entry("b", "192.168.10.22", template="e1210-press"),
        entry("b", "192.168.10.23"),
    ],
)
def test_another_way_to_a_machine_is_another_line(firm: Firm, other: str):
    found = difference(firm.plant(A, B), firm.plant(A, other))
    assert found.changed == ("b",)
    assert found.kept_lines == {AT_A}


POWER = (
    "{type: power-runs, off_below: 20, standby_below: 120, run_above: %d, run_below: 300, "
    "min_run: 2s, min_pause: 1s}"
)


@pytest.mark.parametrize(
    "more",
    [
        {"title": "{de: Neu, en: New}"},
        {"built": "1987"},
        {"evidence": POWER % 400},
        {"shifts": "[mon-fri 06:00-14:00]"},
        {"maintenance": "[fri 12:00-14:00]"},
    ],
)
def test_what_is_no_matter_of_the_line_leaves_it_alone(firm: Firm, more: dict[str, str]):
    found = difference(firm.plant(A, B), firm.plant(A, entry("b", "192.168.10.22", **more)))
    assert found.changed == ("b",)
    assert found.kept_lines == {AT_A, AT_B}


def test_another_threshold_is_a_change(firm: Firm):
    before, after = (entry("b", "192.168.10.22", evidence=POWER % above) for above in (400, 500))
    found = difference(firm.plant(A, before), firm.plant(A, after))
    assert found.changed == ("b",)


def test_who_shares_the_line_of_a_change_is_no_change_himself(firm: Firm):
    beside = entry("c", "192.168.10.22", 2)
    found = difference(firm.plant(A, B, beside), firm.plant(A, beside))
    assert (found.removed, found.changed) == (("b",), ())
    assert found.kept_lines == {AT_A}


def test_another_order_in_the_file_is_no_change(firm: Firm):
    assert not difference(firm.plant(A, B), firm.plant(B, A))


def test_a_template_that_was_edited_changes_its_machines(firm: Firm):
    own = firm.file.parent / "own.yaml"
    text = Path("configs/machines/sdm630.yaml").read_text("utf-8")
    own.write_text(text, "utf-8")
    before = firm.plant(A, entry("b", "192.168.10.22", template="own.yaml"))
    own.write_text(f"{text}# one more line\n", "utf-8")
    same = firm.plant(A, entry("b", "192.168.10.22", template="own.yaml"))
    assert not difference(before, same), "a comment is nothing"
    own.write_text(text.replace("Total active power", "Power of all"), "utf-8")
    after = firm.plant(A, entry("b", "192.168.10.22", template="own.yaml"))
    assert difference(before, after).changed == ("b",)


def test_a_machine_may_move_from_the_firm_s_file_to_its_own(firm: Firm, tmp_path: Path):
    before = firm.plant(A, B)
    folder = tmp_path / "state" / "machines"
    folder.mkdir(parents=True, mode=0o700)
    own = "\n".join(line[4:] for line in B.splitlines())
    (folder / "b.yaml").write_text(f"{own}\n", "utf-8")
    (folder / "b.yaml").chmod(0o600)
    assert not difference(before, firm.plant(A))


@pytest.mark.parametrize(
    ("tail", "named"),
    [
        ("", ()),
        ("plant: halle-2\n", ("plant",)),
        ("web: {listen: '127.0.0.1:8099'}\n", ("web.listen",)),
        ("web: {listen: '127.0.0.1:8099', hosts: [gw]}\n", ("web.listen", "web.hosts")),
        ("history: {keep: 3d}\n", ("history.keep",)),
        ("sinks: [{type: console}]\n", ("sinks",)),
        ("calendar: {shifts: [mon-fri 06:00-14:00]}\n", ()),
        ("simulated: true\n", ("simulated",)),
    ],
)
def test_what_needs_a_restart_is_named_as_it_stands_in_the_file(
    firm: Firm, tail: str, named: tuple[str, ...]
):
    assert later(firm.site(A), firm.site(A, B, tail=tail)) == named
