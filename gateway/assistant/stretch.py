"""A stretch of registers: what of it a device lets be read, and its words again and again."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from gateway.assistant.question import Asker, Heard
from gateway.machines.numbering import BIT_TABLES, Table

AT_ONCE = 64
"""Registers that are asked for in one request at most; many devices refuse 125."""
AT_ONCE_BITS = 512
WRONG_PLACE = frozenset({2, 3, 4})
"""Exceptions that may mean one register of many."""
IN_VAIN = 3
"""Silences one after the other after which it is left alone."""


@dataclass(frozen=True, slots=True)
class Run:
    """Neighbouring addresses that can be read in one request."""

    table: Table
    first: int
    count: int


@dataclass(frozen=True, slots=True)
class Survey:
    """What of a stretch can be read; ``refusal`` is what came back where nothing can."""

    runs: tuple[Run, ...]
    refusal: Heard | None


async def survey(asker: Asker, tables: Sequence[Table], first: int, count: int) -> Survey:
    """The readable runs of the first of ``tables`` that has any. Raises Unreachable."""
    refusal: Heard | None = None
    for table in tables:
        step = AT_ONCE_BITS if table in BIT_TABLES else AT_ONCE
        runs: list[Run] = []
        for start in range(first, first + count, step):
            size = min(step, first + count - start)
            found, refused = await _readable(asker, Run(table, start, size))
            runs += found
            refusal = refused or refusal
            if refused is not None and not refused.refused:
                break  # silence: the rest would be no better
        if runs:
            return Survey(tuple([run async for run in _joined(asker, runs)]), None)
    return Survey((), refusal)


async def _readable(asker: Asker, run: Run) -> tuple[list[Run], Heard | None]:
    """The parts of a run that can be read, found by halving; and what the last other part said."""
    heard = await asker.insist(run.table, run.first, run.count)
    if heard.words is not None:
        return [run], None
    if run.count == 1 or heard.exception not in WRONG_PLACE:
        return [], heard
    half = run.count // 2
    found: list[Run] = []
    refusal: Heard | None = None
    for first, count in ((run.first, half), (run.first + half, run.count - half)):
        more, refused = await _readable(asker, Run(run.table, first, count))
        found += more
        refusal = refused or refusal
    return found, refusal


async def _joined(asker: Asker, runs: Sequence[Run]) -> AsyncIterator[Run]:
    """Neighbours as one run where the device lets them be read at once."""
    kept = runs[0]
    for run in runs[1:]:
        both = Run(kept.table, kept.first, kept.count + run.count)
        touching = kept.first + kept.count == run.first and both.count <= AT_ONCE
        if touching and (await asker.insist(both.table, both.first, both.count)).words is not None:
            kept = both
        else:
            yield kept
            kept = run
    yield kept


async def sample(asker: Asker, run: Run, times: int) -> list[tuple[int, ...]]:
    """The words of a run, ``times`` times, oldest first; fewer where some did not come.

    Raises Unreachable where the line is gone.
    """
    found: list[tuple[int, ...]] = []
    vain = 0
    while len(found) < times and vain < IN_VAIN:
        heard = await asker.insist(run.table, run.first, run.count)
        if heard.words is None:
            vain += 1
        else:
            vain = 0
            found.append(heard.words)
    return found
