"""An event loop whose time jumps to the next timer: no test waits, and every moment is exact."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any


class _Jumping(selectors.DefaultSelector):
    """Never waits: says how long it would have waited instead."""

    def __init__(self) -> None:
        super().__init__()
        self.waited = 0.0

    def select(self, timeout: float | None = None) -> list[Any]:
        if timeout is None:
            raise AssertionError("everybody waits, and nothing will come")
        self.waited += max(0.0, timeout)
        return super().select(0)


class _Looking(_Jumping):
    """Before it jumps it looks whether the system still has something to hand over."""

    def select(self, timeout: float | None = None) -> list[Any]:
        return selectors.DefaultSelector.select(self, 0.001 if timeout else 0) or (
            super().select(timeout)
        )


class JumpingLoop(asyncio.SelectorEventLoop):
    jumping: type[_Jumping] = _Jumping

    def __init__(self) -> None:
        self._jumping = self.jumping()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.waited


class LookingLoop(JumpingLoop):
    """For what goes through the system: sockets, pseudo-terminals."""

    jumping = _Looking


def played_through_the_system(what: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine that reads and writes in jumping time."""
    with asyncio.Runner(loop_factory=LookingLoop) as runner:
        return runner.run(what)


def played(what: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine in jumping time."""
    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        return runner.run(what)


def in_jumping_time(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """A test that plays through the system in jumping time: it never waits, and is never late."""

    @wraps(test)
    def play(*arguments: Any, **more: Any) -> None:
        played_through_the_system(test(*arguments, **more))

    return play
