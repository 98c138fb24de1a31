"""The OPC UA server of one firm as a sink: the newest value of every signal, and what is done."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from asyncua import ua
from asyncua.ua.attribute_ids import AttributeIds

from gateway.config import SiteConfig
from gateway.core.batches import OK, Judged
from gateway.core.errors import NotConnected
from gateway.core.signals import Quality, Signal, SignalId
from gateway.core.work import Job, MachineStatus
from gateway.sinks.base import present_jobs
from gateway.sinks.opcua import types, values
from gateway.sinks.opcua.config import OpcUaConfig
from gateway.sinks.opcua.guarded import Door, GuardedServer, SparseLog
from gateway.sinks.opcua.machines import MachineNodes, SignalNode, Update, add_machine, cycles_of
from gateway.sinks.opcua.security import Pki, Users
from gateway.sinks.opcua.space import Space

_INDICES = {types.UA: 0, types.DI: 2, types.MACHINERY: 3}
_OWN = 4
"""Namespace indices: 1 is the application's own, by the standard."""


class OpcUaSink:
    """Serves one firm's machines. ``connect`` starts the server, which takes a second or two."""

    def __init__(
        self, config: OpcUaConfig, site: SiteConfig, signals: Sequence[Signal], folder: Path
    ) -> None:
        self._config = config
        self._site = site
        self._signals = tuple(signals)
        self._folder = folder
        self._namespace = f"urn:werkverbund:{site.firm}"
        self._server: GuardedServer | None = None
        self._space: Space | None = None
        self._machines: dict[str, MachineNodes] = {}
        self._nodes: dict[SignalId, SignalNode] = {}
        self._untyped: set[SignalId] = set()
        self._statuses: dict[str, MachineStatus] = {}
        self._jobs: tuple[Job, ...] = ()

    @property
    def endpoint(self) -> str:
        """The address that clients connect to."""
        return f"opc.tcp://{self._config.listen}"

    def node(self, signal: SignalId) -> str:
        """The node id of a signal, as clients write it."""
        return f"ns={_OWN};s={signal.replace('/', '.')}"

    async def connect(self) -> None:
        """Build the address space and listen. Raises NotConnected when the address is taken."""
        await self.close()
        self._require_free()
        door, uri = None, f"urn:werkverbund:{self._site.firm}:gateway:open"
        pki = Pki(self._folder, self._site.firm, self._config.listen.host)
        if not self._config.open:
            uri = await asyncio.to_thread(pki.prepare)
            passwords = {user: word.get_secret_value() for user, word in self._config.users.items()}
            door = Door(pki, await asyncio.to_thread(Users, passwords))
        server = GuardedServer(door)
        server.name = f"Werkverbund {self._site.name}"
        server.product_uri = "urn:werkverbund"
        server.manufacturer_name = "Werkverbund"
        server.set_endpoint(self.endpoint)
        SparseLog.install()
        await server.init()
        await server.set_application_uri(uri)
        await self._describe(server)
        if door is not None:
            await server.load_certificate(pki.certificate)
            await server.load_private_key(pki.key)
        await self._fill(server)
        try:
            await server.start()
        except OSError as error:
            raise NotConnected(f"{self.endpoint}: {error.strerror or error}") from error
        except asyncio.CancelledError:
            await server.stop()
            raise
        self._server = server
        await self._show(self._statuses.values(), self._jobs)

    async def write(self, batches: Sequence[Judged]) -> None:
        """Set the newest values, with the machine's time and a status code."""
        server = self._running()
        for judged in batches:
            if self._untyped:
                await self._learn_types(server, judged)
            await self._apply(server, self._updates(judged))
            await asyncio.sleep(0)  # subscribers of a large batch must not hold the loop

    async def show(self, machines: Sequence[MachineStatus], jobs: Sequence[Job]) -> None:
        """Set machine states and jobs where they have changed."""
        changed = [one for one in machines if self._statuses.get(one.machine) != one]
        self._statuses.update((one.machine, one) for one in changed)
        jobs, before = tuple(jobs), self._jobs
        self._jobs = jobs
        self._running()
        await self._show(changed, jobs if jobs != before else None)

    async def close(self) -> None:
        """Stop the server."""
        server, self._server = self._server, None
        if server is not None:
            await server.stop()

    def _running(self) -> GuardedServer:
        if self._server is None:
            raise NotConnected(f"{self.endpoint}: the server is not running")
        return self._server

    def _require_free(self) -> None:
        """Find out that the address is taken before a second is spent on the address space."""
        listen = self._config.listen
        family = socket.AF_INET6 if ":" in listen.host else socket.AF_INET
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((listen.host, listen.port))
            except OSError as error:
                raise NotConnected(f"{self.endpoint}: {error.strerror or error}") from error

    async def _describe(self, server: GuardedServer) -> None:
        try:
            release = version("werkverbund")
        except PackageNotFoundError:
            release = "0"
        await server.set_build_info(
            server.product_uri,
            server.manufacturer_name,
            server.name,
            release,
            release,
            datetime.now(UTC),
        )

    async def _fill(self, server: GuardedServer) -> None:
        for uri, index in (*_INDICES.items(), (self._namespace, _OWN)):
            if await server.register_namespace(uri) != index:
                raise AssertionError(f"asyncua numbers namespaces differently: {uri}")
        space = Space(server, {**_INDICES, self._namespace: _OWN}, self._namespace)
        await space.add_types(types.TYPE_NODES)
        for machine in self._site.machines:
            own = [one for one in self._signals if one.id.startswith(f"{machine.name}/")]
            nodes = await add_machine(space, self._site, machine, own)
            self._machines[machine.name] = nodes
            self._nodes.update(nodes.signals)
            self._untyped.update(one for one, place in nodes.signals.items() if place.kind is None)
            await self._apply(server, nodes.waiting())
            await asyncio.sleep(0)
        self._space = space

    async def _learn_types(self, server: GuardedServer, judged: Judged) -> None:
        """Tell clients the data type of a state once its first value has shown it."""
        batch = judged.batch
        for signal, value in zip(batch.signals, batch.values, strict=True):
            if value is not None and signal in self._untyped:
                self._untyped.discard(signal)
                place = self._nodes[signal]
                place.kind = values.state_type(value)
                data = ua.DataValue(ua.Variant(values.node_id(place.kind.value)))
                await server.write_attribute_value(place.node, data, AttributeIds.DataType)

    def _updates(self, judged: Judged) -> Iterator[Update]:
        batch = judged.batch
        for index, (signal, value) in enumerate(zip(batch.signals, batch.values, strict=True)):
            mark = judged.marks.get(index)
            code = values.GOOD if mark is None else values.status(mark.quality, mark.fault or OK)
            place = self._nodes[signal]
            if value is None or (mark is not None and mark.quality is Quality.BAD):
                yield place.node, values.stamped(None, code, batch.at)
                continue
            sent = values.variant(value, place.kind or values.state_type(value))
            yield place.node, values.stamped(sent, code, batch.at)
            if place.cycles is not None:
                yield place.cycles, values.stamped(cycles_of(sent), code, batch.at)

    async def _show(self, statuses: Iterable[MachineStatus], jobs: Sequence[Job] | None) -> None:
        server, space, now = self._running(), self._space, datetime.now(UTC)
        if space is None:
            return
        for status in statuses:
            await self._apply(server, self._machines[status.machine].status(status, space))
        if jobs is None:
            return
        present = present_jobs(jobs)
        for name, nodes in self._machines.items():
            await self._apply(server, nodes.show_job(present.get(name), now))
            own = [job for job in jobs if job.machine == name]
            await self._apply(server, nodes.count_cycles(own, now))

    @staticmethod
    async def _apply(server: GuardedServer, updates: Iterable[Update]) -> None:
        for node, value in updates:
            await server.write_attribute_value(node, value)
