"""The way between firms: a shared broker that carries nothing but sealed messages."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol

from gateway.core.text import Text
from gateway.drivers.heard import HeardClient, Hearing
from gateway.drivers.mqtt import Broker, Message

ROOT = "wv/x1"


class Transport(Protocol):
    """Carries sealed messages; it may lose, double and reorder them. Raises NotConnected."""

    async def connect(self) -> None:
        """Open the way; what arrives from now on comes out of ``messages``."""

    async def send(self, recipient: str, wire: bytes) -> None:
        """Hand one message over to the way."""

    def messages(self) -> AsyncIterator[tuple[str, bytes]]:
        """What arrives, with the sender that the address names. Raises NotConnected at the end."""

    async def close(self) -> None:
        """Close the way; safe twice and before ``connect``."""

    def trouble(self) -> Text | None:
        """What a person should know of the way, and do; None where all is well."""

    @property
    def heard(self) -> bool:
        """Whether anything comes through, as far as is known."""


class MqttTransport:
    """One topic per pair of firms, ``wv/x1/<recipient>/<sender>``; nothing is retained.

    The broker keeps no session for us: whatever it forgets is sent again from the outbox. The
    topic from us to us tells whether we are heard.
    """

    def __init__(self, broker: Broker, firm: str) -> None:
        self._firm = firm
        self._client = HeardClient(
            broker, f"wv-{firm}", f"{ROOT}/{firm}/{firm}", topics=(f"{ROOT}/{firm}/+",)
        )

    async def connect(self) -> None:
        """Open the connection and listen for messages to this firm."""
        await self._client.connect()

    def trouble(self) -> Text | None:
        """Whether we are not heard, or not the only ones of our name."""
        return self._client.trouble()

    @property
    def heard(self) -> bool:
        """Whether anything comes through, as far as is known."""
        return self._client.hearing is not Hearing.NOTHING

    async def send(self, recipient: str, wire: bytes) -> None:
        """Publish for ``recipient``; returns when the broker has it."""
        await self._client.publish(Message(f"{ROOT}/{recipient}/{self._firm}", wire))

    async def messages(self) -> AsyncIterator[tuple[str, bytes]]:
        """What arrives, with the firm that the topic names as its sender."""
        async for message in self._client.messages():
            yield message.topic.rpartition("/")[2], message.payload

    async def close(self) -> None:
        """Take leave of the broker."""
        await self._client.close()
