"""The machines of a simulation file: one model for each kind, with the figures of its physics."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field

from gateway.config import Duration, Strict
from simulators.physics.bench import Bench
from simulators.physics.drill import Drill
from simulators.physics.furnace import Furnace, Recipe
from simulators.physics.laser import Laser
from simulators.physics.mill import Mill
from simulators.physics.press import Press

Watts = Annotated[float, Field(ge=0)]
Share = Annotated[float, Field(ge=0, lt=1)]
Count = Annotated[int, Field(ge=1)]


class MillModel(Strict):
    """A milling machine; a run is loading, then cutting."""

    type: Literal["mill"]
    loading: Duration
    cutting: Duration
    pieces: Count
    base: Watts = 400.0
    spindle: Watts = 1100.0
    cut: Watts = 900.0
    wear: Share = 0.0002
    tool_age: int = Field(default=0, ge=0, description="Läufe des Werkzeugs / runs of the tool")

    def physics(self) -> Mill:
        """As the physics takes it."""
        return Mill(
            loading=self.loading.total_seconds(),
            cutting=self.cutting.total_seconds(),
            pieces=self.pieces,
            base=self.base,
            spindle=self.spindle,
            cut=self.cut,
            wear=self.wear,
            tool_age=self.tool_age,
        )


class PressModel(Strict):
    """An injection moulding press."""

    type: Literal["press"]
    cycle: Duration
    closed: Duration
    cavities: Count
    rejects: Share = 0.012
    warm_up: int = Field(default=10, ge=0)

    def physics(self) -> Press:
        """As the physics takes it."""
        return Press(
            self.cycle.total_seconds(),
            self.closed.total_seconds(),
            self.cavities,
            self.rejects,
            self.warm_up,
        )


class LaserModel(Strict):
    """A laser cutter."""

    type: Literal["laser"]
    cycle: Duration
    beam: Duration
    rejects: Share = 0.008

    def physics(self) -> Laser:
        """As the physics takes it."""
        return Laser(self.cycle.total_seconds(), self.beam.total_seconds(), self.rejects)


class BenchModel(Strict):
    """An assembly bench; rejects are reworked within the cycle."""

    type: Literal["bench"]
    cycle: Duration
    rework: Share = 0.01

    def physics(self) -> Bench:
        """As the physics takes it."""
        return Bench(self.cycle.total_seconds(), self.rework)


class RecipeModel(Strict):
    """What a charge goes through; temperatures in °C."""

    hot: float = 860.0
    soak: Duration
    quench: Duration
    warm: float = 250.0
    temper: Duration
    handling: Duration


class FurnaceModel(Strict):
    """A chamber furnace with three elements; capacity in J/K, losses in W/K."""

    type: Literal["furnace"]
    capacity: float = Field(default=150_000.0, gt=0)
    element: float = Field(default=12_000.0, gt=0)
    loss: float = Field(default=12.0, gt=0)
    open_loss: float = Field(default=324.0, gt=0)
    recipe: RecipeModel

    def physics(self) -> Furnace:
        """As the physics takes it."""
        return Furnace(self.capacity, self.loss, self.open_loss, self.element)

    def program(self) -> Recipe:
        """The recipe as the physics takes it."""
        recipe = self.recipe
        return Recipe(
            hot=recipe.hot,
            soak=recipe.soak.total_seconds(),
            quench=recipe.quench.total_seconds(),
            warm=recipe.warm,
            temper=recipe.temper.total_seconds(),
            handling=recipe.handling.total_seconds(),
        )


class DrillModel(Strict):
    """A bench drill in real time, outside the order."""

    type: Literal["drill"]
    loading: Duration
    drilling: Duration
    standby_power: Watts = 60.0
    loading_power: Watts = 180.0
    drilling_power: Watts = 550.0
    batch: Count = 20
    pause: Duration = timedelta(seconds=40)

    def physics(self) -> Drill:
        """As the physics takes it."""
        return Drill(
            self.loading.total_seconds(),
            self.drilling.total_seconds(),
            self.standby_power,
            self.loading_power,
            self.drilling_power,
            self.batch,
            self.pause.total_seconds(),
        )


Model = Annotated[
    MillModel | PressModel | LaserModel | BenchModel | FurnaceModel | DrillModel,
    Field(discriminator="type"),
]
