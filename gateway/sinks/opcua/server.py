"""The OPC UA server of one firm as a sink: the newest value of every signal, and what is done."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.config import SiteConfig
from gateway.core.batches import Judged
from gateway.core.errors import NotConnected
from gateway.core.signals import Signal, SignalId
from gateway.core.work import Job, MachineStatus
from gateway.sinks.opcua.config import OpcUaConfig, node

if TYPE_CHECKING:
    from gateway.sinks.opcua.serving import Serving


QUICKEST, EAGER, UNWATCHED = 0.05, 0.5, 1.0
"""Seconds between two writes: as often as a client may ask, at least while one is connected, and
while nobody is."""
AT_ONCE = 100
"""Values written at a stretch: with many subscribers some milliseconds."""


class OpcUaSink:
    """Serves one firm's machines. ``connect`` starts the server, which takes a second or two."""

    def __init__(
        self, config: OpcUaConfig, site: SiteConfig, signals: Sequence[Signal], folder: Path
    ) -> None:
        self._config = config
        self._site = site
        self._signals = tuple(signals)
        self._folder = folder
        self._serving: Serving | None = None
        self._statuses: dict[str, MachineStatus] = {}
        self._jobs: tuple[Job, ...] = ()
        self._tell: Callable[[float], None] = lambda _seconds: None

    @property
    def endpoint(self) -> str:
        """The address that clients connect to."""
        return self._config.endpoint

    def node(self, signal: SignalId) -> str:
        """The node id of a signal, as clients write it."""
        return node(signal)

    def pacing(self, tell: Callable[[float], None]) -> None:
        """Take the way to say how soon clients want values."""
        self._tell = tell

    async def connect(self) -> None:
        """Build the address space and listen. Raises NotConnected.

        That is: the address is taken, or the folder of the certificates cannot be used.
        """
        await self.close()
        self._require_free()
        kind = await asyncio.to_thread(_load)
        try:
            serving = await kind.start(
                self._config, self._site, self._signals, self._folder, self._knocked
            )
        except OSError as error:
            raise NotConnected(f"{self.endpoint}: {error}") from error
        self._serving = serving
        now = datetime.now(UTC)
        await serving.show(tuple(self._statuses.values()), self._jobs, now)

    async def write(self, batches: Sequence[Judged]) -> None:
        """Set the newest values, with the machine's time and a status code."""
        serving = self._running()
        written = 0
        for judged in batches:
            await serving.write(judged)
            written += len(judged.batch.signals)
            if written >= AT_ONCE:
                written = 0
                await asyncio.sleep(0)  # clients must get their turn between many values
        wanted = serving.wanted
        self._tell(UNWATCHED if wanted is None else min(max(wanted, QUICKEST), EAGER))

    async def show(self, machines: Sequence[MachineStatus], jobs: Sequence[Job]) -> None:
        """Set machine states and jobs where they have changed."""
        changed = [one for one in machines if self._statuses.get(one.machine) != one]
        self._statuses.update((one.machine, one) for one in changed)
        jobs, before = tuple(jobs), self._jobs
        self._jobs = jobs
        now = datetime.now(UTC)
        await self._running().show(changed, jobs if jobs != before else None, now)

    async def equip(self, site: SiteConfig, signals: Sequence[Signal]) -> None:
        """Other machines: their nodes come and go while clients stay."""
        self._site, self._signals = site, tuple(signals)
        names = {machine.name for machine in site.machines}
        for gone in self._statuses.keys() - names:
            del self._statuses[gone]
        if self._serving is not None:
            fresh = await self._serving.equip(site, self._signals)
            again = [one for name, one in self._statuses.items() if name in fresh]
            await self._serving.show(again, self._jobs, datetime.now(UTC))

    async def close(self) -> None:
        """Stop the server; safe twice and before ``connect``."""
        serving, self._serving = self._serving, None
        if serving is not None:
            await serving.stop()

    def _knocked(self) -> None:
        """Somebody comes, who shall find the present."""
        self._tell(QUICKEST)

    def _running(self) -> Serving:
        if self._serving is None:
            raise NotConnected(f"{self.endpoint}: the server is not running")
        return self._serving

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


def _load() -> type[Serving]:
    """Import asyncua (30 MB, some tenths of a second) only now, and beside the event loop."""
    from gateway.sinks.opcua.serving import Serving  # noqa: PLC0415

    return Serving
