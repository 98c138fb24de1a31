"""A member with a valid key sends what cannot be kept: it is refused, and the exchange goes on."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from joserfc import jws

from gateway.network.order import Member
from gateway.partners.crypto import SIGNING, sealed
from gateway.partners.identity import identity
from gateway.partners.messages import LAST, Kind, Message, header
from tests.partners.firms import FURNACE, LEAD, START, Firm, opened, until, working
from tests.partners.test_healing import Storm

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
        assert not [e for e in lead.received() if e["order"] == "GA-1"]


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
        told = await lead.compare(FURNACE)
        assert told is not None
        assert told["equal"]


OFFER = {"id": "x1", "package": "AP1", "lots": [4], "state": "open", "earliest_start_s": 64_800}
LOT = {"number": 1, "quantity": 600, "departed_s": 30_000}
L3 = {
    "lamp": "green", "productionStatus": "itemInProduction", "progress": 25, "forecast_s": 90_000,
    "precisionOfForecast": {"value": 5, "timeUnit": "minute"}, "reasonsForDelay": [], "good": 600,
    "departedLots": [LOT], "lotsBefore": 0, "lotsDeparted": 1,
}  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        (Kind.OFFER, {"lots": [1e300]}),
        (Kind.OFFER, {"lots": [1.0]}),
        (Kind.OFFER, {"lots": [True]}),
        (Kind.OFFER, {"lots": "1234"}),
        (Kind.OFFER, {"lots": []}),
        (Kind.OFFER, {"lots": [4, 4]}),
        (Kind.OFFER, {"lots": [10**18]}),
        (Kind.OFFER, {"lots": [[4]]}),
        (Kind.OFFER, {"package": "AP99"}),
        (Kind.OFFER, {"package": ["AP1"]}),
        (Kind.READY, {"package": "AP99"}),
        (Kind.READY, {"package": {"AP3": 1}}),
        (Kind.READY, {"lot_time_s": 1e300}),
        (Kind.REPORT, {"departedLots": [LOT | {"number": 5}]}),
        (Kind.REPORT, {"departedLots": [LOT, LOT]}),
        (Kind.REPORT, {"departedLots": [LOT | {"number": 1e300}]}),
        (Kind.REPORT, {"lotsDeparted": 5}),
        (Kind.REPORT, {"good": 1e300}),
        (Kind.REPORT, {"reasonsForDelay": [{}]}),
        (Kind.WITHDRAWAL, {"level": {}}),
        (Kind.ANSWER, {"id": {}}),
    ],
)
async def test_unsound_fields_are_refused_with_an_entry_and_the_exchange_goes_on(
    tmp_path: Path, kind: Kind, fields: dict[str, Any]
) -> None:
    """In a chain of its own, so that nothing but the fields is wrong with it."""
    storm = Storm(1, loss=0.0)
    sound: dict[Kind, dict[str, Any]] = {Kind.OFFER: OFFER, Kind.READY: READY, Kind.REPORT: L3}
    sender, recipient = (LEAD, FURNACE) if kind is Kind.OFFER else (FURNACE, LEAD)
    package = {"package": "AP3", "level": "L3"} if kind is Kind.REPORT else {}
    async with working(tmp_path, (LEAD, FURNACE), transport=storm.of) as firms:
        await opened(firms)
        await until(lambda: firms[LEAD].knows("AP3", good=0))
        letter = Message(
            header=header(sender, recipient, kind, at=START), kind=kind, order="GA-17", version=1,
            chain="f" * 16, sequence=1, fields=sound.get(kind, {}) | fields, **package,
        ).content()  # fmt: skip
        wire = handed_over(orjson.dumps(letter), firms[sender], firms[recipient])
        storm.carry(sender, recipient, wire)
        heard = firms[recipient]
        await until(lambda: [e for e in heard.exchange.audited() if e["what"] == "refused"])
        assert not [e for e in heard.received() if e["kind"] == kind and e["hash"] == "f" * 16]
        firms[LEAD].clock.to("1 07:00")
        await firms[FURNACE].book(7)
        await until(lambda: firms[LEAD].knows("AP3", good=7))


async def test_numbers_of_four_thousand_digits_are_refused(tmp_path: Path) -> None:
    storm = Storm(1, loss=0.0)
    async with working(tmp_path, (LEAD, FURNACE), transport=storm.of) as firms:
        await opened(firms)
        lead, furnace = firms[LEAD], firms[FURNACE]
        letter = a_letter(Kind.OFFER, OFFER, chain="f" * 16, sequence=1) | {"order": "GA-17"}
        letter["header"] |= {"senderBpn": LEAD, "receiverBpn": FURNACE}
        raw = orjson.dumps(letter).replace(b'"lots":[4]', b'"lots":[' + b"4" * 4000 + b"]")
        storm.carry(LEAD, FURNACE, handed_over(raw, lead, furnace))
        await until(lambda: [e for e in furnace.exchange.audited() if e["what"] == "refused"])
        await until(lambda: lead.knows("AP3", good=0))


async def test_whatever_is_raised_while_a_message_is_taken_in_is_a_refusal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if a check of ours had forgotten a case."""
    storm = Storm(1, loss=0.0)
    async with working(tmp_path, (LEAD, FURNACE), transport=storm.of) as firms:
        await opened(firms)
        lead, furnace = firms[LEAD], firms[FURNACE]
        await until(lambda: lead.knows("AP3", good=0))
        with monkeypatch.context() as forgetful:
            forgetful.setattr("gateway.partners.effects.check_report", lambda *_: 1 // 0)
            lead.clock.to("1 07:00")
            await furnace.book(7)
            await until(lambda: [e for e in lead.exchange.audited() if e["what"] == "refused"])
            assert lead.exchange.connected
        await until(lambda: lead.knows("AP3", good=7))


NEEDS = (
    [{"package": "AP1", "per": 1, "via": "AP99", "accepted": 30_000}],
    [{"package": "AP1", "per": 1, "lots": [99]}],
    [{"package": "AP1", "per": 1, "lots": []}],
)


@pytest.mark.parametrize("needs", [*NEEDS, None], ids=str)
async def test_an_order_that_nothing_can_be_reckoned_from_is_refused_before_it_is_kept(
    tmp_path: Path, needs: list[dict[str, Any]] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """None: as if a snapshot could not be made for a reason that no check of ours foresees."""
    storm = Storm(1, loss=0.0)
    async with working(tmp_path, (LEAD, FURNACE), transport=storm.of) as firms:
        await opened(firms)
        lead, furnace = firms[LEAD], firms[FURNACE]
        await until(lambda: lead.knows("AP3", good=0))
        (order,) = [e for e in furnace.received() if e["kind"] == "order"]
        fields = orjson.loads(orjson.dumps(order["fields"])) | {"id": "GA-66"}
        fields["began"] = fields["began"].replace(":00:00", ":00:01")  # opened last
        for package in fields["packages"]:
            if package["id"] == "AP3" and needs is not None:
                package["needs"] = needs
        letter = Message(
            header=header(LEAD, FURNACE, Kind.ORDER, at=START), kind=Kind.ORDER,
            order="GA-66", version=1,
            chain="f" * 16, sequence=1, fields=fields,
        ).content()  # fmt: skip
        if needs is None:
            monkeypatch.setattr(
                "gateway.partners.checks.order_view", lambda *_: {}["no such thing"]
            )
        storm.carry(LEAD, FURNACE, handed_over(orjson.dumps(letter), lead, furnace))
        audited = furnace.exchange.audited
        order_kept = furnace.exchange.order
        await until(lambda: [e for e in audited() if e["what"] == "refused"] or order_kept("GA-66"))
        assert needs is not None or not order_kept("GA-66")
        if order_kept("GA-66"):  # it can be reckoned with all the same: the exchange goes on
            await until(lambda: "AP3" in furnace.jobs() and furnace.jobs()["AP3"].order == "GA-66")
        assert furnace.exchange.connected
