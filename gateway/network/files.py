"""The two files a person writes for the network: ``consortium.yaml`` and ``order.yaml``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from gateway.config.models import Bilingual, Objection, Strict, refuse, wrong
from gateway.config.scalars import Duration, DurationOrZero, OrderMoment
from gateway.core.names import FIRM_PATTERN
from gateway.core.text import Text
from gateway.network.document import MOST_LOTS
from gateway.network.fields import MOST_PIECES
from gateway.network.order import (
    HORIZON,
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


class AgreementEntry(Strict):
    """What ``from`` lets ``to`` see. A later entry overrides an earlier one."""

    from_: tuple[FirmId, ...] | Literal["all"] = Field(alias="from")
    to: tuple[FirmId, ...] | Literal["all"]
    level: Literal["L0", "L1", "L2", "L3"]


def _expanded(entries: Sequence[AgreementEntry], firms: Sequence[str]) -> Iterator[Agreement]:
    """What each of ``firms`` lets each other see; a later entry overrides an earlier one."""
    levels: dict[tuple[str, str], Level] = {}
    for entry in entries:
        givers = firms if entry.from_ == "all" else entry.from_
        takers = firms if entry.to == "all" else entry.to
        for giver in givers:
            levels |= {(giver, taker): Level(entry.level) for taker in takers if taker != giver}
    for (giver, taker), level in levels.items():
        if level is not Level.L0:
            yield Agreement(giver, taker, level)


class MemberEntry(Strict):
    """A firm of the consortium; its keys come from ``werkverbund identity`` at the firm."""

    id: FirmId
    name: str = Field(min_length=1)
    sign: PublicKey | None = Field(default=None, description="Ed25519")
    seal: PublicKey | None = Field(default=None, description="X25519")


class ConsortiumFile(Strict):
    """``consortium.yaml``: the same file at every firm.

    ``agreements`` is the most that the firms show each other; an order may propose less.
    """

    schema_: Literal[1] = Field(alias="schema")
    name: Bilingual
    lead: FirmId
    firms: tuple[MemberEntry, ...] = Field(min_length=2)
    agreements: tuple[AgreementEntry, ...] = ()

    @model_validator(mode="after")
    def _check(self) -> Self:
        refuse(self._objections())
        return self

    def _objections(self) -> Iterator[Objection]:
        ids = [entry.id for entry in self.firms]
        if self.lead not in ids:
            yield Objection(
                Text(
                    f"die federführende Firma {self.lead} steht nicht unter firms",
                    f"the lead firm {self.lead} is not among the firms",
                ),
                Text("Nehmen Sie sie unter firms auf.", "Add it to firms."),
                ("lead",),
            )
        for index, firm in enumerate(ids):
            if firm in ids[:index]:
                yield Objection(
                    Text(f"doppelt aufgeführt: {firm}", f"listed twice: {firm}"),
                    Text("Führen Sie jede Firma einmal auf.", "List every firm once."),
                    ("firms", index, "id"),
                )

    def consortium(self) -> Consortium:
        """As the rules use it."""
        members = tuple(Member(e.id, e.name, e.sign, e.seal) for e in self.firms)
        agreed = _expanded(self.agreements, [entry.id for entry in self.firms])
        return Consortium(self.name.text, self.lead, members, tuple(agreed))


class NeedEntry(Strict):
    """``per`` pieces of ``package`` go into one piece."""

    package: PackageId
    per: int = Field(ge=1, le=MOST_PIECES)


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
            ("id",) if entry.lot_time is None else ("piece_time",),
        )
    return entry


class PackageEntry(Strict):
    """A work package of the order."""

    id: PackageId
    title: Bilingual
    item: Bilingual
    firm: FirmId
    quantity: int = Field(ge=1, le=MOST_PIECES)
    lot: int = Field(
        ge=1, le=MOST_PIECES, description="Stück je Transportlos / pieces per transfer lot"
    )
    weight: int = Field(
        ge=1, le=MOST_PIECES, description="Anteil am Arbeitsinhalt / share of the work content"
    )
    lot_time: Duration | None = None
    piece_time: Duration | None = None
    needs: tuple[NeedEntry, ...] = ()

    @property
    def count(self) -> int:
        """How many transfer lots it has."""
        return -(-self.quantity // self.lot)

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
    quantity: int = Field(ge=1, le=MOST_PIECES)
    unit: Bilingual
    lead: FirmId
    start: OrderMoment
    due: OrderMoment
    transport: DurationOrZero
    threshold: Duration
    interval: Duration
    stale: Duration
    step: Duration
    calendar_step: Duration = Field(
        default=timedelta(hours=12),
        description="Auf so viel werden Termine aufgerundet, die auf dem Kalender einer Firma "
        "beruhen / dates that rest on a firm's calendar are rounded up to this",
    )
    lapse: int = Field(default=1, ge=1, le=MOST_LAPSE)
    packages: Annotated[
        tuple[Annotated[PackageEntry, AfterValidator(_one_time)], ...], Field(min_length=1)
    ]
    agreements: tuple[AgreementEntry, ...] = ()
    prepared: PreparedEntry | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        refuse([*self._objections()] or self._plan_objections())
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
            calendar_step=self.calendar_step,
            lapse=self.lapse,
            packages=tuple(entry.package() for entry in self.packages),
            agreements=tuple(_expanded(self.agreements, self._firms())),
            prepared=None if self.prepared is None else self.prepared.prepared(),
        )

    def _firms(self) -> tuple[str, ...]:
        named = [self.lead, *(entry.firm for entry in self.packages)]
        if self.prepared is not None:
            named.append(self.prepared.firm)
        return tuple(dict.fromkeys(named))

    def _objections(self) -> Iterator[Objection]:
        ids = [entry.id for entry in self.packages]
        for index, entry in enumerate(self.packages):
            if entry.id in ids[:index]:
                yield Objection(
                    Text(
                        f"zwei Arbeitspakete heißen {entry.id}",
                        f"two packages are called {entry.id}",
                    ),
                    Text("Geben Sie jedem Paket einen Namen.", "Give every package its own id."),
                    ("packages", index, "id"),
                )
            for number, need in enumerate(entry.needs):
                if need.package not in ids:
                    yield _no_such_package(
                        need.package, ids, ("packages", index, "needs", number, "package")
                    )
            yield from _size_objections(index, entry)
        if self.due <= self.start:
            yield Objection(
                Text("der Termin liegt nicht nach dem Beginn", "due is not after the start"),
                Text("Prüfen Sie start und due.", "Check start and due."),
                ("due",),
            )
        if self.prepared is not None:
            yield from self._reserve_objections(self.prepared)

    def _reserve_objections(self, reserve: PreparedEntry) -> Iterator[Objection]:
        """The reserve was asked for lots that there are."""
        asked = next((entry for entry in self.packages if entry.id == reserve.package), None)
        if asked is None:
            known = [entry.id for entry in self.packages]
            yield _no_such_package(reserve.package, known, ("prepared", "package"))
            return
        count = asked.count
        for index, lot in enumerate(reserve.lots):
            if not 1 <= lot <= count or lot in reserve.lots[:index]:
                yield Objection(
                    Text(
                        f"{asked.id} hat die Lose 1 bis {count}, jedes einmal; hier steht {lot}",
                        f"{asked.id} has the lots 1 to {count}, each once; here stands {lot}",
                    ),
                    Text("Prüfen Sie die Nummer des Loses.", "Check the number of the lot."),
                    ("prepared", "lots", index),
                )

    def _plan_objections(self) -> Iterator[Objection]:
        """Packages wait for no package that waits for them, and enough is made of each."""
        order = self._bare()
        at = {entry.id: index for index, entry in enumerate(order.packages)}
        circle = order.in_circle()
        for entry in map(order.package, circle):
            waits = ", ".join(need.package for need in entry.needs if need.package in circle)
            yield Objection(
                Text(
                    f"{entry.id} wartet im Kreis: auf {waits}, und das wartet auf {entry.id}",
                    f"{entry.id} waits in a circle: for {waits}, which waits for {entry.id}",
                ),
                Text("Prüfen Sie needs der Pakete.", "Check the packages' needs."),
                ("packages", at[entry.id], "needs"),
            )
        for entry in order.packages:
            for need in entry.needs:
                made, wanted = order.package(need.package).quantity, entry.quantity * need.per
                if made < wanted:
                    yield Objection(
                        Text(
                            f"{entry.id} braucht {wanted} Stück von {need.package}, gemacht "
                            f"werden {made}",
                            f"{entry.id} needs {wanted} pieces of {need.package}, {made} are made",
                        ),
                        Text(
                            f"Schreiben Sie quantity: {wanted}, oder prüfen Sie per bei "
                            f"{entry.id}.",
                            f"Write quantity: {wanted}, or check per of {entry.id}.",
                        ),
                        ("packages", at[need.package], "quantity"),
                    )


def _size_objections(index: int, entry: PackageEntry) -> Iterator[Objection]:
    """A package has so many lots, and takes so long, that every firm can reckon with it."""
    count = entry.count
    if count > MOST_LOTS:
        yield Objection(
            Text(
                f"{entry.id} hat {count} Lose; mehr als {MOST_LOTS} werden nicht geplant",
                f"{entry.id} has {count} lots; no more than {MOST_LOTS} are planned",
            ),
            Text("Schreiben Sie ein größeres lot.", "Write a larger lot."),
            ("packages", index, "lot"),
        )
    elif (time := entry.lot_time or entry.piece_time) is not None:
        times = count if entry.lot_time else entry.quantity
        if time > HORIZON / times:
            yield Objection(
                Text(
                    f"{entry.id} dauert länger als hundert Jahre",
                    f"{entry.id} takes more than a hundred years",
                ),
                Text("Prüfen Sie die Menge und die Zeit.", "Check the quantity and the time."),
                ("packages", index, "quantity"),
            )


def _no_such_package(package: str, known: Sequence[str], at: tuple[str | int, ...]) -> Objection:
    return Objection(
        Text(f"das Paket {package} gibt es nicht", f"there is no package {package}"),
        Text(f"Es gibt: {', '.join(known)}", f"There are: {', '.join(known)}"),
        at,
    )
