"""From the simulation file to the order and the physics that the plant plays. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from simulators.machine import Physics
from simulators.machine_models import FurnaceModel, Model
from simulators.physics.drill import Drill
from simulators.simulation_file import SimulationFile
from simulators.tracks import Need, Order, Oven, Package


def physics_of(model: Model) -> Physics:
    """The physics of a machine."""
    if isinstance(model, FurnaceModel):
        return Oven(model.physics(), model.program())
    return model.physics()


def order_of(file: SimulationFile, physics: Mapping[str, Physics]) -> Order:
    """The order; a reserve stands behind the package that it may stand in for."""
    firms = {machine.name: machine.firm for machine in file.machines}
    packages: list[Package] = []
    for model in file.packages:
        needs = tuple(Need(need.package, need.per) for need in model.needs)
        packages.append(
            Package(model.id, firms[model.machine], model.machine, model.quantity, model.lot, needs)
        )
        packages += [
            Package(
                reserve.id,
                firms[reserve.machine],
                reserve.machine,
                model.quantity,
                model.lot,
                needs,
                stands_in_for=model.id,
                free_from=reserve.free_from.total_seconds(),
            )
            for reserve in file.reserves
            if reserve.stands_in_for == model.id
        ]
    return Order(
        file.start.total_seconds(),
        file.transport.total_seconds(),
        tuple(packages),
        {name: found for name, found in physics.items() if not isinstance(found, Drill)},
        file.seed,
    )
