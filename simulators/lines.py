"""The physical lines of a simulation: an address or a serial port, and the devices on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gateway.config import Endpoint
from simulators.device import Device
from simulators.modbus.bus import Bus
from simulators.modbus.pace import Pace
from simulators.modbus.pdu import Asked
from simulators.modbus.port import SerialPort
from simulators.modbus.script import WELL, Fate, Script
from simulators.modbus.tally import Tally
from simulators.modbus.tcp_device import TcpDevice
from simulators.plant import Plant
from simulators.simulation_file import Serial

Place = Endpoint | Serial


@dataclass(frozen=True, slots=True)
class Line:
    """One line. ``devices`` are those on it, each with the machine that it belongs to."""

    server: TcpDevice | SerialPort
    devices: tuple[tuple[str, Device], ...]

    @property
    def silent(self) -> bool:
        """Whether nobody answers on it any more."""
        return all(device.quirks.silent for _, device in self.devices)


def lines(plant: Plant, tally: Tally) -> dict[Place, Line]:
    """Every line of a plant by its place; opens nothing."""
    found: dict[Place, list[tuple[str, Device]]] = {}
    for name, machine in plant.machines.items():
        for device, model in zip(machine.devices, machine.model.devices, strict=True):
            place = model.serial if model.serial and model.serial.link else machine.model.listen
            found.setdefault(place, []).append((name, device))
    return {
        place: Line(_server(place, {d.unit: d for _, d in devices}, tally), tuple(devices))
        for place, devices in found.items()
    }


def _server(place: Place, devices: Mapping[int, Device], tally: Tally) -> TcpDevice | SerialPort:
    units = {number: device.answer for number, device in devices.items()}
    script = _delays(devices)
    if isinstance(place, Endpoint):
        return TcpDevice(units, place.host, place.port, script=script, tally=tally)
    pace = Pace(place.baud, place.parity, place.stop_bits)
    return SerialPort(Bus(units, pace, script=script, tally=tally), Path(place.link))


def _delays(devices: Mapping[int, Device]) -> Script:
    """Each device answers after its delay."""

    def fate(asked: Asked) -> Fate:
        delay = devices[asked.unit].quirks.delay
        return Fate(late=delay) if delay else WELL

    return fate
