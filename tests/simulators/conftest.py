from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from gateway import resources
from gateway.config import read_model
from simulators.plant import Plant
from simulators.simulation_file import SimulationFile

HOUR = 3600.0
BEGAN = datetime(2026, 3, 4, 9, 0, tzinfo=UTC)


@dataclass
class RealTime:
    """The wall clock of a test: it stands until it is moved."""

    at: datetime = BEGAN

    def __call__(self) -> datetime:
        return self.at

    def pass_(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


def read_simulation(name: str, env: dict[str, str] | None = None) -> SimulationFile:
    path = resources.configs() / name / "simulation.yaml"
    return read_model(path, SimulationFile, env or {})


@pytest.fixture(scope="session")
def fair() -> SimulationFile:
    return read_simulation("demo")


@pytest.fixture(scope="session")
def mini() -> SimulationFile:
    return read_simulation("mini")


@pytest.fixture
def real() -> RealTime:
    return RealTime()


@pytest.fixture
def plant(fair: SimulationFile, real: RealTime) -> Plant:
    return Plant(fair, real)


@pytest.fixture
def small_plant(mini: SimulationFile, real: RealTime) -> Plant:
    return Plant(mini, real)


@pytest.fixture
def clock() -> Callable[[str], float]:
    """Order time in seconds of a time of day, e.g. ``2 05:55``."""

    def seconds(moment: str) -> float:
        day, time = moment.split()
        hours, minutes = time.split(":")
        return (int(day) - 1) * 24 * HOUR + int(hours) * HOUR + int(minutes) * 60

    return seconds
