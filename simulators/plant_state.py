"""What the control tells of the plant: everything that a test or the stage may want to compare."""

from __future__ import annotations

from gateway.core.clock import to_ms
from simulators.plant import Plant

Json = dict[str, object]


def clock_of(plant: Plant) -> Json:
    """The plant's clock: its anchor in real time (None while it stands) and the present time."""
    time = plant.clock.time
    at = plant.at
    return {
        "began": None if time is None else time.began.isoformat().replace("+00:00", "Z"),
        "at_s": at if time is None else time.at.total_seconds(),
        "now_s": at,
        "read_ms": to_ms(plant.now()),
    }


def brief(plant: Plant) -> Json:
    """How the clock stands."""
    real = plant.now()
    return {
        "simulated": True,
        "running": plant.clock.runs(real) and plant.clock.held is None,
        "held": plant.own_clock.held is not None,
        "lapse": plant.clock.lapse,
        "clock": clock_of(plant),
    }


def lots(plant: Plant) -> list[Json]:
    """The lots that have left so far."""
    return [
        {
            "package": lot.package,
            "number": lot.number,
            "quantity": lot.quantity,
            "departed_s": lot.departed,
            "arrives_s": lot.arrives,
            "to": lot.to,
        }
        for lot in plant.timeline.departed(plant.at)
    ]


def machine(plant: Plant, name: str, *, plugged: bool) -> Json:
    """One machine: what it does, what it has done, and what its devices count."""
    found = plant.machine(name)
    done = plant.done(name)
    showing = plant.showing(name)
    listen = found.model.listen
    return {
        "name": name,
        "firm": found.model.firm,
        "simulated": True,
        "host": listen.host,
        "port": listen.port,
        "units": [device.unit for device in found.devices],
        "serial": {
            str(model.unit): model.serial.link
            for model in found.model.devices
            if model.serial and model.serial.link
        },
        "templates": {str(device.unit): device.template.template for device in found.devices},
        "plugged": plugged,
        "silent": [device.unit for device in found.devices if device.quirks.silent],
        "phase": str(showing.phase),
        "standing": showing.phase in ("standing", "idle"),
        "truth": {"good": done.good, "scrap": done.rejected, "runs": done.runs},
        "run_began_s": done.began,
        "counters": {key: n for device in found.devices for key, n in device.counters().items()},
        "values": dict(showing.values),
        "faults": plant.faults(name),
    }
