"""What every kind of line has: the keys that a device states, and how it is opened."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Literal, Protocol

from pydantic import Field

from gateway.config import Duration, DurationOrZero, Variant
from gateway.core.findings import Finding
from gateway.machines.read_plan import Block
from gateway.sources.bus_time import Wire
from gateway.sources.frame import Framing

if TYPE_CHECKING:
    from pymodbus.client.base import ModbusBaseClient

NEVER = 3600.0
"""Seconds: pymodbus has a deadline of its own, and ours always comes first."""
ANSWERS_WITHIN = 0.3
"""Seconds that a device is given to answer, beside the time that the bytes take on their way."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One question and what came back: ``words``, or ``found`` instead, after ``seconds``.

    ``block`` is None where the line could not be opened. ``sent`` and ``received`` are the frames.
    """

    unit: int
    block: Block | None
    words: Sequence[int] | None
    found: Finding | None
    seconds: float
    sent: bytes = b""
    received: bytes = b""


Tap = Callable[[Exchange], None]
"""Is told of each exchange on a line, once it is over."""


@dataclass(frozen=True, slots=True)
class Hooks:
    """What pymodbus calls: ``inspect`` for each frame (sending, bytes), ``watch`` (connected)."""

    inspect: Callable[[bool, bytes], bytes]
    watch: Callable[[bool], None]


class Opener(Protocol):
    """Opens one physical line, again each time."""

    async def open(self, hooks: Hooks) -> ModbusBaseClient:
        """Connect anew. Raises Unreachable."""

    def worth_keeping(self, client: ModbusBaseClient) -> bool:
        """Whether a line on which nobody answers should stay open."""

    def drain(self, client: ModbusBaseClient) -> None:
        """Throw away what has come in unasked."""


class ModbusConnect(Variant, ABC):
    """How a device is reached: the line that it is on, and its own place there."""

    unit: int = Field(default=1, ge=0, le=255, description="Gerätenummer / unit id, 0 to 255")
    timeout: Duration | None = Field(
        default=None,
        ge=timedelta(milliseconds=10),
        le=timedelta(seconds=30),
        description="Längste Wartezeit auf eine Antwort; ohne Angabe 300 ms, seriell dazu die Zeit "
        "auf der Leitung / longest wait for an answer, e.g. 300ms; if not given 300 ms, on a "
        "serial line and the time that its bytes take",
    )
    pause: DurationOrZero = Field(
        default=timedelta(0),
        le=timedelta(seconds=10),
        description="Pause zwischen zwei Anfragen / pause between two requests, e.g. 50ms",
    )
    pause_after_connect: DurationOrZero = Field(
        default=timedelta(0),
        le=timedelta(minutes=1),
        description="Pause nach dem Verbinden / pause after connecting, e.g. 2s",
    )
    reconnect: Literal["when-lost", "each-poll"] = Field(
        default="when-lost",
        description="Neu verbinden nach Verlust oder für jede Abfrage / connect anew when lost, or "
        "for each poll",
    )
    ignore_unit: bool = Field(
        default=False,
        description="Antworten unter jeder Gerätenummer gelten / answers of any unit id are taken",
    )

    @property
    @abstractmethod
    def key(self) -> str:
        """The physical line, as it is called."""

    def resolved(self) -> str:
        """The line whatever it is called: devices with the same one share a connection."""
        return self.key

    @abstractmethod
    def opener(self) -> Opener:
        """What opens the line. Does no input or output."""

    @abstractmethod
    def framing(self) -> Framing:
        """How questions and answers become bytes on it."""

    @property
    def wire(self) -> Wire | None:
        """The serial line, as far as it is known."""
        return None

    @property
    def any_number(self) -> bool:
        """Whether answers are taken that bear another question's number."""
        return False

    @property
    def through_gateway(self) -> bool:
        """Whether a gateway hands questions on to a serial line, also where it has one unit."""
        return False

    def within(self, block: Block) -> float:
        """Seconds within which the answer has to be there."""
        if self.timeout is not None:
            return self.timeout.total_seconds()
        return ANSWERS_WITHIN + (self.wire.exchange(block) if self.wire else 0.0)

    def place(self) -> str:
        """The device on its line."""
        return f"{self.key} unit {self.unit}"

    def line(self) -> str:
        """The line."""
        return self.key

    def agreed(self) -> Mapping[str, object]:
        """What all devices on the line must say alike."""
        return {"type": self.type}
