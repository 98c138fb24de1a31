"""One run of the OPC UA server, from its start to its end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from asyncua import ua
from asyncua.ua.attribute_ids import AttributeIds

from gateway.config import SiteConfig
from gateway.core.batches import Judged
from gateway.core.signals import Quality, Signal, SignalId
from gateway.core.work import Job, MachineStatus
from gateway.sinks.base import present_jobs
from gateway.sinks.opcua import types, values
from gateway.sinks.opcua.config import OpcUaConfig
from gateway.sinks.opcua.guarded import Door, GuardedServer, SparseLog
from gateway.sinks.opcua.machines import (
    Look,
    MachineNodes,
    SignalNode,
    Update,
    add_machine,
    cycles_of,
    look_of,
)
from gateway.sinks.opcua.security import Pki, Users
from gateway.sinks.opcua.space import Listening, Space


class Serving:
    """A listening server and the nodes that it keeps up to date; made by ``start``."""

    def __init__(
        self, server: GuardedServer, space: Space, machines: dict[str, MachineNodes]
    ) -> None:
        self._server = server
        self._space = space
        self._machines = machines
        self._nodes: dict[SignalId, SignalNode] = {}
        self._untyped: set[SignalId] = set()
        for name in machines:
            self._know(name)

    @classmethod
    async def start(
        cls,
        config: OpcUaConfig,
        site: SiteConfig,
        signals: Sequence[Signal],
        folder: Path,
        knocked: Callable[[], None],
    ) -> Serving:
        """Build the address space and listen. Raises OSError: address taken, no certificate.

        ``knocked`` is called for each new connection.
        """
        door, uri = None, f"urn:werkverbund:{site.firm}:gateway:open"
        pki = Pki(folder, site.firm, config.listen.host)
        if not config.open:
            uri = await asyncio.to_thread(pki.prepare)
            passwords = {user: word.get_secret_value() for user, word in config.users.items()}
            door = Door(pki, await asyncio.to_thread(Users, passwords))
        SparseLog.install()
        server = GuardedServer(door)
        server.knocked = knocked
        server.set_endpoint(f"opc.tcp://{config.listen}")
        await server.init()
        await server.set_application_uri(uri)
        await _introduce(server, site)
        if door is not None:
            await server.load_certificate(pki.certificate)
            await server.load_private_key(pki.key)
        serving = await cls._filled(server, site, signals)
        try:
            await server.start()
        except asyncio.CancelledError:
            await server.stop()
            raise
        return serving

    @property
    def wanted(self) -> float | None:
        """How often (seconds) the most eager client wants values; None: nobody is connected."""
        return self._server.wanted

    async def write(self, judged: Judged) -> None:
        """Set the values of one batch."""
        if self._untyped:
            await self._learn_types(judged)
        await self._apply(self._values(judged))

    async def show(
        self, statuses: Sequence[MachineStatus], jobs: Sequence[Job] | None, now: datetime
    ) -> None:
        """Set these machine states, and all jobs (None: they are as before)."""
        for status in statuses:
            if status.machine not in self._machines:
                continue  # it has just gone, or comes
            await self._apply(self._machines[status.machine].status(status, self._space))
        if jobs is None:
            return
        present = present_jobs(jobs)
        for name, nodes in self._machines.items():
            own = [job for job in jobs if job.machine == name]
            await self._apply(nodes.show_job(present.get(name), now))
            await self._apply(nodes.count_cycles(own, now))

    async def equip(self, site: SiteConfig, signals: Sequence[Signal]) -> set[str]:
        """Let nodes come and go so that they show these machines; returns those that are built.

        Nodes of machines that look as before are not touched. Whoever listens to a value of one
        that is built anew goes on listening; to one that is gone, is told that there is no such
        node any more. Clients that ask for it are told that the model has changed.
        """
        wanted = _looks(site, signals)
        gone = [name for name in self._machines if name not in wanted]
        fresh = [
            name
            for name, look in wanted.items()
            if name not in self._machines or self._machines[name].look != look
        ]
        if not gone and not fresh:
            return set()
        own = {machine.name: machine for machine in site.machines}
        for name in gone:
            await self._space.listened(await self._forget(name))
        for name in fresh:
            listening = await self._forget(name) if name in self._machines else {}
            self._machines[name] = await add_machine(
                self._space, site, own[name], wanted[name].signals
            )
            self._know(name)
            await self._apply(self._machines[name].waiting())
            await self._space.listened(listening)
        await self._server.model_changed()
        return set(fresh)

    def _know(self, machine: str) -> None:
        nodes = self._machines[machine].signals
        self._nodes.update(nodes)
        self._untyped |= {one for one, place in nodes.items() if place.kind is None}

    async def _forget(self, machine: str) -> Listening:
        """Take the nodes of a machine away; returns who listened to them."""
        for signal in self._machines.pop(machine).signals:
            del self._nodes[signal]
            self._untyped.discard(signal)
        return await self._space.remove(machine, types.MACHINES)

    async def stop(self) -> None:
        """Disconnect every client and stop listening."""
        await self._server.stop()

    @classmethod
    async def _filled(
        cls, server: GuardedServer, site: SiteConfig, signals: Sequence[Signal]
    ) -> Serving:
        own_namespace = types.own_namespace(site.firm)
        indices = {types.UA: 0, **types.INDICES, own_namespace: types.OWN_INDEX}
        for uri, index in indices.items():
            if await server.register_namespace(uri) != index:
                raise AssertionError(f"asyncua numbers namespaces differently: {uri}")
        space = Space(server, indices, own_namespace)
        await space.add_types(types.TYPE_NODES)
        machines = {
            machine.name: await add_machine(space, site, machine, looks.signals)
            for machine, looks in zip(site.machines, _looks(site, signals).values(), strict=True)
        }
        serving = cls(server, space, machines)
        for nodes in machines.values():
            await serving._apply(nodes.waiting())
        return serving

    async def _learn_types(self, judged: Judged) -> None:
        """Tell clients the data type of a state once its first value has shown it."""
        batch = judged.batch
        for signal, value in zip(batch.signals, batch.values, strict=True):
            if value is not None and signal in self._untyped and signal in self._nodes:
                self._untyped.discard(signal)
                place = self._nodes[signal]
                place.kind = values.state_type(value)
                kind = ua.DataValue(ua.Variant(values.node_id(place.kind.value)))
                await self._server.write_attribute_value(place.node, kind, AttributeIds.DataType)

    def _values(self, judged: Judged) -> Iterator[Update]:
        batch = judged.batch
        for index, (signal, value) in enumerate(zip(batch.signals, batch.values, strict=True)):
            mark = judged.marks.get(index)
            code = values.GOOD if mark is None else values.status(mark.quality, mark.fault)
            place = self._nodes.get(signal)
            if place is None:
                continue  # of a machine that has just gone
            if value is None or (mark is not None and mark.quality is Quality.BAD):
                sent = None
            else:
                sent = values.variant(value, place.kind or values.state_type(value))
            yield place.node, values.stamped(sent, code, batch.at)
            if place.cycles is not None:
                cycles = cycles_of(sent) if sent is not None else None
                yield place.cycles, values.stamped(cycles, code, batch.at)

    async def _apply(self, updates: Iterable[Update]) -> None:
        for node, value in updates:
            await self._server.write_attribute_value(node, value)


def _looks(site: SiteConfig, signals: Sequence[Signal]) -> dict[str, Look]:
    """What each machine's nodes are built from."""
    return {
        machine.name: look_of(
            machine, [one for one in signals if one.id.startswith(f"{machine.name}/")]
        )
        for machine in site.machines
    }


async def _introduce(server: GuardedServer, site: SiteConfig) -> None:
    """Say who we are: name, maker, version."""
    try:
        release = version("werkverbund")
    except PackageNotFoundError:
        release = "0"
    server.name = f"Werkverbund {site.name}"
    server.product_uri = "urn:werkverbund"
    server.manufacturer_name = "Werkverbund"
    await server.set_build_info(
        server.product_uri,
        server.manufacturer_name,
        server.name,
        release,
        release,
        datetime.now(UTC),
    )
