"""A guided recording: what a machine showed while somebody switched it step by step. Pure.

It is kept in memory, so it is bounded; stored it is a text of lines ``seconds,value``, one column
for each role, and what was to be seen stands in its comments.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from math import isnan, nan

MOST = 60_000
"""So many looks are kept: four hours of them at four a second."""
_ROLES, _STEP = "# columns:", "# step:"

Sample = tuple[float, float]
"""Seconds since the recording began, and the value."""


class Recording:
    """What the points in ``roles`` showed, at ``times`` in seconds from its beginning.

    ``steps`` are the steps that were begun, each with its beginning.
    """

    __slots__ = ("_columns", "roles", "steps", "times")

    def __init__(self, roles: Sequence[str]) -> None:
        self.roles = tuple(roles)
        self.times = array("d")
        self.steps: list[tuple[str, float]] = []
        self._columns = tuple(array("d") for _ in self.roles)

    def __len__(self) -> int:
        return len(self.times)

    @property
    def full(self) -> bool:
        """Whether nothing more can be kept."""
        return len(self.times) >= MOST

    @property
    def length(self) -> float:
        """Seconds from the first look to the last."""
        return self.times[-1] - self.times[0] if self.times else 0.0

    def add(self, t: float, values: Mapping[str, float | None]) -> None:
        """One look; a value that did not come or cannot be trusted is None.

        It is kept as exactly as it is stored, so that both teach the same.
        """
        if self.full:
            return
        self.times.append(round(t, 3))
        for role, column in zip(self.roles, self._columns, strict=True):
            value = values.get(role)
            column.append(nan if value is None else float(f"{value:.7g}"))

    def begin(self, step: str, t: float) -> None:
        """A step begins."""
        self.steps.append((step, round(t, 3)))

    def cut(self, t: float) -> None:
        """Forget what was seen and begun from ``t`` on."""
        keep = bisect_left(self.times, t)
        for column in (self.times, *self._columns):
            del column[keep:]
        self.steps = [one for one in self.steps if one[1] < t]

    def looks(self) -> Iterator[tuple[float, dict[str, float]]]:
        """Look by look, with the values that came."""
        for t, *values in zip(self.times, *self._columns, strict=True):
            pairs = zip(self.roles, values, strict=True)
            yield t, {role: value for role, value in pairs if not isnan(value)}

    def samples(self, role: str) -> list[Sample]:
        """The values of one role that came."""
        if role not in self.roles:
            return []
        column = self._columns[self.roles.index(role)]
        return [(t, value) for t, value in zip(self.times, column, strict=True) if not isnan(value)]

    def missing(self, role: str) -> int:
        """How many looks brought no value of a role."""
        return len(self.times) - len(self.samples(role))

    def within(self, step: str) -> tuple[float, float] | None:
        """When a step began and ended; None where it was left out."""
        ends = [*(t for _, t in self.steps[1:]), self.times[-1] + 1 if self.times else 0.0]
        spans = zip(self.steps, ends, strict=False)
        return next(((t, end) for (name, t), end in spans if name == step and end > t), None)


def written(recording: Recording, title: str) -> str:
    """The recording as it is stored."""
    lines = [
        f"# {title}: Sekunden, Werte / seconds, values",
        f"{_ROLES} seconds, {', '.join(recording.roles)}",
    ]
    lines += [f"{_STEP} {t:.3f} {name}" for name, t in recording.steps]
    for t, values in recording.looks():
        shown = (
            "" if (value := values.get(role)) is None else f"{value:.7g}"
            for role in recording.roles
        )
        lines.append(f"{t:.3f},{','.join(shown)}")
    return "\n".join(lines) + "\n"


def read(text: str, role: str) -> Recording:
    """A recording as it is stored; without the names of its columns it is one of ``role``.

    Raises ValueError where it is none.
    """
    rows: list[list[str]] = []
    roles: tuple[str, ...] = (role,)
    steps: list[tuple[str, float]] = []
    for line in text.splitlines():
        if line.startswith(_ROLES):
            roles = tuple(one.strip() for one in line.removeprefix(_ROLES).split(","))[1:]
        elif line.startswith(_STEP):
            t, name = line.removeprefix(_STEP).split()
            steps.append((name, float(t)))
        elif row := line.split("#")[0].strip():
            rows.append([cell.strip() for cell in row.split(",")])
    found, before = Recording(roles), float("-inf")
    for t, *cells in rows:
        if len(cells) != len(roles) or not before < float(t) < float("inf"):
            raise ValueError(f"no look of {', '.join(roles)}: {t}")
        before = float(t)
        found.add(before, {r: float(c) for r, c in zip(roles, cells, strict=True) if c})
    found.steps = steps
    return found
