"""The machines of a simulation file: one model for each kind, with the figures of its physics."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field

from gateway.config import Duration, DurationOrZero, Strict
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
    loading: Duration = Field(description="Aufspannen / loading")
    cutting: Duration = Field(description="Fräsen / cutting")
    pieces: Count = Field(description="Teile je Lauf / pieces per run")
    base: Watts = Field(default=400.0, description="Grundlast, W / base load, W")
    spindle: Watts = Field(default=1100.0, description="Spindel, W / spindle, W")
    cut: Watts = Field(default=900.0, description="Schnitt dazu, W / the cut on top, W")
    wear: Share = Field(
        default=0.0002, description="Mehr Schnittleistung je Lauf / more cutting power per run"
    )
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
    cycle: Duration = Field(description="Zyklus / cycle")
    closed: Duration = Field(description="Werkzeug geschlossen / mould closed")
    cavities: Count = Field(description="Teile je Schuss / parts per shot")
    rejects: Share = Field(default=0.012, description="Ausschussanteil / share of rejects")
    warm_up: int = Field(
        default=10, ge=0, description="Ausschuss nach einem Halt / scrap shots after a stop"
    )

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
    cycle: Duration = Field(description="Zyklus / cycle")
    beam: Duration = Field(description="Strahl an / beam on")
    rejects: Share = Field(default=0.008, description="Ausschussanteil / share of rejects")

    def physics(self) -> Laser:
        """As the physics takes it."""
        return Laser(self.cycle.total_seconds(), self.beam.total_seconds(), self.rejects)


class BenchModel(Strict):
    """An assembly bench; rejects are reworked within the cycle."""

    type: Literal["bench"]
    cycle: Duration = Field(description="Zeit je Satz / time per set")
    rework: Share = Field(default=0.01, description="Anteil der Nacharbeit / share of rework")

    def physics(self) -> Bench:
        """As the physics takes it."""
        return Bench(self.cycle.total_seconds(), self.rework)


class RecipeModel(Strict):
    """What a charge goes through; temperatures in °C."""

    hot: float = Field(default=860.0, description="Härten, °C / hardening, °C")
    soak: Duration = Field(description="Halten / soak")
    quench: Duration = Field(description="Abschrecken / quench")
    warm: float = Field(default=250.0, description="Anlassen, °C / tempering, °C")
    temper: Duration = Field(description="Anlassen / temper")
    handling: Duration = Field(description="Be- und Entladen / handling")


class FurnaceModel(Strict):
    """A chamber furnace with three elements; capacity in J/K, losses in W/K."""

    type: Literal["furnace"]
    capacity: float = Field(
        default=150_000.0, gt=0, description="Wärmekapazität, J/K / heat capacity, J/K"
    )
    element: float = Field(
        default=12_000.0, gt=0, description="Leistung je Heizelement, W / power of an element, W"
    )
    loss: float = Field(
        default=12.0, gt=0, description="Verlust geschlossen, W/K / loss, closed, W/K"
    )
    open_loss: float = Field(
        default=324.0, gt=0, description="Verlust offen, W/K / loss, open, W/K"
    )
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
    loading: Duration = Field(description="Einlegen / loading")
    drilling: Duration = Field(description="Bohren / drilling")
    standby_power: Watts = Field(default=60.0, description="Bereitschaft, W / standby, W")
    loading_power: Watts = Field(default=180.0, description="Leerlauf, W / idling, W")
    drilling_power: Watts = Field(default=550.0, description="Bohren, W / drilling, W")
    batch: Count = Field(default=20, description="Bohrungen bis zur Pause / holes before a pause")
    pause: DurationOrZero = Field(default=timedelta(seconds=40), description="Pause / pause")

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
