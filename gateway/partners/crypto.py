"""Signed, then sealed: a JWS (Ed25519) inside a JWE (ECDH-ES+A256KW on X25519, A256GCM).

Everybody who may read a message can prove who wrote it; the broker can do neither. Sealing is
done anew each time a message is sent; what counts, and is kept, is the signed text inside.

Before it is sealed the text is filled up with blanks to a multiple of ``STEP``, so that the length
of a message tells nobody at the broker how much there was to say.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import orjson
from joserfc import jwe, jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from gateway.core.errors import ExchangeError
from gateway.network.order import Consortium, Member
from gateway.partners.identity import Identity

SIGNING = "Ed25519"
SEALING = ["ECDH-ES+A256KW", "A256GCM"]
STEP = 16 * 1024
"""A signed text travels as a multiple of so many bytes; everything but a large order as one."""
LONGEST = 24 * STEP
"""Bytes of the longest signed text that is sealed, and that is read."""
_SEALED = 4 * LONGEST // 3 + 2048
"""Bytes of the longest message on the wire: the text in base64url, with what seals it."""


class _Sealed(jwe.JWERegistry):
    """The one length that is too long, as the library is told it."""

    max_ciphertext_length = 4 * LONGEST // 3 + 4


class _Signed(jws.JWSRegistry):
    max_payload_length = LONGEST


_SEAL = _Sealed(algorithms=SEALING, strict_check_header=False)
_SIGN = _Signed(algorithms=[SIGNING], strict_check_header=False)


@dataclass(frozen=True, slots=True)
class Opened:
    """A message that is what it claims to be: from ``sender``, for us, unchanged.

    One that we have signed ourselves comes back from whom it was for, to show that it has it.
    """

    sender: str
    content: dict[str, Any]
    text: str
    hash: str


def canonical(content: dict[str, Any]) -> bytes:
    """JSON in one form only: keys sorted, no blanks."""
    return orjson.dumps(content, option=orjson.OPT_SORT_KEYS)


def signed(content: dict[str, Any], firm: str, keys: Identity) -> str:
    """The signed text of a message (JWS, compact)."""
    header = {"alg": SIGNING, "kid": firm, "typ": "werkverbund+json"}
    return jws.serialize_compact(header, canonical(content), keys.sign, registry=_SIGN)


def too_long(content: dict[str, Any], firm: str) -> bool:
    """Whether ``content``, signed by ``firm``, is longer than a message may be."""
    around = len(firm) + 200  # the header, and the signature
    return 4 * (len(canonical(content)) + around) // 3 + 4 > LONGEST


def fingerprint(text: str) -> str:
    """The hash of a signed text, by which the next one names it."""
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def sealed(text: str, recipient: Member) -> bytes:
    """A signed text that only ``recipient`` can open. Raises ExchangeError."""
    if recipient.seal is None:
        raise ExchangeError(f"{recipient.id} has not given its public keys yet")
    if len(text) > LONGEST:
        raise ExchangeError(f"a message to {recipient.id} is too long ({len(text)} bytes)")
    header = {"alg": SEALING[0], "enc": SEALING[1], "kid": recipient.id, "cty": "JWS"}
    key = OKPKey.import_key({"kty": "OKP", "crv": "X25519", "x": recipient.seal})
    filled = text.ljust(-(-len(text) // STEP) * STEP)
    return jwe.encrypt_compact(header, filled.encode("ascii"), key, registry=_SEAL).encode()


def opened(wire: bytes, firm: str, keys: Identity, consortium: Consortium) -> Opened:
    """What a received message holds. Raises ExchangeError, and never says more than why."""
    if len(wire) > _SEALED:
        raise ExchangeError("the message is too long")
    try:
        outer = jwe.decrypt_compact(wire, keys.seal, registry=_SEAL)
    except (JoseError, ValueError, KeyError, TypeError) as error:
        raise ExchangeError("not sealed for this firm, or damaged") from error
    inner = (outer.plaintext or b"").rstrip(b" ")  # none there before schema 2
    try:
        claimed = jws.extract_compact(inner, registry=_SIGN).headers().get("kid")
    except (JoseError, ValueError, KeyError, TypeError) as error:
        raise ExchangeError("not a signed message") from error
    member = consortium.member(claimed) if isinstance(claimed, str) else None
    own = member is not None and member.id == firm
    if member is None or (member.sign is None and not own):
        raise ExchangeError("from a firm that does not belong to the consortium")
    key = keys.sign
    if not own:
        key = OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": member.sign or ""})
    try:
        verified = jws.deserialize_compact(inner, key, registry=_SIGN)
        content = orjson.loads(verified.payload)
    except (JoseError, ValueError, KeyError, TypeError) as error:
        raise ExchangeError(f"the signature is not that of {member.id}") from error
    if not isinstance(content, dict):
        raise ExchangeError("the message holds no fields")
    text = inner.decode("ascii")
    return Opened(member.id, content, text, fingerprint(text))
