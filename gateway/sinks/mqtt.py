"""The firm's own MQTT broker: one message per machine and cycle, birth, state, job, last will.

Topics, all below ``wv/v1/<firm>/<plant>``:

    status                       retained: the gateway is there; its last will says that it is not
    <area>/<machine>/birth       retained: what the machine is, its points, meanings and units,
                                  and what the numbers of an enumeration mean
    <area>/<machine>/readings    values of one polling cycle with quality and reason
    <area>/<machine>/state       retained: state, mode, since when, the sentence why; and from when
                                  to when it holds: it is renewed every five minutes while it does
    echo                         the gateway to itself, every few seconds: is it heard?
    <area>/<machine>/job         retained: the job at the machine; ``"id": null`` when there is none

What is retained of a machine that is taken away while the gateway runs is deleted at the broker.

Every payload is JSON with a ``schema`` number; times are milliseconds since 1970, UTC. A value is
a number, true or false, or a text; whole numbers of 64 bits have all their digits, which not every
reader of JSON keeps. Live only: what the broker misses while it is away is not sent later.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar, Literal

import orjson
from pydantic import Field

from gateway.config import BrokerAccess, SiteConfig
from gateway.core.batches import OK, Judged
from gateway.core.clock import to_ms
from gateway.core.errors import NotConnected, Rejected
from gateway.core.outlets import EACH_CYCLE, EVERYTHING, Outlet, reach
from gateway.core.signals import Quality, Signal, SignalId
from gateway.core.text import Text
from gateway.core.work import Job, MachineStatus
from gateway.drivers.heard import HeardClient
from gateway.drivers.mqtt import Broker, Message
from gateway.sinks.base import Fact, FirmSink, Place, SinkConfig, present_jobs

SCHEMA = 1
HOLDS = timedelta(minutes=10)
"""So long a state that was published may be taken for the present one."""
_RENEWED = HOLDS / 2
_GOOD = int(Quality.GOOD)
_OK = str(OK)


class MqttConfig(BrokerAccess, SinkConfig):
    """The firm's own MQTT broker."""

    title: ClassVar[str] = "MQTT"

    type: Literal["mqtt"] = Field(description="MQTT-Broker der Firma / the firm's MQTT broker")

    def build(self, site: SiteConfig, signals: Sequence[Signal], folder: Path) -> FirmSink:  # noqa: ARG002
        """The sink for this broker."""
        return MqttSink(Broker.of(self), site, signals)

    def outlet(self) -> Outlet:
        """Everything, to the firm's broker."""
        return Outlet(self.broker, reach(self.broker), EVERYTHING, EACH_CYCLE)

    def where(self, site: SiteConfig, signal: SignalId) -> Place:
        """The topic of its machine's readings."""
        machine = signal.partition("/")[0]
        return Place(
            self.type,
            self.title,
            (
                Fact("broker", Text("Broker", "Broker"), Broker.parse(self.broker).url),
                Fact("topic", Text("Thema", "Topic"), _topic(site, machine, "readings")),
            ),
        )


def _now() -> datetime:
    return datetime.now(UTC)


