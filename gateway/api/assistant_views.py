"""What the assistant does and has found, as JSON. Loaded when somebody uses it."""

from __future__ import annotations

from gateway.api.assistant_shapes import (
    AssistantShape,
    FoundShape,
    LookShape,
    RegisterShape,
    ScanShape,
)
from gateway.api.desk import Desk
from gateway.api.learning_views import learning
from gateway.api.views import words
from gateway.assistant.entry import entry
from gateway.assistant.inquiry import Look, Row, Scan
from gateway.assistant.learning import Learning
from gateway.assistant.scan import Found
from gateway.sources.line.base import ModbusConnect

BEST = 3
"""So many templates are shown of a device."""


def whole(desk: Desk) -> AssistantShape:
    """What is under way, or was last."""
    work = desk.work
    return {
        "busy": desk.busy,
        "trouble": None if desk.trouble is None else words(desk.trouble),
        "scan": _scan(work) if isinstance(work, Scan) else None,
        "look": _look(work) if isinstance(work, Look) else None,
        "learn": learning(work) if isinstance(work, Learning) else None,
    }


def template_name(unit: int) -> str:
    """What the template of an unknown device is called until somebody calls it something else."""
    return f"device-{unit}"


def _scan(scan: Scan) -> ScanShape:
    return {
        "network": None if scan.network is None else str(scan.network),
        "knocked": scan.knocked,
        "addresses": 0 if scan.network is None else len(list(scan.network.hosts())),
        "line": scan.place,
        "tried": scan.tried,
        "of": len(scan.connects) * len(scan.units),
        "asked": scan.asked,
        "found": [_found(connect, one) for connect, one in scan.found],
        "unreachable": [{"line": line, "why": words(why)} for line, why in scan.unreachable],
    }


def _found(connect: ModbusConnect, found: Found) -> FoundShape:
    return {
        "line": connect.key,
        "unit": found.unit,
        "answer_s": round(found.heard.seconds, 3),
        "says": " ".join(found.says),
        "templates": [
            {
                "name": match.template.template,
                "title": words(match.template.title),
                "likely": match.likely,
                "evidence": words(match.text()),
                "entry": entry(connect, found.unit, match.template.template),
            }
            for match in found.matches[:BEST]
        ],
        "places": [{"table": table.value, "first": first} for table, first in found.places],
        "entry": entry(connect, found.unit, f"{template_name(found.unit)}.yaml"),
    }


def _look(look: Look) -> LookShape:
    changed = [row for part in look.parts for row in part.rows if row.change is not None]
    changed.sort(key=lambda row: 0.0 if row.change is None else -row.change.strength)
    ranks = {row.address: rank for rank, row in enumerate(changed, 1)}
    return {
        "line": look.connect.key,
        "unit": look.connect.unit,
        "asked": look.asked,
        "rounds": look.rounds,
        "registers": [
            _register(part.table.value, row, ranks.get(row.address, 0))
            for part in look.parts
            for row in part.rows
        ],
        "letters": [
            {"address": address, "text": text}
            for part in look.parts
            for address, text in part.letters
        ],
        "in_vain": None if look.in_vain is None else words(look.in_vain),
    }


def _register(table: str, row: Row, rank: int) -> RegisterShape:
    change = row.change
    return {
        "table": table,
        "address": row.address,
        "word": row.word,
        "meanings": [
            {
                "encoding": one.encoding.value,
                "order": None if one.order is None else one.order.value,
                "value": one.value,
                "scale": one.scale,
                "unit": one.unit,
                "score": round(one.score, 2),
                "why": words(one.why),
            }
            for one in row.meanings
        ],
        "change": None
        if change is None
        else {"before": change.before, "after": change.after, "rank": rank},
    }
