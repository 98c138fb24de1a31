"""A message is opened by its recipient only, and only as its sender has signed it."""

from __future__ import annotations

import base64
from pathlib import Path

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc import jws

from gateway.core.errors import ExchangeError
from gateway.core.text import Text
from gateway.network.order import Consortium, Member
from gateway.partners.crypto import canonical, fingerprint, opened, sealed, signed
from gateway.partners.identity import Identity, identity

FIRMS = ("firm-a", "firm-b", "firm-c", "stranger")


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Identity]:
    folder: Path = tmp_path_factory.mktemp("keys")
    return {firm: identity(folder / firm) for firm in FIRMS}


@pytest.fixture(scope="module")
def consortium(keys: dict[str, Identity]) -> Consortium:
    members = tuple(
        Member(firm, firm, keys[firm].sign_public, keys[firm].seal_public)
        for firm in FIRMS
        if firm != "stranger"
    )
    return Consortium(Text("V", "C"), "firm-a", members)


def member(consortium: Consortium, firm: str) -> Member:
    found = consortium.member(firm)
    assert found is not None
    return found


CONTENT = {"kind": "report", "fields": {"lamp": "green"}, "sequence": 7}


def test_the_recipient_reads_what_the_sender_signed(
    keys: dict[str, Identity], consortium: Consortium
) -> None:
    text = signed(CONTENT, "firm-a", keys["firm-a"])
    wire = sealed(text, member(consortium, "firm-b"))
    got = opened(wire, "firm-b", keys["firm-b"], consortium)
    assert (got.sender, got.content, got.text) == ("firm-a", CONTENT, text)
    assert got.hash == fingerprint(text)


def test_nothing_of_a_message_is_readable_on_its_way(
    keys: dict[str, Identity], consortium: Consortium
) -> None:
    text = signed({"fields": {"canary": "cn-4711"}}, "firm-a", keys["firm-a"])
    wire = sealed(text, member(consortium, "firm-b"))
    assert b"cn-4711" not in wire
    assert text.split(".")[1].encode() not in wire
    assert b"firm-a" not in wire
    assert wire != sealed(text, member(consortium, "firm-b"))


def test_another_firm_cannot_open_it(keys: dict[str, Identity], consortium: Consortium) -> None:
    wire = sealed(signed(CONTENT, "firm-a", keys["firm-a"]), member(consortium, "firm-b"))
    with pytest.raises(ExchangeError, match="not sealed for this firm"):
        opened(wire, "firm-c", keys["firm-c"], consortium)


@pytest.mark.parametrize(
    ("name", "signer", "why"),
    [
        ("firm-a", "firm-c", "signature"),  # a member writes in the name of another
        ("firm-a", "stranger", "signature"),
        ("stranger", "stranger", "does not belong"),
    ],
)
def test_a_forged_sender_is_refused(
    keys: dict[str, Identity], consortium: Consortium, name: str, signer: str, why: str
) -> None:
    wire = sealed(signed(CONTENT, name, keys[signer]), member(consortium, "firm-b"))
    with pytest.raises(ExchangeError, match=why):
        opened(wire, "firm-b", keys["firm-b"], consortium)


@pytest.mark.parametrize("algorithm", ["EdDSA", "none"])
def test_only_one_algorithm_is_accepted(
    keys: dict[str, Identity], consortium: Consortium, algorithm: str
) -> None:
    text = signed(CONTENT, "firm-a", keys["firm-a"])
    header, payload, signature = text.split(".")
    other = jws.serialize_compact(
        {"alg": "Ed25519", "kid": "firm-a"}, canonical(CONTENT), keys["firm-a"].sign,
        algorithms=["Ed25519"],
    ).split(".")[2]  # fmt: skip
    forged = base64.urlsafe_b64encode(f'{{"alg":"{algorithm}","kid":"firm-a"}}'.encode())
    changed = f"{forged.decode().rstrip('=')}.{payload}.{'' if algorithm == 'none' else other}"
    with pytest.raises(ExchangeError):
        opened(sealed(changed, member(consortium, "firm-b")), "firm-b", keys["firm-b"], consortium)
    assert header
    assert signature


@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_a_changed_message_is_refused_whatever_was_changed(
    keys: dict[str, Identity], consortium: Consortium, data: st.DataObject
) -> None:
    wire = bytearray(
        sealed(signed(CONTENT, "firm-a", keys["firm-a"]), member(consortium, "firm-b"))
    )
    place = data.draw(st.integers(0, len(wire) - 1))
    kind = data.draw(st.sampled_from(["flip", "cut", "insert"]))
    if kind == "flip":
        wire[place] ^= data.draw(st.integers(1, 255))
    elif kind == "cut":
        del wire[place:]
    else:
        wire.insert(place, data.draw(st.integers(0, 255)))
    try:
        got = opened(bytes(wire), "firm-b", keys["firm-b"], consortium)
    except ExchangeError:
        return
    assert got.content == CONTENT  # base64url has spare bits: another spelling of the same bytes


@given(st.binary(max_size=400))
@settings(max_examples=150, deadline=None)
def test_noise_is_refused(keys: dict[str, Identity], consortium: Consortium, noise: bytes) -> None:
    with pytest.raises(ExchangeError):
        opened(noise, "firm-b", keys["firm-b"], consortium)


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
@settings(max_examples=100, deadline=None)
def test_what_is_sealed_but_not_signed_is_refused(
    keys: dict[str, Identity], consortium: Consortium, noise: bytes
) -> None:
    text = noise.decode("latin-1").encode("ascii", "replace").decode()
    with pytest.raises(ExchangeError):
        opened(sealed(text, member(consortium, "firm-b")), "firm-b", keys["firm-b"], consortium)


