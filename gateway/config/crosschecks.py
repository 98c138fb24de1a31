"""Checks between the parts of a firm's file, on whatever parts are sound in themselves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args

from gateway.config import line_checks
from gateway.config.checking import locate, sound
from gateway.config.choices import ALL_TEMPLATES, choice
from gateway.config.finding import Said
from gateway.config.hosts import Endpoint
from gateway.config.models import Variant
from gateway.config.scalars import Period, from_home
from gateway.config.site import Device, Parameters, SiteConfig
from gateway.config.strict_yaml import Tree
from gateway.config.tree import Items, Leaf, Node, Place, Table, child
from gateway.config.variants import Templates, TooMuch, Variants
from gateway.config.web import Web
from gateway.core.errors import ConfigError
from gateway.core.text import Text


def report(tree: Tree, model: type[SiteConfig], variants: Variants, *, with_files: bool) -> None:
    """Report what does not fit together."""
    if isinstance(tree.root, Table):
        checks = _Checks(tree, tree.root, model, variants.templates, variants.too_much)
        checks.all()
        if with_files:
            checks.files()


def report_machine(tree: Tree, model: type[SiteConfig], variants: Variants) -> None:
    """Report what does not fit together in the file of one machine; ``model`` is that of sites."""
    if isinstance(tree.root, Table):
        _Checks(tree, tree.root, model, variants.templates, variants.too_much).alone()


@dataclass(frozen=True, slots=True)
class _Checks:
    """One file under check."""

    tree: Tree
    root: Table
    model: type[SiteConfig]
    templates: Templates | None
    too_much: TooMuch | None

    def alone(self) -> None:
        """What can be said of one machine by itself."""
        self._lines([self.root], simulated=None)
        self.machine(self.root)

    def all(self) -> None:
        """Every check, one after the other; the report is sorted later."""
        machines = list(_items(child(self.root, "machines")))
        names = self._unique(machines, "name", "die Maschine", "the machine")
        self._unique(list(_items(child(self.root, "jobs"))), "id", "den Auftrag", "the job")
        self._known_machines(names)
        simulated = _text(child(self.root, "simulated")) == "true"
        self._lines(machines, simulated=simulated)
        for machine in machines:
            self.machine(machine)
        self._sinks(simulated=simulated)
        self._ports()
        self._demo_token(simulated=simulated)

    def _unique(self, nodes: list[Node], key: str, de: str, en: str) -> list[str]:
        """No value of ``key`` twice; returns the values."""
        first: dict[str, Place] = {}
        for node in nodes:
            leaf = child(node, key)
            name = _text(leaf)
            if leaf is None or not name:
                continue
            if name in first:
                where = self.tree.line_of(first[name], leaf.place)
                self.tree.report(
                    leaf.place,
                    Text(
                        f"{de} {name} gibt es schon in {where.de}",
                        f"{en} {name} stands in {where.en} already",
                    ),
                    Text("Vergeben Sie einen anderen Namen.", "Give another name."),
                )
            first.setdefault(name, leaf.place)
        return list(first)

    def _known_machines(self, names: list[str]) -> None:
        if self.tree.lacks:
            return
        network = child(self.root, "network")
        work = child(network, "work") if network else None
        for node in (*_items(child(self.root, "jobs")), *_items(work)):
            leaf = child(node, "machine")
            name = _text(leaf)
            if leaf is not None and name and name not in names:
                self.tree.report(
                    leaf.place,
                    Text(
                        f"die Maschine {name} gibt es in dieser Datei nicht",
                        f"there is no machine {name} in this file",
                    ),
                    choice(name, names),
                )

    def _lines(self, machines: list[Node], *, simulated: bool | None) -> None:
        """What devices on one line must agree on, and what each must not be by itself."""
        connect_type = _machine_type(self.model).model_fields["connect"].annotation
        devices = []
        for node in (one for machine in machines for one in _devices(machine)):
            at, every_at, given = (child(node, key) for key in ("connect", "every", "parameters"))
            connect = sound(self.tree, connect_type, at) if at else None
            every = sound(self.tree, Period, every_at) if every_at else timedelta(seconds=1)
            parameters = sound(self.tree, Parameters, given) if given else {}
            if at is None or not isinstance(connect, Variant) or None in (every, parameters):
                continue
            for objection in () if simulated is None else connect.objections(simulated=simulated):
                wrong, _ = locate(at, objection.at)
                self.tree.report(wrong.place, objection.what, objection.fix)
            template = self._template(child(node, "template"))
            device = Device(template=template, connect=connect, every=every, parameters=parameters)
            devices.append(line_checks.OnLine(device, at, every_at))
        line_checks.report(self.tree, devices, self.too_much)

    def machine(self, machine: Node) -> None:
        """The templates of one machine, and whether they offer what its evidence needs."""
        points: dict[str, str | None] = {}
        complete = True
        for device in _devices(machine):
            leaf = child(device, "template")
            offered = self._points(leaf, child(device, "parameters"))
            complete = complete and offered is not None
            twice = sorted(points.keys() & (offered or {}).keys())
            if leaf is not None and twice:
                self._doubled_points(leaf, _text(child(machine, "name")), twice)
            points.update(offered or {})
        evidence_type = _machine_type(self.model).model_fields["evidence"].annotation
        node = child(machine, "evidence")
        evidence = sound(self.tree, evidence_type, node) if node else None
        if node is None or not isinstance(evidence, Variant) or not complete:
            return
        lacking = sorted(set(evidence.needs()) - {role for role in points.values() if role})
        if lacking:
            offered_roles = ", ".join(sorted({role for role in points.values() if role})) or "-"
            self.tree.report(
                node.place,
                Text(
                    f"{evidence.type} braucht Messpunkte mit der Rolle {', '.join(lacking)}",
                    f"{evidence.type} needs points with the role {', '.join(lacking)}",
                ),
                Text(
                    f"Die Geräte der Maschine bieten: {offered_roles}. Wählen Sie eine andere "
                    "Vorlage oder eine andere Erkennung.",
                    f"The machine's devices offer: {offered_roles}. Choose another template or "
                    "another evidence.",
                ),
            )

    def _template(self, leaf: Node | None) -> str:
        """A template as the catalogue knows it: by its name, or by its path from this file."""
        name = _text(leaf)
        if not name.endswith((".yaml", ".yml")):
            return name
        return str(self.tree.file.absolute().parent / from_home(name))

    def _points(self, leaf: Node | None, parameters: Node | None) -> dict[str, str | None] | None:
        """The points of a device with their roles; None after reporting that it is no good."""
        name = _text(leaf)
        if self.templates is None or leaf is None or not name:
            return None
        given = sound(self.tree, Parameters, parameters) if parameters else {}
        try:
            for objection in self.templates.unfit(self._template(leaf), given or {}):
                at = locate(parameters, objection.at)[0] if parameters else leaf
                self.tree.report(at.place, objection.what, objection.fix)
            return dict(self.templates.roles(self._template(leaf), given or {}))
        except KeyError:
            self.tree.report(
                leaf.place,
                Text(f"die Vorlage {name} gibt es nicht", f"there is no template {name}"),
                choice(name, list(self.templates.names()), ALL_TEMPLATES),
            )
        except ConfigError as error:
            first, many = error.problems[0], len(error.problems)
            if not first.file.is_file():
                self.tree.report(leaf.place, *self._no_file(name, first.file))
                return None
            self.tree.report(
                leaf.place,
                Text(
                    f"die Vorlage {name} hat {many} Fehler; der erste in Zeile "
                    f"{first.line}: {first.what.de}",
                    f"the template {name} has {many} {'mistake' if many == 1 else 'mistakes'}; "
                    f"the first in line {first.line}: {first.what.en}",
                ),
                Text(
                    f"Prüfen Sie sie mit: werkverbund check {first.file}",
                    f"Check it with: werkverbund check {first.file}",
                ),
            )
        return None

    def _no_file(self, name: str, path: Path) -> Said:
        """There is no such file; a template of ours is named without .yaml."""
        what = Text(f"die Datei {name} gibt es nicht", f"there is no file {name}")
        if self.templates is not None and (stem := Path(name).stem) in self.templates.names():
            return what, Text(
                f"Die mitgelieferte Vorlage heißt {stem}, ohne .yaml.",
                f"The template that comes with us is called {stem}, without .yaml.",
            )
        return what, Text(
            f"Gesucht wurde {path}; eine eigene Vorlage steht neben dieser Datei.",
            f"It was looked for at {path}; a template of your own stands beside this file.",
        )

    def _doubled_points(self, leaf: Node, machine: str, twice: list[str]) -> None:
        self.tree.report(
            leaf.place,
            Text(
                f"an {machine} hieße mehr als ein Messpunkt {', '.join(twice)}",
                f"more than one point of {machine} would be called {', '.join(twice)}",
            ),
            Text(
                "Legen Sie die Geräte als zwei Maschinen an, oder kopieren Sie eine Vorlage und "
                "benennen Sie die Punkte um.",
                "Make the devices two machines, or copy a template and rename its points.",
            ),
        )

    def _sinks(self, *, simulated: bool) -> None:
        sink_type = get_args(self.model.model_fields["sinks"].annotation)[0]
        for node in _items(child(self.root, "sinks")):
            sink = sound(self.tree, sink_type, node)
            if not isinstance(sink, Variant):
                continue
            for objection in sink.objections(simulated=simulated):
                at, _ = locate(node, objection.at)
                self.tree.report(at.place, objection.what, objection.fix)

    def _ports(self) -> None:
        """Pages and servers listen on different ports."""
        first: dict[int, int] = {}
        sink_type = get_args(self.model.model_fields["sinks"].annotation)[0]
        web = child(self.root, "web")
        servers = [(web, Web)] if web else []
        servers += [(node, sink_type) for node in _items(child(self.root, "sinks"))]
        for node, kind in servers:
            endpoint = getattr(sound(self.tree, kind, node), "listen", None)
            if not isinstance(endpoint, Endpoint):
                continue
            place = (child(node, "listen") or node).place
            if endpoint.port in first:
                line = first[endpoint.port]
                self.tree.report(
                    place,
                    Text(
                        f"Port {endpoint.port} ist schon in Zeile {line} vergeben",
                        f"port {endpoint.port} is taken in line {line} already",
                    ),
                    Text("Wählen Sie einen anderen Port.", "Choose another port."),
                )
            first.setdefault(endpoint.port, place.line)

    def _demo_token(self, *, simulated: bool) -> None:
        web = child(self.root, "web")
        token = child(web, "demo_token") if web else None
        if isinstance(token, Leaf) and token.value is not None and not simulated:
            self.tree.report(
                token.place,
                Text(
                    "demo_token öffnet die Seiten und gilt nur für simulierte Maschinen",
                    "demo_token opens the pages and is for simulated machines only",
                ),
                Text("Löschen Sie die Zeile.", "Delete the line."),
            )

    def files(self) -> None:
        """The other files that this one names are there."""
        network = child(self.root, "network")
        for key in ("consortium", "order"):
            leaf = child(network, key) if network else None
            name = _text(leaf)
            if leaf is None or not name or id(leaf) in self.tree.poisoned:
                continue
            path = self.tree.file.absolute().parent / from_home(name)
            if not path.is_file():
                self.tree.report(
                    leaf.place,
                    Text(f"die Datei {path} gibt es nicht", f"there is no file {path}"),
                    Text(
                        "Prüfen Sie den Pfad; er beginnt am Ordner dieser Datei.",
                        "Check the path; it starts at the folder of this file.",
                    ),
                )


def _items(node: Node | None) -> Iterator[Node]:
    if isinstance(node, Items):
        yield from node.items


def _devices(machine: Node) -> Iterator[Node]:
    """Where template and connect stand: in each device, or in the machine itself."""
    devices = child(machine, "devices")
    if isinstance(devices, Items):
        yield from devices.items
    else:
        yield machine


def _text(node: Node | None) -> str:
    return node.text if isinstance(node, Leaf) else ""


def _machine_type(model: type[SiteConfig]) -> Any:
    return get_args(model.model_fields["machines"].annotation)[0]
