"""The accounts of a gateway: one argon2id hash per role, and the key that signs sessions.

They stand in ``access.json`` of the state folder, readable by the gateway's user alone.
"""

from __future__ import annotations

import hmac
import json
import logging
import secrets
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from gateway import private_files
from gateway.core.errors import WerkverbundError

log = logging.getLogger(__name__)

SCHEMA = 1


@dataclass(slots=True)
class Accounts:
    """The accounts in ``folder``. Construction does no I/O."""

    folder: Path
    _hashes: dict[str, str] = field(default_factory=dict)
    _key: bytes = b""
    _hasher: PasswordHasher = field(default_factory=PasswordHasher)

    @property
    def path(self) -> Path:
        """The file."""
        return self.folder / "access.json"

    def open(self) -> bool:
        """Read the file, or make one; False if it was damaged and had to be put aside.

        Without accounts nobody can log in, and the owner sets the gateway up anew from its
        console. Raises WerkverbundError for the file of a newer version.
        """
        if not self.path.exists():
            self._begin()
            return True
        try:
            kept = json.loads(self.path.read_text("utf-8"))
            schema = kept["schema"]
            hashes, key = dict(kept["accounts"]), bytes.fromhex(kept["key"])
        except (ValueError, KeyError, TypeError):
            aside = self.path.with_name("access.broken.json")
            self.path.replace(aside)
            log.warning("Accounts damaged, put aside as %s; set the gateway up anew.", aside)
            self._begin()
            return False
        if schema != SCHEMA:
            raise WerkverbundError(f"{self.path} was written by a newer version of werkverbund")
        self._hashes, self._key = hashes, key
        return True

    def _begin(self) -> None:
        self._hashes, self._key = {}, secrets.token_bytes(32)
        self._save()

    def has(self, role: str) -> bool:
        """Whether ``role`` has a password."""
        return role in self._hashes

    def set(self, role: str, password: str) -> None:
        """Give ``role`` a password; it is on the disk when this returns."""
        self._hashes = self._hashes | {role: self._hasher.hash(password)}
        self._save()

    def remove(self, role: str) -> None:
        """Take the password of ``role`` away; nobody logs in as it any more."""
        self._hashes = {other: kept for other, kept in self._hashes.items() if other != role}
        self._save()

    def right(self, role: str, password: str) -> bool:
        """Whether ``password`` is that of ``role``; a missing account costs as much time."""
        kept = self._hashes.get(role)
        if kept is None:
            self._hasher.hash(password)  # one hash, as one verification below
            return False
        try:
            return self._hasher.verify(kept, password)
        except (VerifyMismatchError, InvalidHashError):
            return False

    def signature(self, role: str, text: str) -> str:
        """Signs ``text`` for ``role``; a new password of the role makes it void."""
        signed = f"{text}|{self._hashes.get(role, '')}".encode()
        return hmac.new(self._key, signed, sha256).hexdigest()

    def _save(self) -> None:
        content = {"schema": SCHEMA, "key": self._key.hex(), "accounts": self._hashes}
        private_files.write(self.path, json.dumps(content).encode())