def test_a_message_of_exactly_the_longest_size_is_looked_at(
    keys: dict[str, Identity], consortium: Consortium
) -> None:
    with pytest.raises(ExchangeError, match="not sealed for this firm"):
        opened(b"x" * 526_336, "firm-b", keys["firm-b"], consortium)
    with pytest.raises(ExchangeError, match="too long"):
        opened(b"x" * 526_337, "firm-b", keys["firm-b"], consortium)


def test_what_was_signed_does_not_hang_on_the_order_of_its_keys() -> None:
    assert (
        canonical({"b": 1, "a": {"d": "ä", "c": None}}) == b'{"a":{"c":null,"d":"\xc3\xa4"},"b":1}'
    )
    assert fingerprint("a.b.c") == (
        "845e30448809e2bc8958eb025bfc795235d13b077a53d0c3abbd2385170dc9b8"
    )


def header_of(part: str | bytes) -> dict[str, object]:
    """The first part of a JOSE text, which anybody can read."""
    text = part.decode() if isinstance(part, bytes) else part
    first = text.split(".")[0]
    found: dict[str, object] = orjson.loads(
        base64.urlsafe_b64decode(first + "=" * (-len(first) % 4))
    )
    return found


def test_the_headers_are_those_of_the_agreed_format(
    keys: dict[str, Identity], consortium: Consortium
) -> None:
    """RFC 7515 and 7516: other programs find the key and the algorithm by them."""
    text = signed(CONTENT, "firm-a", keys["firm-a"])
    assert header_of(text) == {"alg": "Ed25519", "kid": "firm-a", "typ": "werkverbund+json"}
    wire = header_of(sealed(text, member(consortium, "firm-b")))
    key = wire.pop("epk")
    assert isinstance(key, dict)
    assert (key["kty"], key["crv"]) == ("OKP", "X25519")
    assert wire == {"alg": "ECDH-ES+A256KW", "enc": "A256GCM", "kid": "firm-b", "cty": "JWS"}


def test_a_firm_that_has_not_shown_its_keys_is_not_written_to_and_not_believed(
    keys: dict[str, Identity], consortium: Consortium
) -> None:
    text = signed(CONTENT, "firm-c", keys["firm-c"])
    with pytest.raises(ExchangeError, match="firm-c has not given its public keys yet"):
        sealed(text, Member("firm-c", "C"))
    wire = sealed(text, member(consortium, "firm-b"))
    known = (*consortium.members[:2], Member("firm-c", "C"))
    with pytest.raises(ExchangeError, match="does not belong"):
        opened(wire, "firm-b", keys["firm-b"], Consortium(consortium.name, "firm-a", known))


@pytest.mark.parametrize("name", [7, None, ["firm-a"], {"id": "firm-a"}])
def test_who_does_not_say_its_name_is_nobody(
    keys: dict[str, Identity], consortium: Consortium, name: object
) -> None:
    header = {"alg": "Ed25519"} if name is None else {"alg": "Ed25519", "kid": name}
    head = base64.urlsafe_b64encode(orjson.dumps(header)).decode().rstrip("=")
    _, payload, signature = signed(CONTENT, "firm-a", keys["firm-a"]).split(".")
    wire = sealed(f"{head}.{payload}.{signature}", member(consortium, "firm-b"))
    with pytest.raises(ExchangeError):
        opened(wire, "firm-b", keys["firm-b"], consortium)


@pytest.mark.parametrize(
    ("payload", "why"),
    [
        (b"[1]", "the message holds no fields"),
        (b'"text"', "the message holds no fields"),
        (b"no JSON", "the signature is not that of firm-a"),
    ],
)
def test_what_is_signed_but_holds_no_fields_is_refused(
    keys: dict[str, Identity], consortium: Consortium, payload: bytes, why: str
) -> None:
    text = jws.serialize_compact(
        {"alg": "Ed25519", "kid": "firm-a"}, payload, keys["firm-a"].sign, algorithms=["Ed25519"]
    )
    with pytest.raises(ExchangeError, match=f"^{why}$"):
        opened(sealed(text, member(consortium, "firm-b")), "firm-b", keys["firm-b"], consortium)


def test_each_refusal_says_why_and_no_more(
    keys: dict[str, Identity], consortium: Consortium
) -> None:
    def refusal(wire: bytes) -> str:
        with pytest.raises(ExchangeError) as caught:
            opened(wire, "firm-b", keys["firm-b"], consortium)
        return str(caught.value)

    b = member(consortium, "firm-b")
    assert refusal(b"x" * 526_337) == "the message is too long"
    assert refusal(b"noise") == "not sealed for this firm, or damaged"
    assert refusal(sealed("noise", b)) == "not a signed message"
    strange = signed(CONTENT, "stranger", keys["stranger"])
    assert refusal(sealed(strange, b)) == "from a firm that does not belong to the consortium"
    for claimed in ("firm-a", "firm-b"):  # also the one that reads it
        forged = signed(CONTENT, claimed, keys["firm-c"])
        assert refusal(sealed(forged, b)) == f"the signature is not that of {claimed}"


def test_what_a_firm_has_signed_itself_comes_back_to_it(
    keys: dict[str, Identity], consortium: Consortium
) -> None:
    text = signed(CONTENT, "firm-b", keys["firm-b"])
    got = opened(sealed(text, member(consortium, "firm-b")), "firm-b", keys["firm-b"], consortium)
    assert (got.sender, got.text) == ("firm-b", text)
