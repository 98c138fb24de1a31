"""What can be heard on the shared broker, and what each firm received: nothing beyond."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator

import pytest

from gateway.network.fields import KEYS
from tests.system.factory import Json
from tests.system.played import WORKING, Played
from tests.system.test_mini_order import level
from tests.system.wire import Wire

FIELDS = {level.value: set(keys) for level, keys in KEYS.items()}
"""The fields of a report at each level; that the table itself is right, its own test says."""

CANARIES = (
    "productionStatus", "itemInProduction", "itemCompleted", "forecast_s", "precisionOfForecast",
    "reasonsForDelay", "departedLots", "quantity", "senderBpn", "messageId", "Schraubendreher",
    "Klingen", "MINI-1-AP", "Rennweg GmbH", "mill-1", "press-1", "furnace-1", "laser-1",
    "bench-1", "Holzland eG", "sequence", "werkverbund+json", "Ed25519",
)  # fmt: skip
"""Words of messages and of firms' own data that must not be readable on the way."""

NEVER = {
    "scrap", "machine", "machines", "signal", "signals", "cycle", "per_piece", "per_piece_s",
    "planned_per_piece_s", "runs", "runs_completed", "runs_started", "energy", "power",
    "temperature", "because", "gaps", "origins", "rate", "price", "customer", "capacity",
    "own_delay_s", "inbound_delay_s", "substate",
}  # fmt: skip
"""Keys that leave a firm at no level and in no message."""


def disguises(canary: str) -> Iterator[bytes]:
    """The canary itself, and what base64 makes of it at every place where it may stand."""
    raw = canary.encode()
    yield raw
    for lead in range(3):
        padded = b"\0" * lead + raw
        text = base64.urlsafe_b64encode(padded).rstrip(b"=")
        start, cut = (0, 2, 3)[lead], len(padded) % 3
        yield text[start : len(text) - (1 if cut else 0)]


def unpadded(part: bytes) -> bytes:
    return base64.urlsafe_b64decode(part + b"=" * (-len(part) % 4))


def test_the_disguises_are_found_wherever_they_stand() -> None:
    for before in ("", "x", "xy", "xyz"):
        hidden = base64.urlsafe_b64encode(f"{before}forecast_s and more".encode())
        assert any(form in hidden for form in disguises("forecast_s"))


def test_only_sealed_messages_between_members_are_on_the_shared_broker(
    played: Played, wire: Wire
) -> None:
    members = set(played.factory.partners)
    assert len(wire.messages) > 200
    for message in wire.messages:
        root, version, recipient, sender = message.topic.split("/")
        assert (root, version) == ("wv", "x1")
        assert {recipient, sender} <= members
        assert message.retained is False, "the broker keeps nothing"
        if recipient == sender:  # a gateway to itself: is it heard?
            assert set(json.loads(message.payload)) == {"schema", "instance", "number", "asks"}
            continue
        parts = message.payload.split(b".")
        assert len(parts) == 5, "JWE, compact"
        header = json.loads(unpadded(parts[0]))
        assert set(header) <= {"alg", "enc", "kid", "cty", "typ", "epk"}
        assert (header["alg"], header["enc"]) == ("ECDH-ES+A256KW", "A256GCM")
        assert header["kid"] == recipient


def test_every_pair_that_has_an_agreement_was_heard(played: Played, wire: Wire) -> None:
    pairs = {tuple(message.topic.split("/")[2:]) for message in wire.messages}
    working = [firm for firm in played.factory.partners if firm != "haertetechnik-vogtei"]
    for recipient in working:
        for sender in working:
            assert recipient == sender or (recipient, sender) in pairs


def test_nothing_on_the_shared_broker_can_be_read(played: Played, wire: Wire) -> None:
    forms = [form for canary in CANARIES for form in disguises(canary)]
    forms += [
        form for entries in played.sent.values() for entry in entries for form in hashes(entry)
    ]
    everything = b"\n".join(message.payload for message in wire.messages)
    opened = b"\n".join(
        unpadded(part) for message in wire.messages for part in message.payload.split(b".")
    )
    found = {form for form in forms if form in everything or form in opened}
    assert found == set()


def hashes(entry: Json) -> Iterator[bytes]:
    yield entry["hash"].encode()


def test_two_sealings_never_look_alike(wire: Wire) -> None:
    sealed = [message for message in wire.messages if b"." in message.payload]
    payloads = [message.payload for message in sealed]
    assert len(set(payloads)) == len(payloads) > 200
    keys = {message.payload.split(b".")[1] for message in sealed}
    assert len(keys) == len(payloads)


def every_key(fields: object) -> Iterator[str]:
    if isinstance(fields, dict):
        for key, value in fields.items():
            yield key
            yield from every_key(value)
    elif isinstance(fields, list):
        for value in fields:
            yield from every_key(value)


def test_every_report_holds_the_fields_of_its_level_and_no_other(played: Played) -> None:
    seen = set()
    for listener, entries in played.received.items():
        for entry in entries:
            if entry["kind"] != "order":
                assert not set(every_key(entry["fields"])) & NEVER, entry
            if entry["kind"] != "report":
                continue
            agreed = level(entry["from"], listener)
            assert entry["level"] == agreed
            assert set(entry["fields"]) == FIELDS[agreed]
            seen.add((entry["from"], listener))
    assert len(seen) >= 20, "reports of five firms to four others each"


def test_an_order_says_of_other_firms_only_what_the_listener_needs(played: Played) -> None:
    for listener, entries in played.received.items():
        orders = [entry["fields"] for entry in entries if entry["kind"] == "order"]
        assert bool(orders) == (listener in WORKING and listener != "montage-holzland")
        for order in orders:
            assert order["prepared"] is None
            for package in order["packages"]:
                if package["firm"] == listener:
                    continue
                told = {key for key, value in package.items() if value is not None}
                assert not told & {"opening", "piece_time", "lot_time", "earliest_start"}
                assert not set(every_key(package)) & NEVER
            for agreement in order["agreements"]:
                assert listener in {agreement["giver"], agreement["taker"]}


def test_the_lead_firm_tells_each_member_the_whole_at_its_own_level(played: Played) -> None:
    for listener, entries in played.received.items():
        for entry in entries:
            if entry["kind"] == "summary":
                assert entry["from"] == "montage-holzland"
                assert set(entry["fields"]) == FIELDS[level("montage-holzland", listener)]


@pytest.mark.parametrize("kind", ["report", "summary"])
def test_numbers_leave_in_the_agreed_steps(played: Played, kind: str) -> None:
    for entries in played.sent.values():
        for entry in entries:
            fields = entry["fields"]
            if entry["kind"] != kind or "forecast_s" not in fields:
                continue
            assert fields["forecast_s"] % 300 == 0, "dates in steps of five minutes"
            assert fields["progress"] % 5 == 0, "progress in steps of five percent"
            for lot in fields.get("departedLots", []):
                assert lot["departed_s"] % 60 == 0, "departures in whole minutes"


def test_what_one_firm_sent_is_what_the_other_received(played: Played) -> None:
    for sender, entries in played.sent.items():
        for entry in entries:
            if entry["state"] != "acked":
                continue
            twins = [
                twin
                for twin in played.received[entry["to"]]
                if (twin["from"], twin["hash"]) == (sender, entry["hash"])
            ]
            assert [twin["fields"] for twin in twins] == [entry["fields"]]


def test_the_reserve_that_was_not_asked_got_nothing(played: Played) -> None:
    assert played.received["haertetechnik-vogtei"] == []
