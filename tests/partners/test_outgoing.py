"""Whatever happens, what leaves is what the agreement of that moment allows (leakage L9)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from gateway.config import read_model
from gateway.core.text import Text
from gateway.core.work import JobState, Substate
from gateway.network.fields import KEYS
from gateway.network.files import OrderFile
from gateway.network.knowledge import Agreed
from gateway.network.order import Consortium, Level, Member
from gateway.network.report import DepartedLot, Lamp, PackageState
from gateway.partners.messages import Kind
from gateway.partners.outgoing import Outgoing, outgoing
from gateway.partners.state import ExchangeState, LogEntry, Side
from tests.partners.firms import CONFIGS, FURNACE, LASER, LEAD, MILL, PRESS

ORDER = replace(
    read_model(Path(CONFIGS / "demo" / "order.yaml"), OrderFile, env={}).order(),
    began=datetime(2026, 11, 20, 8, tzinfo=UTC),
    at=timedelta(hours=6),
)
FIRMS = (MILL, PRESS, FURNACE, LASER, LEAD)
SIDE = Side(
    FURNACE,
    Consortium(Text("V", "C"), LEAD, tuple(Member(f, f, "k" * 43, "k" * 43) for f in FIRMS)),
)


def _entry(what: Outgoing, state: str) -> LogEntry:
    order, partner, kind, package = what.key
    return LogEntry(
        order=order, partner=partner, chain="a" * 16, sequence=1, kind=kind, package=package,
        version=what.version, level=what.level, at=datetime.now(UTC),
        order_s=what.at.total_seconds(), fields=what.fields, text=None, hash="", prev="",
        bytes=0, state="pending" if state == "pending" else "acked",
    )  # fmt: skip


class Sharing(RuleBasedStateMachine):
    """The furnace works, waits, is late, narrows agreements; partners answer or do not."""

    def __init__(self) -> None:
        super().__init__()
        self.exchange = ExchangeState(versions={"GA-17": {1: ORDER}})
        for taker in FIRMS:
            if taker != FURNACE:
                level = ORDER.level(FURNACE, taker)
                self.exchange.agreements["GA-17", FURNACE, taker] = Agreed(level)
        self.now = timedelta(hours=6)
        self.state = PackageState(
            JobState.RELEASED, Substate.NONE, 0, 2400, timedelta(days=1), Lamp.GREY, None, ()
        )

    @rule(minutes=st.integers(0, 40))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @rule(pieces=st.integers(1, 700), scrap=st.integers(0, 9))
    def pieces_are_made(self, pieces: int, scrap: int) -> None:
        good = min(2400, self.state.good + pieces)
        lots = tuple(DepartedLot(number, 600, self.now) for number in range(1, good // 600 + 1))
        known = {lot.number: lot for lot in self.state.lots}
        self.state = replace(
            self.state,
            state=JobState.RUNNING,
            lamp=Lamp.GREEN,
            good=good,
            scrap=self.state.scrap + scrap,
            lots=tuple(known.get(lot.number, lot) for lot in lots),
        )

    @rule(minutes=st.integers(-200, 400), lamp=st.sampled_from(Lamp))
    def the_forecast_moves(self, minutes: int, lamp: Lamp) -> None:
        moved = max(timedelta(), self.state.forecast + timedelta(minutes=minutes))
        self.state = replace(self.state, forecast=moved, lamp=lamp)

    @rule(taker=st.sampled_from([f for f in FIRMS if f != FURNACE]), level=st.sampled_from(Level))
    def an_agreement_is_narrowed(self, taker: str, level: Level) -> None:
        key = ("GA-17", FURNACE, taker)
        if level < self.exchange.agreements[key].level:
            self.exchange.agreements[key] = Agreed(level, datetime.now(UTC))
            self.exchange.unlearnt("GA-17", taker)

    @rule(answered=st.booleans())
    def a_look_at_what_leaves(self, answered: bool) -> None:
        for what in list(self._leaving()):
            _, taker, kind, _ = what.key
            entry = _entry(what, "acked" if answered else "pending")
            assert what.key not in self.exchange.pending, "one is on its way already"
            self.exchange.told[what.key] = entry
            if answered:
                self.exchange.learnt(entry)
            else:
                self.exchange.pending[what.key] = entry
            if kind is not Kind.REPORT:
                continue
            level = self.exchange.agreements["GA-17", FURNACE, taker].level
            assert level is not Level.L0
            assert what.level is level
            assert set(what.fields) == set(KEYS[level])
        if not self.exchange.pending:
            assert not list(self._leaving()), "the same is never told twice at once"

    @rule()
    def partners_answer(self) -> None:
        for entry in self.exchange.pending.values():
            self.exchange.learnt(entry)
        self.exchange.pending.clear()

    def _leaving(self) -> list[Outgoing]:
        own = {"AP3": self.state}
        return list(outgoing(SIDE, self.exchange, ORDER, own, whole=None, now=self.now))


TestSharing = Sharing.TestCase
TestSharing.settings = settings(max_examples=150, stateful_step_count=70, deadline=None)
