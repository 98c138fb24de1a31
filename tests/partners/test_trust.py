"""What was withdrawn stays withdrawn, whatever becomes of the ledger's file."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest
from joserfc import jwe, jws

from gateway.core.errors import ExchangeError, JournalError
from gateway.partners.crypto import SEALING, SIGNING
from gateway.partners.identity import identity
from gateway.partners.store import ledger_file
from simulators.stage.prepare import clear
from tests.partners.firms import (
    FURNACE,
    LEAD,
    MILL,
    Clock,
    Firm,
    eventually,
    logs_agree,
    opened,
    until,
    working,
)
from tests.partners.test_healing import Storm
from tests.partners.test_withdrawal import given, told_of_a_charge

THREE = (LEAD, FURNACE, MILL)


@dataclass
class Scene:
    """The furnace firm has told the lead firm of a charge, and then withdrawn everything."""

    storm: Storm
    clock: Clock
    firms: dict[str, Firm]
    before: Path
    """A copy of the furnace firm's folder from before the withdrawal."""

    @property
    def lead(self) -> Firm:
        return self.firms[LEAD]

    @property
    def furnace(self) -> Firm:
        return self.firms[FURNACE]

    @property
    def ledger(self) -> Path:
        return self.furnace.site.state / "exchange.db"

    def said(self, to: str = LEAD) -> list[dict[str, Any]]:
        """What the furnace firm has put on the way to a firm since ``mark``, opened."""
        keys = identity(self.firms[to].site.state).seal
        found = []
        for sender, recipient, wire in self.storm.old:
            if (sender, recipient) == (FURNACE, to):
                inner = (
                    jwe.decrypt_compact(wire, keys, algorithms=SEALING).plaintext or b""
                ).rstrip()
                sign = identity(self.furnace.site.state).sign
                content = jws.deserialize_compact(inner, sign, algorithms=[SIGNING]).payload
                found.append(orjson.loads(content))
        return found

    def mark(self) -> None:
        self.storm.old.clear()

    async def work_goes_on(self) -> None:
        """Another charge, which the lead firm must not hear of."""
        self.clock.to("1 18:00")
        await self.furnace.book(500)


@asynccontextmanager
async def scene(folder: Path, names: tuple[str, ...] = (LEAD, FURNACE)) -> AsyncIterator[Scene]:
    storm, clock = Storm(1, loss=0.0), Clock()
    async with working(folder, names, transport=storm.of, clock=clock) as firms:
        await opened(firms)
        lead, furnace = firms[LEAD], firms[FURNACE]
        await told_of_a_charge(lead, furnace, clock)
        await until(lambda: not _pending(furnace))
        await furnace.kill()
        before = folder / "before"
        shutil.copytree(furnace.site.state, before)
        await furnace.start()
        await furnace.exchange.withdraw("GA-17", LEAD, "L0")
        await until(lambda: lead.knows("AP3", level="L0") and not _pending(furnace))
        await furnace.kill()
        found = Scene(storm, clock, dict(firms), before)
        found.mark()
        yield found


def all_answered(firm: Firm) -> bool:
    """Whether every partner at work has said what it has of this firm."""
    said = firm.exchange.health().en
    return said.startswith("connected") and "not answered" not in said


def _pending(firm: Firm) -> list[dict[str, Any]]:
    return [entry for entry in firm.sent() if entry["state"] == "pending"]


def _emptied(scene: Scene) -> None:
    scene.ledger.write_bytes(b"")


def _absent(scene: Scene) -> None:
    scene.ledger.unlink()


def _older(scene: Scene) -> None:
    shutil.copy(scene.before / "exchange.db", scene.ledger)


def _of_another_firm(scene: Scene) -> None:
    with (
        sqlite3.connect(scene.lead.site.state / "exchange.db") as theirs,
        sqlite3.connect(scene.ledger) as ours,
    ):
        theirs.backup(ours)


def _made_by_hand(scene: Scene) -> None:
    """A sound database without anything in it, as after somebody tried to help."""
    scene.ledger.unlink()
    with sqlite3.connect(scene.ledger) as db:
        db.execute("CREATE TABLE notes (text TEXT)")


def _of_version_1(scene: Scene) -> None:
    _older(scene)
    with sqlite3.connect(scene.ledger) as db:
        db.executescript("DROP TABLE standing; DROP TABLE prior; PRAGMA user_version=1;")


