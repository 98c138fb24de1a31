"""What every kind of line has: the keys that a device states, and how it is opened."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from pydantic import Field

from gateway.config import Duration, Variant

if TYPE_CHECKING:
    from pymodbus.client.base import ModbusBaseClient

NEVER = 3600.0
"""Seconds: pymodbus has a deadline of its own, and ours always comes first."""


@dataclass(frozen=True, slots=True)
class Hooks:
    """What pymodbus calls: ``inspect`` for each frame (sending, bytes), ``watch`` (connected)."""

    inspect: Callable[[bool, bytes], bytes]
    watch: Callable[[bool], None]


class Opener(Protocol):
    """Opens one physical line, again each time."""

    async def open(self, hooks: Hooks) -> ModbusBaseClient:
        """Connect anew. Raises Unreachable."""


class ModbusConnect(Variant, ABC):
    """How a device is reached: the line that it is on, and its own place there."""

    unit: int = Field(default=1, ge=1, le=255, description="Gerätenummer / unit id, 1 to 255")
    timeout: Duration = Field(
        default=timedelta(milliseconds=300),
        ge=timedelta(milliseconds=10),
        le=timedelta(seconds=10),
        description="Längste Wartezeit auf eine Antwort / longest wait for an answer, e.g. 300ms",
    )

    @property
    @abstractmethod
    def key(self) -> str:
        """The physical line, also for people; devices with the same one share a connection."""

    @abstractmethod
    def opener(self) -> Opener:
        """What opens the line. Does no input or output."""

    def place(self) -> str:
        """The address that only one device may have."""
        return f"{self.key} unit {self.unit}"
