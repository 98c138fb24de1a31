"""How long a request may be to a device that is silent where it should refuse. Pure.

Silence says nothing by itself: the device may be away. So after two requests in vain it is asked
for a single point; where it answers that, it is there. If it then is silent again to what it has
never answered, the request is too long, and half of it is tried, until there is an answer.
"""

from __future__ import annotations

from gateway.machines.read_plan import Block

PATIENCE = 2
"""So many requests of one length in a row are in vain before another is tried: one may get lost."""


class Lengths:
    """What has been found out of one device; ``most`` registers may be asked for (None: any)."""

    def __init__(self) -> None:
        self.patience = PATIENCE
        self.searching = False
        """Whether another request may find out more: there was silence, and it is not clear why."""
        self.most: int | None = None
        self.proposed: int | None = None
        """What the template should say as ``max_registers``, once it has been found out."""
        self._answers = False
        self._found = False
        self._in_vain = 0

    @property
    def limit(self) -> int | None:
        """The registers that it was found to answer at once; None: nothing found out yet."""
        return self.most if self.proposed is not None else None

    @property
    def narrowing(self) -> bool:
        """Whether it is there, and only the length is looked for in which it answers."""
        return self.searching and self._answers

    def begin_with(self, most: int) -> None:
        """So many were found out before; where it is silent to these, less is tried."""
        self.most, self._answers, self._found = most, True, True

    def silent(self, block: Block) -> bool:
        """A request that was never answered was in vain; returns whether others must be planned."""
        self._in_vain += 1
        self.searching = True
        if self._in_vain < self.patience:
            return False
        self._in_vain = 0
        if len(block.points) == 1:
            self.most, self._answers, self._found = None, False, False
            self.searching = False
        elif self._answers:
            self.most, self._found = max(1, block.count // 2), True
        else:
            self.most = 1
        return True

    def answered(self, block: Block) -> bool:
        """There was an answer; returns whether others must be planned."""
        self._answers = True
        self._in_vain = 0
        if self._found:
            self.searching = False
            self.proposed = max(self.proposed or 0, block.count)
            return False
        if self.most is not None:  # it is there: now everything at once again
            self.most = None
            return True
        if len(block.points) > 1:
            self.searching = False
        return False
