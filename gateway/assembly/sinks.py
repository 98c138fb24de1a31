"""The sinks at work: each with the runner that its kind needs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from functools import partial
from typing import cast

from gateway.apart.order import order
from gateway.apart.runner import ApartRunner
from gateway.config import SiteConfig
from gateway.core.signals import Signal, SignalId
from gateway.core.text import Text
from gateway.core.work import Job, MachineStatus
from gateway.flow.bus import Bus
from gateway.flow.forward_runner import ForwardRunner
from gateway.flow.live_runner import LiveRunner
from gateway.flow.sink_health import SinkHealth
from gateway.jobs.state import TrackerState
from gateway.journal import Journal
from gateway.sinks.base import FirmSink, Lane, Place, SinkConfig

SinkRunner = LiveRunner | ForwardRunner | ApartRunner


class Sinks:
    """The sinks of a firm, by name: the kind, with a number where there are several."""

    def __init__(self) -> None:
        self.runners: dict[str, SinkRunner] = {}
        self._configs: dict[str, SinkConfig] = {}

    def build(
        self, site: SiteConfig, signals: Sequence[Signal], bus: Bus, journal: Journal[TrackerState]
    ) -> dict[str, Callable[[], Awaitable[None]]]:
        """Build what the firm's file names; by name, what runs each."""
        for index, config in enumerate(_configs(site)):
            name = config.type if config.type not in self.runners else f"{config.type}-{index + 1}"
            self._configs[name] = config
            self.runners[name] = _runner(config, name, site, signals, bus=bus, journal=journal)
        return {name: runner.run for name, runner in self.runners.items()}

    @property
    def apart(self) -> list[str]:
        """Those that run in a process of their own."""
        return [name for name, one in self.runners.items() if isinstance(one, ApartRunner)]

    @property
    def delivered(self) -> bool:
        """Whether every live sink has taken something."""
        live = [one for one in self.runners.values() if isinstance(one, LiveRunner)]
        return all(one.delivered for one in live)

    def equip(self, site: SiteConfig, signals: Sequence[Signal]) -> None:
        """From here on every sink knows these machines."""
        for name, runner in self.runners.items():
            if isinstance(runner, ApartRunner):
                config, folder = self._configs[name], site.state / name
                runner.equip(order(name, config, site, signals, folder))
            else:
                sink = cast("FirmSink", runner.sink)
                runner.equip(partial(sink.equip, site, signals))

    def changed(self, machines: Sequence[MachineStatus], jobs: Sequence[Job]) -> None:
        """Show these states and jobs everywhere."""
        for runner in self.runners.values():
            runner.changed(machines, jobs)

    def send_again(self, name: str) -> bool | None:
        """Try what is parked once more: as ``Rooms`` says."""
        runner = self.runners.get(name)
        return runner.send_again() if isinstance(runner, ForwardRunner) else None

    def health(self) -> Iterator[tuple[SinkHealth, Text]]:
        """How each does, with its own word for being well."""
        for name, runner in self.runners.items():
            yield runner.health, self._configs[name].well


def places(site: SiteConfig, what: SignalId) -> list[Place]:
    """Where else a signal is to be found."""
    found = (config.where(site, what) for config in _configs(site))
    return [place for place in found if place is not None]


def _configs(site: SiteConfig) -> list[SinkConfig]:
    return [config for config in site.sinks if isinstance(config, SinkConfig)]


def _runner(
    config: SinkConfig,
    name: str,
    site: SiteConfig,
    signals: Sequence[Signal],
    *,
    bus: Bus,
    journal: Journal[TrackerState],
) -> SinkRunner:
    folder = site.state / name
    if config.apart is not None:
        what = order(name, config, site, signals, folder)
        return ApartRunner(what, bus, memory=config.apart.memory)
    sink = config.build(site, signals, folder)
    if config.lane is Lane.JOURNAL:
        return ForwardRunner(sink, journal, name)
    return LiveRunner(sink, bus.subscribe(name), name)
