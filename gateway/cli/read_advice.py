"""What to do where ``werkverbund read`` has not read everything."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from gateway.core.findings import Finding, Why
from gateway.core.signals import Quality, Reason
from gateway.core.text import Text
from gateway.machines import catalog
from gateway.machines.notices import notices
from gateway.machines.numbering import FUNCTIONS, Numbering

if TYPE_CHECKING:
    from gateway.config import Machine
    from gateway.sources.read_once import PointRead

NO_FUNCTION, NO_ADDRESS = 1, 2
"""Exceptions (Modbus application protocol 1.1b3, chapter 7)."""
ENOUGH = 3
"""So many points must be good for a single refused one to say something about the numbering."""


def advice(machine: Machine, points: Sequence[PointRead]) -> Iterator[Text]:
    """What the refusals of a device mean together, if anything."""
    by_function: dict[int, list[PointRead]] = defaultdict(list)
    for point in points:
        if point.asked is not None:
            by_function[point.asked[0]].append(point)
    for function, there in sorted(by_function.items()):
        refused = [one for one in there if one.reading.fault.reason is Reason.REFUSED]
        codes = {one.reading.fault.code for one in refused}
        if len(refused) == len(there) and codes == {NO_FUNCTION}:
            yield _other_table(function)
        elif len(refused) == len(there) and codes == {NO_ADDRESS}:
            yield from _numbers_of_a_manual(machine)
        elif len(refused) == 1 and codes == {NO_ADDRESS} and _counts_from_zero(machine):
            yield from _one_too_many(refused[0], there)


def _other_table(function: int) -> Text:
    table = next(table for table, code in FUNCTIONS.items() if code == function)
    others = [one for one, code in FUNCTIONS.items() if (code > 2) == (function > 2)]
    other = next(one for one in others if one is not table)
    return Text(
        f"Das Gerät kennt Funktion {function} nicht: Steht in seiner Liste wirklich {table}? "
        f"Vielleicht table: {other} (Funktion {FUNCTIONS[other]}).",
        f"The device does not know function {function}: does its list really say {table}? "
        f"Perhaps table: {other} (function {FUNCTIONS[other]}).",
    )


def _numbers_of_a_manual(machine: Machine) -> Iterator[Text]:
    for device in machine.devices:
        for notice in notices(catalog.of(device)):
            if notice.at[-1:] == ("address",):
                yield Text(
                    f"{notice.what.de}. {notice.fix.de}", f"{notice.what.en}. {notice.fix.en}"
                )


def _counts_from_zero(machine: Machine) -> bool:
    return all(catalog.of(one).numbering is Numbering.ZERO for one in machine.devices)


def _one_too_many(refused: PointRead, there: Sequence[PointRead]) -> Iterator[Text]:
    """Only the highest address is refused: all others may be those of their neighbours."""
    good = [one for one in there if one.reading.quality is not Quality.BAD]
    highest = max(there, key=lambda one: one.asked[1] if one.asked else 0)
    if refused is not highest or len(good) < ENOUGH or refused.asked is None:
        return
    name, address = refused.signal.id.partition("/")[2], refused.asked[1]
    yield Text(
        f"Nur der letzte Punkt wird abgelehnt ({name}, {address}): Zählt die Liste die Adressen ab "
        "1? Dann gehört jeder Wert zum Register davor; schreiben Sie numbering: from-one.",
        f"Only the last point is refused ({name}, {address}): does the list count addresses from "
        "1? Then each value belongs to the register before; write numbering: from-one.",
    )


def on_strange(found: Finding | None, kind: str) -> Text:
    """What to write where answers come that do not fit, on a line of this ``type``."""
    if found is not None and found.why is Why.OTHER_UNIT:
        return Text(
            f"Prüfen Sie unit. Ist es das richtige Gerät, schreiben Sie in connect unit: "
            f"{found.got}, oder ignore_unit: true.",
            f"Check unit. If it is the right device, write in connect unit: {found.got}, or "
            "ignore_unit: true.",
        )
    if found is not None and found.why is Why.OTHER_QUESTION and kind == "modbus-tcp":
        return Text(
            "Manche Geräte zählen die Fragen nicht mit: schreiben Sie dann in connect "
            "ignore_transaction: true.",
            "Some devices do not count the questions: then write in connect "
            "ignore_transaction: true.",
        )
    if found is not None and found.why is Why.WRONG_LENGTH and kind == "modbus-tcp":
        return Text(
            "Prüfen Sie, ob dort ein Gerät mit Modbus TCP steht. Reicht ein Umsetzer nur die Bytes "
            "weiter, versuchen Sie --rtu (in der Datei: type: modbus-rtu-over-tcp).",
            "Check whether it is a device with Modbus TCP that stands there. If a converter only "
            "hands bytes on, try --rtu (in a file: type: modbus-rtu-over-tcp).",
        )
    return Text(
        "Prüfen Sie unit, und ob dort wirklich ein Gerät mit Modbus TCP steht.",
        "Check unit, and whether it is a device with Modbus TCP that stands there.",
    )
