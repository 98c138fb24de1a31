"""Quality: how far each value of a batch can be trusted. Pure.

A fault makes a signal BAD, or UNCERTAIN where there is a value in spite of it; so does a value
outside its physical limits. Nothing is dropped and nothing is invented.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import itemgetter, le

from gateway.core.batches import Batch, Judged, Mark
from gateway.core.signals import Fault, Quality, Reason, Signal, SignalId, Value

OUT_OF_RANGE = Mark(Quality.UNCERTAIN, Fault(Reason.OUT_OF_RANGE))
_SOUND: Mapping[int, Mark] = {}


def judge(batch: Batch, signals: Iterable[Signal], seq0: int) -> Judged:
    """Judge one batch. Whoever judges often keeps a ``Judge``."""
    return Judge(signals).judge(batch, seq0)


class Judge:
    """Judges the batches of some signals; prepares itself once per combination of signals."""

    def __init__(self, signals: Iterable[Signal]) -> None:
        self._signals = {signal.id: signal for signal in signals}
        self._bounds: dict[tuple[SignalId, ...], _Bounds] = {}

    def judge(self, batch: Batch, seq0: int) -> Judged:
        """The batch with its sequence number and a mark for each entry that is not good."""
        bounds = self._bounds.get(batch.signals)
        if bounds is None:
            bounds = _Bounds([self._signals[signal] for signal in batch.signals])
            self._bounds[batch.signals] = bounds
        if batch.faults is None:
            if bounds.hold(batch.values):
                return Judged(batch, seq0, _SOUND)
            return Judged(batch, seq0, bounds.marks(batch.values))
        marks = bounds.marks(batch.values)
        for index, fault in enumerate(batch.faults):
            if fault is not None:
                lost = batch.values[index] is None
                marks[index] = Mark(Quality.BAD if lost else Quality.UNCERTAIN, fault)
        return Judged(batch, seq0, marks)


class _Bounds:
    """The limits of one combination of signals, laid out for comparing a batch at once."""

    def __init__(self, signals: Sequence[Signal]) -> None:
        self._limits = [
            (
                index,
                float("-inf") if signal.limits.low is None else signal.limits.low,
                float("inf") if signal.limits.high is None else signal.limits.high,
            )
            for index, signal in enumerate(signals)
            if (signal.limits.low, signal.limits.high) != (None, None)
        ]
        self._low = tuple(low for _, low, _ in self._limits)
        self._high = tuple(high for _, _, high in self._limits)
        self._pick = _picker([index for index, _, _ in self._limits])

    def hold(self, values: tuple[Value | None, ...]) -> bool:
        """Whether every value lies within its limits. All values must be there."""
        limited = self._pick(values)
        return all(map(le, self._low, limited)) and all(map(le, limited, self._high))

    def marks(self, values: tuple[Value | None, ...]) -> dict[int, Mark]:
        """A mark for each value outside its limits."""
        return {
            index: OUT_OF_RANGE
            for index, low, high in self._limits
            if isinstance(value := values[index], int | float) and not low <= value <= high
        }


def _picker(indices: list[int]) -> Callable[[tuple[Value | None, ...]], tuple[float, ...]]:
    if len(indices) > 1:
        return itemgetter(*indices)
    if indices:
        only = indices[0]
        return lambda values: (values[only],)  # type: ignore[return-value]
    return lambda _: ()
