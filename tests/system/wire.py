"""A listener on a broker: everything that is published, as anybody there can hear it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

from tests.system.factory import SOON


@dataclass(frozen=True)
class Heard:
    """One message; ``retained`` is what the broker had kept."""

    topic: str
    payload: bytes
    retained: bool


@dataclass
class Wire:
    """What was heard so far."""

    messages: list[Heard] = field(default_factory=list)
    _news: threading.Condition = field(default_factory=threading.Condition)
    _subscribed: threading.Event = field(default_factory=threading.Event)

    def take(self, message: Heard) -> None:
        """Keep one more message."""
        with self._news:
            self.messages.append(message)
            self._news.notify_all()

    def fresh(self, wanted: Callable[[Heard], bool], within: float = SOON) -> Heard:
        """The first message from now on that is wanted."""
        with self._news:
            seen = len(self.messages)

            def found() -> Heard | None:
                return next((m for m in self.messages[seen:] if wanted(m)), None)

            message = self._news.wait_for(found, within)
        assert message is not None, f"no such message within {within} s"
        return message

    def subscribed(self) -> None:
        """The broker has agreed to send."""
        self._subscribed.set()

    def wait(self) -> None:
        """Wait until the broker has agreed."""
        assert self._subscribed.wait(SOON), "the broker does not let us listen"


@contextmanager
def tapped(broker: str, topic: str) -> Iterator[Wire]:
    """Listen to ``topic`` on the broker at ``broker`` (mqtt://host:port)."""
    address = urlsplit(broker)
    assert address.hostname is not None
    assert address.port is not None
    wire = Wire()
    client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv311)
    client.on_connect = lambda *_: client.subscribe(topic, qos=1)
    client.on_subscribe = lambda *_: wire.subscribed()
    client.on_message = lambda _client, _data, message: wire.take(
        Heard(message.topic, bytes(message.payload), message.retain)
    )
    client.reconnect_delay_set(1, 1)
    client.connect(address.hostname, address.port)
    client.loop_start()
    try:
        wire.wait()
        yield wire
    finally:
        client.disconnect()
        client.loop_stop()
