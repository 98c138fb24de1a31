"""What arrives at the broker, and how old it is then."""

from __future__ import annotations

import json
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Self

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from tests.yard.farm import TURN

Message = tuple[float, str, bytes]
"""When it came (monotonic), topic, payload."""


class Meter:
    """A subscriber that keeps everything until it is taken."""

    def __init__(self) -> None:
        self._messages: list[Message] = []

    @classmethod
    @contextmanager
    def listening(cls, port: int) -> Iterator[Self]:
        """One that listens at a broker to values, ours and those of the naive gateway."""
        meter, client = cls(), Client(CallbackAPIVersion.VERSION2)
        client.on_message = meter._note
        client.on_connect = lambda *_: client.subscribe(
            [("naive/#", 0), ("wv/+/+/+/+/+/readings", 0)]
        )
        client.connect("127.0.0.1", port)
        client.loop_start()
        try:
            yield meter
        finally:
            client.disconnect()
            client.loop_stop()

    def _note(self, _client: Client, _userdata: Any, message: MQTTMessage) -> None:
        self._messages.append((time.monotonic(), message.topic, message.payload))

    def take(self) -> list[Message]:
        """What has come since the last time."""
        taken, self._messages = self._messages, []
        return taken

    def first_after(self, moment: float) -> float | None:
        """When the first value came that came after ``moment``."""
        return next((at for at, _, payload in self._messages if at > moment and payload), None)


@dataclass
class Heard:
    """What was in some messages."""

    values: int = 0
    by_machine: Counter[str] = field(default_factory=Counter)
    ages: Sequence[float] = ()
    times: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    @classmethod
    def of(cls, messages: Sequence[Message]) -> Self:
        found, ages = cls(), []
        for at, topic, payload in messages:
            said = json.loads(payload)
            if "value" in said:
                machine, values = topic.split("/")[1], [said["value"]]
            else:
                machine = topic.split("/")[-2]
                values = [p["v"] for p in said["points"].values() if p["v"] is not None]
            if not values:
                continue
            found.values += len(values)
            found.by_machine[machine] += len(values)
            found.times[machine].append(at)
            ages.append((1000 * at - values[0]) % TURN)
        found.ages = sorted(ages)
        return found

    def age_of(self, share: float) -> float:
        """Milliseconds that this share of the values is younger than."""
        return self.ages[int(len(self.ages) * share)] if self.ages else float("nan")

    def gaps(self, start: float, end: float) -> dict[str, float]:
        """The longest time without a message, by machine."""
        return {
            machine: max(b - a for a, b in pairwise([start, *times, end]))
            for machine, times in self.times.items()
        }
