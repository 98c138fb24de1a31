"""What was given again is given, and what was withdrawn after that stays so, whatever happens."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.core.errors import ExchangeError, JournalError
from gateway.partners.store import ledger_file
from gateway.witness import Json, Witness
from tests.partners.firms import FURNACE, LEAD, MILL, eventually, logs_agree, until
from tests.partners.test_trust import Scene, all_answered, scene
from tests.partners.test_withdrawal import given


async def _given_again(it: Scene) -> None:
    await it.furnace.start()
    await until(lambda: all_answered(it.furnace))
    assert await it.furnace.exchange.give("GA-17", LEAD) == "L3"
    await until(lambda: it.lead.knows("AP3", level="L3", good=607))


async def test_what_was_given_again_is_given_after_a_restart(tmp_path: Path) -> None:
    async with scene(tmp_path) as it:
        await _given_again(it)
        for _ in range(2):
            await it.furnace.kill()
            await it.furnace.start()
            assert given(it.furnace, LEAD)["level"] == "L3"
        await it.work_goes_on()
        await until(lambda: it.lead.knows("AP3", level="L3", good=1107))
        await eventually(lambda: logs_agree(it.lead, it.furnace))


async def test_an_older_copy_from_before_the_giving_is_not_used(tmp_path: Path) -> None:
    async with scene(tmp_path) as it:
        content = it.ledger.read_bytes()
        await _given_again(it)
        await it.furnace.kill()
        it.ledger.write_bytes(content)
        await it.furnace.start()
        assert it.furnace.exchange.shut


async def test_withdrawn_given_and_withdrawn_again_holds_over_a_power_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second withdrawal is one of its own for the witness, though to the same level."""

    def ends(*_: object) -> None:
        raise JournalError("the power is gone")

    async with scene(tmp_path) as it:
        await _given_again(it)
        with monkeypatch.context() as now:
            now.setattr(ledger_file, "next_number", ends)
            with pytest.raises(JournalError):
                await it.furnace.exchange.withdraw("GA-17", LEAD, "L0")
        await it.furnace.kill()
        await it.furnace.start()
        assert given(it.furnace, LEAD)["level"] == "L0"
        await until(lambda: it.lead.knows("AP3", level="L0"))


async def test_withdrawn_given_and_withdrawn_again_holds_with_the_ledger_lost(
    tmp_path: Path,
) -> None:
    async with scene(tmp_path) as it:
        await _given_again(it)
        await it.furnace.exchange.withdraw("GA-17", LEAD, "L0")
        await until(lambda: it.lead.knows("AP3", level="L0"))
        await it.furnace.kill()
        it.ledger.unlink()
        await it.furnace.start()
        assert it.furnace.exchange.shut
        await it.furnace.exchange.begin_anew(FURNACE)
        it.clock.to("1 17:00")
        await until(lambda: it.furnace.exchange.order("GA-17"))
        assert given(it.furnace, LEAD)["level"] == "L0"
        it.mark()
        await it.work_goes_on()
        await eventually(lambda: logs_agree(it.lead, it.furnace))
        assert not [m for m in it.said() if m["kind"] == "report"]


async def test_a_giving_that_a_power_cut_met_half_way_is_taken_back_at_both_firms(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    noted = Witness.note

    def ends(self: Witness, note: Json) -> None:
        if "given" in note and FURNACE in str(self.path):
            raise OSError("the power is gone")
        noted(self, note)

    async with scene(tmp_path) as it:
        await it.furnace.start()
        await until(lambda: all_answered(it.furnace))
        with monkeypatch.context() as now:
            now.setattr(Witness, "note", ends)
            with pytest.raises(JournalError):
                await it.furnace.exchange.give("GA-17", LEAD)
        await it.furnace.kill()
        await it.furnace.start()
        assert given(it.furnace, LEAD)["level"] == "L0"
        await until(lambda: it.lead.knows("AP3", level="L0"))
        await eventually(lambda: logs_agree(it.lead, it.furnace))


async def test_what_a_partner_gave_again_is_taken_in_full_after_a_ledger_was_lost(
    tmp_path: Path,
) -> None:
    async with scene(tmp_path) as it:
        await it.furnace.start()
        await until(lambda: all_answered(it.lead))

        def level() -> str:
            entries = it.furnace.agreements("GA-17")
            return next(str(e["level"]) for e in entries if e["from"] == LEAD)

        agreed = level()
        assert agreed != "L0"
        await it.lead.exchange.withdraw("GA-17", FURNACE, "L0")
        await until(lambda: level() == "L0")
        await it.lead.exchange.give("GA-17", FURNACE)
        await until(lambda: level() == agreed)
        await it.furnace.kill()
        it.ledger.unlink()
        await it.furnace.start()
        await it.furnace.exchange.begin_anew(FURNACE)
        it.clock.to("1 17:00")
        await until(lambda: it.furnace.exchange.order("GA-17"))
        assert level() == agreed


async def test_to_a_partner_that_has_not_answered_since_the_start_nothing_is_given(
    tmp_path: Path,
) -> None:
    async with scene(tmp_path, (LEAD, FURNACE, MILL)) as it:
        await it.lead.kill()
        await it.furnace.start()
        with pytest.raises(ExchangeError, match="cannot be reached now"):
            await it.furnace.exchange.give("GA-17", LEAD)
        assert given(it.furnace, LEAD)["level"] == "L0"
        await it.lead.start()
        await until(lambda: all_answered(it.furnace))
        assert await it.furnace.exchange.give("GA-17", LEAD) == "L3"
        await until(lambda: it.lead.knows("AP3", level="L3", good=607))


@pytest.mark.parametrize("what", ["withdrawal", "giving"])
async def test_what_the_witness_could_not_be_told_of_is_read_anew_without_a_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """Committed, then a disk error: memory must not go on with what held before."""

    def ends(self: Witness, *rest: object) -> None:
        if FURNACE in str(self.path):
            raise OSError("the disk is gone for a moment")

    async with scene(tmp_path) as it:
        await (_given_again(it) if what == "withdrawal" else it.furnace.start())
        await until(lambda: all_answered(it.furnace))
        before = it.furnace.exchange._inside
        with monkeypatch.context() as now:
            if what == "withdrawal":
                now.setattr(Witness, "keep_number", ends)
                with pytest.raises(JournalError):
                    await it.furnace.exchange.withdraw("GA-17", LEAD, "L0")
            else:
                now.setattr(Witness, "note", ends)
                with pytest.raises(JournalError):
                    await it.furnace.exchange.give("GA-17", LEAD)
        await until(lambda: it.furnace.exchange._inside not in (None, before))
        await until(lambda: it.furnace.exchange.connected)
        assert given(it.furnace, LEAD)["level"] == "L0"
        it.mark()
        await it.work_goes_on()
        await until(lambda: it.lead.knows("AP3", level="L0"))
        await eventually(lambda: logs_agree(it.lead, it.furnace))
        assert not [m for m in it.said() if m["kind"] == "report"]
