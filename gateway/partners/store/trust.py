"""Whether the ledger may be believed: what it says of itself, beside what the witness says.

With an older ledger, or none, more would leave the firm than is agreed now. So it is not used: the
exchange stays shut until a person has decided.
"""

from __future__ import annotations

import hashlib
import secrets
import sqlite3
from dataclasses import dataclass
from datetime import datetime

from gateway.core.clock import from_ms, to_ms
from gateway.core.errors import JournalError
from gateway.core.text import Text
from gateway.network.knowledge import Agreed
from gateway.network.order import Level
from gateway.witness import Seen

Three = tuple[str, str, str]
"""Order, giver, taker."""

TO_DO = Text(
    "Nichts geht mehr an Partner. Halten Sie das Gateway an, spielen Sie exchange.db in ihrem "
    "letzten Stand aus einer Sicherung zurück, und starten Sie wieder. Oder beginnen Sie auf der "
    "Seite »Zustand« neu: Dann steht jede Vereinbarung laufender Aufträge auf »nichts«.",
    "Nothing leaves for partners. Stop the gateway, restore exchange.db as it was last from a "
    "backup, and start again. Or begin anew on the page “Health”: then every agreement of running "
    "orders stands at “nothing”.",
)
GONE = Text(
    "Die Datei exchange.db fehlt oder ist leer; mit ihr fehlt, was zurückgezogen wurde.",
    "The file exchange.db is gone or empty, and with it what was withdrawn.",
)
DAMAGED = Text("Die Datei exchange.db ist beschädigt.", "The file exchange.db is damaged.")
TOO_NEW = Text(
    "Eine neuere Version hat exchange.db geschrieben; installieren Sie diese wieder.",
    "A newer version wrote exchange.db; install that one again.",
)
ANOTHER = Text(
    "Die Datei exchange.db ist nicht die, mit der dieses Gateway gearbeitet hat.",
    "The file exchange.db is not the one that this gateway has worked with.",
)
UNREADABLE = Text(
    "Die Datei witness neben exchange.db lässt sich nicht lesen.",
    "The file witness beside exchange.db cannot be read.",
)


def foreign(firm: str) -> Text:
    """The file of another firm."""
    return Text(
        f"Die Datei exchange.db gehört der Firma {firm}.",
        f"The file exchange.db belongs to the firm {firm}.",
    )


def older(number: int, known: int) -> Text:
    """An older copy."""
    return Text(
        f"Die Datei exchange.db ist ein älterer Stand: Nummer {number}, bekannt ist schon {known}.",
        f"The file exchange.db is an older copy: number {number}, while {known} is known.",
    )


def outdated(partner: str, order: str, number: int) -> Text:
    """A partner holds what we do not remember: the whole folder is older."""
    return Text(
        f"{partner} hat zum Auftrag {order} eine Nachricht Nummer {number} dieser Firma, von der "
        "exchange.db nichts weiß: Die Datei ist ein älterer Stand.",
        f"{partner} has a message number {number} of this firm on order {order} of which "
        "exchange.db knows nothing: the file is an older copy.",
    )


class Distrusted(JournalError):
    """The ledger must not be used; ``why`` says what happened and what a person can do."""

    def __init__(self, what: Text) -> None:
        self.why = Text(f"{what.de} {TO_DO.de}", f"{what.en} {TO_DO.en}")
        super().__init__(self.why.en)


@dataclass(frozen=True, slots=True)
class LedgerStanding:
    """What a ledger says of itself; ``whole``: whether its agreements fit their checksum."""

    firm: str
    ledger: str
    number: int
    whole: bool
    anew: datetime | None


def doubt(standing: LedgerStanding | None, seen: Seen, firm: str) -> Text | None:
    """Why a ledger must not be used; None where nothing speaks against it.

    Where the witness says nothing the ledger is believed: one file may be lost.
    """
    if standing is None:  # an older version wrote it, or nobody
        return ANOTHER if seen.number else None
    if standing.firm != firm:
        return foreign(standing.firm)
    if not standing.whole:
        return DAMAGED
    if seen.number and standing.ledger != seen.ledger:
        return ANOTHER
    return older(standing.number, seen.number) if standing.number < seen.number else None


def narrowings(seen: Seen) -> dict[Three, Agreed]:
    """What the witness knows to be narrowed: of each agreement the least since it was given."""
    found: dict[Three, Agreed] = {}
    for note in seen.notes:
        if isinstance(given := note.get("given"), list):
            order, giver, taker = given
            found.pop((order, giver, taker), None)
        if not isinstance(told := note.get("narrowed"), list):
            continue
        order, giver, taker, level, at = told
        key, left = (order, giver, taker), Agreed(Level(level), from_ms(at))
        if key not in found or left.level <= found[key].level:
            found[key] = left
    return found


# What the ledger says of itself, in its file


def standing_of(db: sqlite3.Connection) -> LedgerStanding | None:
    """None in a new file, and in one of schema 1."""
    row = db.execute("SELECT firm, ledger, number, agreements, anew_ms FROM standing").fetchone()
    if row is None:
        return None
    firm, ledger, number, agreements, anew = row
    whole = agreements == _checksum(db)
    return LedgerStanding(firm, ledger, number, whole, None if anew is None else from_ms(anew))


def adopt(
    db: sqlite3.Connection, firm: str, number: int = 0, anew: datetime | None = None
) -> LedgerStanding | None:
    """Make a new ledger, or one of schema 1, this firm's; None where it is another firm's.

    One that holds anything has a number above 0, so that its loss is noticed.
    """
    pairs = db.execute("SELECT giver, taker FROM agreements").fetchall()
    if pairs and not any(firm in pair for pair in pairs):
        return None
    number = max(number, 1 if pairs else 0)
    db.execute(
        "INSERT INTO standing VALUES (1, ?, ?, ?, ?, ?)",
        (
            firm,
            secrets.token_hex(8),
            number,
            _checksum(db),
            None if anew is None else to_ms(anew),
        ),
    )
    return standing_of(db)


def next_number(db: sqlite3.Connection) -> tuple[str, int]:
    """The ledger's name and its next number, inside a transaction."""
    row: tuple[str, int] = db.execute(
        "UPDATE standing SET number = number + 1 RETURNING ledger, number"
    ).fetchone()
    return row


def agreements_changed(db: sqlite3.Connection) -> None:
    """Renew the checksum, inside the transaction that changes an agreement."""
    db.execute("UPDATE standing SET agreements = ?", (_checksum(db),))


def _checksum(db: sqlite3.Connection) -> str:
    digest = hashlib.sha256()
    for row in db.execute("SELECT * FROM agreements ORDER BY order_id, giver, taker"):
        digest.update(repr(row).encode())
    return digest.hexdigest()
