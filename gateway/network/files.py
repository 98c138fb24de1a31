"""The two files a person writes for the network: ``consortium.yaml`` and ``order.yaml``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from gateway.config.models import Bilingual, Strict, wrong
from gateway.config.scalars import Duration, OrderMoment
from gateway.core.names import FIRM_PATTERN
from gateway.core.text import Text
from gateway.network.order import (
    MOST_LAPSE,
    Agreement,
    Consortium,
    JointOrder,
    Level,
    Member,
    Need,
    Prepared,
    WorkPackage,
)
from gateway.network.plan import promised

FirmId = Annotated[
    str, Field(pattern=FIRM_PATTERN, description="Kurzname der Firma / short name of the firm")
]
PackageId = Annotated[str, Field(pattern=r"^[A-Z][A-Za-z0-9-]{0,15}$")]
OrderId = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{0,31}$")]
PublicKey = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z0-9_-]{43}$",
        description="Öffentlicher Schlüssel, 43 Zeichen / public key, 43 characters",
    ),
]


class MemberEntry(Strict):
    """A firm of the consortium; its keys come from ``werkverbund identity`` at the firm."""

    id: FirmId
    name: str = Field(min_length=1)
    sign: PublicKey | None = Field(default=None, description="Ed25519")
    seal: PublicKey | None = Field(default=None, description="X25519")


class ConsortiumFile(Strict):
    """``consortium.yaml``: the same file at every firm."""

    schema_: Literal[1] = Field(alias="schema")
    name: Bilingual
    lead: FirmId
    firms: tuple[MemberEntry, ...] = Field(min_length=2)

    @model_validator(mode="after")
    def _check(self) -> Self:
        ids = [entry.id for entry in self.firms]
        if self.lead not in ids:
            raise wrong(
                Text(
                    f"die federführende Firma {self.lead} steht nicht unter firms",
                    f"the lead firm {self.lead} is not among the firms",
                ),
                Text("Nehmen Sie sie unter firms auf.", "Add it to firms."),
            )
        twice = sorted({entry for entry in ids if ids.count(entry) > 1})
        if twice:
            raise wrong(
                Text(
                    f"doppelt aufgeführt: {', '.join(twice)}", f"listed twice: {', '.join(twice)}"
                ),
                Text("Führen Sie jede Firma einmal auf.", "List every firm once."),
            )
        return self

    def consortium(self) -> Consortium:
        """As the rules use it."""
        members = tuple(Member(e.id, e.name, e.sign, e.seal) for e in self.firms)
        return Consortium(self.name.text, self.lead, members)


class NeedEntry(Strict):
    """``per`` pieces of ``package`` go into one piece."""

    package: PackageId
    per: int = Field(ge=1)


def _one_time(entry: PackageEntry) -> PackageEntry:
    if (entry.lot_time is None) == (entry.piece_time is None):
        raise wrong(
            Text(
                f"{entry.id}: genau eine Zeit angeben, je Los oder je Stück",
                f"{entry.id}: give exactly one time, per lot or per piece",
            ),
            Text(
                "Schreiben Sie lot_time: 4h30min oder piece_time: 16s.",
                "Write lot_time: 4h30min or piece_time: 16s.",
            ),
        )
    return entry


class PackageEntry(Strict):
    """A work package of the order."""

    id: PackageId
    title: Bilingual
    item: Bilingual
    firm: FirmId
    quantity: int = Field(ge=1)
    lot: int = Field(ge=1, description="Stück je Transportlos / pieces per transfer lot")
    weight: int = Field(ge=1, description="Anteil am Arbeitsinhalt / share of the work content")
    lot_time: Duration | None = None
    piece_time: Duration | None = None
    needs: tuple[NeedEntry, ...] = ()

    def package(self) -> WorkPackage:
        """As the rules use it."""
        return WorkPackage(
            id=self.id,
            title=self.title.text,
            item=self.item.text,
            firm=self.firm,
            quantity=self.quantity,
            lot=self.lot,
            weight=self.weight,
            needs=tuple(Need(entry.package, entry.per) for entry in self.needs),
            lot_time=self.lot_time,
            piece_time=self.piece_time,
        )


class AgreementEntry(Strict):
    """What ``from`` lets ``to`` see. A later entry overrides an earlier one."""

    from_: tuple[FirmId, ...] | Literal["all"] = Field(alias="from")
    to: tuple[FirmId, ...] | Literal["all"]
    level: Literal["L0", "L1", "L2", "L3"]


class PreparedEntry(Strict):
    """A reserve that was asked before: it may take lots of a package."""

    firm: FirmId
    package: PackageId
    lots: tuple[int, ...] = Field(min_length=1)
    earliest_start: OrderMoment
    lot_time: Duration

    def prepared(self) -> Prepared:
        """As the rules use it."""
        return Prepared(self.firm, self.package, self.earliest_start, self.lot_time, self.lots)


class OrderFile(Strict):
    """``order.yaml``: written by the lead firm, opened as a signed message."""

    schema_: Literal[1] = Field(alias="schema")
    id: OrderId
    item: Bilingual
    quantity: int = Field(ge=1)
    unit: Bilingual
    lead: FirmId
    start: OrderMoment
    due: OrderMoment
    transport: Duration
    threshold: Duration
    interval: Duration
    stale: Duration
    step: Duration
    lapse: int = Field(default=1, ge=1, le=MOST_LAPSE)
    packages: Annotated[
        tuple[Annotated[PackageEntry, AfterValidator(_one_time)], ...], Field(min_length=1)
    ]
    agreements: tuple[AgreementEntry, ...] = ()
    prepared: PreparedEntry | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        for what, fix in self._objections():
            raise wrong(what, fix)
        return self

    def order(self) -> JointOrder:
        """As the rules use it, with the plan that it promises."""
        return promised(self._bare())

    def _bare(self) -> JointOrder:
        return JointOrder(
            id=self.id,
            version=1,
            item=self.item.text,
            quantity=self.quantity,
            unit=self.unit.text,
            lead=self.lead,
            start=self.start,
            due=self.due,
            transport=self.transport,
            threshold=self.threshold,
            interval=self.interval,
            stale=self.stale,
            step=self.step,
            lapse=self.lapse,
            packages=tuple(entry.package() for entry in self.packages),
            agreements=tuple(self._agreements()),
            prepared=None if self.prepared is None else self.prepared.prepared(),
        )

    def _firms(self) -> tuple[str, ...]:
        named = [self.lead, *(entry.firm for entry in self.packages)]
        if self.prepared is not None:
            named.append(self.prepared.firm)
        return tuple(dict.fromkeys(named))

    def _agreements(self) -> Iterator[Agreement]:
        firms: tuple[str, ...] = self._firms()
        levels: dict[tuple[str, str], Level] = {}
        for entry in self.agreements:
            givers = firms if entry.from_ == "all" else entry.from_
            takers = firms if entry.to == "all" else entry.to
            for giver in givers:
                levels |= {(giver, taker): Level(entry.level) for taker in takers if taker != giver}
        for (giver, taker), level in levels.items():
            if level is not Level.L0:
                yield Agreement(giver, taker, level)

    def _objections(self) -> Iterator[tuple[Text, Text]]:
        ids = [entry.id for entry in self.packages]
        if len(set(ids)) < len(ids):
            yield (
                Text("zwei Arbeitspakete heißen gleich", "two work packages have the same id"),
                Text("Geben Sie jedem Paket einen Namen.", "Give every package its own id."),
            )
        for need in (need for entry in self.packages for need in entry.needs):
            if need.package not in ids:
                yield (
                    Text(
                        f"das benötigte Paket {need.package} gibt es nicht",
                        f"the needed package {need.package} does not exist",
                    ),
                    Text(f"Es gibt: {', '.join(ids)}", f"There are: {', '.join(ids)}"),
                )
                return
        if self.due <= self.start:
            yield (
                Text("der Termin liegt nicht nach dem Beginn", "due is not after the start"),
                Text("Prüfen Sie start und due.", "Check start and due."),
            )
        try:
            promised(self._bare())
        except ValueError as error:
            yield (
                Text(f"daraus wird kein Plan: {error}", f"this makes no plan: {error}"),
                Text(
                    "Prüfen Sie Mengen, Lose und needs der Pakete.",
                    "Check quantities, lots and needs of the packages.",
                ),
            )
