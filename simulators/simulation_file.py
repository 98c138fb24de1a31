"""The simulation file: which machines are played, with which physics, and how material flows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from gateway.config import (
    ALL_TEMPLATES,
    DurationOrZero,
    Endpoint,
    FirmId,
    MachineName,
    Objection,
    OrderMoment,
    Strict,
    choice,
    refuse,
)
from gateway.core.signals import Kind
from gateway.core.text import Text
from gateway.machines.catalog import names, template
from simulators.faults import Quirks
from simulators.machine_models import Count, Model
from simulators.modbus.pace import Parity

PackageId = Annotated[str, Field(min_length=1, max_length=16)]


class QuirksModel(Strict):
    """How a device differs from its template."""

    word_swap: bool = Field(default=False, description="Niedriges Wort zuerst / low word first")
    off_by_one: bool = Field(
        default=False, description="Alles eine Adresse höher / everything one address higher"
    )
    rollover: dict[str, Annotated[int, Field(ge=1)]] = Field(
        default_factory=dict,
        description="Höchster Rohwert eines Zählers / highest raw value of a counter",
    )
    delay: DurationOrZero = Field(
        default=timedelta(0), description="Verzögerung jeder Antwort / delay of each answer"
    )
    silent: bool = Field(default=False, description="Antwortet nicht / does not answer")

    def quirks(self) -> Quirks:
        """As the device takes it."""
        return Quirks(
            self.word_swap,
            self.off_by_one,
            self.rollover,
            self.delay.total_seconds(),
            self.silent,
        )


class Serial(Strict):
    """A serial line of simulated devices: a pseudo-terminal, found at ``link``."""

    link: str = Field(
        description="Pfad der seriellen Schnittstelle; leer: das Gerät spricht Modbus TCP / "
        "path of the serial port; empty: the device speaks Modbus TCP"
    )
    baud: int = Field(default=9600, ge=300, le=921_600, description="Baudrate / baud rate")
    parity: Parity = Field(default="none", description="Parität / parity")
    stop_bits: Literal[1, 2] = Field(default=1, description="Stoppbits / stop bits")


class DeviceModel(Strict):
    """One Modbus unit; ``counters`` is what its counters showed when we began."""

    template: str = Field(description="Maschinentyp / machine template")
    unit: int = Field(ge=1, le=247, description="Modbus-Unit / Modbus unit")
    serial: Serial | None = Field(
        default=None,
        description="Serielle Leitung statt der Adresse der Maschine / "
        "serial line instead of the machine's address",
    )
    counters: dict[str, Annotated[float, Field(ge=0)]] = Field(
        default_factory=dict, description="Zählerstände am Anfang / counters at the beginning"
    )
    quirks: QuirksModel = QuirksModel()

    @field_validator("template")
    @classmethod
    def _relative_to_the_file(cls, value: str, info: ValidationInfo) -> str:
        folder = (info.context or {}).get("folder")
        if folder is None or not value.endswith((".yaml", ".yml")):
            return value
        return str(Path(folder) / value)

    @model_validator(mode="after")
    def _counters_exist(self) -> Self:
        refuse(self._objections())
        return self

    def _objections(self) -> Iterator[Objection]:
        try:
            points = template(self.template).points
        except KeyError:
            yield Objection(
                Text(
                    f"die Vorlage {self.template} gibt es nicht",
                    f"there is no template {self.template}",
                ),
                choice(self.template, names(), ALL_TEMPLATES),
                ("template",),
            )
            return
        counting = {point.name for point in points if point.kind is Kind.COUNTER}
        places: list[tuple[str, ...]] = [("counters", name) for name in self.counters]
        places += [("quirks", "rollover", name) for name in self.quirks.rollover]
        for at in places:
            if at[-1] not in counting:
                yield _unknown(
                    f"{self.template} hat keinen Zähler {at[-1]}",
                    f"{self.template} has no counter {at[-1]}",
                    *at,
                )


class MachineModel(Strict):
    """A simulated machine at its address."""

    name: MachineName
    firm: FirmId
    listen: Endpoint = Field(description="Adresse des Servers / address of the server")
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
    lot: Annotated[Count, Field(description="Teile je Transportlos / pieces of a transfer lot")]
    needs: tuple[NeedModel, ...] = ()


class ReserveModel(Strict):
    """A machine that can take over lots of a package."""

    id: PackageId
    stands_in_for: PackageId
    machine: MachineName
    free_from: OrderMoment = Field(description="Frei ab / free from")
    lots: tuple[Count, ...] = Field(description="Lose beim Sprung / lots of a keyframe's reserve")


class ElementModel(Strict):
    """The element that burns out; ``armed`` is when, if a keyframe begins with the fault."""

    machine: MachineName
    phase: int = Field(ge=1, le=3, description="Netzphase / phase of the mains")
    armed: OrderMoment = Field(
        description="Danach versagt es beim nächsten Aufheizen / it fails at the next ramp after"
    )


class SimulationFile(Strict):
    """The simulation file."""

    schema_: Literal[1] = Field(alias="schema")
    seed: int = Field(default=17, description="Startzahl des Zufalls / seed of all chance")
    start: OrderMoment = Field(description="Beginn des Auftrags / start of the order")
    transport: DurationOrZero = Field(description="Zwischen zwei Firmen / between two firms")
    lapse: Annotated[Count, Field(description="Zeitraffer des Auftrags / lapse of the order")] = 1
    packages: tuple[PackageModel, ...] = ()
    reserves: tuple[ReserveModel, ...] = ()
    element: ElementModel | None = None
    machines: tuple[MachineModel, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _names_fit(self) -> Self:
        refuse([*self._machine_objections(), *self._order_objections()])
        return self

    def _machine_objections(self) -> Iterator[Objection]:
        seen: set[str] = set()
        units: set[tuple[str, int]] = set()
        ports: dict[str, Serial] = {}
        for index, machine in enumerate(self.machines):
            if machine.name in seen:
                yield _unknown(
                    f"zwei Maschinen heißen {machine.name}",
                    f"two machines are called {machine.name}",
                    *("machines", index, "name"),
                )
            seen.add(machine.name)
            for number, device in enumerate(machine.devices):
                serial = device.serial if device.serial and device.serial.link else None
                place = str(machine.listen) if serial is None else serial.link
                if (place, device.unit) in units:
                    yield _unknown(
                        f"zwei Geräte haben die Adresse {place} und die Unit {device.unit}",
                        f"two devices share the address {place} and the unit {device.unit}",
                        *("machines", index, "devices", number, "unit"),
                    )
                units.add((place, device.unit))
                if serial is not None and ports.setdefault(serial.link, serial) != serial:
                    yield _unknown(
                        f"die Geräte an {place} haben verschiedene Einstellungen der Leitung",
                        f"the devices at {place} have different settings of the line",
                        *("machines", index, "devices", number, "serial"),
                    )

    def _order_objections(self) -> Iterator[Objection]:
        kinds = {machine.name: machine.model.type for machine in self.machines}
        working = {name for name, kind in kinds.items() if kind != "drill"}
        known: set[str] = set()
        for index, package in enumerate(self.packages):
            if package.machine not in working:
                yield _works_on_nothing(package.machine, "packages", index, "machine")
            if package.id in known:
                yield _unknown(
                    f"zwei Pakete heißen {package.id}",
                    f"two packages are called {package.id}",
                    *("packages", index, "id"),
                )
            for number, need in enumerate(package.needs):
                if need.package not in known:
                    yield _unknown(
                        f"{package.id} braucht {need.package}, das nicht davor steht",
                        f"{package.id} needs {need.package}, which does not stand before it",
                        *("packages", index, "needs", number, "package"),
                    )
            known.add(package.id)
        for index, reserve in enumerate(self.reserves):
            if reserve.machine not in working:
                yield _works_on_nothing(reserve.machine, "reserves", index, "machine")
            if reserve.stands_in_for not in known:
                yield _unknown(
                    f"das Paket {reserve.stands_in_for} gibt es nicht",
                    f"there is no package {reserve.stands_in_for}",
                    *("reserves", index, "stands_in_for"),
                )
        if self.element is not None and kinds.get(self.element.machine) != "furnace":
            yield _unknown(
                f"{self.element.machine} ist kein Ofen",
                f"{self.element.machine} is no furnace",
                *("element", "machine"),
            )


def _works_on_nothing(machine: str, *at: str | int) -> Objection:
    return _unknown(
        f"die Maschine {machine} arbeitet an keinem Auftrag",
        f"the machine {machine} works on no order",
        *at,
    )


def _unknown(de: str, en: str, *at: str | int) -> Objection:
    return Objection(
        Text(de, en),
        Text("Prüfen Sie die Namen in dieser Datei.", "Check the names in this file."),
        at,
    )