def _level_flipped(scene: Scene) -> None:
    """One bit of the level: L0 becomes L2; the database itself is sound."""
    row = f"GA-17{FURNACE}{LEAD}L".encode()
    content = bytearray(scene.ledger.read_bytes())
    assert content.count(row + b"0") == 1
    content[content.index(row) + len(row)] ^= 0x02
    scene.ledger.write_bytes(content)


def _bits_flipped(scene: Scene) -> None:
    content = bytearray(scene.ledger.read_bytes())
    for at in range(4096, len(content), 61):
        content[at] ^= 0x10
    scene.ledger.write_bytes(content)


def _order_flipped(scene: Scene) -> None:
    """Sound for the database, but no order any more."""
    with sqlite3.connect(scene.ledger) as db:
        db.execute("UPDATE orders SET document = replace(document, '{', '[')")


def _a_folder(scene: Scene) -> None:
    scene.ledger.unlink()
    scene.ledger.mkdir()


LOSSES: dict[Callable[[Scene], None], str] = {
    _emptied: "gone or empty",
    _absent: "gone or empty",
    _older: "an older copy",
    _of_another_firm: f"belongs to the firm {LEAD}",
    _made_by_hand: "not the one",
    _of_version_1: "not the one",
    _level_flipped: "damaged",
    _bits_flipped: "damaged",
    _order_flipped: "damaged",
    _a_folder: "damaged",
}


@pytest.mark.parametrize("loss", LOSSES)
async def test_with_its_ledger_lost_a_firm_shares_nothing_until_a_person_begins_anew(
    tmp_path: Path, loss: Callable[[Scene], None]
) -> None:
    async with scene(tmp_path) as it:
        loss(it)
        for _ in range(2):  # neither does the next start help itself
            await it.furnace.start()
            said = it.furnace.exchange.health()
            assert it.furnace.exchange.shut
            assert not it.furnace.exchange.connected
            assert LOSSES[loss] in said.en
            assert "begin anew" in said.en
            assert "beginnen Sie" in said.de
            assert it.furnace.exchange.orders() == []
            with pytest.raises(ExchangeError, match="Nothing leaves"):
                await it.furnace.exchange.withdraw("GA-17", LEAD, "L0")
            await it.furnace.kill()
        await it.furnace.start()
        await it.work_goes_on()
        assert it.said() == []

        await it.furnace.exchange.begin_anew(it.furnace.id)
        assert not it.furnace.exchange.shut
        it.clock.to("1 18:10")
        await it.lead.exchange.open_order("GA-18", at_s=6 * 3600)
        await until(lambda: it.furnace.exchange.order("GA-18"))
        await until(
            lambda: it.lead.package("AP3", "GA-18").get("good") == 0
        )  # a new one, as agreed
        leaves = it.said()
        assert leaves[0]["kind"] == "compare", "the question first"
        assert leaves[0]["fields"] == {"numbers": []}
        assert not [m for m in leaves if m["kind"] == "report" and m["order"] == "GA-17"]
        assert it.lead.package("AP3")["level"] == "L0"


async def test_the_older_copy_of_a_whole_folder_is_known_by_what_the_partner_shows(
    tmp_path: Path,
) -> None:
    """Journal, witness and ledger fit together: nothing here says that they are old."""
    async with scene(tmp_path, THREE) as it:
        newest = tmp_path / "newest"
        shutil.copytree(it.furnace.site.state, newest)
        shutil.rmtree(it.furnace.site.state)
        shutil.copytree(it.before, it.furnace.site.state)
        await it.furnace.start()
        await until(lambda: it.furnace.exchange.shut)
        said = it.furnace.exchange.health()
        assert any(partner in said.en for partner in (LEAD, MILL))
        assert "exchange.db knows nothing" in said.en
        await it.work_goes_on()
        assert {m["kind"] for m in it.said()} <= {"compare", "heads"}
        await it.furnace.kill()
        await it.lead.kill()  # nobody is there to say it again
        await it.furnace.start()
        assert it.furnace.exchange.shut, "it has been written down"
        await it.furnace.kill()

        shutil.copy(newest / "exchange.db", it.ledger)  # the backup that has everything
        await it.furnace.start()
        assert not it.furnace.exchange.shut
        assert given(it.furnace, LEAD)["level"] == "L0"
        await it.lead.start()
        await eventually(lambda: logs_agree(it.lead, it.furnace))


