"""What files say of each other: a firm, its consortium and order, the scenario that plays them.

Only files that are sound in themselves are compared, and only those that a checked file names.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gateway.cli.kinds import MODELS
from gateway.config import Objection, Placed, choice, from_home, placed
from gateway.core.errors import ExchangeError
from gateway.core.text import Text

if TYPE_CHECKING:
    from gateway.core.errors import Problem

At = tuple[str | int, ...]


def problems_between(
    files: Sequence[tuple[Path, str | None]], env: Mapping[str, str]
) -> list[Problem]:
    """Every mistake that only shows where the ``files``, with their kinds, are seen together."""
    shelf = _Shelf(env, {file.resolve(): file for file, _ in files})
    found: list[Problem] = []
    sites = [file for file, kind in files if kind == "site"]
    scenarios = [shelf.take(file, "scenario") for file, kind in files if kind == "scenario"]
    for scenario in filter(None, scenarios):
        players = [_beside(scenario, player.file) for player in scenario.model.firms]
        sites += [file for file in players if file.is_file()]
    orders = [shelf.take(file, "order") for file, kind in files if kind == "order"]
    for sheet in _networks(shelf, sites):
        found += sheet.problems()
        orders += sheet.orders
    for order in filter(None, orders):
        found += (order.problem(one) for one in _too_long(order.model))
    for scenario in filter(None, scenarios):
        found += (scenario.problem(one) for one in _scenario(shelf, scenario))
    return list(dict.fromkeys(found))


@dataclass(slots=True)
class _Shelf:
    """The files that are sound in themselves, each read once; ``named`` as a person named them."""

    env: Mapping[str, str]
    named: Mapping[Path, Path]
    known: dict[tuple[Path, str], Placed[Any] | None] = field(default_factory=dict)

    def take(self, file: Path, kind: str) -> Placed[Any] | None:
        """The file as this kind; None where it has mistakes of its own, or is not there."""
        key = (file.resolve(), kind)
        if key not in self.known:
            shown = self.named.get(key[0], file)
            self.known[key] = placed(shown, MODELS[kind](), self.env) if file.is_file() else None
        return self.known[key]


@dataclass(slots=True)
class _Network:
    """The firms that name one consortium, and the orders that they lead."""

    consortium: Placed[Any]
    sites: list[Placed[Any]] = field(default_factory=list)
    orders: list[Placed[Any]] = field(default_factory=list)

    def problems(self) -> Iterator[Problem]:
        """What does not fit."""
        members = [entry.id for entry in self.consortium.model.firms]
        for order in self.orders:
            for firm, at in _firms_of(order.model):
                if firm not in members:
                    yield order.problem(_stranger(firm, members, at))
            yield from (order.problem(one) for one in self._undone(order.model))
        for site in self.sites:
            if site.model.firm not in members:
                yield site.problem(_stranger(site.model.firm, members, ("firm",)))
            if self.orders:
                yield from (site.problem(one) for one in self._work(site.model))

    def _undone(self, order: Any) -> Iterator[Objection]:
        """Packages whose firm is here and has no machine for them."""
        work = {site.model.firm: site.model.network.work for site in self.sites}
        for index, package in enumerate(order.packages):
            has = work.get(package.firm)
            if has is not None and package.id not in [entry.package for entry in has]:
                yield Objection(
                    Text(
                        f"{package.firm} hat für {package.id} keine Maschine",
                        f"{package.firm} has no machine for {package.id}",
                    ),
                    Text(
                        f"Ergänzen Sie in der Datei der Firma: network: work: - {{package: "
                        f"{package.id}, machine: ...}}, oder prüfen Sie firm.",
                        f"Add to the firm's file: network: work: - {{package: {package.id}, "
                        "machine: ...}, or check firm.",
                    ),
                    ("packages", index, "firm"),
                )

    def _work(self, site: Any) -> Iterator[Objection]:
        packages, parts = _packages_of(self.orders)
        reserve = site.network.reserve
        own = [] if reserve is None else [f"{reserve.package}-R"]
        for index, entry in enumerate(site.network.work):
            if entry.package not in (*packages, *parts, *own):
                at: At = ("network", "work", index, "package")
                yield _no_package(entry.package, [*packages, *parts], at)
        if reserve is not None and reserve.package not in packages:
            yield _no_package(reserve.package, packages, ("network", "reserve", "package"))


def _too_long(order: Any) -> Iterator[Objection]:
    """An order that could not be told to one of its firms."""
    from gateway.partners.outgoing import check_length  # noqa: PLC0415 - only orders need keys

    try:
        check_length(order.order())
    except ExchangeError as error:
        yield Objection(
            error.why,
            Text(
                "Wählen Sie lot größer, oder teilen Sie den Auftrag.",
                "Choose a larger lot, or divide the order.",
            ),
            ("packages",),
        )


def _networks(shelf: _Shelf, files: Sequence[Path]) -> Iterator[_Network]:
    networks: dict[Path, _Network] = {}
    for file in dict.fromkeys(file.resolve() for file in files):
        site = shelf.take(file, "site")
        if site is None or site.model.network is None:
            continue
        named = site.model.network
        consortium = shelf.take(named.consortium, "consortium")
        if consortium is None:
            continue
        network = networks.setdefault(named.consortium.resolve(), _Network(consortium))
        network.sites.append(site)
        order = shelf.take(named.order, "order") if named.order else None
        if order is not None and order not in network.orders:
            network.orders.append(order)
    yield from networks.values()


def _packages_of(orders: Sequence[Placed[Any]]) -> tuple[list[str], list[str]]:
    """The packages of ``orders``, and what their reserves take over."""
    packages = [entry.id for order in orders for entry in order.model.packages]
    asked = [order.model.prepared for order in orders if order.model.prepared is not None]
    return packages, [f"{entry.package}-R" for entry in asked]


def _firms_of(order: Any) -> Iterator[tuple[str, At]]:
    """Every firm that an order names, and where."""
    yield order.lead, ("lead",)
    for index, package in enumerate(order.packages):
        yield package.firm, ("packages", index, "firm")
    for index, entry in enumerate(order.agreements):
        for key, firms in (("from", entry.from_), ("to", entry.to)):
            if firms != "all":
                for number, firm in enumerate(firms):
                    yield firm, ("agreements", index, key, number)
    if order.prepared is not None:
        yield order.prepared.firm, ("prepared", "firm")


def _scenario(shelf: _Shelf, scenario: Placed[Any]) -> Iterator[Objection]:
    named = [("simulation", scenario.model.simulation), ("consortium", scenario.model.consortium)]
    places: list[tuple[At, str]] = [((key,), name) for key, name in named]
    players = list(enumerate(scenario.model.firms))
    places += [(("firms", index, "file"), player.file) for index, player in players]
    for at, name in places:
        if not _beside(scenario, name).is_file():
            path = _beside(scenario, name)
            yield Objection(
                Text(f"die Datei {path} gibt es nicht", f"there is no file {path}"),
                Text(
                    "Prüfen Sie den Pfad; er beginnt am Ordner dieser Datei.",
                    "Check the path; it starts at the folder of this file.",
                ),
                at,
            )
    simulation = shelf.take(_beside(scenario, scenario.model.simulation), "simulation")
    consortium = shelf.take(_beside(scenario, scenario.model.consortium), "consortium")
    if simulation is not None:
        yield from _simulated(scenario.model, simulation.model)
    if consortium is not None:
        members = [entry.id for entry in consortium.model.firms]
        for index, player in players:
            if player.kind != "retrofit" and player.id not in members:
                yield _stranger(player.id, members, ("firms", index, "id"))
    for index, player in players:
        site = shelf.take(_beside(scenario, player.file), "site")
        if site is not None:
            yield from _played(player, site, index)
    yield from _packages_played(shelf, scenario, simulation)


def _simulated(scenario: Any, simulation: Any) -> Iterator[Objection]:
    """The machines of the scenario are played."""
    machines = [entry.name for entry in simulation.machines]
    for index, player in enumerate(scenario.firms):
        if player.machine not in machines:
            yield _no_machine(player.machine, machines, ("firms", index, "machine"))
    if scenario.fault_machine is not None and scenario.fault_machine not in machines:
        yield _no_machine(scenario.fault_machine, machines, ("fault_machine",))


def _played(player: Any, site: Placed[Any], index: int) -> Iterator[Objection]:
    """The firm's own file speaks of the same firm and machine."""
    machines = [entry.name for entry in site.model.machines]
    if player.id != site.model.firm:
        yield Objection(
            Text(
                f"{player.file} ist die Datei der Firma {site.model.firm}",
                f"{player.file} is the file of the firm {site.model.firm}",
            ),
            Text(
                f"Schreiben Sie id: {site.model.firm}, oder prüfen Sie file.",
                f"Write id: {site.model.firm}, or check file.",
            ),
            ("firms", index, "id"),
        )
    if player.machine not in machines:
        yield _no_machine(player.machine, machines, ("firms", index, "machine"))


