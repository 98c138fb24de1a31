"""What a running line carries: the time that a cycle should take, and the time that it takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.core.signals import SignalId
from gateway.core.text import Text
from gateway.sources.bus_time import THINKS, Load, Polled, Wire, load, possible
from gateway.sources.line_load import counted
from gateway.sources.source import ModbusSource


@dataclass(frozen=True, slots=True)
class LineUse:
    """One line at work; times are seconds, shares 0 to 1 of all time.

    ``load`` is what its devices ask of it as they are read now, each taken to need ``THINKS`` for
    an answer; ``cycle`` is what a cycle in which everything answered has taken (None: there was
    none), ``thinks`` what the devices then needed on average, ``share`` how much of the time the
    line was needed of late, and ``shortest`` the shortest period that it can do, as far as known,
    where ``wanted`` is what the firm's file says.
    Where ``wire`` is None its speed is not known, and nothing is expected.
    """

    place: str
    units: int
    wire: Wire | None
    load: Load
    cycle: float | None
    thinks: float | None
    share: float
    shortest: float | None
    wanted: float

    @property
    def full(self) -> bool:
        """Whether it cannot do what is wanted: polls are left out."""
        return self.shortest is not None and self.shortest > self.wanted

    @property
    def expected(self) -> float | None:
        """Seconds that a cycle should take."""
        return None if self.wire is None else self.load.cycle

    def told(self) -> Text:
        """One sentence."""
        carried, parts = counted(self.units, self.load), [self._expected(), self._measured()]
        in_use = round(100 * self.share)
        parts.append(
            Text(
                f"die Leitung ist zu {in_use} % der Zeit in Gebrauch",
                f"the line is in use for {in_use} % of the time",
            )
        )
        if self.shortest is not None:
            ms = round(1000 * self.shortest)
            parts.append(
                Text(
                    f"der kürzeste mögliche Takt ist {ms} ms",
                    f"the shortest period possible is {ms} ms",
                )
            )
        said = [part for part in parts if part is not None]
        return Text(
            f"{self.place}: {carried.de} je Durchgang; {'; '.join(part.de for part in said)}",
            f"{self.place}: {carried.en} a cycle; {'; '.join(part.en for part in said)}",
        )

    def _expected(self) -> Text | None:
        if self.wire is None:
            return None
        ms, thinks, baud = round(1000 * self.load.cycle), round(1000 * THINKS), self.wire.baud
        return Text(
            f"berechnet {ms} ms ({baud} Baud, {thinks} ms Bedenkzeit je Antwort)",
            f"computed {ms} ms ({baud} baud, {thinks} ms per answer for the device to think)",
        )

    def _measured(self) -> Text:
        if self.cycle is None:
            return Text(
                "nicht gemessen, weil noch nie alles zusammen geantwortet hat",
                "not measured, because never yet has everything answered together",
            )
        ms = round(1000 * self.cycle)
        if self.thinks is None:
            return Text(f"gemessen {ms} ms", f"measured {ms} ms")
        thinks = round(1000 * self.thinks)
        return Text(
            f"gemessen {ms} ms ({thinks} ms Bedenkzeit)", f"measured {ms} ms ({thinks} ms to think)"
        )


def line_use(source: ModbusSource, every: Mapping[SignalId, float]) -> LineUse:
    """How ``source`` is in use, whose signals are polled ``every`` so many seconds."""
    devices = [unit.polled(every) for unit in source.units]
    wire, cycle = source.units[0].connect.wire, source.time.cycle
    found, bare = load(devices, wire), load(devices, wire, thinks=0.0)
    thinks = None
    if wire is not None and cycle is not None:
        thinks = max(0.0, (cycle - bare.cycle) / max(1, found.requests))
    return LineUse(
        source.endpoint,
        len({unit.connect.unit for unit in source.units}),
        wire,
        found,
        cycle,
        thinks,
        source.share,
        _shortest(devices, wire, cycle, thinks),
        min(every.values()),
    )


def _shortest(
    devices: list[Polled], wire: Wire | None, cycle: float | None, thinks: float | None
) -> float | None:
    """With what is slower slower alike; where the speed is not known, for everything at once."""
    if cycle is None:
        return None
    if wire is None or thinks is None:
        return possible(1.0, cycle)
    fastest = min((every for device in devices for _, every in device.points), default=0.0)
    return possible(fastest, load(devices, wire, thinks).busy)
