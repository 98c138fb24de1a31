"""The file of one firm: its machines, where their values go, and its part in the network."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, model_validator

from gateway.config.broker import BrokerAccess
from gateway.config.calendar import CalendarEntry, Shifts, Window, ever_open
from gateway.config.models import Bilingual, Objection, Strict, Variant, refuse, wrong
from gateway.config.scalars import (
    Duration,
    LocalPath,
    OrderMoment,
    Period,
    Size,
    from_home,
)
from gateway.config.web import Web
from gateway.core.names import FIRM_PATTERN, MACHINE_PATTERN
from gateway.core.text import Text


def _template_path(value: str, info: ValidationInfo) -> str:
    """A template that is named by its path starts at the folder of the file."""
    folder = (info.context or {}).get("folder")
    if not value.endswith((".yaml", ".yml")) or folder is None:
        return value
    return str(Path(folder) / from_home(value))


TemplateName = Annotated[str, AfterValidator(_template_path)]
FirmId = Annotated[str, Field(pattern=FIRM_PATTERN)]
MachineName = Annotated[str, Field(pattern=MACHINE_PATTERN)]


def _number_or_word(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise wrong(
            Text("ein Parameter ist eine Zahl oder ein Wort", "a parameter is a number or a word"),
            Text(
                "Schreiben Sie zum Beispiel parameters: {ct_ratio: 40}.",
                "Write for example parameters: {ct_ratio: 40}.",
            ),
        )
    return value


Parameters = dict[str, Annotated[float | str, BeforeValidator(_number_or_word)]]

_SHORT = ("template", "connect", "every", "parameters")
"""What may stand at a machine instead of in its only device."""


class Device(Strict):
    """One device at a machine: a meter, an I/O module, a controller."""

    template: TemplateName = Field(
        description="Gerätetyp: Name in configs/machines oder Pfad / type of device: name or path"
    )
    connect: Variant = Field(description="Wie es erreicht wird / how it is reached")
    every: Period = Field(
        default=timedelta(seconds=1), description="Abfragetakt, z. B. 1s / polling period, e.g. 1s"
    )
    parameters: Parameters = Field(
        default={},
        description="Was die Vorlage offen lässt, z. B. ct_ratio / what the template leaves open, "
        "e.g. ct_ratio",
    )


class Machine(Strict):
    """One machine with its devices.

    In the file ``template``, ``connect``, ``every`` and ``parameters`` may stand right here for a
    single device; in code only ``devices`` counts.
    """

    name: MachineName = Field(
        description="Kurzname, eindeutig, z. B. mill-1 / short name, unique, e.g. mill-1"
    )
    title: Bilingual = Field(description="Anzeigename / display name")
    built: int | None = Field(
        default=None, ge=1850, le=2100, description="Baujahr / year of construction"
    )
    manufacturer: str | None = Field(default=None, description="Hersteller / manufacturer")
    model: str | None = Field(default=None, description="Typ laut Typenschild / model")
    serial: str | None = Field(default=None, description="Seriennummer / serial number")
    template: TemplateName | None = Field(
        default=None, description="Gerätetyp des einzigen Geräts / type of the only device"
    )
    connect: Variant | None = Field(
        default=None, description="Anschluss des einzigen Geräts / link to the only device"
    )
    every: Period | None = Field(
        default=None,
        description="Abfragetakt des einzigen Geräts, z. B. 1s / polling period, e.g. 1s",
    )
    parameters: Parameters | None = Field(
        default=None,
        description="Parameter des einzigen Geräts, z. B. ct_ratio / parameters of the only device",
    )
    devices: tuple[Device, ...] = Field(
        default=(), description="Mehrere Geräte an der Maschine / several devices"
    )
    evidence: Variant | None = Field(
        default=None, description="Woran man Arbeit erkennt / what shows that it works"
    )
    shifts: Shifts = Field(
        default=(),
        description="Eigene Schichten statt derer der Firma, z. B. mo-so 00:00-24:00 für einen "
        "Ofen / its own shifts instead of the firm's, e.g. mon-sun 00:00-24:00 for a furnace",
    )
    maintenance: tuple[Window, ...] = Field(
        default=(),
        description="Wartung, jede Woche oder an einem Tag, z. B. fr 12:00-14:00 oder "
        '"2026-12-07 08:00-12:00" / maintenance, every week or on one day, e.g. fri 12:00-14:00 '
        'or "2026-12-07 08:00-12:00"',
    )

    @model_validator(mode="after")
    def _one_way(self) -> Machine:
        short = any(getattr(self, key) is not None for key in _SHORT)
        if short and self.devices:
            already = self.devices == (self._single(),) if self.template and self.connect else False
            if not already:
                raise wrong(
                    Text("template/connect und devices zugleich", "both template and devices"),
                    Text(
                        "Schreiben Sie das Gerät mit in die Liste devices.",
                        "Put the device into the list devices, too.",
                    ),
                    next((key,) for key in _SHORT if getattr(self, key) is not None),
                )
        if not self.devices:
            missing = [key for key in ("template", "connect") if getattr(self, key) is None]
            if missing:
                raise wrong(
                    Text(
                        f"der Maschine {self.name} fehlt {' und '.join(missing)}",
                        f"the machine {self.name} lacks {' and '.join(missing)}",
                    ),
                    Text(
                        "Ergänzen Sie template und connect, oder eine Liste devices.",
                        "Add template and connect, or a list devices.",
                    ),
                )
            object.__setattr__(self, "devices", (self._single(),))
        return self

    def _single(self) -> Device:
        """The device of the short form."""
        if self.template is None or self.connect is None:
            raise AssertionError("checked before")
        every = self.every if self.every is not None else timedelta(seconds=1)
        return Device(
            template=self.template,
            connect=self.connect,
            every=every,
            parameters=self.parameters or {},
        )


class History(Strict):
    """How long values are kept for charts."""

    keep: Duration = Field(
        default=timedelta(days=30),
        description="Aufbewahrung, z. B. 30d / how long to keep, e.g. 30d",
    )
    journal_size: Size = Field(
        default=512 * 10**6,
        description="So groß wird das Journal höchstens; dann geht das Älteste, z. B. 500MB / the "
        "journal grows no larger; then the oldest goes, e.g. 500MB",
    )


class FileJob(Strict):
    """A job that comes from the firm's own file instead of a joint order."""

    id: str = Field(min_length=1, max_length=64, description="Auftragsnummer / job number")
    machine: MachineName = Field(description="Maschine / machine")
    item: Bilingual = Field(description="Was entsteht / what is made")
    quantity: int = Field(ge=1, description="Stückzahl / pieces")
    pieces_per_run: int = Field(default=1, ge=1, description="Teile je Lauf / pieces per run")
    per_piece: Duration = Field(description="Zeit je Teil, z. B. 18s / time per piece, e.g. 18s")
    lot: int | None = Field(default=None, ge=1, description="Losgröße / lot size")


