"""``werkverbund demo``: the whole model factory, started, watched, shown, stopped."""

from __future__ import annotations

import asyncio
import secrets
import signal
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import yaml

from gateway import resources
from gateway.api.live import Hub
from gateway.api.serving import serve_app
from simulators.stage import console, lan, prepare
from simulators.stage.feed import Feed
from simulators.stage.options import Options, default_state
from simulators.stage.ports import Ports, free_base
from simulators.stage.processes import Program, Supervisor
from simulators.stage.relay import Uplink
from simulators.stage.scenario import Scenario, load
from simulators.stage.show import Show, ShowError
from simulators.stage.web import Stage, create_app

READY_PATIENCE = 60.0
"""Seconds that the processes get until the first order can be opened."""
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
    opcua_password: str = field(default_factory=lambda: secrets.token_urlsafe(12))
    _begin: float = field(default_factory=time.monotonic)

    def env(self, firm: int) -> dict[str, str]:
        """The environment that fills the references in a firm's file."""
        player = self.scenario.firms[firm]
        machines = {
            f"MODBUS_{entry.machine.upper().replace('-', '_')}": str(self.ports.modbus(index))
            for index, entry in enumerate(self.scenario.firms)
        }
        return {
            **machines,
            "WEB_PORT": str(self.ports.web(firm)),
            "OPCUA_PORT": str(self.ports.opcua(firm)),
            "BROKER_PORT": str(self.ports.broker(firm)),
            "EXCHANGE_PORT": str(self.ports.uplink(firm)),
            "STATE_DIR": str(self.state / "firms" / player.id),
            "CONSORTIUM": str(self.state / "consortium.yaml"),
            "DEMO_TOKEN": self.token,
            "OPCUA_PASSWORD": self.opcua_password,
        }

    def programs(self) -> tuple[Program, Program, list[Program]]:
        """Brokers, simulators, gateways."""
        logs = self.state / "logs"
        count = len(self.scenario.firms)
        brokers = [self.ports.shared_broker, *(self.ports.broker(firm) for firm in range(count))]
        broker = Program(
            "broker",
            ["broker", *(part for port in brokers for part in ("--port", str(port)))],
            {},
            logs / "broker.log",
        )
        simulators = Program(
            "simulators",
            [
                "simulate",
                str(self.folder / self.scenario.simulation),
                "--control",
                f"127.0.0.1:{self.ports.control}",
                "--seed",
                str(self.options.seed),
            ],
            self.env(0),
            logs / "simulators.log",
        )
        gateways = [
            Program(
                player.id,
                ["run", str(self.folder / player.file)],
                self.env(index),
                logs / f"{player.id}.log",
            )
            for index, player in enumerate(self.scenario.firms)
        ]
        return broker, simulators, gateways

    def devices(self, firm: int) -> list[dict[str, object]]:
        """The devices of a firm's machine: template and Modbus unit."""
        content = _plain(self.folder / self.scenario.firms[firm].file)
        machine = content["machines"][0]
        return [
            {"template": device["template"], "unit": device["connect"]["unit"]}
            for device in machine.get("devices", [machine])
        ]

    async def play(self) -> None:
        """Start everything, show it, and stop it when asked to. Raises NotPossibleError."""
        options, scenario, ports = self.options, self.scenario, self.ports
        prepare.check_memory()
        await prepare.check_ports(ports, len(scenario.firms), len(scenario.firms))
        if options.fresh:
            prepare.clear(self.state)
        console.preparing(options)
        envs = {player.id: self.env(index) for index, player in enumerate(scenario.firms)}
        await prepare.consortium(scenario, self.folder, self.state, envs)
        ended = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, ended.set)
        async with AsyncExitStack() as stack:
            stage = await self._open(stack)
            broker, simulators, gateways = self.programs()
            supervisor = stage.supervisor
            stack.push_async_callback(supervisor.stop)
            supervisor.start(broker)
            supervisor.start(simulators)
            for gateway in gateways:
                supervisor.start(gateway)
                await asyncio.sleep(STAGGER)
            opening = asyncio.create_task(self._raise_curtain(stage, ended), name="curtain")
            patience = options.duration.total_seconds() if options.duration else None
            try:
                async with asyncio.timeout(patience):
                    await ended.wait()
            except TimeoutError:
                pass  # the asked duration is over
            opening.cancel()
            await asyncio.gather(opening, return_exceptions=True)
            console.say(options, "stopping")

    async def _open(self, stack: AsyncExitStack) -> Stage:
        """The stage's own parts: uplinks, feeds, scenario, web server."""
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
        for uplink in uplinks.values():
            await uplink.plug()
            stack.push_async_callback(uplink.pull)
        show = Show(scenario, gateways, f"http://127.0.0.1:{ports.control}", self.token, uplinks)
        stack.push_async_callback(show.close)
        hub = Hub()
        address = lan.lan_address() if self.options.lan else None
        feeds: dict[str, Feed] = {}
        supervisor = Supervisor()
        stage = Stage(
            show=show,
            hub=hub,
            feeds=feeds,
            names=firm_names(self.folder, scenario),
            supervisor=supervisor,
            presenter=lan.Presenter(),
            pages=resources.pages(),
            address=f"http://127.0.0.1:{ports.stage}/",
            public=f"http://{address}:{ports.stage}/" if address else None,
        )

        supervisor.changed = stage.tell

        def seen(firm: str, event: str, content: dict[str, object]) -> None:
            show.seen(firm, event, content)
            if event in {"ready", "away"}:
                stage.tell()

        for firm, base in gateways.items():
            feeds[firm] = Feed(firm, base, self.token, hub, seen)
            _own(stack, asyncio.create_task(feeds[firm].run(), name=f"feed {firm}"))
        _own(stack, asyncio.create_task(show.attend(), name="scenario"))
        self._serve(stage, stack)
        return stage

    def _serve(self, stage: Stage, stack: AsyncExitStack) -> None:
        hosts = [stage.public.split("/")[2].rsplit(":", 1)[0]] if stage.public else []
        host = "0.0.0.0" if stage.public else "127.0.0.1"
        app = create_app(stage, hosts=hosts)
        _own(stack, asyncio.create_task(serve_app(app, host, self.ports.stage), name="stage web"))

    async def _all_open(self, stage: Stage, deadline: float) -> None:
        """Wait until OPC UA and MQTT are up everywhere: their start would hide runs of the mill."""
        for base in stage.show.gateways.values():
            while time.monotonic() < deadline:
                try:
                    health = (await stage.show.web.get(f"{base}/api/v1/health")).json()
                except httpx.HTTPError:
                    health = {"parts": [{"state": "waiting"}]}
                if not any(part["state"] == "waiting" for part in health["parts"]):
                    break
                await asyncio.sleep(0.2)

    async def _raise_curtain(self, stage: Stage, ended: asyncio.Event) -> None:
        """Wait until all gateways are ready, open the first order, tell where everything is."""
        deadline = time.monotonic() + READY_PATIENCE
        feeds = stage.feeds.values()
        try:
            async with asyncio.timeout_at(asyncio.get_running_loop().time() + READY_PATIENCE):
                await asyncio.gather(*(feed.first.wait() for feed in feeds))
        except TimeoutError:
            pass  # said below
        await self._all_open(stage, deadline)
        while True:
            try:
                await stage.show.start(0)
                break
            except (ShowError, httpx.HTTPError) as error:
                if time.monotonic() > deadline:
                    console.say(self.options, "failed", why=str(error))
                    ended.set()
                    return
                await asyncio.sleep(0.3)
        stage.ready = True
        stage.tell()
        console.ready(self, stage, seconds=time.monotonic() - self._begin)
        late = [feed.firm for feed in feeds if not feed.ready]
        if late:
            console.say(self.options, "late", firms=late, logs=str(self.state / "logs"))
        if self.options.browser and not self.options.json:
            console.open_browser(stage.address)


def _plain(file: Path) -> dict[str, Any]:
    """A firm's file, without filling in the references that only a run knows."""
    content: dict[str, Any] = yaml.safe_load(file.read_text("utf-8"))
    return content


def firm_names(folder: Path, scenario: Scenario) -> Mapping[str, str]:
    """The firms' names."""
    return {player.id: str(_plain(folder / player.file)["name"]) for player in scenario.firms}


def _own(stack: AsyncExitStack, task: asyncio.Task[None]) -> None:
    """Let the stack end a task."""

    async def end() -> None:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    stack.push_async_callback(end)


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
    asyncio.run(play.play())
