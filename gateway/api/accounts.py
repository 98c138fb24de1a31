"""The accounts of a gateway: one argon2id hash per role, sessions, and browsers that are known.

They stand in ``access.json`` of the state folder, readable by the gateway's user alone. Of a
session's or browser's word only the hash is kept, so the file lets nobody in.
"""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from gateway import private_files
from gateway.core.errors import WerkverbundError

log = logging.getLogger(__name__)

SCHEMA = 3
READABLE = (1, 2, SCHEMA)
"""Schema 1 holds no sessions: whoever was logged in logs in once more; before 3 nobody is known."""
MOST_SESSIONS = 50
"""So many sessions of a role are open at a time; one more ends the oldest. So with browsers."""

Words = Mapping[str, tuple[str, float]]
"""Role and end (seconds since 1970) of each word, by its hash, oldest first."""


@dataclass(slots=True)
class Accounts:
    """The accounts in ``folder``. Construction does no I/O."""

    folder: Path
    _hashes: Mapping[str, str] = field(default_factory=dict)
    _sessions: Words = field(default_factory=dict)
    _browsers: Words = field(default_factory=dict)
    _hasher: PasswordHasher = field(default_factory=PasswordHasher)

    @property
    def path(self) -> Path:
        """The file."""
        return self.folder / "access.json"

    def open(self) -> bool:
        """Read the file, if there is one; False if it was damaged and had to be put aside.

        Without accounts nobody can log in, and the owner sets the gateway up anew from its
        console. Raises WerkverbundError for the file of a newer version, or of another user.
        """
        if not self.path.exists():
            return True
        try:
            kept = json.loads(self.path.read_text("utf-8"))
            schema, hashes = kept["schema"], dict(kept["accounts"])
            sessions, browsers = _words(kept, "sessions"), _words(kept, "browsers")
        except OSError as error:
            raise WerkverbundError(f"{self.path} cannot be read: {error}") from error
        except (AttributeError, ValueError, KeyError, TypeError):
            aside = self.path.with_name("access.broken.json")
            self.path.replace(aside)
            log.warning("Accounts damaged, put aside as %s; set the gateway up anew.", aside)
            return False
        if schema not in READABLE:
            raise WerkverbundError(f"{self.path} was written by a newer version of werkverbund")
        self._hashes, self._sessions, self._browsers = hashes, sessions, browsers
        return True

    def has(self, role: str) -> bool:
        """Whether ``role`` has a password."""
        return role in self._hashes

    def set(self, role: str, password: str) -> None:
        """Give ``role`` a password; its sessions end, and no browser is known for it any more.

        It is on the disk when this returns.
        Raises WerkverbundError where it cannot be kept; nothing has changed then.
        """
        self._keep(
            {**self._hashes, role: self._hasher.hash(password)},
            _without(role, self._sessions),
            _without(role, self._browsers),
        )

    def remove(self, role: str) -> None:
        """Take the password of ``role`` away; nobody is or logs in as it any more.

        Raises WerkverbundError where that cannot be kept; nothing has changed then.
        """
        hashes = {other: kept for other, kept in self._hashes.items() if other != role}
        self._keep(hashes, _without(role, self._sessions), _without(role, self._browsers))

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

    def begin_session(self, role: str, now: float, until: float) -> str:
        """The word of a new session of ``role``."""
        word, sessions = _with_one_more(self._sessions, role, now, until)
        self._change(sessions, self._browsers)
        return word

    def end_session(self, word: str) -> None:
        """Whoever has this word is nobody any more."""
        ended = _hash(word)
        sessions = {key: kept for key, kept in self._sessions.items() if key != ended}
        self._change(sessions, self._browsers)

    def role_of(self, word: str, now: float) -> str | None:
        """The role of an open session."""
        role, until = self._sessions.get(_hash(word), (None, 0.0))
        return role if until > now else None

    def know_browser(self, role: str, now: float, until: float) -> str:
        """The word by which a browser is known as one where ``role`` has logged in."""
        word, browsers = _with_one_more(self._browsers, role, now, until)
        self._change(self._sessions, browsers)
        return word

    def browser(self, role: str, word: str, now: float) -> str:
        """The hash of a known browser's word; empty where ``role`` has never logged in with it."""
        hashed = _hash(word)
        known, until = self._browsers.get(hashed, (None, 0.0))
        return hashed if known == role and until > now else ""

    def _change(self, sessions: Words, browsers: Words) -> None:
        """Sessions must begin and end on a full disk as well; only a restart forgets that then."""
        try:
            self._keep(self._hashes, sessions, browsers)
        except WerkverbundError as error:
            log.warning("Sessions last only until the next start: %s", error)
            self._sessions, self._browsers = sessions, browsers

    def _keep(self, hashes: Mapping[str, str], sessions: Words, browsers: Words) -> None:
        content = {
            "schema": SCHEMA,
            "accounts": hashes,
            "sessions": sessions,
            "browsers": browsers,
        }
        try:
            private_files.write(self.path, json.dumps(content).encode())
        except OSError as error:
            raise WerkverbundError(f"{self.path} cannot be written: {error}") from error
        self._hashes, self._sessions, self._browsers = hashes, sessions, browsers


def _words(kept: Mapping[str, Any], name: str) -> Words:
    found = kept.get(name, {}).items()
    return {word: (str(role), float(until)) for word, (role, until) in found}


def _without(role: str, words: Words) -> Words:
    return {key: kept for key, kept in words.items() if kept[0] != role}


def _with_one_more(words: Words, role: str, now: float, until: float) -> tuple[str, Words]:
    """A new word, and all that are still good with it; of too many of a role the oldest goes."""
    word = secrets.token_urlsafe(32)
    still = {key: kept for key, kept in words.items() if kept[1] > now}
    mine = [key for key, (who, _) in still.items() if who == role]
    for oldest in mine[: max(0, len(mine) + 1 - MOST_SESSIONS)]:
        del still[oldest]
    return word, {**still, _hash(word): (role, until)}


def _hash(word: str) -> str:
    return sha256(word.encode()).hexdigest()