async def test_after_an_older_folder_a_firm_begins_anew_with_everything_at_nothing(
    tmp_path: Path,
) -> None:
    async with scene(tmp_path) as it:
        shutil.rmtree(it.furnace.site.state)
        shutil.copytree(it.before, it.furnace.site.state)
        await it.furnace.start()
        await until(lambda: it.furnace.exchange.shut)
        await it.furnace.exchange.begin_anew(it.furnace.id)
        it.clock.to("1 17:00")  # the next word of the lead firm shows what the other lacks
        await until(lambda: it.furnace.exchange.order("GA-17"))
        await it.work_goes_on()
        for _ in range(2):
            await until(lambda: it.lead.knows("AP3", level="L0"))
            assert given(it.furnace, LEAD)["level"] == "L0"
            assert not it.furnace.exchange.shut, "what the partner has of before is known now"
            await it.furnace.kill()
            await it.furnace.start()
            await until(lambda: it.furnace.exchange.order("GA-17"))
        await until(lambda: not _pending(it.furnace))
        assert not [m for m in it.said() if m["kind"] == "report"]


async def test_witness_and_ledger_lost_together_are_missed_by_the_partner(tmp_path: Path) -> None:
    async with scene(tmp_path) as it:
        it.ledger.unlink()
        (it.furnace.site.state / "witness").unlink()
        await it.furnace.start()
        await until(lambda: it.furnace.exchange.shut)
        await it.work_goes_on()
        assert {m["kind"] for m in it.said()} == {"compare", "heads"} & {
            m["kind"] for m in it.said()
        }


async def test_a_lost_witness_is_written_anew_from_the_ledger(tmp_path: Path) -> None:
    async with scene(tmp_path) as it:
        (it.furnace.site.state / "witness").unlink()
        await it.furnace.start()
        assert given(it.furnace, LEAD)["level"] == "L0"
        await it.furnace.kill()
        it.ledger.unlink()
        await it.furnace.start()
        assert it.furnace.exchange.shut


async def test_a_witness_that_cannot_be_read_is_no_reason_to_trust_the_ledger(
    tmp_path: Path,
) -> None:
    async with scene(tmp_path) as it:
        witness = it.furnace.site.state / "witness"
        witness.rename(tmp_path / "witness")
        witness.mkdir()
        await it.furnace.start()
        assert "witness" in it.furnace.exchange.health().en
        assert it.furnace.exchange.shut
        await it.furnace.kill()
        witness.rmdir()
        (tmp_path / "witness").rename(witness)
        await it.furnace.start()
        assert not it.furnace.exchange.shut


async def test_a_folder_of_before_the_witness_is_taken_over_with_its_withdrawals(
    tmp_path: Path,
) -> None:
    async with scene(tmp_path) as it:
        with sqlite3.connect(it.ledger) as db:
            db.executescript("DROP TABLE standing; DROP TABLE prior; PRAGMA user_version=1;")
        (it.furnace.site.state / "witness").unlink()
        await it.furnace.start()
        assert given(it.furnace, LEAD)["level"] == "L0"
        await eventually(lambda: logs_agree(it.lead, it.furnace))
        await it.furnace.kill()
        it.ledger.write_bytes(b"")
        await it.furnace.start()
        assert it.furnace.exchange.shut


async def test_to_a_partner_that_is_away_goes_nothing_but_the_question(tmp_path: Path) -> None:
    """The other one answers, and gets what it is to get."""
    async with scene(tmp_path, THREE) as it:
        await it.lead.kill()
        await it.furnace.start()
        await it.work_goes_on()
        await it.furnace.exchange.withdraw("GA-17", MILL, "L0")
        await until(lambda: it.firms[MILL].knows("AP3", level="L0"))
        assert {m["kind"] for m in it.said()} <= {"compare"}
        assert LEAD in it.furnace.exchange.health().en
        await it.lead.start()
        await eventually(lambda: logs_agree(it.lead, it.furnace))
        assert all_answered(it.furnace)


async def test_two_firms_that_start_at_once_answer_each_other(tmp_path: Path) -> None:
    async with scene(tmp_path) as it:
        await it.lead.kill()
        await it.lead.start()
        await it.furnace.start()
        await eventually(lambda: logs_agree(it.lead, it.furnace))


def _claiming(firm: Firm, answer: dict[str, object]) -> None:
    """This firm answers questions for numbers as its program was changed to."""

    async def numbers(_partner: str, _asked: object, _mono: float) -> dict[str, object]:
        return answer

    firm.exchange._parts()[2].start_check.numbers = numbers  # type: ignore[method-assign]