class MqttSink:
    """Publishes what one firm's machines say."""

    def __init__(
        self,
        broker: Broker,
        site: SiteConfig,
        signals: Sequence[Signal],
        clock: Callable[[], datetime] = _now,
    ) -> None:
        self._broker = broker
        self._site = site
        self._root = _root(site)
        self._births = dict(_births(site, signals))
        self._gone: set[str] = set()
        self._points = {signal.id: signal.id.partition("/")[2] for signal in signals}
        self._forms: dict[tuple[SignalId, ...], bytes] = {}
        self._client = HeardClient(
            broker,
            f"werkverbund-{site.firm}-{site.plant}",
            f"{self._root}/echo",
            will=self._status(online=False),
        )
        self._reading: asyncio.Task[None] | None = None
        self._kept: dict[str, bytes] = {}
        self._present: Sequence[MachineStatus] = ()
        self._told: dict[str, tuple[object, datetime]] = {}
        self._clock = clock

    async def connect(self) -> None:
        """Connect and publish everything retained anew: the broker may have forgotten it.

        Raises NotConnected, also where the broker lets us in but not publish.
        """
        await self.close()
        await self._client.connect()
        self._reading = asyncio.create_task(self._read(), name="mqtt echo")
        births = self._announced(self._births)
        self._told.clear()
        present = self._states(self._present) | self._kept
        kept = (self._retained(topic, payload) for topic, payload in present.items())
        status = self._status(online=True)
        try:
            await self._client.publish(status, *births, *kept, *self._deleted())
        except Rejected as refused:
            raise NotConnected(str(refused)) from refused
        self._gone.clear()

    async def equip(self, site: SiteConfig, signals: Sequence[Signal]) -> None:
        """Announce the machines that are new or others; delete what is retained of those gone."""
        before, self._births = self._births, dict(_births(site, signals))
        self._site = site
        self._points = {signal.id: signal.id.partition("/")[2] for signal in signals}
        self._forms.clear()
        self._gone = (self._gone | before.keys()) - self._births.keys()
        for machine in self._gone:
            self._told.pop(machine, None)
            self._kept.pop(self._topic(machine, "job"), None)
        self._present = [one for one in self._present if one.machine in self._births]
        if self._client.connected:
            news = [name for name, birth in self._births.items() if before.get(name) != birth]
            await self._client.publish(*self._announced(news), *self._deleted())
            self._gone.clear()

    def _announced(self, machines: Iterable[str]) -> Iterator[Message]:
        for name in machines:
            yield self._retained(self._topic(name, "birth"), _json(self._births[name]))

    def _deleted(self) -> Iterator[Message]:
        for name in self._gone:
            for what in ("birth", "state", "job"):
                yield self._retained(self._topic(name, what), b"")

    async def write(self, batches: Sequence[Judged]) -> None:
        """One message per batch, all acknowledged."""
        await self._client.publish(
            *(
                Message(self._topic(batch.machine, "readings"), self._readings(batch))
                for batch in batches
                if batch.machine in self._births
            )
        )

    async def show(self, machines: Sequence[MachineStatus], jobs: Sequence[Job]) -> None:
        """Publish the machine states and jobs that have changed, retained."""
        machines = [one for one in machines if one.machine in self._births]
        present = present_jobs(jobs)
        fresh: dict[str, bytes] = {}
        for status in machines:
            fresh[self._topic(status.machine, "job")] = _json(_job(present.get(status.machine)))
        changed = {
            topic: payload for topic, payload in fresh.items() if self._kept.get(topic) != payload
        }
        self._kept.update(changed)
        self._present = tuple(machines)
        changed = self._states(machines) | changed
        if changed:
            await self._client.publish(*(self._retained(*message) for message in changed.items()))

    def _states(self, machines: Sequence[MachineStatus]) -> dict[str, bytes]:
        """The states to publish: changed ones, and those that would not hold much longer."""
        now = self._clock()
        found: dict[str, bytes] = {}
        for status in machines:
            gist = (status.state, status.mode, status.phase, status.known, status.since)
            told = self._told.get(status.machine)
            if told is None or told[0] != gist or not now - _RENEWED < told[1] <= now:
                self._told[status.machine] = (gist, now)
                found[self._topic(status.machine, "state")] = _json(_state(status, now))
        return found

    async def close(self) -> None:
        """Say goodbye (the will is for those who cannot) and disconnect."""
        reading, self._reading = self._reading, None
        if reading is not None:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
        try:
            if self._client.connected:
                await self._client.publish(self._status(online=False))
        except (NotConnected, Rejected):
            pass  # lost while saying goodbye: the broker sends the will. Refused: nobody heard us
        finally:
            await self._client.close()

    @property
    def note(self) -> Text | None:
        """What a person should know of the connection besides that it stands."""
        return self._client.trouble()

    async def _read(self) -> None:
        """Nothing is read here but what we write to ourselves."""
        with suppress(NotConnected):
            async for _ in self._client.messages():
                pass

    def _topic(self, machine: str, what: str) -> str:
        return _topic(self._site, machine, what)

    def _status(self, *, online: bool) -> Message:
        status = {
            "schema": SCHEMA,
            "firm": self._site.firm,
            "online": online,
            "simulated": self._site.simulated,
        }
        return self._retained(f"{self._root}/status", _json(status))

    def _retained(self, topic: str, payload: bytes) -> Message:
        return Message(topic, payload, retain=True)

    def _readings(self, judged: Judged) -> bytes:
        """The message of one batch; where all of it is known and good, by the form of its kind."""
        batch = judged.batch
        values = orjson.dumps(batch.values)[1:-1].split(b",")
        if judged.marks or len(values) != len(batch.signals):  # a text may have a comma, too
            return _json(self._one_by_one(judged))
        if (form := self._forms.get(batch.signals)) is None:
            if not self._points.keys() >= set(batch.signals):
                return _json(self._one_by_one(judged))
            form = self._forms[batch.signals] = self._form(batch.signals)
        return form % (to_ms(batch.at), judged.seq0, batch.clock.encode(), *values)

    def _form(self, signals: Sequence[SignalId]) -> bytes:
        """A message without its time, number, clock and values."""
        good = b'{"v":%%b,"q":%d,"r":"%b"}' % (_GOOD, _OK.encode())
        names = (orjson.dumps(self._points[one]).replace(b"%", b"%%") for one in signals)
        points = b",".join(name + b":" + good for name in names)
        head = b'{"schema":%d,"at":%%d,"seq":%%d,"clock":"%%b","points":{' % SCHEMA
        return head + points + b"}}"

    def _one_by_one(self, judged: Judged) -> dict[str, Any]:
        batch = judged.batch
        points: dict[str, Any] = {
            name: {"v": value, "q": _GOOD, "r": _OK}
            for signal, value in zip(batch.signals, batch.values, strict=True)
            if (name := self._points.get(signal)) is not None
        }
        for index, mark in judged.marks.items():
            name = self._points.get(batch.signals[index])
            if name is not None:
                points[name]["q"], points[name]["r"] = int(mark.quality), str(mark.fault)
        return {
            "schema": SCHEMA,
            "at": to_ms(batch.at),
            "seq": judged.seq0,
            "clock": str(batch.clock),
            "points": points,
        }


