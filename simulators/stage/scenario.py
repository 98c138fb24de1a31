"""The scenario file: who plays in the demo, and from which moments it can be started."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from gateway.config import DurationOrZero, Strict, read_model
from gateway.core.names import FIRM_PATTERN, MACHINE_PATTERN

FirmId = Annotated[str, Field(pattern=FIRM_PATTERN)]


class Player(Strict):
    """A firm of the demo, its file, its machine and the package it works on."""

    id: FirmId
    kind: Literal["member", "lead", "reserve", "retrofit"]
    file: str
    machine: Annotated[str, Field(pattern=MACHINE_PATTERN)]
    package: str | None


class Keyframe(Strict):
    """A moment from which the order can be played, and what has happened by then."""

    day: int = Field(ge=1)
    time: str = Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")
    faults: tuple[str, ...] = ()
    reserve: bool = False

    @property
    def at(self) -> timedelta:
        """Order time since day 1, 00:00."""
        hours, minutes = self.time.split(":")
        return timedelta(days=self.day - 1, hours=int(hours), minutes=int(minutes))


class Scenario(Strict):
    """The scenario file."""

    schema_: Literal[1] = Field(alias="schema")
    order: str
    lapse: int = Field(ge=1)
    simulation: str
    consortium: str
    firms: tuple[Player, ...] = Field(min_length=1)
    fault_machine: str | None = None
    keyframes: tuple[Keyframe, ...] = Field(min_length=1)
    confirm_after: DurationOrZero

    @property
    def lead(self) -> Player:
        """The lead firm."""
        return next(player for player in self.firms if player.kind == "lead")


def load(path: Path) -> Scenario:
    """Read a scenario file. Raises ConfigError with every mistake."""
    return read_model(path, Scenario)
