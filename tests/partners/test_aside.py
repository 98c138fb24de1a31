"""What was put aside holds what has been withdrawn: it stays for a month, and no longer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.core.errors import ExchangeError
from gateway.partners.store.aside import put_aside_in
from tests.partners.firms import LEAD, Clock, Firm, working

SECRET = b"a quantity that was withdrawn"


def put(folder: Path, day: str) -> Path:
    """A ledger that was put aside at noon of a day, with its log."""
    path = folder / f"exchange-{day}T120000Z.broken.db"
    for suffix in ("", "-wal"):
        path.with_name(path.name + suffix).write_bytes(SECRET * 100)
    return path


def left(folder: Path) -> set[str]:
    return {file.name for file in folder.glob("*.broken.db*")}


async def test_after_thirty_days_it_is_erased_and_the_security_log_keeps_that(
    tmp_path: Path,
) -> None:
    noon = datetime(2026, 11, 20, 12, tzinfo=UTC)
    async with working(tmp_path, [LEAD], clock=(clock := Clock(noon))) as firms:
        lead = firms[LEAD]
        old, young = put(lead.site.state, "20261021"), put(lead.site.state, "20261119")
        clock.now = noon  # thirty days to the second
        await lead.exchange.tick()
        assert old.exists()
        clock.now = noon + timedelta(seconds=1)
        await lead.exchange.tick()
        assert left(lead.site.state) == {young.name, f"{young.name}-wal"}
        (entry,) = [e for e in lead.exchange.audited() if "put aside" in e["what"]]
        assert old.name in entry["detail"]


async def test_health_names_it_and_it_is_erased_at_once_on_purpose(tmp_path: Path) -> None:
    async with working(tmp_path, [LEAD]) as firms:
        lead = firms[LEAD]
        assert lead.exchange.aside() is None
        await refused(lead, LEAD, "Nothing lies aside")
        put(lead.site.state, "20261119")
        other = lead.site.state / "exchange-mine.broken.db"  # nobody put this aside but a person
        other.write_bytes(b"")
        told = lead.exchange.aside()
        assert told is not None
        assert "exchange-20261119T120000Z.broken.db" in told.en
        assert "2026-12-19" in told.en
        await refused(lead, "somebody", LEAD)
        await lead.exchange.erase_aside(f" {LEAD} ")
        assert lead.exchange.aside() is None
        assert left(lead.site.state) == {other.name}


async def refused(firm: Firm, name: str, why: str) -> None:
    with pytest.raises(ExchangeError, match=why):
        await firm.exchange.erase_aside(name)


def test_what_is_erased_is_overwritten_also_under_another_name(tmp_path: Path) -> None:
    path = put(tmp_path, "20261119")
    second = tmp_path / "still-there"
    second.hardlink_to(path)
    size = second.stat().st_size
    (aside,) = put_aside_in(tmp_path)
    aside.erase()
    aside.erase()
    assert left(tmp_path) == set()
    assert second.read_bytes() == bytes(size)
