"""The show: opens the order at a keyframe, plays faults, and confirms lots as a foreman would."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from gateway.core.text import Text
from simulators.stage import asking
from simulators.stage.relay import Uplink
from simulators.stage.scenario import Player, Scenario

log = logging.getLogger(__name__)

Json = dict[str, object]
API = "/api/v1"
LEAD_IN = 2.0
"""Real seconds from opening an order to its beginning: by then every firm has its job."""


RECONNECT = 4.0
"""Real seconds that a firm gets to find the shared broker again before an order is opened."""


class ShowError(Exception):
    """The show cannot do what was asked; ``text`` says why."""

    def __init__(self, de: str, en: str) -> None:
        super().__init__(en)
        self.text = Text(de, en)


@dataclass(slots=True)
class Show:
    """What the presenter can do, carried out on simulators, uplinks and gateways.

    ``gateways`` are the base addresses by firm; ``control`` is the simulators' control.
    """

    scenario: Scenario
    gateways: Mapping[str, str]
    control: str
    token: str
    uplinks: Mapping[str, Uplink]
    run_number: int = 0
    keyframe: int | None = None
    order: str | None = None
    clock: Json | None = None
    faults: list[str] = field(default_factory=list)
    unplugged: set[str] = field(default_factory=set)
    jobs: dict[str, list[Json]] = field(default_factory=dict)
    rerouted: set[str] = field(default_factory=set)
    shows_s: float | None = None  # when an armed element shows, in order time
    failed_s: float | None = None  # when the fault showed that this run was opened with
    _web: httpx.AsyncClient | None = None
    _lagging: dict[tuple[str, str, int], float] = field(default_factory=dict)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def web(self) -> httpx.AsyncClient:
        """The client for gateways and simulators, made when first needed."""
        if self._web is None:
            self._web = asking.client(10.0, self.token)
        return self._web

    async def end(self) -> None:
        """The curtain falls: the machines stand, so that nothing is made until the next time."""
        with suppress(httpx.HTTPError):
            await self.web.post(f"{self.control}/stop", timeout=0.5)

    async def close(self) -> None:
        """Pull all uplinks, close the client."""
        for uplink in self.uplinks.values():
            await uplink.pull()
        if self._web is not None:
            await self._web.aclose()

    async def start(self, keyframe: int) -> None:
        """Open a new order at a keyframe: material and physics placed, nothing erased."""
        if not 0 <= keyframe < len(self.scenario.keyframes):
            raise ShowError(
                f"Den Sprung {keyframe} gibt es nicht.", f"There is no keyframe {keyframe}."
            )
        frame = self.scenario.keyframes[keyframe]
        async with self._turn:
            if keyframe == self.keyframe and self._is_to_begin():
                return  # pressed twice: one run
            self.run_number = await self._next_number()
            order = self.scenario.order
            if self.run_number > 1:
                order = f"{order}-{self.run_number}"
            pulled = [firm for firm, uplink in self.uplinks.items() if not uplink.connected]
            for firm in pulled:
                await self.uplink(firm, connected=True)
            for firm in pulled:
                await self._reconnected(firm)
            await self.plug_in()
            at_s = frame.at.total_seconds()
            placed = await self._post(
                f"{self.control}/place",
                {"at_s": at_s, "faults": list(frame.faults), "reserve": frame.reserve},
            )
            lead = self.gateways[self.scenario.lead.id]
            await self._post(
                f"{lead}{API}/orders",
                {
                    "id": order,
                    "at_s": at_s,
                    "opening": placed["opening"],
                    "accepted_reserve": frame.reserve,
                    "begins_in_s": LEAD_IN,
                },
            )
            opened = await self._get(f"{lead}{API}/orders/{order}")
            clock = opened["clock"]
            if not isinstance(clock, dict):
                raise ShowError(
                    "Der Auftrag der federführenden Firma hat keine Uhr.",
                    "The lead firm's order has no clock.",
                )
            await self._post(f"{self.control}/start", {**clock, "lapse": self.scenario.lapse})
            self.keyframe, self.order, self.clock = keyframe, order, clock
            self.faults, self._lagging = list(frame.faults), {}
            failed = placed["failed_s"]
            self.failed_s = float(failed) if isinstance(failed, int | float) else None
            shows = placed["shows_s"]
            self.shows_s = float(shows) if isinstance(shows, int | float) else None
            self.rerouted = {order} if frame.reserve else set()

    def _is_to_begin(self) -> bool:
        """Whether the present order is open and its clock does not run yet."""
        return self.clock is not None and datetime.now(UTC) < datetime.fromisoformat(
            str(self.clock["began"])
        )

    async def arm(self, fault: str) -> None:
        """Arm the scenario's fault; it shows in this ramp of the furnace or the next."""
        machine = self.scenario.fault_machine
        if machine is None:
            raise ShowError(
                "In diesem Ablauf gibt es keinen Fehler.", "This scenario has no fault."
            )
        armed = await self._post(f"{self.control}/arm", {"machine": machine, "fault": fault})
        shows = armed["shows_s"]
        self.shows_s = float(shows) if isinstance(shows, int | float) else None
        if fault not in self.faults:
            self.faults.append(fault)

    async def uplink(self, firm: str, *, connected: bool) -> None:
        """Pull a firm's uplink, or put it back."""
        if firm not in self.uplinks:
            raise ShowError(f"{firm} hat keine Leitung zum Verbund.", f"{firm} has no uplink.")
        await (self.uplinks[firm].plug() if connected else self.uplinks[firm].pull())

    async def unplug(self, machine: str, *, plugged: bool) -> None:
        """Pull a machine's device, or put it back."""
        if machine not in {player.machine for player in self.scenario.firms}:
            raise ShowError(
                f"Die Maschine {machine} gibt es nicht.", f"There is no machine {machine}."
            )
        await self._post(
            f"{self.control}/{'replug' if plugged else 'unplug'}", {"machine": machine}
        )
        (self.unplugged.discard if plugged else self.unplugged.add)(machine)

    async def plug_in(self) -> None:
        """Put every device back, whoever has pulled it: somebody else, or an earlier show."""
        machines = (await self._get(f"{self.control}/state"))["machines"]
        players = {player.machine for player in self.scenario.firms}
        for machine in machines if isinstance(machines, list) else []:
            pulled = machine["silent"] or not machine["plugged"]
            if pulled and machine["name"] in players:
                await self.unplug(machine["name"], plugged=True)

    def seen(self, firm: str, event: str, content: Json) -> None:
        """Take note of what a gateway tells of its jobs.

        Of one that is away nothing is known: what it counts when it is back is not to be booked
        before it had time to look.
        """
        if event == "jobs":
            jobs = content["jobs"]
            self.jobs[firm] = jobs if isinstance(jobs, list) else []
        elif event == "away":
            self.jobs.pop(firm, None)
            self._lagging = {key: at for key, at in self._lagging.items() if key[0] != firm}

    async def attend(self) -> None:
        """Play the foreman and the driver until cancelled."""
        while True:
            await asyncio.sleep(0.5)
            if self.order is None or self._turn.locked():
                continue
            try:
                await self._reroute()
                await self._confirm()
            except (httpx.HTTPError, ShowError) as error:
                log.info("the scenario waits: %s", error)

    async def _reroute(self) -> None:
        """When the reserve firm has accepted, tell the simulators where the lots go."""
        if self.order is None or self.order in self.rerouted:
            return
        offers = (await self.order_of_lead()).get("offers")
        for offer in offers if isinstance(offers, list) else []:
            if offer["state"] == "accepted":
                for lot in offer["lots"]:
                    await self._post(
                        f"{self.control}/route",
                        {"package": offer["package"], "lot": lot, "to": offer["to"]},
                    )
                self.rerouted.add(self.order)

    async def _confirm(self) -> None:
        """Book what a gateway did not see of a full lot, as the foreman would; origin simulated."""
        truth = await self._get(f"{self.control}/state")
        full: dict[str, int] = {}
        lots = truth.get("lots")
        for lot in lots if isinstance(lots, list) else []:
            if lot["departed_s"] is not None:
                full[lot["package"]] = full.get(lot["package"], 0) + lot["quantity"]
        for player in self.scenario.firms:
            try:
                await self._confirm_firm(player, full)
            except (httpx.HTTPError, ShowError) as error:
                log.info("%s: nothing is confirmed yet: %s", player.id, error)

    async def _confirm_firm(self, player: Player, full: Mapping[str, int]) -> None:
        for job in self.jobs.get(player.id, []):
            if job["order"] != self.order or job["package"] not in full:
                continue
            package, good = str(job["package"]), int(str(job["good"]))
            key = (player.id, package, full[package])
            if good >= full[package]:
                self._lagging.pop(key, None)
                continue
            since = self._lagging.setdefault(key, time.monotonic())
            if time.monotonic() - since > self.scenario.confirm_after.total_seconds():
                await self._post(
                    f"{self.gateways[player.id]}{API}/jobs/{job['id']}/bookings",
                    {"good": full[package] - good, "origin": "simulated"},
                )
                self._lagging.pop(key, None)

    async def _next_number(self) -> int:
        """One more than the highest run of this order that the lead firm knows."""
        lead = self.gateways[self.scenario.lead.id]
        known = await self._get_list(f"{lead}{API}/orders")
        numbers = [0]
        for entry in known:
            rest = str(entry["id"]).removeprefix(self.scenario.order)
            numbers.append(int(rest[1:]) if rest[1:].isdigit() else 1)
        return max(numbers) + 1

    async def _reconnected(self, firm: str) -> None:
        """Wait a moment until a firm whose uplink was pulled can receive the order in time."""
        with suppress(TimeoutError, httpx.HTTPError):
            async with asyncio.timeout(RECONNECT):
                while True:
                    health = await self._get(f"{self.gateways[firm]}{API}/health")
                    parts = health["parts"]
                    if isinstance(parts, list) and all(
                        part["state"] != "waiting" for part in parts if part["name"] == "exchange"
                    ):
                        return
                    await asyncio.sleep(0.2)

    async def order_of_lead(self) -> Json:
        """The present order as its lead firm sees it; empty where there is none."""
        lead = self.gateways[self.scenario.lead.id]
        return {} if self.order is None else await self._get(f"{lead}{API}/orders/{self.order}")

    async def log_of(self, firm: str, most: int) -> list[dict[str, Any]]:
        """What left a firm for the present order: its newest messages, ``most`` at most."""
        return await self._get_list(
            f"{self.gateways[firm]}{API}/sent?order={self.order}&limit={most}"
        )

    async def _post(self, url: str, body: Json) -> Json:
        answer = await self.web.post(url, json=body)
        return self._content(answer)

    async def _get(self, url: str) -> Json:
        return self._content(await self.web.get(url))

    async def _get_list(self, url: str) -> list[dict[str, Any]]:
        answer = await self.web.get(url)
        self._content(answer)
        found: list[dict[str, Any]] = answer.json()
        return found

    @staticmethod
    def _content(answer: httpx.Response) -> Json:
        if answer.is_error:
            raise _refused(answer)
        content = answer.json()
        return content if isinstance(content, dict) else {}


def _refused(answer: httpx.Response) -> ShowError:
    """What a part of the demo said when it refused, in its own words where it has two."""
    try:
        said = answer.json()["detail"]
        return ShowError(str(said["de"]), str(said["en"]))
    except (ValueError, KeyError, TypeError):
        told = f"{answer.request.url.path}: {answer.status_code} {answer.text[:200]}"
        return ShowError(
            f"Ein Teil der Vorführung lehnt das ab: {told}", f"A part of the demo refuses: {told}"
        )


def order_time(at_s: float) -> str:
    """An order time as people say it, for the console: ``day 1, 14:20``."""
    at = timedelta(seconds=at_s)
    minutes = at.seconds // 60
    return f"day {at.days + 1}, {minutes // 60:02}:{minutes % 60:02}"
