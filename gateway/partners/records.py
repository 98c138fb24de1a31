"""The logs and agreements as the API shows them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gateway.network.agreement import NEVER, agreed_on
from gateway.network.fields import KEYS
from gateway.partners.outgoing import iso
from gateway.partners.state import ExchangeState, LogEntry, Side

Json = dict[str, Any]


def log_json(entries: Sequence[LogEntry], partner: str) -> list[Json]:
    """Messages of a log; ``partner`` names the key of the other firm: ``to`` or ``from``."""
    return [_entry(entry, partner) for entry in entries]


def _entry(entry: LogEntry, partner: str) -> Json:
    return {
        "id": entry.hash[:16],
        "at": iso(entry.at),
        partner: entry.partner,
        "kind": entry.kind.value,
        "order": entry.order,
        "package": entry.package,
        "sequence": entry.sequence,
        "level": entry.level.value if entry.level else None,
        "fields": dict(entry.fields),
        "bytes": entry.bytes,
        "hash": entry.hash,
        "prev": entry.prev or None,
        "state": entry.state,
        "acked": iso(entry.acked) if entry.acked else None,
    }


def agreements_json(state: ExchangeState, side: Side, order: str) -> list[Json]:
    """What the firm gives (``own``) and gets in an order, by pair; ``most``: before withdrawals."""
    found, firm = state.order(order), side.firm
    if found is None:
        return []
    return [
        {
            "from": giver,
            "to": taker,
            "level": agreed.level.value,
            "most": agreed_on(side.consortium, found, giver, taker).value,
            "interval_s": int(found.interval.total_seconds()),
            "threshold_s": int(found.threshold.total_seconds()),
            "fields": list(KEYS[agreed.level]),
            "never": [text.as_json() for text in NEVER],
            "withdrawn": iso(agreed.withdrawn) if agreed.withdrawn else None,
            "own": giver == firm,
        }
        for (of, giver, taker), agreed in sorted(state.agreements.items())
        if of == order and firm in (giver, taker)
    ]