def _root(site: SiteConfig) -> str:
    return f"wv/v1/{site.firm}/{site.plant}"


def _topic(site: SiteConfig, machine: str, what: str) -> str:
    return f"{_root(site)}/{site.area}/{machine}/{what}"


def _json(payload: Mapping[str, Any]) -> bytes:
    return orjson.dumps(payload)


def _births(site: SiteConfig, signals: Sequence[Signal]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for machine in site.machines:
        prefix = f"{machine.name}/"
        own = [signal for signal in signals if signal.id.startswith(prefix)]
        yield (
            machine.name,
            {
                "schema": SCHEMA,
                "firm": site.firm,
                "machine": machine.name,
                "title": machine.title.text.as_json(),
                "built": machine.built,
                "simulated": site.simulated,
                "points": {signal.id.removeprefix(prefix): _point(signal) for signal in own},
            },
        )


def _point(signal: Signal) -> Mapping[str, Any]:
    return {
        "means": signal.means.as_json(),
        "unit": signal.unit.ucum,
        "kind": str(signal.kind),
        "low": signal.limits.low,
        "high": signal.limits.high,
        "every_s": signal.every,
        "role": signal.role,
        **({"words": _words(signal)} if signal.words else {}),
    }


def _words(signal: Signal) -> Mapping[str, Any]:
    """What the numbers of an enumeration mean."""
    return {str(number): means.as_json() for number, means in signal.words}


def _state(status: MachineStatus, now: datetime) -> Mapping[str, Any]:
    return {
        "schema": SCHEMA,
        "at": to_ms(now),
        "until": to_ms(now + HOLDS),
        "since": to_ms(status.since),
        "state": None if status.state is None else int(status.state),
        "name": None if status.state is None else status.state.name.lower(),
        "mode": None if status.mode is None else int(status.mode),
        "known": status.known,
        "because": status.because.as_json(),
        "phase": status.phase.as_json() if status.phase else None,
    }


def _job(job: Job | None) -> Mapping[str, Any]:
    if job is None:
        return {"schema": SCHEMA, "id": None}
    return {
        "schema": SCHEMA,
        "id": job.id,
        "order": job.order,
        "package": job.package,
        "item": job.item.as_json(),
        "state": str(job.state),
        "substate": str(job.substate),
        "because": job.because.as_json(),
        "planned": job.planned,
        "good": job.good,
        "scrap": job.scrap,
        "origins": {str(origin): count for origin, count in job.origins.items()},
        "runs_completed": job.runs_completed,
        "per_piece_s": job.per_piece.total_seconds(),
        "lapse": job.lapse,
        "simulated": job.simulated,
    }
