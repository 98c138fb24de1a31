"""The simulation file: which machines are played, with which physics, and how material flows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from gateway.config import Duration, Endpoint, FirmId, MachineName, OrderMoment, Strict, wrong
from gateway.core.text import Text
from simulators.faults import Quirks
from simulators.physics.bench import Bench
from simulators.physics.drill import Drill
from simulators.physics.furnace import Furnace, Recipe
from simulators.physics.laser import Laser
from simulators.physics.mill import Mill
from simulators.physics.press import Press

Watts = Annotated[float, Field(ge=0)]
Share = Annotated[float, Field(ge=0, lt=1)]
Count = Annotated[int, Field(ge=1)]
PackageId = Annotated[str, Field(min_length=1, max_length=16)]


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


class QuirksModel(Strict):
    """How a device differs from its template."""

    word_swap: bool = False
    off_by_one: bool = False
    rollover: dict[str, Annotated[int, Field(ge=1)]] = Field(default_factory=dict)
    delay: Duration = timedelta(0)
    silent: bool = False

    def quirks(self) -> Quirks:
        """As the device takes it."""
        return Quirks(
            self.word_swap,
            self.off_by_one,
            self.rollover,
            self.delay.total_seconds(),
            self.silent,
        )


class DeviceModel(Strict):
    """One Modbus unit; ``counters`` is what its counters showed when we began."""

    template: str
    unit: int = Field(ge=1, le=247)
    counters: dict[str, Annotated[float, Field(ge=0)]] = Field(default_factory=dict)
    quirks: QuirksModel = QuirksModel()

    @field_validator("template")
    @classmethod
    def _relative_to_the_file(cls, value: str, info: ValidationInfo) -> str:
        folder = (info.context or {}).get("folder")
        if folder is None or not value.endswith((".yaml", ".yml")):
            return value
        return str(Path(folder) / value)


class MachineModel(Strict):
    """A simulated machine at its address."""

    name: MachineName
    firm: FirmId
    listen: Endpoint
    model: Model
    devices: tuple[DeviceModel, ...] = Field(min_length=1)


class NeedModel(Strict):
    """What one piece of a package takes from another."""

    package: PackageId
    per: Count = 1


class PackageModel(Strict):
    """A part of the order at one machine; stands after the packages that it needs."""

    id: PackageId
    machine: MachineName
    quantity: Count
    lot: Count
    needs: tuple[NeedModel, ...] = ()


class ReserveModel(Strict):
    """A machine that can take over lots of a package."""

    id: PackageId
    stands_in_for: PackageId
    machine: MachineName
    free_from: OrderMoment
    lots: tuple[Count, ...] = Field(description="Lose beim Sprung / lots of a keyframe's reserve")


class ElementModel(Strict):
    """The element that burns out; ``armed`` is when, if a keyframe begins with the fault."""

    machine: MachineName
    phase: int = Field(ge=1, le=3)
    armed: OrderMoment


class SimulationFile(Strict):
    """The simulation file."""

    schema_: Literal[1] = Field(alias="schema")
    seed: int = 17
    start: OrderMoment
    transport: Duration
    lapse: Count = 1
    packages: tuple[PackageModel, ...] = ()
    reserves: tuple[ReserveModel, ...] = ()
    element: ElementModel | None = None
    machines: tuple[MachineModel, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _names_fit(self) -> Self:
        kinds = {machine.name: machine.model.type for machine in self.machines}
        if len(kinds) != len(self.machines):
            raise _unknown("zwei Maschinen heißen gleich", "two machines have the same name")
        units = [(m.listen, device.unit) for m in self.machines for device in m.devices]
        if len(set(units)) != len(units):
            raise _unknown(
                "zwei Geräte haben dieselbe Adresse und Unit", "two devices share address and unit"
            )
        known: set[str] = set()
        for package in self.packages:
            self._check(package.machine, kinds)
            for need in package.needs:
                if need.package not in known:
                    raise _unknown(
                        f"{package.id} braucht {need.package}, das nicht davor steht",
                        f"{package.id} needs {need.package}, which does not stand before it",
                    )
            known.add(package.id)
        for reserve in self.reserves:
            self._check(reserve.machine, kinds)
            if reserve.stands_in_for not in known:
                raise _unknown(
                    f"das Paket {reserve.stands_in_for} gibt es nicht",
                    f"there is no package {reserve.stands_in_for}",
                )
        if self.element is not None and kinds.get(self.element.machine) != "furnace":
            raise _unknown(
                f"{self.element.machine} ist kein Ofen", f"{self.element.machine} is no furnace"
            )
        return self

    @staticmethod
    def _check(machine: str, kinds: Mapping[str, str]) -> None:
        if machine not in kinds or kinds[machine] == "drill":
            raise _unknown(
                f"die Maschine {machine} arbeitet an keinem Auftrag",
                f"the machine {machine} works on no order",
            )


def _unknown(de: str, en: str) -> Exception:
    return wrong(
        Text(de, en),
        Text("Prüfen Sie die Namen in dieser Datei.", "Check the names in this file."),
    )
