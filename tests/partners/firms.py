"""Firms of the demo's consortium for tests: real keys, ledgers, journals and job logic.

What their machines do is booked by hand, so that a test decides when a lot leaves.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from gateway.api.order_json import (
    agreement_json,
    comparison_json,
    order_json,
    received_json,
    sent_json,
)
from gateway.config import Bilingual, CalendarEntry, Machine, Network, Reserve, SiteConfig, Work
from gateway.core.work import Job, Origin
from gateway.jobs.commands import Book, ConfirmRate
from gateway.jobs.evidence.counters import CountersConfig
from gateway.jobs.tracker import JobTracker, MachineSpec
from gateway.journal import Journal
from gateway.partners import Exchange
from gateway.partners.identity import public
from gateway.partners.transport import Transport
from tests.jobs.one_machine import ROLES, signals

CONFIGS = Path(__file__).parents[2] / "configs"
MILL, PRESS, FURNACE = "zerspanung-rennweg", "spritzguss-ilmtal", "haerterei-glutofen"
LASER, LEAD, RESERVE = "laser-saalebogen", "montage-holzland", "haertetechnik-vogtei"
PACKAGES = {MILL: "AP1", PRESS: "AP2", FURNACE: "AP3", LASER: "AP4", LEAD: "AP5", RESERVE: "AP3-R"}
TITLE = Bilingual(de="Maschine", en="Machine")
START = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)


def at(text: str) -> timedelta:
    """``1 06:00`` as order time."""
    day, clock = text.split()
    hour, minute = clock.split(":")
    return timedelta(days=int(day) - 1, hours=int(hour), minutes=int(minute))


def s(text: str) -> int:
    """The same in seconds."""
    return int(at(text).total_seconds())


@dataclass
class Clock:
    """One clock for all firms; a test moves it in order time, from 06:00 on, at lapse 144."""

    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    def to(self, order_time: str) -> None:
        self.now = START + (at(order_time) - at("1 06:00")) / 144


@dataclass
class Firm:
    """One firm; ``start`` and ``kill`` keep its folder."""

    id: str
    site: SiteConfig
    clock: Callable[[], datetime]
    transport: Callable[[], Transport] | None = None
    stamp: Callable[[], datetime] = lambda: datetime.now(UTC)
    journal: Journal[Any] = field(init=False)
    exchange: Exchange = field(init=False)
    tracker: JobTracker = field(init=False)
    _task: asyncio.Task[None] | None = None

    async def start(self) -> Firm:
        roles = signals("m-1", ROLES["counters"])
        evidence = CountersConfig(type="counters", idle_after=timedelta(minutes=5))
        self.tracker = JobTracker([MachineSpec("m-1", roles, evidence)], 144)
        self.journal = Journal(self.site.state, self.tracker, clock=self.clock)
        await self.journal.open()
        self.exchange = Exchange(
            self.site,
            self.journal,
            self.tracker,
            self.site.state,
            transport=self.transport() if self.transport else None,
            clock=self.clock,
            stamp=self.stamp,
        )
        await self.exchange.open()
        self._task = asyncio.create_task(self.exchange.run(), name=f"test {self.id}")
        return self

    async def kill(self) -> None:
        """End without a word to anybody; what is committed stays."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await self.journal.close()

    def jobs(self) -> dict[str, Job]:
        """By package, those of the newest order last."""
        found = self.tracker.jobs(self.journal.state)
        return {job.package: job for job in found if job.package is not None}

    async def book(self, good: int, order: str = "GA-17") -> None:
        name = f"{order}-{PACKAGES[self.id]}"
        await self.journal.apply(Book(name, good, 0, Origin.SIMULATED, self.clock()))

    async def slower(self, minutes: int, order: str = "GA-17") -> None:
        name = f"{order}-{PACKAGES[self.id]}"
        run = timedelta(minutes=minutes)
        await self.journal.apply(ConfirmRate(name, run, self.clock()))

    def order(self, order: str = "GA-17") -> dict[str, Any]:
        found = self.exchange.order(order)
        assert found is not None
        return dict(order_json(found))

    def sent(self, order: str | None = None, limit: int = 200) -> list[Any]:
        return list(sent_json(self.exchange.sent(order, limit)))

    def received(self, order: str | None = None, limit: int = 200) -> list[Any]:
        return list(received_json(self.exchange.received(order, limit)))

    def agreements(self, order: str = "GA-17") -> list[Any]:
        return [agreement_json(agreed) for agreed in self.exchange.agreements(order)]

    async def compare(self, other: str) -> Any:
        found = await self.exchange.compare(other)
        return None if found is None else comparison_json(found)

    def package(self, package: str, order: str = "GA-17") -> dict[str, Any]:
        packages: Sequence[dict[str, Any]] = self.order(order)["packages"]
        return next(entry for entry in packages if entry["id"] == package)

    def knows(self, package: str, **fields: Any) -> bool:
        """Whether this firm sees these fields of a package."""
        if self.exchange.order("GA-17") is None:
            return False
        shown = {entry["id"]: entry for entry in self.order()["packages"]}
        return package in shown and fields.items() <= shown[package].items()