def _packages_played(
    shelf: _Shelf, scenario: Placed[Any], simulation: Placed[Any] | None
) -> Iterator[Objection]:
    """The packages are those of the order that the lead firm's file names."""
    files = [_beside(scenario, one.file) for one in scenario.model.firms if one.kind == "lead"]
    leads = [site for site in (shelf.take(file, "site") for file in files) if site is not None]
    named = [site.model.network.order for site in leads if site.model.network is not None]
    orders = [shelf.take(file, "order") for file in named if file is not None]
    packages, parts = _packages_of([order for order in orders if order is not None])
    if simulation is not None:
        parts += [entry.id for entry in simulation.model.reserves]
    for index, player in enumerate(scenario.model.firms):
        if packages and player.package not in (None, *packages, *parts):
            at: At = ("firms", index, "package")
            yield _no_package(player.package, [*packages, *parts], at)


def _beside(scenario: Placed[Any], name: str) -> Path:
    return scenario.file.parent / from_home(name)


def _stranger(firm: str, members: Sequence[str], at: At) -> Objection:
    return Objection(
        Text(
            f"die Firma {firm} gehört nicht zum Verbund",
            f"the firm {firm} is not in the consortium",
        ),
        choice(firm, members),
        at,
    )


def _no_package(package: str, known: Collection[str], at: At) -> Objection:
    return Objection(
        Text(
            f"das Paket {package} gibt es im Auftrag nicht",
            f"there is no package {package} in the order",
        ),
        choice(package, list(known)),
        at,
    )


def _no_machine(machine: str, known: Sequence[str], at: At) -> Objection:
    return Objection(
        Text(f"die Maschine {machine} gibt es nicht", f"there is no machine {machine}"),
        choice(machine, known),
        at,
    )
