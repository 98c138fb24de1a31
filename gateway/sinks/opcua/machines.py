"""The machines of a firm as OPC UA objects, after OPC 40001-1.

Machines
└ mill-1                        string node id "mill-1" in the firm's namespace
  ├ Identification              AddIn, MachineIdentificationType
  ├ MachineryBuildingBlocks
  │ ├ MachineryItemState        AddIn: CurrentState with Id and Number
  │ ├ MachineryOperationMode    AddIn, the same
  │ └ OperationCounters         AddIn: OperationCycleCounter
  ├ Signals                     "mill-1.power", ... with unit, range, status, source time
  ├ Because, Phase              why we say what the state is, in both languages
  ├ Job                         the job at the machine, plain variables
  └ Simulated                   true where nothing but a simulation is behind it
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice

from asyncua import ua

from gateway.config import Machine, SiteConfig
from gateway.core.signals import Kind, Signal, SignalId
from gateway.core.text import Text
from gateway.core.work import Job, MachineStatus
from gateway.sinks.opcua import types, values
from gateway.sinks.opcua.space import Space
from gateway.sinks.opcua.types import DI, MACHINERY, UA, Name, Ref

CHILDREN = 200
"""Signals per object: asyncua looks at every sibling when it adds one."""

_OBJECT_TYPE, _VARIABLE_TYPE, _FINITE_STATE = Ref(UA, 58), Ref(UA, 63), Ref(UA, 2760)
_UNIT_TYPE, _UNIT_RANGE_TYPE = Ref(UA, 17497), Ref(UA, 17570)
_NODE_ID, _RANGE, _EU_INFORMATION, _ANY, _ENUM_VALUE = 17, 884, 887, 24, 7594
_UNKNOWN = Text("unbekannt", "unknown")

_JOB: Mapping[str, int] = {
    "Id": types.STRING,
    "Order": types.STRING,
    "Package": types.STRING,
    "Item": types.LOCALIZED_TEXT,
    "State": types.STRING,
    "Substate": types.STRING,
    "Because": types.LOCALIZED_TEXT,
    "Planned": types.UINT32,
    "Good": types.UINT32,
    "Scrap": types.UINT32,
    "RunsCompleted": types.UINT32,
    "Lapse": types.UINT32,
    "Simulated": types.BOOLEAN,
}

Update = tuple[ua.NodeId, values.Stamped]


@dataclass(slots=True)
class SignalNode:
    """Where the values of one signal go.

    ``kind``    the data type; None until a state has shown its first value
    ``cycles``  OperationCycleCounter, where this signal is what it counts
    """

    node: ua.NodeId
    kind: ua.VariantType | None
    cycles: ua.NodeId | None = None


@dataclass(frozen=True, slots=True)
class _StateNodes:
    current: ua.NodeId
    id: ua.NodeId
    number: ua.NodeId


@dataclass(frozen=True, slots=True)
class Look:
    """What the nodes of a machine are built from: as long as it is the same, they stay."""

    described: tuple[object, ...]
    signals: tuple[Signal, ...]


def look_of(machine: Machine, signals: Sequence[Signal]) -> Look:
    """How often a signal is asked for is nothing that a node shows."""
    title = machine.title.text
    shown = (title, machine.built, machine.manufacturer, machine.model, machine.serial)
    return Look(shown, tuple(replace(signal, every=0.0) for signal in signals))


@dataclass(frozen=True, slots=True)
class MachineNodes:
    """The nodes of one machine that change. ``cycles`` is None where a signal feeds it."""

    look: Look
    signals: Mapping[SignalId, SignalNode]
    state: _StateNodes
    mode: _StateNodes
    because: ua.NodeId
    phase: ua.NodeId
    cycles: ua.NodeId | None
    job: Mapping[str, ua.NodeId]

    def waiting(self) -> Iterator[Update]:
        """What a client sees before the machine has answered for the first time."""
        nodes = [signal.node for signal in self.signals.values()]
        for states in (self.state, self.mode):
            nodes += [states.current, states.id, states.number]
        nodes += [self.because, self.phase]
        nodes += [signal.cycles for signal in self.signals.values() if signal.cycles is not None]
        for node in nodes:
            yield node, values.stamped(None, values.WAITING, None)
        for node in self.job.values():
            yield node, values.stamped(None, values.NOTHING, None)

    def status(self, status: MachineStatus, space: Space) -> Iterator[Update]:
        """What a change of state changes."""
        code = values.GOOD if status.known else values.LAST_KNOWN
        at = status.since
        for nodes, value, names, ids in (
            (self.state, status.state, types.ITEM_STATE_NAMES, types.ITEM_STATES),
            (self.mode, status.mode, types.OPERATION_MODE_NAMES, types.OPERATION_MODES),
        ):
            if value is None:
                for node in (nodes.current, nodes.id, nodes.number):
                    yield node, values.stamped(None, values.WAITING, at)
                continue
            number = int(value)
            named = ua.LocalizedText(names[number], "en")
            yield nodes.current, values.stamped(ua.Variant(named), code, at)
            yield nodes.id, values.stamped(ua.Variant(space.id(ids[number])), code, at)
            yield nodes.number, values.stamped(_count(number), code, at)
        yield self.because, values.stamped(values.texts(status.because), values.GOOD, at)
        phase = values.texts(status.phase) if status.phase else None
        yield self.phase, values.stamped(phase, code if phase else values.NOTHING, at)

    def show_job(self, job: Job | None, at: datetime) -> Iterator[Update]:
        """What a change of the job changes; without a job every variable says "no data"."""
        shown = _job_values(job) if job is not None else {}
        for name, node in self.job.items():
            value = shown.get(name)
            yield node, values.stamped(value, values.GOOD if value else values.NOTHING, at)

    def count_cycles(self, jobs: Sequence[Job], at: datetime) -> Iterator[Update]:
        """The finished runs of all jobs at this machine, where no counter of its own tells."""
        if self.cycles is not None:
            runs = sum(job.runs_completed for job in jobs)
            yield self.cycles, values.stamped(_count(runs), values.GOOD, at)


def _count(number: int) -> ua.Variant:
    return ua.Variant(number & 0xFFFFFFFF, ua.VariantType.UInt32)


def cycles_of(value: ua.Variant) -> ua.Variant:
    """A counter of the machine as OperationCycleCounter."""
    return _count(int(value.Value))


def _job_values(job: Job) -> Mapping[str, ua.Variant]:
    words = {
        "Id": job.id,
        "Order": job.order,
        "Package": job.package,
        "State": str(job.state),
        "Substate": str(job.substate),
    }
    numbers = {
        "Planned": job.planned,
        "Good": job.good,
        "Scrap": job.scrap,
        "RunsCompleted": job.runs_completed,
        "Lapse": job.lapse,
    }
    return {
        **{
            key: ua.Variant(word, ua.VariantType.String)
            for key, word in words.items()
            if word is not None
        },
        **{key: _count(number) for key, number in numbers.items()},
        "Item": values.texts(job.item),
        "Because": values.texts(job.because),
        "Simulated": ua.Variant(job.simulated, ua.VariantType.Boolean),
    }


async def add_machine(
    space: Space, site: SiteConfig, machine: Machine, signals: Sequence[Signal]
) -> MachineNodes:
    """Add one machine with everything below it."""
    own = types.own_namespace(site.firm)
    path = machine.name
    title = _title(machine, simulated=site.simulated)
    root = await space.add_object(
        path,
        Name(own, machine.name),
        space.id(types.MACHINES),
        _OBJECT_TYPE,
        link=types.ORGANIZES,
        title=title,
    )
    await space.add_property(
        f"{path}.Simulated",
        Name(own, "Simulated"),
        root,
        ua.Variant(site.simulated, ua.VariantType.Boolean),
        types.BOOLEAN,
    )
    identification = await _add_identification(space, site, machine, root, title)
    blocks = await space.add_object(
        f"{path}.MachineryBuildingBlocks",
        Name(MACHINERY, "MachineryBuildingBlocks"),
        root,
        types.FOLDER_TYPE,
    )
    await space.link(blocks, types.HAS_ADD_IN, identification)
    state = await _add_state(space, path, "MachineryItemState", blocks, types.ITEM_STATE_TYPE)
    mode = await _add_state(
        space, path, "MachineryOperationMode", blocks, types.OPERATION_MODE_TYPE
    )
    cycles = await _add_counters(space, path, blocks)
    because = await space.add_variable(
        f"{path}.Because",
        Name(own, "Because"),
        root,
        _VARIABLE_TYPE,
        types.LOCALIZED_TEXT,
        title=Text("Warum", "Why the state is what it is"),
        array=True,
    )
    phase = await space.add_variable(
        f"{path}.Phase",
        Name(own, "Phase"),
        root,
        _VARIABLE_TYPE,
        types.LOCALIZED_TEXT,
        title=Text("Phase", "The recognised part of a run or charge"),
        array=True,
    )
    job = await _add_job(space, path, own, root)
    nodes = await _add_signals(space, path, own, root, signals)
    fed = next((signal for signal in signals if signal.role == "good-count"), None)
    if fed is not None:
        nodes[fed.id].cycles = cycles
    return MachineNodes(
        look_of(machine, signals),
        nodes,
        state,
        mode,
        because,
        phase,
        None if fed is not None else cycles,
        job,
    )


def _title(machine: Machine, *, simulated: bool) -> Text:
    title = machine.title.text
    return Text(f"{title.de} (simuliert)", f"{title.en} (simulated)") if simulated else title


def _same(name: str | None) -> Text | None:
    """A proper name: the same in every language."""
    return Text(name, name) if name else None


async def _add_identification(
    space: Space, site: SiteConfig, machine: Machine, root: ua.NodeId, title: Text
) -> ua.NodeId:
    path = f"{machine.name}.Identification"
    node = await space.add_add_in(path, Name(DI, "Identification"), root, types.IDENTIFICATION_TYPE)
    maker = Text("simuliert", "simulated") if site.simulated else _UNKNOWN
    maker = _same(machine.manufacturer) or maker
    model = _same(machine.model) or machine.title.text
    # Old machines have no product URI of their maker: the firm mints one under its own id.
    rows: list[tuple[Name, ua.Variant, int]] = [
        (
            Name(DI, "ProductInstanceUri"),
            ua.Variant(f"{types.own_namespace(site.firm)}:machine:{machine.name}"),
            types.STRING,
        ),
        (Name(DI, "Manufacturer"), values.text(maker), types.LOCALIZED_TEXT),
        (Name(DI, "SerialNumber"), ua.Variant(machine.serial or _UNKNOWN.de), types.STRING),
        (Name(DI, "Model"), values.text(model), types.LOCALIZED_TEXT),
        (Name(DI, "ComponentName"), values.text(title), types.LOCALIZED_TEXT),
        (Name(DI, "AssetId"), ua.Variant(machine.name), types.STRING),
        (Name(MACHINERY, "Location"), ua.Variant(f"{site.plant}/{site.area}"), types.STRING),
    ]
    if machine.built is not None:
        year = ua.Variant(machine.built, ua.VariantType.UInt16)
        rows.append((Name(MACHINERY, "YearOfConstruction"), year, types.UINT16))
    for name, value, data in rows:
        await space.add_property(f"{path}.{name.name}", name, node, value, data)
    return node


async def _add_state(
    space: Space, path: str, name: str, blocks: ua.NodeId, definition: Ref
) -> _StateNodes:
    machine = await space.add_add_in(f"{path}.{name}", Name(MACHINERY, name), blocks, definition)
    where = f"{path}.{name}.CurrentState"
    current = await space.add_variable(
        where, Name(UA, "CurrentState"), machine, _FINITE_STATE, types.LOCALIZED_TEXT
    )
    id_ = await space.add_property(f"{where}.Id", Name(UA, "Id"), current, ua.Variant(), _NODE_ID)
    number = await space.add_property(
        f"{where}.Number", Name(UA, "Number"), current, ua.Variant(), types.UINT32
    )
    return _StateNodes(current, id_, number)


async def _add_counters(space: Space, path: str, blocks: ua.NodeId) -> ua.NodeId:
    counters = await space.add_add_in(
        f"{path}.OperationCounters",
        Name(DI, "OperationCounters"),
        blocks,
        types.OPERATION_COUNTER_TYPE,
    )
    return await space.add_property(
        f"{path}.OperationCounters.OperationCycleCounter",
        Name(DI, "OperationCycleCounter"),
        counters,
        ua.Variant(),
        types.UINT32,
    )


async def _add_job(space: Space, path: str, own: str, root: ua.NodeId) -> Mapping[str, ua.NodeId]:
    job = await space.add_object(
        f"{path}.Job",
        Name(own, "Job"),
        root,
        _OBJECT_TYPE,
        title=Text("Auftrag", "The job at the machine"),
    )
    return {
        name: await space.add_variable(
            f"{path}.Job.{name}",
            Name(own, name),
            job,
            _VARIABLE_TYPE,
            data,
            array=data == types.LOCALIZED_TEXT,
        )
        for name, data in _JOB.items()
    }


async def _add_signals(
    space: Space, path: str, own: str, root: ua.NodeId, signals: Sequence[Signal]
) -> dict[SignalId, SignalNode]:
    nodes: dict[SignalId, SignalNode] = {}
    rest = iter(signals)
    number = 0
    while group := tuple(islice(rest, CHILDREN)):
        number += 1
        name = "Signals" if number == 1 else f"Signals{number}"
        folder = await space.add_object(
            f"{path}.{name}",
            Name(own, name),
            root,
            types.FUNCTIONAL_GROUP_TYPE,
            title=Text("Signale", "Signals"),
        )
        for signal in group:
            nodes[signal.id] = await _add_signal(space, path, own, folder, signal)
    return nodes


async def _add_signal(
    space: Space, path: str, own: str, folder: ua.NodeId, signal: Signal
) -> SignalNode:
    point = signal.id.partition("/")[2]
    kind = values.data_type(signal)
    measured = signal.unit.opcua != -1 and signal.kind in (Kind.GAUGE, Kind.COUNTER)
    limits = signal.limits
    ranged = measured and limits.low is not None and limits.high is not None
    unranged = _UNIT_TYPE if measured else _VARIABLE_TYPE
    where = f"{path}.{point}"
    node = await space.add_variable(
        where,
        Name(own, point),
        folder,
        _UNIT_RANGE_TYPE if ranged else unranged,
        kind.value if kind is not None else _ANY,
        title=signal.means,
    )
    if measured:
        unit = values.unit_information(signal)
        await space.add_property(
            f"{where}.EngineeringUnits", Name(UA, "EngineeringUnits"), node, unit, _EU_INFORMATION
        )
    if ranged and limits.low is not None and limits.high is not None:
        span = values.range_of(limits.low, limits.high)
        await space.add_property(f"{where}.EURange", Name(UA, "EURange"), node, span, _RANGE)
    if signal.words:
        words = values.meanings(signal)
        await space.add_property(
            f"{where}.EnumValues", Name(UA, "EnumValues"), node, words, _ENUM_VALUE, array=True
        )
    return SignalNode(node, kind)