def _signed_by(signer: Firm, text: dict[str, Any]) -> str:
    head = {"alg": SIGNING, "kid": signer.id, "typ": "werkverbund+json"}
    keys = identity(signer.site.state).sign
    return jws.serialize_compact(head, orjson.dumps(text), keys, algorithms=[SIGNING])


@pytest.mark.parametrize("shows", ["nothing", "garbage", "its own signature", "what is known"])
async def test_a_partner_that_makes_up_a_number_shuts_the_way_to_nobody_but_itself(
    tmp_path: Path, shows: str
) -> None:
    async with scene(tmp_path, THREE) as it:
        with sqlite3.connect(it.lead.site.state / "exchange.db") as db:
            query = "SELECT text FROM received WHERE partner = ? AND text IS NOT NULL"
            (known,) = db.execute(query, (FURNACE,)).fetchone()
        made_up = orjson.loads(jws.extract_compact(known.encode()).payload) | {"sequence": 99}
        proof = {
            "nothing": None,
            "garbage": "no signed text",
            "its own signature": _signed_by(it.lead, made_up),
            "what is known": known,
        }[shows]
        _claiming(it.lead, {"numbers": [["GA-17", "f" * 16, 99]], "proof": proof})
        await it.furnace.start()
        mill = it.firms[MILL]
        await until(lambda: LEAD in it.furnace.exchange.health().en.partition("Nothing goes")[2])
        await it.furnace.exchange.withdraw("GA-17", MILL, "L0")
        await until(lambda: mill.knows("AP3", level="L0"))
        assert not it.furnace.exchange.shut
        assert {m["kind"] for m in it.said()} <= {"compare", "heads"}
        audited = [e for e in it.furnace.exchange.audited() if e["what"] == "number not shown"]
        assert [e["firm"] for e in audited] == [LEAD]


async def test_a_message_to_another_firm_shows_nothing(tmp_path: Path) -> None:
    """Two partners that work together have a message of ours, but not to the one that shows it."""
    async with scene(tmp_path, THREE) as it:
        with sqlite3.connect(it.firms[MILL].site.state / "exchange.db") as db:
            query = "SELECT text, chain, sequence FROM received WHERE partner = ?"
            text, chain, sequence = db.execute(query, (FURNACE,)).fetchone()
        _claiming(it.lead, {"numbers": [["GA-17", chain, sequence]], "proof": text})
        await it.furnace.start()
        await until(lambda: "Nothing goes" in it.furnace.exchange.health().en)
        assert not it.furnace.exchange.shut


async def test_a_partner_of_an_older_version_answers_without_numbers_and_is_told(
    tmp_path: Path,
) -> None:
    async with scene(tmp_path) as it:
        _claiming(it.lead, {})  # it knows the question as a comparison of nothing
        await it.furnace.start()
        await eventually(lambda: logs_agree(it.lead, it.furnace))


@pytest.mark.parametrize("numbers", [1, [1], [["GA-17", "x", "y"]], [["GA-17", "f" * 16, 2**63]]])
async def test_unsound_numbers_are_refused_and_that_partner_waits(
    tmp_path: Path, numbers: object
) -> None:
    async with scene(tmp_path) as it:
        _claiming(it.lead, {"numbers": numbers})
        await it.furnace.start()
        await until(lambda: [e for e in it.furnace.exchange.audited() if e["what"] == "refused"])
        assert LEAD in it.furnace.exchange.health().en
        assert not it.furnace.exchange.shut


async def test_begun_anew_is_only_what_is_shut_and_only_by_name(tmp_path: Path) -> None:
    async with scene(tmp_path) as it:
        await it.furnace.start()
        with pytest.raises(ExchangeError, match="only while it is shut"):
            await it.furnace.exchange.begin_anew(it.furnace.id)
        await it.furnace.kill()
        _emptied(it)
        await it.furnace.start()
        for name in ("", LEAD, "haerterei"):
            with pytest.raises(ExchangeError, match=FURNACE):
                await it.furnace.exchange.begin_anew(name)
        assert it.furnace.exchange.shut
        await it.furnace.exchange.begin_anew(f" {FURNACE} ")
        assert [e["what"] for e in it.furnace.exchange.audited()][-1] == "begun anew"
        assert len(list(it.furnace.site.state.glob("exchange-*.broken.db"))) == 1


