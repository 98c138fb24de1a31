"""Machines come to a serial line, change lines and go, while others on the same lines work.

The lines are pseudo-terminals that keep their pace, and know when two speak at once; the gateway is
a process of its own.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import pytest

from simulators.modbus.bus import Bus
from simulators.modbus.pace import Pace
from simulators.modbus.pdu import words_told_by
from simulators.modbus.port import SerialPort
from tests.api.running import free_port
from tests.figures import tell
from tests.sources.fault_line import told
from tests.sources.plain_templates import words_template
from tests.system.reloaded import Firm, eventually

UNITS = (1, 2, 3)
REGISTERS = tuple(range(8))


class SerialLine:
    """A line with three units; ``number`` is told by every register, too."""

    def __init__(self, number: int, folder: Path) -> None:
        self.number = number
        units = {n: words_told_by(lambda at, n=n: self.tells(n, at)) for n in UNITS}
        self.bus = Bus(units, Pace(38_400, "none", 1), strict=True)
        self.port = SerialPort(self.bus, folder / f"line-{number}")

    def tells(self, unit: int, at: int) -> int:
        return told(4 * self.number + unit, at)

    def machine(self, name: str, unit: int, template: Path, every: str = "200ms") -> str:
        return (
            f"name: {name}\n"
            f"title: {{de: {name}, en: {name}}}\n"
            f"template: {template}\n"
            f"connect: {{type: modbus-rtu, port: {self.port.path}, baud: 38400, unit: {unit}, "
            "timeout: 5s}\n"
            f"every: {every}\n"
        )

    @property
    def asked(self) -> int:
        return self.bus.tally.requests

    def longest_gap(self, unit: int, since: float, until: float = float("inf")) -> float:
        """Seconds between two questions to a unit, the most."""
        recent = self.bus.tally.recent
        times = [one.at for one in recent if one.unit == unit and since < one.at < until]
        return max(after - before for before, after in pairwise(times))


@pytest.fixture
async def lines(tmp_path: Path) -> AsyncIterator[tuple[SerialLine, SerialLine]]:
    one, other = SerialLine(0, tmp_path), SerialLine(1, tmp_path)
    async with one.port, other.port:
        yield one, other


@pytest.fixture
def template(tmp_path: Path) -> Path:
    path = tmp_path / "words.yaml"
    path.write_text(words_template(*REGISTERS).model_dump_json(by_alias=True, exclude_unset=True))
    return path


async def tells(firm: Firm, name: str, line: SerialLine, unit: int) -> None:
    """The machine has the values of this line and unit, all of them good."""
    wanted = {f"w{at}": (line.tells(unit, at), "good") for at in REGISTERS}

    async def so() -> bool:
        machine = await firm.get(f"/machines/{name}")
        return machine is not None and wanted == {
            one["point"]: (one["value"], one["quality"]) for one in machine["signals"]
        }

    await eventually(so, firm)


def open_files(firm: Firm) -> list[str]:
    assert firm.process is not None
    found = []
    for file in Path(f"/proc/{firm.process.pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed meanwhile
            found.append(str(file.readlink()))
    return found


async def reloaded(firm: Firm) -> None:
    assert (await firm.command())[0] == 0, firm.log


async def test_machines_come_to_serial_lines_move_between_them_and_go(
    lines: tuple[SerialLine, SerialLine], template: Path, tmp_path: Path
) -> None:
    one, other = lines
    firm = Firm(tmp_path, {"drill-1": free_port()})
    stay = {"a": (one, 1), "b": (other, 1)}
    for name, (line, unit) in stay.items():
        firm.machine(name, line.machine(name, unit, template))
    with firm.running():
        await firm.serves()
        for name, (line, unit) in stay.items():
            await tells(firm, name, line, unit)
        begun, asked = one.bus.now, one.asked
        await eventually(lambda: one.asked >= asked + 50, firm)
        changed = one.bus.now
        for _ in range(3):
            for line, unit, every in ((one, 2, "200ms"), (other, 3, "200ms"), (one, 3, "100ms")):
                firm.machine("guest", line.machine("guest", unit, template, every))
                await reloaded(firm)
                await tells(firm, "guest", line, unit)
            firm.gone("guest")
            await reloaded(firm)
            for name, (line, unit) in stay.items():
                await tells(firm, name, line, unit)
        after = await firm.figures()
    for line, who in ((one, "a"), (other, "b")):
        tally, place = line.bus.tally, line.port.path
        assert (tally.collisions, tally.crowded, tally.garbled, tally.unheard) == (0, 0, 0, 0)
        assert after[f'werkverbund_line_connects_total{{line="{place}"}}'] == 1
        assert f"{who} lost" not in firm.log
        before, during = line.longest_gap(1, begun, changed), line.longest_gap(1, changed)
        tell("longest gap at 5 Hz while machines come and go", during, "s", before=before)


async def test_the_first_machine_opens_a_serial_line_and_the_last_one_gives_it_back(
    lines: tuple[SerialLine, SerialLine], template: Path, tmp_path: Path
) -> None:
    """What holds a port alone lets it go: another program may open it."""
    one, other = lines
    firm = Firm(tmp_path, {"drill-1": free_port()})
    firm.machine("b", other.machine("b", 1, template))
    with firm.running():
        await firm.serves()
        for _ in range(2):
            firm.machine("guest", one.machine("guest", 2, template))
            await reloaded(firm)
            await tells(firm, "guest", one, 2)
            firm.machine("guest", other.machine("guest", 2, template))
            await reloaded(firm)
            asked = one.asked
            await tells(firm, "guest", other, 2)
            assert one.asked == asked
            held = open_files(firm)
            assert one.port.device not in held
            assert held.count(other.port.device) == 1
        await tells(firm, "b", other, 1)
    for line in lines:
        tally = line.bus.tally
        assert (tally.collisions, tally.crowded, tally.garbled, tally.unheard) == (0, 0, 0, 0)
    assert "b lost" not in firm.log
