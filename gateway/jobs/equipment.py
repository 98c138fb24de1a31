"""The machines of a firm as the job logic knows them: what it looks at, and by which rule.

They stand in the state, though they are not kept with it: the state before a reload of the firm's
files and the one after it are advanced by different rules, and one replaces the other as a whole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from gateway.config import Variant
from gateway.core.signals import Signal, SignalId
from gateway.jobs.evidence.contract import Evidence, EvidenceVariant


@dataclass(frozen=True, slots=True)
class MachineSpec:
    """One machine: its signals, and the evidence model of the firm's file (None: values only)."""

    machine: str
    signals: Sequence[Signal]
    evidence: Variant | None


@dataclass(frozen=True, slots=True)
class Equipment:
    """Every machine by name: its spec, its rule (None: values only), its signals of a role."""

    specs: Mapping[str, MachineSpec] = field(default_factory=dict)
    rules: Mapping[str, Evidence[Any] | None] = field(default_factory=dict)
    roles: Mapping[str, Mapping[SignalId, str]] = field(default_factory=dict)


def equipped(specs: Sequence[MachineSpec]) -> Equipment:
    """The machines of these specs."""
    rules: dict[str, Evidence[Any] | None] = {
        spec.machine: (
            None
            if spec.evidence is None
            else cast("EvidenceVariant", spec.evidence).bind(spec.signals)
        )
        for spec in specs
    }
    return Equipment(
        {spec.machine: spec for spec in specs},
        rules,
        {spec.machine: _roles(spec.signals, rules[spec.machine]) for spec in specs},
    )


def _roles(signals: Sequence[Signal], rule: Evidence[Any] | None) -> dict[SignalId, str]:
    if rule is None:
        return {}
    wanted = set(rule.roles)
    return {s.id: s.role for s in signals if s.role is not None and s.role in wanted}
