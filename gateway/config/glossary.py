"""What a key means wherever it stands. A model's own description of a key goes before."""

from __future__ import annotations

DIVIDER = " / "
"""Between the German and the English half of every description."""

GLOSSARY: dict[str, str] = {
    # shared by many files
    "schema": "Fassung des Dateiformats, zurzeit 1 / version of the file's format, at present 1",
    "type": "Art / kind",
    "id": "Kennung, eindeutig / id, unique",
    "name": "Name / name",
    "title": "Anzeigename / display name",
    "item": "Was entsteht / what is made",
    "quantity": "Menge / quantity",
    "unit": "Einheit der Menge / unit of the quantity",
    "machine": "Maschine / machine",
    "machines": "Maschinen / machines",
    "devices": "Geräte an der Maschine / devices at the machine",
    "firm": "Firma / firm",
    "firms": "Firmen / firms",
    "package": "Arbeitspaket, z. B. AP1 / work package, e.g. AP1",
    "packages": "Arbeitspakete / work packages",
    "lots": "Nummern der Lose / numbers of the lots",
    "lead": "Federführende Firma / lead firm",
    "needs": "Was in dieses Paket eingeht / what goes into this package",
    "per": "Stück je Stück / pieces for each piece",
    # consortium
    "sign": "Öffentlicher Schlüssel für Unterschriften (Ed25519) / public key for signatures",
    "seal": "Öffentlicher Schlüssel zum Versiegeln (X25519) / public key for sealing",
    # order
    "start": "Beginn, z. B. day 1 06:00 / beginning, e.g. day 1 06:00",
    "due": "Termin, z. B. day 2 07:00 / due time, e.g. day 2 07:00",
    "transport": "Transport zwischen zwei Firmen, z. B. 1h / between two firms, e.g. 1h",
    "threshold": "Ab dieser Verschiebung wird sofort gemeldet / a shift that is reported at once",
    "interval": "So oft wird gemeldet / how often a report leaves",
    "stale": "So alt ist eine Meldung nicht mehr frisch / a report of this age is not fresh",
    "step": "Auf so viel werden Termine gerundet / times are rounded to this",
    "lapse": "Zeitraffer, im Ernst 1 / time lapse, in earnest 1",
    "agreements": "Wer wem was zeigt / who shows what to whom",
    "prepared": "Vorab befragte Reserve / the reserve that was asked before",
    "from": "Wer zeigt: Firmen oder all / who shows: firms or all",
    "to": "Wem: Firmen oder all / to whom: firms or all",
    "level": "Stufe: L0 nichts, L1 Ampel, L2 Fortschritt, L3 Mengen / level: L0 nothing, "
    "L1 lamp, L2 progress, L3 quantities",
    "piece_time": "Zeit je Stück, z. B. 16s / time per piece, e.g. 16s",
    "lot_time": "Zeit je Los, z. B. 4h30min / time per lot, e.g. 4h30min",
    "earliest_start": "Frühester Beginn, z. B. day 1 18:00 / earliest start, e.g. day 1 18:00",
    # charges
    "phases": "Dauer der Phasen nach Plan / planned duration of the phases",
    "ramp": "Aufheizen / heating up",
    "soak": "Halten / soaking",
    "quench": "Abschrecken / quenching",
    "temper": "Anlassen / tempering",
    "handling": "Umladen / handling",
    "degraded": "Zeit je Charge bei erkanntem Mangel / time per charge under recognised evidence",
    # simulation and scenario
    "model": "Physik der Maschine / physics of the machine",
    "recipe": "Programm des Ofens / program of the furnace",
    "quirks": "Eigenheiten des Geräts / how the device differs from its template",
    "element": "Heizelement, das durchbrennt / the element that burns out",
    "reserves": "Maschinen, die Lose übernehmen / machines that can take over lots",
    "stands_in_for": "Paket, dessen Lose sie übernimmt / the package whose lots it takes over",
    "order": "Der Auftrag / the order",
    "simulation": "Datei der Simulation / file of the simulation",
    "consortium": "Datei des Verbunds / file of the consortium",
    "file": "Datei der Firma / the firm's file",
    "kind": "Rolle: member, lead, reserve, retrofit / part: member, lead, reserve, retrofit",
    "fault_machine": "Maschine mit dem Fehler der Vorführung / machine of the show's fault",
    "keyframes": "Augenblicke, an denen begonnen werden kann / moments to begin from",
    "day": "Tag des Auftrags, ab 1 / day of the order, from 1",
    "time": 'Uhrzeit, z. B. "13:40" / time of day, e.g. "13:40"',
    "faults": "Fehler, die schon da sind / faults that are there already",
    "reserve": "Reserve schon beauftragt / reserve already accepted",
    "confirm_after": "So lange darf ein volles Los warten / how long a full lot may wait",
}
