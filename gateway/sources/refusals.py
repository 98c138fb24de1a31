"""What a device refuses, and when it is asked for it again. Pure.

Refused addresses are tried again alone, each in its own time. Where nothing at all is answered
any more it is the device that refuses, and not its addresses: what it has refused since it last
answered is forgotten with its next answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gateway.core.signals import Fault, Reason
from gateway.core.text import Text
from gateway.flow.backoff import Backoff
from gateway.machines.read_plan import Place
from gateway.machines.template import PointSpec

RETRY_POINT = (0.9, 1.9, 4.9, 14.9, 59.9)
"""Seconds until a refused address is tried again, a little early: polls come once a second."""

RETRY_DEVICE = (0.9, 1.9, 4.9)
"""Seconds until a device that refuses everything is asked for one point again."""

REMEMBERED = frozenset({1, 2, 3, 4})
"""Exceptions that will be the answer again for a while; after others the next poll asks again."""

EVERYTHING = Text("das Gerät lehnt alle Abfragen ab", "the device refuses every request")


@dataclass(slots=True)
class _Refusal:
    fault: Fault
    alone: bool
    since: int
    retry: Backoff


class Refusals:
    """The refusals of one device, whose ``places`` are all that it can be asked for."""

    def __init__(self, places: Iterable[Place]) -> None:
        self._places = frozenset(places)
        self._refused: dict[Place, _Refusal] = {}
        self._answers = 0
        self._device: Backoff | None = None
        self._probes = 0
        self.fault = Fault(Reason.REFUSED)
        """Why, where the device refuses everything."""

    @property
    def bad(self) -> frozenset[Place]:
        """Addresses that are refused even alone."""
        return frozenset(place for place, refusal in self._refused.items() if refusal.alone)

    @property
    def everything(self) -> bool:
        """Whether it is the device that refuses."""
        return self._device is not None

    def knows(self, point: PointSpec) -> bool:
        """Whether a point was refused when it was last asked for."""
        return place(point) in self._refused

    def waiting(self, point: PointSpec, mono: float) -> tuple[Fault, float] | None:
        """Why a point is not asked for now, and when it is again; None: ask."""
        refusal = self._refused.get(place(point))
        if refusal is None or refusal.retry.ready(mono):
            return None
        return refusal.fault, refusal.retry.next_try or mono

    def remember(
        self, points: Iterable[PointSpec], fault: Fault, mono: float, *, alone: bool
    ) -> None:
        """These have been refused; ``alone``: in a request for nothing else."""
        for point in points:
            refusal = self._refused.get(place(point))
            if refusal is None:
                retry = Backoff(steps=RETRY_POINT, jitter=0)
                refusal = _Refusal(fault, alone, self._answers, retry)
                self._refused[place(point)] = refusal
            refusal.fault = fault
            refusal.alone = refusal.alone or alone
            refusal.retry.failed(mono)

    def answered(self, points: Iterable[PointSpec]) -> bool:
        """These have been answered; returns whether that changes what is known."""
        self._answers += 1
        known = len(self._refused)
        if known:
            for point in points:
                self._refused.pop(place(point), None)
        if self._device is not None:
            self._device = None
            self._refused = {
                where: refusal
                for where, refusal in self._refused.items()
                if refusal.since < self._answers - 1
            }
        return len(self._refused) != known

    def judge(self, mono: float) -> None:
        """See whether a device that has just answered nothing refuses everything."""
        if self._device is None and self._refused.keys() >= self._places:
            self._device = Backoff(steps=RETRY_DEVICE, jitter=0)
            code = max(self._refused.values(), key=lambda refusal: refusal.since).fault.code
            self.fault = Fault(Reason.REFUSED, code, EVERYTHING)
            self._device.failed(mono)

    def probe(self, points: Sequence[PointSpec], mono: float) -> PointSpec | None:
        """The one point to ask a refusing device for now: each in its turn. None: not now."""
        if self._device is None or not self._device.ready(mono):
            return None
        once_answered = [
            point for point in points if self._refused[place(point)].since == self._answers
        ]
        self._probes += 1
        return (once_answered or points)[self._probes % len(once_answered or points)]

    def again(self, fault: Fault, mono: float) -> None:
        """The device still refuses."""
        if self._device is not None:
            self.fault = Fault(Reason.REFUSED, fault.code, EVERYTHING)
            self._device.failed(mono)


def place(point: PointSpec) -> Place:
    """Where a point stands."""
    return point.table, point.address