async def test_a_lead_firm_that_has_begun_anew_gives_no_name_twice(tmp_path: Path) -> None:
    async with scene(tmp_path) as it:
        await it.furnace.start()
        await it.lead.kill()
        (it.lead.site.state / "exchange.db").unlink()
        await it.lead.start()
        await it.lead.exchange.begin_anew(LEAD)
        state = it.lead.exchange._parts()[0].state
        await until(lambda: "GA-17" in state.prior_orders())
        with pytest.raises(ExchangeError, match="exists already"):
            await it.lead.exchange.open_order("GA-17", at_s=6 * 3600)
        await it.lead.exchange.open_order("GA-18", at_s=6 * 3600)
        await until(lambda: it.furnace.exchange.order("GA-18"))
        await until(lambda: it.lead.package("AP3", "GA-18").get("good") == 0)


async def _ends_before_the_commit(it: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    def ends(*_: object) -> None:
        raise JournalError("the power is gone")

    with monkeypatch.context() as now:
        now.setattr(ledger_file, "next_number", ends)
        with pytest.raises(JournalError):
            await it.furnace.exchange.withdraw("GA-17", MILL, "L0")


async def _ends_before_the_witness(it: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    def ends(*_: object) -> None:
        raise OSError("the power is gone")

    with monkeypatch.context() as now:
        now.setattr("gateway.witness.Witness.keep_number", ends)
        with pytest.raises(JournalError):
            await it.furnace.exchange.withdraw("GA-17", MILL, "L0")


@pytest.mark.parametrize("ends", [_ends_before_the_commit, _ends_before_the_witness])
async def test_a_withdrawal_that_a_power_cut_met_half_way_holds(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    ends: Callable[[Scene, pytest.MonkeyPatch], Awaitable[None]],
) -> None:
    async with scene(tmp_path, THREE) as it:
        await it.furnace.start()
        await ends(it, monkeypatch)
        await it.furnace.kill()
        await it.furnace.start()
        assert not it.furnace.exchange.shut
        assert given(it.furnace, MILL)["level"] == "L0"
        await until(lambda: it.firms[MILL].knows("AP3", level="L0"))


async def test_a_demo_that_begins_fresh_has_no_witness_of_the_one_before(tmp_path: Path) -> None:
    async with scene(tmp_path / "firms"):
        assert len(list(tmp_path.rglob("witness"))) >= 2
    clear(tmp_path)
    assert not list(tmp_path.rglob("witness"))
    async with scene(tmp_path / "firms") as again:
        await again.furnace.start()
        assert not again.furnace.exchange.shut


async def test_questions_and_answers_after_a_start_are_as_long_as_any_message(
    tmp_path: Path,
) -> None:
    """Whoever carries them learns neither how many orders there were nor what is shown."""
    async with scene(tmp_path) as it:
        await it.lead.kill()
        with sqlite3.connect(it.lead.site.state / "exchange.db") as db:
            last = db.execute("SELECT * FROM received WHERE partner = ?", (FURNACE,)).fetchone()
            for number in range(300):  # as many orders, of long names, with a long message each
                row = [None, f"order-{number:058}", last[2], f"{number:016}", *last[4:]]
                row[12] = "x" * 7_000
                marks = ", ".join("?" * len(row))
                db.execute(f"INSERT INTO received VALUES ({marks})", row)
        it.mark()
        await it.lead.start()
        await it.furnace.start()
        await until(lambda: FURNACE in it.lead.exchange.health().en or all_answered(it.lead))
        await until(lambda: [m for m in it.said() if m["kind"] == "compare"])
        await until(lambda: [m for m in it.said(to=LEAD) if m["kind"] == "heads"])
        keys = identity(it.furnace.site.state).seal
        sign = identity(it.lead.site.state).sign

        def answers() -> list[dict[str, Any]]:
            wires = [w for s, r, w in it.storm.old if (s, r) == (LEAD, FURNACE)]
            inner = [jwe.decrypt_compact(w, keys, algorithms=SEALING).plaintext for w in wires]
            said = [
                jws.deserialize_compact((i or b"").rstrip(), sign, algorithms=[SIGNING])
                for i in inner
            ]
            return [orjson.loads(each.payload) for each in said]

        await until(lambda: [m for m in answers() if m["kind"] == "heads"])
        (told, *_) = [m["fields"] for m in answers() if m["kind"] == "heads"]
        assert len(told["numbers"]) > 20
        assert len(told["proof"]) == 7_000
        assert {len(wire) // 1000 for _, _, wire in it.storm.old} == {22}, "16 kB, signed, sealed"
