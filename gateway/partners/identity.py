"""A firm's own keys: one to sign (Ed25519), one to open what was sealed for it (X25519)."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import orjson
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from gateway.core.errors import ExchangeError

FILE = "identity.json"


@dataclass(frozen=True, slots=True)
class Identity:
    """The private keys, hidden in every text; the public ones go into the consortium's file."""

    sign: OKPKey = field(repr=False)
    seal: OKPKey = field(repr=False)

    @property
    def sign_public(self) -> str:
        """With this others check our signature (base64url)."""
        return str(self.sign.as_dict(private=False)["x"])

    @property
    def seal_public(self) -> str:
        """With this others seal what only we can open (base64url)."""
        return str(self.seal.as_dict(private=False)["x"])


def identity(folder: Path) -> Identity:
    """The keys in ``folder``, made on first use; the file is for its owner only (0600).

    Raises ExchangeError where the file is damaged: new keys would make the firm a stranger.
    """
    path = folder / FILE
    if not path.exists():
        _make(path)
    try:
        kept = orjson.loads(path.read_bytes())
        return Identity(OKPKey.import_key(kept["sign"]), OKPKey.import_key(kept["seal"]))
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, JoseError) as error:
        raise ExchangeError(
            f"{path} is damaged: restore it from a copy, or remove it, start again and give the "
            "new public keys to the consortium"
        ) from error


def public(folder: Path, firm: str) -> dict[str, str]:
    """The entry of ``firm`` in the consortium's file: its id and public keys."""
    keys = identity(folder)
    return {"id": firm, "sign": keys.sign_public, "seal": keys.seal_public}


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    content = orjson.dumps(
        {
            "schema": 1,
            "sign": OKPKey.generate_key("Ed25519").as_dict(private=True),
            "seal": OKPKey.generate_key("X25519").as_dict(private=True),
        }
    )
    number, name = tempfile.mkstemp(prefix=f"{path.name}.", dir=path.parent)  # 0600
    draft = Path(name)
    with os.fdopen(number, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)  # whoever comes second takes the keys of the first
    except FileExistsError:
        pass
    finally:
        draft.unlink()
