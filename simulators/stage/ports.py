"""Which ports a demo uses, all counted from the base port, and whether they are free."""

from __future__ import annotations

import random
import socket
from collections.abc import Sequence
from dataclasses import dataclass

FIRMS = 9
"""Room for so many firms in each block of ports."""
BLOCK = 10
SPAN = 6 * BLOCK
"""A demo occupies ports ``base`` to ``base + SPAN - 1``."""


@dataclass(frozen=True, slots=True)
class Ports:
    """The port plan: the stage on ``base``, then a block of ten for each kind of server."""

    base: int

    @property
    def stage(self) -> int:
        """The one address for people."""
        return self.base

    def web(self, firm: int) -> int:
        """The pages of firm number ``firm`` (from 0)."""
        return self.base + 1 + firm

    def opcua(self, firm: int) -> int:
        """The OPC UA server of a firm."""
        return self.base + BLOCK + 1 + firm

    def broker(self, firm: int) -> int:
        """A firm's own MQTT broker."""
        return self.base + 2 * BLOCK + 1 + firm

    @property
    def shared_broker(self) -> int:
        """The broker between the firms."""
        return self.base + 2 * BLOCK

    def uplink(self, firm: int) -> int:
        """Where a firm reaches the shared broker: the plug that can be pulled."""
        return self.base + 3 * BLOCK + 1 + firm

    @property
    def control(self) -> int:
        """The control of the simulated machines."""
        return self.base + 4 * BLOCK

    def modbus(self, machine: int) -> int:
        """The Modbus endpoint of machine number ``machine`` (from 0)."""
        return self.base + 4 * BLOCK + 1 + machine

    def used(self, firms: int) -> list[int]:
        """Every port that a demo with so many firms opens; each has one machine."""
        several = (self.web, self.opcua, self.broker, self.uplink, self.modbus)
        return [
            self.stage,
            self.shared_broker,
            self.control,
            *(of(firm) for of in several for firm in range(firms)),
        ]


def taken(ports: Sequence[int], host: str = "127.0.0.1") -> list[int]:
    """Those of ``ports`` that somebody else uses at ``host``."""
    return [port for port in ports if not _free(port, host)]


def _free(port: int, host: str) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As servers do: a port that only lingers after its last user counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def free_base(start: int = 20_000, stop: int = 32_000) -> int:
    """A base port whose whole span is free, for tests and ``--base-port 0``.

    Below the ports that systems lend to clients, and not always the same: two demos that start
    at once rarely meet.
    """
    bases = list(range(start, stop - SPAN, SPAN))
    for base in random.SystemRandom().sample(bases, len(bases)):
        if not taken(range(base, base + SPAN)):
            return base
    raise OSError("no free span of ports")
