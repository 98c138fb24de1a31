"""What is slow to load begins when the first values are out: it holds up everything else."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

from gateway.assembly.alone import Start

AT_MOST = 0.5
"""Seconds that are waited: a machine or a broker may be away."""
_LOOKS = 0.01


def after(out: Callable[[], bool], start: Start) -> Start:
    """``start``, once ``out`` says that the first values are, or after ``AT_MOST``."""
    return partial(_begin, out, start)


async def _begin(out: Callable[[], bool], start: Start) -> None:
    clock = asyncio.get_running_loop().time
    end = clock() + AT_MOST
    while clock() < end and not out():  # noqa: ASYNC110 - a few times, and once in a life
        await asyncio.sleep(_LOOKS)
    await start()
