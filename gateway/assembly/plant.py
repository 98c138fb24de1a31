"""Everything that follows from a firm's file for its machines, built at once and compared.

A machine is a unit: its signals, its place on a line, its evidence. Building
reads templates and does nothing else, so that a plant that cannot be built has changed nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from gateway.config import Machine, SiteConfig
from gateway.core.signals import Signal, SignalId
from gateway.core.text import Text
from gateway.flow.source_runner import Line
from gateway.jobs.equipment import Equipment, MachineSpec, equipped
from gateway.machines import catalog
from gateway.sources import open_sources, site_signals
from gateway.sources.opening import sources_of


@dataclass(frozen=True, slots=True)
class Plant:
    """The machines of ``site``: their signals, what the job logic knows of them, their lines."""

    site: SiteConfig
    signals: Mapping[SignalId, Signal]
    equipment: Equipment
    sources: Sequence[Line]
    _reached: Mapping[str, object]

    def without(self, names: Collection[str]) -> Plant:
        """The same, but nobody asks these machines."""
        asked = [one for one in self.site.machines if one.name not in names]
        reached = {name: way for name, way in self._reached.items() if name not in names}
        return replace(self, sources=sources_of(asked), _reached=reached)

    def told(self, name: str) -> object:
        """What can differ about a machine and is no matter of how it is reached."""
        machine = next(one for one in self.site.machines if one.name == name)
        return (*_described(machine), machine.evidence, self.equipment.specs[name].signals)

    def reached(self, name: str) -> object:
        """How a machine is reached, and what is asked there; None where nobody asks it."""
        return self._reached.get(name)


@dataclass(frozen=True, slots=True)
class Difference:
    """From one plant to the next: names of machines, and the lines that go on untouched."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[str, ...]
    kept_lines: frozenset[str]

    def __bool__(self) -> bool:
        """Whether anything is others."""
        return bool(self.added or self.removed or self.changed)

    def texts(self) -> Iterator[Text]:
        """What is others, one by one."""
        for names, de, en in (
            (self.added, "neu", "new"),
            (self.changed, "geändert", "changed"),
            (self.removed, "entfernt", "removed"),
        ):
            if names:
                yield Text(f"{de}: {', '.join(names)}", f"{en}: {', '.join(names)}")


def built(site: SiteConfig) -> Plant:
    """The machines of a site. Raises ConfigError where a template is no good any more."""
    by_machine = site_signals(site)
    specs = [
        MachineSpec(machine.name, by_machine[machine.name], machine.evidence)
        for machine in site.machines
    ]
    return Plant(
        site,
        {signal.id: signal for group in by_machine.values() for signal in group},
        equipped(specs),
        open_sources(site),
        {machine.name: _way_to(machine) for machine in site.machines},
    )


def difference(old: Plant, new: Plant) -> Difference:
    """What is others in ``new``. A line stays if it serves the same machines as they were."""
    before = [machine.name for machine in old.site.machines]
    after = [machine.name for machine in new.site.machines]
    both = [name for name in after if name in before]
    moved = {name for name in both if old.reached(name) != new.reached(name)}
    lines = {str(source.endpoint): tuple(source.machines) for source in old.sources}
    return Difference(
        tuple(name for name in after if name not in before),
        tuple(name for name in before if name not in after),
        tuple(name for name in both if name in moved or old.told(name) != new.told(name)),
        frozenset(
            str(source.endpoint)
            for source in new.sources
            if lines.get(str(source.endpoint)) == tuple(source.machines)
            and moved.isdisjoint(source.machines)
        ),
    )


def _described(machine: Machine) -> tuple[object, ...]:
    plate = (machine.title, machine.built, machine.manufacturer, machine.model, machine.serial)
    return (*plate, machine.shifts, machine.maintenance)


def _way_to(machine: Machine) -> object:
    """Templates are compared as a whole, parameters applied: the file of one may have changed."""
    return tuple((device.connect, device.every, catalog.of(device)) for device in machine.devices)
