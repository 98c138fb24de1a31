"""Sequence numbers: never reissued, because the boot counter is committed before the first one."""

from __future__ import annotations

from gateway.core.batches import BOOT_SPAN


class Numbering:
    """Hands out the sequence numbers of one boot."""

    def __init__(self, boot: int) -> None:
        self._next = boot * BOOT_SPAN

    def take(self, n: int) -> int:
        """Reserve ``n`` numbers; returns the first."""
        first = self._next
        self._next += n
        return first
