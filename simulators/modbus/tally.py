"""What a simulated line has seen of its clients. Pure."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field

from simulators.modbus.pdu import WRITES, Asked

REMEMBERED = 1000
"""So many of the newest requests are kept one by one; all are counted."""


@dataclass(slots=True)
class Tally:
    """Counts of requests, of connections, and of what went wrong on the wire.

    ``closest``     shortest silence in seconds of the line between a frame and the next request
    ``crowded``     requests that came before the silence that a frame must have around it
    ``collisions``  requests and answers that met on the wire
    ``garbled``     requests that no unit can read: checksum, or the client's port is set otherwise
    ``unheard``     requests to a unit that was still busy
    ``refused``     connections that were turned away
    """

    functions: Counter[int] = field(default_factory=Counter)
    units: Counter[int] = field(default_factory=Counter)
    recent: deque[Asked] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    requests: int = 0
    writes: int = 0
    answers: int = 0
    connections: int = 0
    refused: int = 0
    closest: float = float("inf")
    crowded: int = 0
    collisions: int = 0
    garbled: int = 0
    unheard: int = 0

    def note(self, asked: Asked) -> None:
        """Count a request."""
        self.requests += 1
        self.functions[asked.function] += 1
        self.units[asked.unit] += 1
        self.writes += asked.function in WRITES
        self.recent.append(asked)

    def note_silence(self, lasted: float, least: float) -> None:
        """Count the silence before a request against the one that a frame needs."""
        self.closest = min(self.closest, lasted)
        self.crowded += lasted < least
