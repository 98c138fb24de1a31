"""The two files of the network: mistakes are named with their place and what to write instead."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from gateway.config import read_model
from gateway.core.errors import ConfigError, Problem
from gateway.network.files import ConsortiumFile, OrderFile
from gateway.network.order import Agreement, Level, Member, Need

CONFIGS = Path(__file__).parents[2] / "configs"


def problems(folder: Path, text: str, model: type[OrderFile | ConsortiumFile]) -> list[Problem]:
    path = folder / "file.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(ConfigError) as caught:
        read_model(path, model, env={})
    return list(caught.value.problems)


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("    needs: [{package: AP1, per: 1}]", "    needs: [{package: AP9, per: 1}]", "AP9"),
        (
            "    needs: [{package: AP1, per: 1}]",
            "    needs: [{package: AP5, per: 1}]",
            "waits in a circle",
        ),
        ("    piece_time: 16s", "    piece_time: 16s\n    lot_time: 1h", "exactly one time"),
        ("    piece_time: 16s\n", "", "exactly one time"),
        ("due: day 2 07:00", "due: day 1 05:00", "not after the start"),
        ("due: day 2 07:00", "due: tomorrow", "not a moment"),
        ("transport: 1h", "transport: 60", "no unit"),
        ("  - id: AP2", "  - id: AP1", "called AP1"),
        (
            "      - {package: AP2, per: 6}",
            "      - {package: AP2, per: 7}",
            "needs 2800 pieces of AP2, 2400 are made",
        ),
        ("    quantity: 2400", f"    quantity: {10**16}", "1000000000"),
        (
            "    quantity: 2400\n    lot: 600",
            "    quantity: 900000000\n    lot: 1",
            "900000000 lots",
        ),
        ("    lot_time: 4h30min", "    lot_time: 10000d", "more than a hundred years"),
        ("level: L2}", "level: L9}", "L9"),
        ("lapse: 144", "lapse: 0", "1"),
        ("quantity: 400\nunit", "quantity: 400\ncolour: red\nunit", "colour"),
    ],
)
def test_a_broken_order_file_says_where_and_why(
    tmp_path: Path, before: str, after: str, words: str
) -> None:
    text = (CONFIGS / "demo" / "order.yaml").read_text("utf-8")
    assert before in text
    found = problems(tmp_path, text.replace(before, after, 1), OrderFile)
    assert any(words in problem.what.en + problem.fix.en for problem in found), found
    for problem in found:
        assert problem.what.de
        assert problem.fix.de
        assert problem.line >= 1


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("lead: montage-holzland", "lead: montage", "not among the firms"),
        ("{id: laser-saalebogen,", "{id: spritzguss-ilmtal,", "listed twice"),
        ("{id: laser-saalebogen,", "{id: Laser GmbH,", "id"),
        ("name: Spritzguss Ilmtal KG}", "name: S, sign: short}", "sign"),
    ],
)
def test_a_broken_consortium_file_says_where_and_why(
    tmp_path: Path, before: str, after: str, words: str
) -> None:
    text = (CONFIGS / "demo" / "consortium.yaml").read_text("utf-8")
    assert before in text
    found = problems(tmp_path, text.replace(before, after, 1), ConsortiumFile)
    shown = " ".join(str(problem) for problem in found)
    assert words in shown


@pytest.mark.parametrize("folder", ["demo", "mini"])
def test_the_shipped_files_fit_together(folder: str) -> None:
    order = read_model(CONFIGS / folder / "order.yaml", OrderFile, env={}).order()
    consortium = read_model(CONFIGS / folder / "consortium.yaml", ConsortiumFile, env={})
    members = {member.id for member in consortium.consortium().members}
    assert set(order.firms()) <= members
    assert order.lead == consortium.lead
    assert sum(package.weight for package in order.packages) == 100


def test_who_sees_what_is_as_agreed() -> None:
    """The presets of the fair order, pair by pair."""
    order = read_model(CONFIGS / "demo" / "order.yaml", OrderFile, env={}).order()
    mill, press, furnace = "zerspanung-rennweg", "spritzguss-ilmtal", "haerterei-glutofen"
    laser, lead, reserve = "laser-saalebogen", "montage-holzland", "haertetechnik-vogtei"
    expected = {
        (mill, lead): Level.L2,
        (press, lead): Level.L3,
        (furnace, lead): Level.L3,
        (laser, lead): Level.L3,
        (reserve, lead): Level.L3,
        (mill, furnace): Level.L3,
        (mill, reserve): Level.L3,
    }
    firms = (mill, press, furnace, laser, lead, reserve)
    for giver in firms:
        for taker in firms:
            if giver != taker:
                assert order.level(giver, taker) is expected.get((giver, taker), Level.L1)
    assert order.level(lead, "somebody-else") is Level.L0


def test_a_consortium_without_agreements_shows_nothing(tmp_path: Path) -> None:
    text = (CONFIGS / "demo" / "consortium.yaml").read_text("utf-8")
    file = tmp_path / "consortium.yaml"
    file.write_text(text, "utf-8")
    agreed = read_model(file, ConsortiumFile, env={}).consortium()
    assert agreed.level("haerterei-glutofen", "montage-holzland") is Level.L3
    assert agreed.level("montage-holzland", "haerterei-glutofen") is Level.L1
    file.write_text(text[: text.index("agreements:")], "utf-8")
    denied = read_model(file, ConsortiumFile, env={}).consortium()
    assert denied.level("haerterei-glutofen", "montage-holzland") is Level.L0


def test_every_firm_has_its_own_two_keys_and_a_later_entry_overrides_an_earlier_one(
    tmp_path: Path,
) -> None:
    sign, seal = "s" * 43, "x" * 43
    file = tmp_path / "consortium.yaml"
    file.write_text(
        "schema: 1\nname: {de: Verbund, en: Network}\nlead: lead\nfirms:\n"
        f"  - {{id: lead, name: Montage GmbH, sign: {sign}, seal: {seal}}}\n"
        "  - {id: mill, name: Fräse KG}\n  - {id: press, name: Presse KG}\n"
        "agreements:\n"
        "  - {from: all, to: all, level: L1}\n"
        "  - {from: [mill], to: [lead, press], level: L3}\n"
        "  - {from: [mill], to: [press], level: L0}\n",
        "utf-8",
    )
    consortium = read_model(file, ConsortiumFile, env={}).consortium()
    assert (consortium.name.de, consortium.name.en) == ("Verbund", "Network")
    assert consortium.lead == "lead"
    assert consortium.members == (
        Member("lead", "Montage GmbH", sign, seal),
        Member("mill", "Fräse KG", None, None),
        Member("press", "Presse KG", None, None),
    )
    assert set(consortium.agreements) == {
        Agreement("lead", "mill", Level.L1),
        Agreement("lead", "press", Level.L1),
        Agreement("mill", "lead", Level.L3),
        Agreement("press", "lead", Level.L1),
        Agreement("press", "mill", Level.L1),
    }, "what is L0 is no agreement, and nobody has one with itself"


def test_an_order_is_what_its_file_says() -> None:
    """Word for word, as a person who wrote it would look for it again."""
    order = read_model(CONFIGS / "demo" / "order.yaml", OrderFile, env={}).order()
    assert (order.id, order.version, order.quantity, order.lapse) == ("GA-17", 1, 400, 144)
    assert (order.item.de, order.item.en) == ("Schraubendreher-Satz", "Screwdriver set")
    assert (order.unit.de, order.unit.en) == ("Sätze", "sets")
    assert order.lead == "montage-holzland"
    hour, minute = timedelta(hours=1), timedelta(minutes=1)
    assert (order.start, order.due) == (6 * hour, 31 * hour)
    assert (order.transport, order.threshold) == (hour, 2 * hour)
    assert (order.interval, order.stale, order.step) == (15 * minute, 30 * minute, 5 * minute)
    furnace = order.package("AP3")
    assert (furnace.firm, furnace.quantity, furnace.lot) == ("haerterei-glutofen", 2400, 600)
    assert (furnace.weight, furnace.needs) == (38, (Need("AP1", 1),))
    assert (furnace.lot_time, furnace.piece_time) == (4.5 * hour, None)
    mill = order.package("AP1")
    assert (mill.lot_time, mill.piece_time) == (None, timedelta(seconds=16))
    assert order.prepared is not None
    reserve = order.prepared
    assert (reserve.firm, reserve.package) == ("haertetechnik-vogtei", "AP3")
    assert (reserve.lots, reserve.lot_time) == ((4,), 4.5 * hour)
    assert (order.began, order.at, order.ends) == (None, None, None)


def test_an_order_that_does_not_say_how_fast_it_runs_runs_in_real_time(tmp_path: Path) -> None:
    text = (CONFIGS / "demo" / "order.yaml").read_text("utf-8")
    file = tmp_path / "order.yaml"
    lines = [line for line in text.splitlines() if not line.startswith("lapse:")]
    file.write_text("\n".join(lines), "utf-8")
    assert read_model(file, OrderFile, env={}).order().lapse == 1