class Work(Strict):
    """Which machine does which work package."""

    package: str = Field(
        min_length=1, description="Arbeitspaket, z. B. AP1 / work package, e.g. AP1"
    )
    machine: MachineName = Field(description="Maschine / machine")
    pieces_per_run: int = Field(default=1, ge=1, description="Teile je Lauf / pieces per run")


class Reserve(Strict):
    """What a reserve firm offers: an earliest start for one package, never its free capacity."""

    package: str = Field(
        min_length=1, description="Arbeitspaket, z. B. AP3 / work package, e.g. AP3"
    )
    earliest_start: OrderMoment = Field(
        description="Frühester Beginn, z. B. day 1 18:00 / earliest start, e.g. day 1 18:00"
    )
    lot_time: Duration = Field(
        description="Zeit je Los, z. B. 4h30min / time per lot, e.g. 4h30min"
    )


class Network(BrokerAccess):
    """The firm's part in the order network."""

    consortium: LocalPath = Field(description="Datei des Verbunds / the consortium's file")
    order: LocalPath | None = Field(
        default=None, description="Auftrag, nur beim Federführer / the order, lead firm only"
    )
    work: tuple[Work, ...] = Field(
        default=(), description="Wer welches Paket fertigt / which machine makes what"
    )
    reserve: Reserve | None = Field(
        default=None, description="Angebot einer Reservefirma / a reserve firm's offer"
    )


class SiteConfig(Strict):
    """The file of one firm."""

    schema_: Literal[1] = Field(
        default=1, alias="schema", description="Fassung des Dateiformats / version of the format"
    )
    firm: FirmId = Field(
        description="Kennung der Firma, z. B. fraeserei-muster / id of the firm, e.g. acme-mills"
    )
    name: str = Field(min_length=1, description="Name der Firma / name of the firm")
    plant: MachineName = Field(default="main", description="Werk / plant (MQTT topic)")
    area: MachineName = Field(default="main", description="Bereich / area (MQTT topic)")
    simulated: bool = Field(
        default=False, description="Alle Maschinen sind simuliert / all machines are simulated"
    )
    state: LocalPath = Field(description="Ordner für alle Daten / folder for all data")
    machines: tuple[Machine, ...] = Field(
        description="Maschinen; weitere dürfen einzeln in machines/*.yaml im Datenordner stehen "
        "/ machines; more may stand one by one in machines/*.yaml of the data folder"
    )
    history: History = Field(default=History(), description="Verlauf / history")
    web: Web = Field(default=Web(), description="Seiten und API / pages and API")
    sinks: tuple[Variant, ...] = Field(
        default=(), description="Wohin die Werte gehen / where the values go"
    )
    jobs: tuple[FileJob, ...] = Field(default=(), description="Eigene Aufträge / own jobs")
    network: Network | None = Field(
        default=None, description="Teilnahme am Verbund / part in the order network"
    )
    calendar: CalendarEntry | None = Field(
        default=None,
        description="Wann gearbeitet wird; ohne Angabe rund um die Uhr. Bleibt in der Firma / when "
        "people work; round the clock where nothing is said. Stays in the firm",
    )

    @model_validator(mode="after")
    def _opens(self) -> SiteConfig:
        shifts = self.calendar.shifts if self.calendar is not None else ()
        refuse(
            Objection(
                Text(
                    f"{machine.name} wird in jeder Schicht gewartet und arbeitet nie",
                    f"{machine.name} is maintained in every shift and never works",
                ),
                Text(
                    "Kürzen Sie maintenance, oder ergänzen Sie shifts.",
                    "Shorten maintenance, or add to shifts.",
                ),
                ("machines", index, "maintenance"),
            )
            for index, machine in enumerate(self.machines)
            if machine.maintenance and not ever_open(machine.shifts or shifts, machine.maintenance)
        )
        return self
