"""The time that questions and answers take on a serial line. Pure.

A byte is sent as a start bit, eight bits, the parity if there is one, and the stop bits; frames are
apart by the time of 3.5 bytes, from 19,200 baud on by 1.75 ms (Modbus over serial line 1.02,
2.5.1.1). That silence is kept twice: before the device answers, and before the next question.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from gateway.machines.read_plan import NOTHING, Block, Learned, plan
from gateway.machines.template import PointSpec, Template

QUESTION = 8
"""Bytes of a question to read: unit, function, address 2, count 2, checksum 2."""
AROUND_VALUES = 5
"""Bytes of an answer beside its values: unit, function, size, checksum 2."""
FAST = 19_200
"""Baud above which the silence between frames does not become shorter."""
THINKS = 0.02
"""Seconds that a device is taken to need for an answer, where nothing is known of it."""
TICKS = 5000
"""Ticks of different periods that are looked at one by one before they come the same again."""


@dataclass(frozen=True, slots=True)
class Wire:
    """A serial line of ``baud`` bits per second, ``bits`` of them for each byte."""

    baud: int
    bits: int

    def takes(self, count: int) -> float:
        """Seconds for so many bytes."""
        return count * self.bits / self.baud

    @property
    def silence(self) -> float:
        """Seconds of silence by which a frame is known to have ended (t3.5)."""
        return 0.00175 if self.baud > FAST else 3.5 * self.bits / self.baud

    def exchange(self, block: Block) -> float:
        """Seconds for the bytes of a question and its answer."""
        return self.takes(QUESTION + AROUND_VALUES + block.size)


@dataclass(frozen=True, slots=True)
class Polled:
    """A device as it is polled: which points every how many seconds, with what pause.

    ``learned`` is what it has refused, which cuts its requests.
    """

    template: Template
    points: Sequence[tuple[PointSpec, float]]
    pause: float = 0.0
    learned: Learned = NOTHING

    def blocks(self, points: Sequence[PointSpec]) -> Sequence[Block]:
        """The requests that bring some of the points."""
        return plan(points, self.template, self.learned)


@dataclass(frozen=True, slots=True)
class Load:
    """What a line has to carry.

    ``requests``, ``registers`` and ``values`` of the cycle in which everything is due; ``cycle``
    is the seconds that it takes, and ``busy`` the share of all time that the line is needed: above
    1 it cannot be done. Both are 0 where the line's speed is not known.
    """

    requests: int
    registers: int
    values: int
    cycle: float
    busy: float


def load(devices: Sequence[Polled], wire: Wire | None, thinks: float = THINKS) -> Load:
    """What the devices of one line ask of it, if each needs ``thinks`` seconds for an answer."""
    pause = max(device.pause for device in devices)
    blocks = [
        block
        for device in devices
        for block in device.blocks([point for point, _ in device.points])
    ]
    return Load(
        requests=len(blocks),
        registers=sum(block.count for block in blocks),
        values=sum(len(block.points) for block in blocks),
        cycle=_seconds(blocks, wire, pause, thinks),
        busy=sum(_share(device, wire, pause, thinks) for device in devices),
    )


def _seconds(blocks: Sequence[Block], wire: Wire | None, pause: float, thinks: float) -> float:
    if wire is None:
        return 0.0
    between = max(pause, wire.silence)
    return sum(wire.exchange(block) + wire.silence + thinks + between for block in blocks)


def _share(device: Polled, wire: Wire | None, pause: float, thinks: float) -> float:
    """The part of all time that a device needs: what is due together is asked for together."""
    if wire is None or not device.points:  # or everything is refused
        return 0.0
    exact = [Fraction(every).limit_denominator(1000) for _, every in device.points]
    unit = math.lcm(*(every.denominator for every in exact))
    whole = [int(every * unit) for every in exact]
    periods = sorted(set(whole))
    span = math.lcm(*periods)
    if span / periods[0] > TICKS:  # the slow ones hardly count
        periods, span = periods[:1], periods[0]
    cost: dict[tuple[int, ...], float] = {}
    total = 0.0
    for tick in {number for period in periods for number in range(0, span, period)}:
        due = tuple([period for period in periods if tick % period == 0])
        if due not in cost:
            named = zip(device.points, whole, strict=True)
            points = [point for (point, _), period in named if period in due]
            cost[due] = _seconds(device.blocks(points), wire, pause, thinks)
        total += cost[due]
    return total * unit / span


def possible(every: float, busy: float) -> float:
    """The shortest period instead of ``every`` that a line can do, rounded up to 10 ms."""
    return math.ceil(round(every * busy * 100, 6)) / 100
