"""exchange.db: what was sent, received and agreed. Everything here runs in one writer thread.

A ledger that is damaged, gone or older than the witness is not replaced by an empty one: with the
withdrawals gone, more might leave the firm than was agreed. The exchange then stays shut until a
person has decided.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from datetime import datetime

import orjson

from gateway.core.clock import from_ms, to_ms
from gateway.database import open_reader, sqlite_errors
from gateway.network.disclosure import only
from gateway.network.knowledge import Agreed
from gateway.network.order import JointOrder, Level, Prepared
from gateway.network.snapshot import Offered, Warned
from gateway.partners.state import LogEntry, SecurityEvent
from gateway.partners.store.ledger_file import COLUMNS, LedgerFile
from gateway.partners.store.rows import (
    agreement_row,
    entry_of,
    entry_row,
    offer_text,
    order_text,
    ready_text,
)
from gateway.partners.store.trust import agreements_changed

MOST_AUDITED = 1000
"""So many security events of each kind stay, the newest."""
SHORT_PROOF = 7_000
"""Characters of a message that is shown inside another, which is to be no longer than any."""
_MARKS = ", ".join("?" * 16)


class Ledger(LedgerFile):
    """The file ``exchange.db`` of ``firm`` in ``folder``. Construction does no I/O."""

    def keep_order(
        self, order: JointOrder, agreed: dict[tuple[str, str], Agreed], at: datetime
    ) -> None:
        """A version of an order, and the agreements that come with it."""
        with self._writing() as db:
            db.execute(
                "INSERT OR IGNORE INTO orders VALUES (?, ?, ?, ?)",
                (order.id, order.version, order_text(order), to_ms(at)),
            )
            db.executemany(
                "INSERT OR IGNORE INTO agreements VALUES (?, ?, ?, ?, ?)",
                [agreement_row(order.id, pair, entry) for pair, entry in agreed.items()],
            )
            agreements_changed(db)

    def replace_order(self, order: JointOrder) -> None:
        """A version of an order as it is kept from now on."""
        with self._writing() as db:
            db.execute(
                "UPDATE orders SET document = ? WHERE id = ? AND version = ?",
                (order_text(order), order.id, order.version),
            )

    def close_order(self, order: str, at: datetime) -> None:
        """An order is over; what is unanswered is not sent again."""
        with self._writing() as db:
            db.execute("INSERT OR IGNORE INTO closed VALUES (?, ?)", (order, to_ms(at)))
            db.execute(
                "UPDATE sent SET state = 'cancelled' WHERE order_id = ? AND state = 'pending'",
                (order,),
            )

    def send(self, entries: Iterable[LogEntry]) -> None:
        """Messages that are about to leave."""
        with self._writing(counting=True) as db:
            for entry in entries:
                _insert(db, "sent", entry)
                db.execute(
                    "INSERT OR REPLACE INTO chains VALUES (?, ?, ?)",
                    (entry.order, entry.partner, entry.chain),
                )

    def acknowledge(self, entry: LogEntry, at: datetime) -> None:
        """The partner has committed a message."""
        with self._writing() as db:
            db.execute(
                "UPDATE sent SET state = 'acked', acked_ms = ? WHERE chain = ? AND sequence = ?",
                (to_ms(at), entry.chain, entry.sequence),
            )

    def narrow(
        self, order: str, giver: str, taker: str, agreed: Agreed, cancelled: Sequence[LogEntry]
    ) -> None:
        """An agreement is narrowed, and what was on its way is taken back, in one commit."""
        self._note((order, giver, taker), agreed)
        with self._writing(counting=True) as db:
            _agree(db, order, giver, taker, agreed)
            _cancel(db, cancelled)

    def give(self, order: str, giver: str, taker: str, agreed: Agreed) -> None:
        """What was taken back is given again."""
        with self._writing(counting=True) as db:
            _agree(db, order, giver, taker, agreed)
        self._note_given((order, giver, taker))

    def receive_given(
        self, entry: LogEntry, skipped: Sequence[LogEntry], taker: str, agreed: Agreed
    ) -> None:
        """A partner gives again what it had taken back."""
        with self._writing(counting=True) as db:
            for other in (*skipped, entry):
                _insert(db, "received", other)
            _agree(db, entry.order, entry.partner, taker, agreed)
        self._note_given((entry.order, entry.partner, taker))

    def abandon(self, entries: Sequence[LogEntry], order: str, partner: str) -> None:
        """The partner has lost its file: the chain ends here, the next message begins a new one."""
        with self._writing() as db:
            _cancel(db, entries)
            db.execute("DELETE FROM chains WHERE order_id = ? AND partner = ?", (order, partner))

    def receive(self, entry: LogEntry, skipped: Sequence[LogEntry]) -> None:
        """A message that was accepted; ``skipped`` were taken back before they came."""
        with self._writing() as db:
            for other in (*skipped, entry):
                _insert(db, "received", other)

    def receive_withdrawal(
        self, entry: LogEntry, skipped: Sequence[LogEntry], taker: str, agreed: Agreed
    ) -> None:
        """A partner takes something back: what we hold above the level is erased."""
        self._note((entry.order, entry.partner, taker), agreed)
        with self._writing(counting=True) as db:
            for other in (*skipped, entry):
                _insert(db, "received", other)
            _agree(db, entry.order, entry.partner, taker, agreed)
            _erase(db, entry.order, entry.partner, agreed.level)
        with sqlite_errors(self.path):
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # nor is it left in the log

    def known(self, partner: str, chain: str, sequence: int) -> tuple[str, str] | None:
        """Hash and state of a message that is in the log."""
        if self._connection is None:
            return None
        with sqlite_errors(self.path):
            row = self._connection.execute(
                "SELECT hash, state FROM received WHERE partner = ? AND chain = ? AND sequence = ?",
                (partner, chain, sequence),
            ).fetchone()
        return None if row is None else (row[0], row[1])

    def knows_chain(self, order: str, partner: str, chain: str) -> bool:
        """Whether a message of this chain was ever received."""
        if self._connection is None:
            return False
        with sqlite_errors(self.path):
            row = self._connection.execute(
                "SELECT 1 FROM received WHERE partner = ? AND chain = ? AND order_id = ? LIMIT 1",
                (partner, chain, order),
            ).fetchone()
        return row is not None

    def hash_at(self, log: str, order: str, partner: str, chain: str, sequence: int) -> str | None:
        """The hash of one message in the log ``sent`` or ``received``."""
        if self._connection is None or log not in ("sent", "received"):
            return None
        with sqlite_errors(self.path):
            row = self._connection.execute(
                f"SELECT hash FROM {log} WHERE order_id = ? AND partner = ? AND chain = ?"  # noqa: S608
                " AND sequence = ?",
                (order, partner, chain, sequence),
            ).fetchone()
        return None if row is None else row[0]

    def proof(self, partner: str, chain: str, above: int) -> str | None:
        """A signed message of a partner's chain after a number, to show it; None if none is left.

        The newest of the short ones; if there are only long ones, the shortest. Of what the
        partner has taken back there is nothing to show.
        """
        if self._connection is None:
            return None
        with sqlite_errors(self.path):
            row = self._connection.execute(
                "SELECT text FROM received WHERE partner = ? AND chain = ? AND sequence > ?"
                " AND text IS NOT NULL"
                " ORDER BY max(length(text), ?), sequence DESC LIMIT 1",
                (partner, chain, above, SHORT_PROOF),
            ).fetchone()
        return None if row is None else row[0]

    def keep_prior(self, partner: str, chains: Iterable[tuple[str, str]]) -> None:
        """What a partner has of us from before this ledger was begun anew."""
        with self._writing(counting=True) as db:
            db.executemany(
                "INSERT OR IGNORE INTO prior VALUES (?, ?, ?)",
                [(partner, "", ""), *((partner, order, chain) for order, chain in chains)],
            )

    def keep_offer(self, order: str, offer: Offered) -> None:
        """An offer as it stands."""
        with self._writing() as db:
            db.execute(
                "INSERT OR REPLACE INTO offers VALUES (?, ?, ?)",
                (offer.id, order, offer_text(offer)),
            )

    def keep_ready(self, order: str, ready: Prepared) -> None:
        """What a reserve firm could take."""
        with self._writing() as db:
            db.execute(
                "INSERT OR REPLACE INTO ready VALUES (?, ?, ?)",
                (order, ready.firm, ready_text(ready)),
            )

    def keep_warned(self, order: str, warned: Warned) -> None:
        """When the forecast first passed the due time."""
        with self._writing() as db:
            db.execute(
                "INSERT OR IGNORE INTO warned VALUES (?, ?, ?)",
                (order, warned.at.total_seconds(), warned.before_due.total_seconds()),
            )

    def audit(self, at: datetime, firm: str, what: str, detail: str) -> None:
        """A security event, without payload; of each kind the newest stay."""
        with self._writing() as db:
            db.execute(
                "INSERT INTO audit (at_ms, firm, what, detail) VALUES (?, ?, ?, ?)",
                (to_ms(at), firm, what, detail[:500]),
            )
            db.execute(
                "DELETE FROM audit WHERE what = ?1 AND id <="
                " (SELECT id FROM audit WHERE what = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
                (what, MOST_AUDITED),
            )

    def forget(self, order: str) -> None:
        """Delete what was exchanged about an order that is over.

        The last message of every chain stays, without its content: by it a message that is played
        back is known to be old. So do the agreements, and that the order was closed.
        """
        with self._writing() as db:
            for log in ("sent", "received"):
                db.execute(
                    f"DELETE FROM {log} WHERE order_id = ?1 AND id NOT IN"  # noqa: S608
                    f" (SELECT max(id) FROM {log} WHERE order_id = ?1 GROUP BY partner, chain)",
                    (order,),
                )
                db.execute(
                    f"UPDATE {log} SET fields = '{{}}', text = NULL, level = NULL"  # noqa: S608
                    " WHERE order_id = ?",
                    (order,),
                )
            db.execute("DELETE FROM orders WHERE id = ?", (order,))
            for table in ("offers", "ready", "warned"):
                db.execute(f"DELETE FROM {table} WHERE order_id = ?", (order,))  # noqa: S608

    # Read by other threads, over a connection of their own

    def log(self, log: str, order: str | None, limit: int) -> list[LogEntry]:
        """The newest messages of the log ``sent`` or ``received``, newest first."""
        if log not in ("sent", "received") or not self.path.exists():
            return []
        acked = "acked_ms" if log == "sent" else "NULL"
        where = "WHERE order_id = ?" if order is not None else ""
        query = f"SELECT {COLUMNS}, {acked} FROM {log} {where} ORDER BY id DESC LIMIT ?"  # noqa: S608
        reader = open_reader(self.path)
        try:
            with sqlite_errors(self.path):
                rows = reader.execute(
                    query, (order, limit) if order is not None else (limit,)
                ).fetchall()
        finally:
            reader.close()
        return [entry_of(row) for row in rows]

    def audited(self, limit: int) -> list[SecurityEvent]:
        """The newest security events, newest first: ``limit`` of each kind, so that none hides."""
        reader = open_reader(self.path)
        try:
            with sqlite_errors(self.path):
                rows = reader.execute(
                    "SELECT at_ms, firm, what, detail FROM (SELECT *, row_number() OVER"
                    " (PARTITION BY what ORDER BY id DESC) AS place FROM audit)"
                    " WHERE place <= ? ORDER BY id DESC",
                    (limit,),
                ).fetchall()
        finally:
            reader.close()
        return [
            {"at": from_ms(at), "firm": firm, "what": what, "detail": detail}
            for at, firm, what, detail in rows
        ]


def _insert(db: sqlite3.Connection, log: str, entry: LogEntry) -> None:
    db.execute(f"INSERT INTO {log} ({COLUMNS}) VALUES ({_MARKS})", entry_row(entry))  # noqa: S608


def _cancel(db: sqlite3.Connection, entries: Iterable[LogEntry]) -> None:
    db.executemany(
        "UPDATE sent SET state = 'cancelled' WHERE chain = ? AND sequence = ?",
        [(entry.chain, entry.sequence) for entry in entries],
    )


def _agree(db: sqlite3.Connection, order: str, giver: str, taker: str, agreed: Agreed) -> None:
    db.execute(
        "INSERT OR REPLACE INTO agreements VALUES (?, ?, ?, ?, ?)",
        agreement_row(order, (giver, taker), agreed),
    )
    agreements_changed(db)


def _erase(db: sqlite3.Connection, order: str, partner: str, level: Level) -> None:
    """Shrink what a partner told us to ``level``; the chain of hashes stays."""
    rows = db.execute(
        "SELECT id, fields FROM received WHERE order_id = ? AND partner = ? AND level > ?"
        " AND kind IN ('report', 'summary')",
        (order, partner, level.value),
    ).fetchall()
    for number, fields in rows:
        left = orjson.dumps(only(orjson.loads(fields), level)).decode()
        db.execute(
            "UPDATE received SET fields = ?, level = ?, text = NULL, state = 'withdrawn'"
            " WHERE id = ?",
            (left, level.value, number),
        )
