"""How the ledger's rows are written, and how the state is read from them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import orjson

from gateway.core.clock import from_ms, to_ms
from gateway.core.errors import ExchangeError
from gateway.network import disclosure
from gateway.network.document import as_document, from_document
from gateway.network.knowledge import Agreed, Heard
from gateway.network.order import JointOrder, Level, Prepared
from gateway.network.snapshot import Offered, Warned
from gateway.partners.messages import Kind
from gateway.partners.state import ExchangeState, Head, LogEntry

SqlRow = tuple[Any, ...]


def entry_row(entry: LogEntry) -> SqlRow:
    """A message as a row of its log."""
    return (
        entry.order,
        entry.partner,
        entry.chain,
        entry.sequence,
        entry.kind.value,
        entry.package,
        entry.version,
        entry.level.value if entry.level else None,
        to_ms(entry.at),
        entry.order_s,
        orjson.dumps(dict(entry.fields)).decode(),
        entry.text,
        entry.hash,
        entry.prev,
        entry.bytes,
        entry.state,
    )


def entry_of(row: SqlRow) -> LogEntry:
    """A message from a row; the column after the others is when it was acknowledged."""
    return LogEntry(
        order=row[0],
        partner=row[1],
        chain=row[2],
        sequence=row[3],
        kind=Kind(row[4]),
        package=row[5],
        version=row[6],
        level=Level(row[7]) if row[7] else None,
        at=from_ms(row[8]),
        order_s=row[9],
        fields=orjson.loads(row[10]),
        text=row[11],
        hash=row[12],
        prev=row[13],
        bytes=row[14],
        state=row[15],
        acked=from_ms(row[16]) if row[16] is not None else None,
    )


def agreement_row(order: str, pair: tuple[str, str], agreed: Agreed) -> SqlRow:
    """An agreement as a row."""
    withdrawn = None if agreed.withdrawn is None else to_ms(agreed.withdrawn)
    return (order, *pair, agreed.level.value, withdrawn)


def order_text(order: JointOrder) -> str:
    """An order as it is kept."""
    return orjson.dumps(as_document(order)).decode()


def offer_text(offer: Offered) -> str:
    """An offer as it is kept; what the order would come to is computed anew."""
    return orjson.dumps(
        replace(offer, forecast_with=None), default=timedelta.total_seconds
    ).decode()


def offer_of(text: str) -> Offered:
    """An offer that was kept."""
    kept = orjson.loads(text)
    start = kept["earliest_start"]
    kept["earliest_start"] = None if start is None else timedelta(seconds=start)
    return Offered(**{**kept, "lots": tuple(kept["lots"])})


def ready_text(ready: Prepared) -> str:
    """A reserve's readiness as it is kept."""
    return orjson.dumps(ready, default=timedelta.total_seconds).decode()


def ready_of(text: str) -> Prepared:
    """A reserve's readiness that was kept."""
    kept = orjson.loads(text)
    return Prepared(
        kept["firm"],
        kept["package"],
        timedelta(seconds=kept["earliest_start"]),
        timedelta(seconds=kept["lot_time"]),
        tuple(kept["lots"]),
    )


def heard_of(entry: LogEntry, order: JointOrder | None) -> Heard | None:
    """What a report or summary says, from its row."""
    if entry.level is None or entry.state == "cancelled":
        return None
    report = disclosure.read(entry.fields, entry.level)
    if report is None:
        return None
    basis = None
    if order is not None and entry.package is not None:
        basis = next((p for p in order.packages if p.id == entry.package), None)
    return Heard(entry.level, report, timedelta(seconds=entry.order_s), basis)


def restored(db: sqlite3.Connection, columns: str) -> ExchangeState:
    """The state as it was when the gateway stopped."""
    state = ExchangeState()
    for document in _first(db, "SELECT document FROM orders"):
        order = from_document(orjson.loads(document))
        state.versions.setdefault(order.id, {})[order.version] = order
    for order_id, closed in db.execute("SELECT order_id, at_ms FROM closed"):
        state.closed[order_id] = from_ms(closed)
    for order_id, giver, taker, level, withdrawn in db.execute("SELECT * FROM agreements"):
        state.agreements[order_id, giver, taker] = Agreed(
            Level(level), None if withdrawn is None else from_ms(withdrawn)
        )
    for number, order_id, content in db.execute("SELECT * FROM offers"):
        state.offers[number] = (order_id, offer_of(content))
    for order_id, firm, content in db.execute("SELECT * FROM ready"):
        state.ready[order_id, firm] = ready_of(content)
    for order_id, at, before in db.execute("SELECT * FROM warned"):
        state.warned[order_id] = Warned(timedelta(seconds=at), timedelta(seconds=before))
    # Rows are numbered without a gap, and the last one is never deleted.
    (state.sent_count,) = db.execute("SELECT ifnull(max(id), 0) FROM sent").fetchone()
    (state.received_count,) = db.execute("SELECT ifnull(max(id), 0) FROM received").fetchone()
    state.prior = set(db.execute("SELECT partner, order_id, chain FROM prior"))
    _restore_sent(state, db, columns)
    _restore_received(state, db, columns)
    return state


def _first(db: sqlite3.Connection, query: str) -> Iterator[Any]:
    for row in db.execute(query):
        yield row[0]


def _restore_sent(state: ExchangeState, db: sqlite3.Connection, columns: str) -> None:
    current = {(order, firm): chain for order, firm, chain in db.execute("SELECT * FROM chains")}
    rows = db.execute(f"SELECT {columns}, acked_ms FROM sent ORDER BY id")  # noqa: S608
    for entry in map(entry_of, rows):
        pair = (entry.order, entry.partner)
        state.numbers.setdefault(entry.partner, {})[entry.order, entry.chain] = entry.sequence
        if current.get(pair) != entry.chain:
            continue
        state.out_heads[pair] = Head(entry.chain, entry.sequence, entry.hash)
        if entry.state == "cancelled":
            state.cancelled.setdefault(pair, []).append(entry)
            continue
        if entry.kind in (Kind.WITHDRAWAL, Kind.GIVEN):
            state.tell_again(*pair)
        state.told[entry.key] = entry
        if entry.state == "pending":
            state.pending[entry.key] = entry
        else:
            _covered(state, pair, entry)
            state.learnt(entry)


def _covered(state: ExchangeState, pair: tuple[str, str], acked: LogEntry) -> None:
    """An acknowledged message shows that the partner knows of every cancellation before it."""
    left = [e for e in state.cancelled.get(pair, []) if e.sequence > acked.sequence]
    state.cancelled[pair] = left


def _restore_received(state: ExchangeState, db: sqlite3.Connection, columns: str) -> None:
    rows = db.execute(f"SELECT {columns}, NULL FROM received ORDER BY id")  # noqa: S608
    for entry in map(entry_of, rows):
        pair = (entry.order, entry.partner)
        state.in_heads[pair] = Head(entry.chain, entry.sequence, entry.hash)
        if entry.kind is Kind.ORDER and entry.fields.get("began"):
            state.began[entry.order] = datetime.fromisoformat(entry.fields["began"])
        if entry.kind not in (Kind.REPORT, Kind.SUMMARY):
            continue
        order = state.versions.get(entry.order, {}).get(entry.version)
        try:
            heard = heard_of(entry, order)
        except ExchangeError:
            continue
        if heard is None:
            continue
        if entry.kind is Kind.SUMMARY:
            state.summaries[entry.order] = heard
        elif entry.package is not None:
            state.hear(entry.order, entry.package, heard)
