"""A member with a valid key sends what cannot be kept: it is refused, and the exchange goes on."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from joserfc import jws

from gateway.exchange.identity import identity
from gateway.exchange.messages import LAST, Kind, Message, header
from gateway.exchange.sealing import SIGNING, sealed
from gateway.network.order import Member
from tests.exchange.firms import FURNACE, LEAD, Firm, opened, until, working
from tests.exchange.test_healing import Storm

READY = {"package": "AP3", "earliest_start_s": 64_800, "lot_time_s": 16_200}
BEYOND = 2**63  # a number that JSON has and SQLite has not
DEEP = b"[" * 600 + b"]" * 600


def a_letter(kind: Kind, fields: dict[str, Any], **place: Any) -> dict[str, Any]:
    """A message of the furnace to the lead firm, on an order of its own."""
    letter = Message(
        header=header(FURNACE, LEAD, kind, datetime.now(UTC)),
        kind=kind,
        order="GA-1",
        fields=fields,
        **place,
    )
    return letter.content()


def handed_over(letter: bytes, sender: Firm, recipient: Firm) -> bytes:
    """Signed and sealed by hand: the sender's program keeps to no rule of ours."""
    head = {"alg": SIGNING, "kid": sender.id, "typ": "werkverbund+json"}
    keys = identity(sender.site.state).sign
    text = jws.serialize_compact(head, letter, keys, algorithms=[SIGNING])
    known = identity(recipient.site.state)
    return sealed(text, Member(recipient.id, recipient.id, known.sign_public, known.seal_public))


@pytest.mark.parametrize("what", ["version", "depth"])
async def test_what_cannot_be_kept_is_refused(tmp_path: Path, what: str) -> None:
    storm = Storm(1, loss=0.0)
    letter = a_letter(Kind.READY, READY | {"more": 0}, chain="f" * 16, sequence=1)
    if what == "version":
        letter["version"] = BEYOND
    raw = orjson.dumps(letter)
    if what == "depth":
        raw = raw.replace(b'"more":0', b'"more":' + DEEP)
    async with working(tmp_path, (LEAD, FURNACE), transport=storm.of) as firms:
        await opened(firms)
        lead, furnace = firms[LEAD], firms[FURNACE]
        storm.carry(FURNACE, LEAD, handed_over(raw, furnace, lead))
        await until(lambda: [e for e in lead.exchange.audited() if e["what"] == "refused"])
        await until(lambda: lead.knows("AP3", good=0))  # what comes after it is read
        assert not [e for e in lead.exchange.received() if e["order"] == "GA-1"]


@pytest.mark.parametrize("sequence", [BEYOND, LAST + 1, -1, True])
async def test_a_comparison_at_a_place_that_cannot_be_is_answered_without_a_hash(
    tmp_path: Path, sequence: int
) -> None:
    storm = Storm(1, loss=0.0)
    place = {"chain": "f" * 16, "sequence": sequence}
    letter = orjson.dumps(a_letter(Kind.COMPARE, {"sent": place}))
    async with working(tmp_path, (LEAD, FURNACE), transport=storm.of) as firms:
        await opened(firms)
        lead, furnace = firms[LEAD], firms[FURNACE]
        storm.carry(FURNACE, LEAD, handed_over(letter, furnace, lead))
        await until(lambda: lead.knows("AP3", good=0))
        told = await lead.exchange.compare(FURNACE)
        assert told is not None
        assert told["equal"]
