"""``werkverbund demo``: the whole model factory, started, watched, shown, stopped."""

from __future__ import annotations

import asyncio
import secrets
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from gateway import resources
from gateway.api.live import Hub
from gateway.api.serving import serve_app
from simulators.stage import console, lan, prepare, serial
from simulators.stage.curtain import raise_curtain
from simulators.stage.feed import Feed
from simulators.stage.options import Options, default_state
from simulators.stage.parts import end, kept
from simulators.stage.ports import Ports, free_base
from simulators.stage.processes import Program, Supervisor, watching_without_threads
from simulators.stage.relay import Uplink
from simulators.stage.scenario import Scenario, load
from simulators.stage.show import Show
from simulators.stage.web import Stage, create_app

STAGGER = 0.15
"""Seconds between the starts of two gateways."""


@dataclass(slots=True)
class Demo:
    """One run of the demo."""

    options: Options
    folder: Path
    state: Path
    scenario: Scenario
    ports: Ports
    token: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    has_serial: bool = field(default_factory=serial.possible)
    """Whether devices can hang on serial lines; else all are read over Modbus TCP."""
    _begin: float = field(default_factory=time.monotonic)

    def env(self, firm: int) -> dict[str, str]:
        """The environment that fills the references in a firm's file."""
        player = self.scenario.firms[firm]
        machines = {
            f"MODBUS_{entry.machine.upper().replace('-', '_')}": str(self.ports.modbus(index))
            for index, entry in enumerate(self.scenario.firms)
        }
        names = [entry.machine for entry in self.scenario.firms]
        return {
            **machines,
            **(serial.ports(self.state, names) if self.has_serial else {}),
            "WEB_PORT": str(self.ports.web(firm)),
            "OPCUA_PORT": str(self.ports.opcua(firm)),
            "BROKER_PORT": str(self.ports.broker(firm)),
            "EXCHANGE_PORT": str(self.ports.uplink(firm)),
            "STATE_DIR": str(self.state / "firms" / player.id),
            "CONSORTIUM": str(self.state / "consortium.yaml"),
            "DEMO_TOKEN": self.token,
        }

    def file(self, firm: int) -> Path:
        """A firm's file; without serial ports one that reads over Modbus TCP."""
        player = self.scenario.firms[firm]
        file = self.folder / player.file
        if self.has_serial:
            return file
        modbus = {
            entry.machine: self.ports.modbus(index)
            for index, entry in enumerate(self.scenario.firms)
        }
        return serial.over_tcp(file, self.state / "without-serial" / file.name, modbus)

    def programs(self) -> tuple[Program, Program, list[Program]]:
        """Brokers, simulators, gateways."""
        logs, speak = self.state / "logs", ["--lang", self.options.language]
        count = len(self.scenario.firms)
        brokers = [self.ports.shared_broker, *(self.ports.broker(firm) for firm in range(count))]
        broker = Program(
            "broker",
            [*speak, "broker", *(part for port in brokers for part in ("--port", str(port)))],
            {},
            logs / "broker.log",
        )
        simulators = Program(
            "simulators",
            [
                *speak,
                "simulate",
                str(self.folder / self.scenario.simulation),
                "--control",
                f"127.0.0.1:{self.ports.control}",
                "--seed",
                str(self.options.seed),
                "--state",
                str(self.state / prepare.MACHINES),
            ],
            self.env(0),
            logs / "simulators.log",
        )
        gateways = [
            Program(
                player.id,
                [*speak, "run", str(self.file(index))],
                self.env(index),
                logs / f"{player.id}.log",
            )
            for index, player in enumerate(self.scenario.firms)
        ]
        return broker, simulators, gateways

    def devices(self, firm: int) -> list[dict[str, object]]:
        """The devices of a firm's machine: template, Modbus unit, and the serial port of some."""
        machine = _plain(self.file(firm))["machines"][0]
        port = self.env(firm).get(serial.variable(machine["name"]))
        return [
            {
                "template": device["template"],
                "unit": device["connect"]["unit"],
                "serial": port if device["connect"]["type"] == "modbus-rtu" else None,
            }
            for device in machine.get("devices", [machine])
        ]

    def places(self, firm: int) -> list[str]:
        """Where a firm's machine is read: an address, a serial port, or both."""
        address = f"127.0.0.1:{self.ports.modbus(firm)}"
        return sorted({str(device["serial"] or address) for device in self.devices(firm)})

    async def play(self) -> None:
        """Start everything, show it, and stop it when asked to. Raises NotPossibleError."""
        options, scenario = self.options, self.scenario
        prepare.check_memory()
        prepare.check_loopback()
        await prepare.check_ports(
            self.ports, len(scenario.firms), room=lan.lan_address() if options.lan else None
        )
        with prepare.alone(self.state):
            if options.fresh:
                prepare.clear(self.state)
            prepare.log_to(self.state / "logs" / "stage.log", options.language)
            console.preparing(options)
            if self.has_serial:
                serial.tidied(self.state)
            elif not options.json:
                console.say(options, "no serial")
            envs = {player.id: self.env(index) for index, player in enumerate(scenario.firms)}
            await prepare.consortium(scenario, self.folder, self.state, envs)
            # From here on there is something to stop in order; before, a signal ends it at once.
            ended = asyncio.Event()
            loop = asyncio.get_running_loop()
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.add_signal_handler(number, ended.set)
            await self._run(self._stage(), ended)

    async def _run(self, stage: Stage, ended: asyncio.Event) -> None:
        """Everything works until it is asked to stop, or cannot go on. Raises NotPossibleError."""
        show, feeds = stage.show, stage.feeds.values()
        parts = [
            asyncio.create_task(kept(feed.run, f"feed {feed.firm}"), name=f"feed {feed.firm}")
            for feed in feeds
        ]
        parts.append(asyncio.create_task(kept(show.attend, "scenario"), name="scenario"))
        if self.options.lan:
            room = partial(
                lan.in_the_room, partial(self._serve, stage), partial(self._moved, stage)
            )
            parts.append(asyncio.create_task(kept(room, "stage in the room"), name="room"))
        web = asyncio.create_task(self._serve_here(stage), name="stage web")
        starting = asyncio.create_task(self._start(stage), name="start")
        stopping = asyncio.create_task(ended.wait(), name="stop")
        refused = asyncio.create_task(stage.supervisor.refusal(), name="refusal")
        duration = self.options.duration
        try:
            async with asyncio.timeout(duration.total_seconds() if duration else None):
                running: set[asyncio.Task[Any]] = {web, starting, stopping, refused}
                while not stopping.done():
                    done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                    for task in done:
                        task.result()  # raises what keeps the demo from going on
        except TimeoutError:
            pass  # the asked duration is over
        finally:
            console.say(self.options, "stopping")
            await end([starting])
            await show.end()
            await asyncio.gather(stage.supervisor.stop(), end([*parts, web, stopping, refused]))
            await show.close()

    def _stage(self) -> Stage:
        """The stage's own parts, none of them at work yet."""
        scenario, ports = self.scenario, self.ports
        gateways = {
            player.id: f"http://127.0.0.1:{ports.web(index)}"
            for index, player in enumerate(scenario.firms)
        }
        uplinks = {
            player.id: Uplink(ports.uplink(index), ports.shared_broker)
            for index, player in enumerate(scenario.firms)
            if player.kind != "retrofit"
        }
        show = Show(scenario, gateways, f"http://127.0.0.1:{ports.control}", self.token, uplinks)
        address = lan.lan_address() if self.options.lan else None
        hub = Hub()
        feeds: dict[str, Feed] = {}
        stage = Stage(
            show=show,
            hub=hub,
            feeds=feeds,
            names=firm_names(self.folder, scenario),
            supervisor=Supervisor(),
            presenter=lan.Presenter(),
            pages=resources.pages(),
            address=f"http://127.0.0.1:{ports.stage}/",
            public=self._public(address),
        )
        stage.supervisor.changed = stage.tell

        def seen(firm: str, event: str, content: dict[str, object]) -> None:
            show.seen(firm, event, content)
            if event in {"ready", "away"}:
                stage.tell()

        for firm, base in gateways.items():
            feeds[firm] = Feed(firm, base, self.token, hub, seen)
        return stage

    def _public(self, address: str | None) -> str | None:
        """Where phones in the room find the stage."""
        return f"http://{address}:{self.ports.stage}/" if address else None

    def _moved(self, stage: Stage, address: str | None, free: bool) -> None:  # noqa: FBT001
        """This computer has another address in the room, or none that the stage can have."""
        there = self._public(address)
        stage.public = there if free else None
        stage.tell()
        kind = "alone" if there is None else "moved" if free else "taken"
        console.say(self.options, kind, lan=there)

    async def _serve_here(self, stage: Stage) -> None:
        """Serve on this computer until cancelled. Raises NotPossibleError where it is taken."""
        try:
            await self._serve(stage, "127.0.0.1")
        except OSError as error:
            raise prepare.taken_ports([self.ports.stage], self.ports) from error

    async def _serve(
        self, stage: Stage, host: str, *, bound: Callable[[], None] = lambda: None
    ) -> None:
        """Serve at one address until cancelled. Raises OSError where it is taken."""
        app = create_app(stage, hosts=[host])
        await serve_app(app, host, self.ports.stage, bound=bound, ending=stage.hub.end)

    async def _start(self, stage: Stage) -> None:
        """Start all processes, open the first order, tell where everything is.

        Raises NotPossibleError when the order cannot be opened.
        """
        for uplink in stage.show.uplinks.values():
            await uplink.plug()
        broker, simulators, gateways = self.programs()
        for program in (broker, simulators, *gateways):
            stage.supervisor.start(program)
            await asyncio.sleep(STAGGER)
        logs = self.state / "logs"
        late = await raise_curtain(stage, logs)
        stage.ready = True
        stage.tell()
        console.ready(self, stage, seconds=time.monotonic() - self._begin)
        if late:
            console.say(self.options, "late", firms=late, logs=str(logs))
        if self.options.browser and not self.options.json:
            console.open_browser(stage.address)


def _plain(file: Path) -> dict[str, Any]:
    """A firm's file, without filling in the references that only a run knows."""
    content: dict[str, Any] = yaml.safe_load(file.read_text("utf-8"))
    return content


def firm_names(folder: Path, scenario: Scenario) -> Mapping[str, str]:
    """The firms' names."""
    return {player.id: str(_plain(folder / player.file)["name"]) for player in scenario.firms}


def demo(options: Options) -> None:
    """Run the demo until Ctrl-C, SIGTERM or its duration. Raises NotPossibleError."""
    folder = options.folder or resources.demo()
    scenario = load(folder / "scenario.yaml")
    base = options.base_port or free_base()
    play = Demo(
        options=options,
        folder=folder,
        state=options.state or default_state(),
        scenario=scenario,
        ports=Ports(base),
    )
    with watching_without_threads():
        asyncio.run(play.play())