def a_site(
    firm: str,
    folder: Path,
    url: str,
    consortium: Path,
    *,
    simulated: bool = True,
    order: Path = CONFIGS / "demo" / "order.yaml",
) -> SiteConfig:
    network = Network(
        consortium=consortium,
        order=order if firm == LEAD else None,
        broker=url,
        work=(
            Work(
                package=PACKAGES[firm],
                machine="m-1",
                pieces_per_run=600 if firm in (FURNACE, RESERVE) else 1,
            ),
        ),
        reserve=Reserve(package="AP3", earliest_start=at("1 18:00"), lot_time=at("1 04:30"))
        if firm == RESERVE
        else None,
    )
    return SiteConfig.model_construct(
        firm=firm,
        name=firm,
        simulated=simulated,
        state=folder / firm,
        machines=(
            Machine.model_construct(name="m-1", title=Bilingual(de="Maschine", en="Machine")),
        ),
        jobs=(),
        network=network,
    )


def with_keys(folder: Path, firms: Sequence[str]) -> Path:
    """The consortium's file of the demo, with the keys of these firms."""
    content = yaml.safe_load((CONFIGS / "demo" / "consortium.yaml").read_text("utf-8"))
    for entry in content["firms"]:
        if entry["id"] in firms:
            entry.update(public(folder / entry["id"], entry["id"]))
    path = folder / "consortium.yaml"
    path.write_text(yaml.safe_dump(content, allow_unicode=True), "utf-8")
    return path


@asynccontextmanager
async def working(
    folder: Path,
    firms: Sequence[str],
    url: str = "mqtt://127.0.0.1:1",
    *,
    transport: Callable[[str], Transport] | None = None,
    clock: Clock | None = None,
    real: Sequence[str] = (),
    lapse: int = 144,
    wrong: Mapping[str, timedelta] | None = None,
    order: Path | None = None,
    calendars: Mapping[str, CalendarEntry] | None = None,
) -> AsyncIterator[Mapping[str, Firm]]:
    """These firms at work over a broker (or another way), ended when the block is left.

    With ``wrong`` all have real clocks, of which these are ahead by so much.
    """
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "order.yaml"
    text = (CONFIGS / "demo" / "order.yaml").read_text("utf-8")
    file.write_text(text.replace("lapse: 144", f"lapse: {lapse}"), "utf-8")
    consortium = with_keys(folder, firms)
    shared = clock or Clock()
    made: dict[str, Firm] = {}
    for name in firms:
        site = a_site(
            name, folder, url, consortium, simulated=name not in real, order=order or file
        )
        site = site.model_copy(update={"calendar": (calendars or {}).get(name)})
        way = None if transport is None else (lambda n=name: transport(n))
        made[name] = Firm(name, site, shared, way)
        if wrong is not None:
            off = wrong.get(name, timedelta())
            made[name].clock = made[name].stamp = lambda off=off: datetime.now(UTC) + off
    try:
        for firm in made.values():
            await firm.start()
        yield made
    finally:
        for firm in made.values():
            await firm.kill()


async def until(what: Callable[[], object], seconds: float = 20.0) -> None:
    """Wait until ``what`` holds; the views are looked at a few times a second."""
    async with asyncio.timeout(seconds):
        while not what():
            await asyncio.sleep(0.02)


async def opened(firms: Mapping[str, Firm], **how: Any) -> None:
    """The lead firm opens GA-17 and every firm has it."""
    await firms[LEAD].exchange.open_order("GA-17", **({"at_s": s("1 06:00")} | how))
    await until(lambda: all(f.exchange.order("GA-17") for f in firms.values()))


async def logs_agree(one: Firm, other: Firm) -> bool:
    """Whether both hold the same chains, and both can show it."""
    told = await asyncio.gather(one.compare(other.id), other.compare(one.id))
    return all(logs is not None and logs["equal"] for logs in told)


async def eventually(check: Callable[[], Awaitable[bool]], seconds: float = 20.0) -> None:
    """The same for a question that must be awaited."""
    async with asyncio.timeout(seconds):
        while not await check():
            await asyncio.sleep(0.05)
