"""mbpoll, a client that is not ours, reads from the simulated devices what stands in them."""

import asyncio
import re
import shutil

import pytest

from tests.peers import need


async def mbpoll(simulation, machine: str, *arguments: str) -> str:
    listen = simulation.plant.machine(machine).model.listen
    process = await asyncio.create_subprocess_exec(
        need("mbpoll"), "-m", "tcp", "-p", str(listen.port), "-1", *arguments, listen.host,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    async with asyncio.timeout(20):
        said, _ = await process.communicate()
    return said.decode(errors="replace")


def values(said: str) -> list[float]:
    return [float(number) for number in re.findall(r"^\[\d+\]:\s+(-?[\d.]+)", said, re.MULTILINE)]


@pytest.fixture(autouse=True)
def _program():
    assert shutil.which(need("mbpoll"))


async def test_mbpoll_reads_the_meter_s_floats(simulation, real):
    simulation.plant.start(real(), 21_600, 144)
    real.pass_(1)
    said = await mbpoll(simulation, "mill-1", "-a", "1", "-t", "3:float", "-B", "-r", "53")
    expected = simulation.plant.showing("mill-1").values["power"]
    assert values(said) == [pytest.approx(expected, abs=0.1)]


async def test_mbpoll_reads_the_module_s_counters_and_contact(simulation, real):
    simulation.plant.start(real(), 21_600, 144)
    real.pass_(5)
    said = await mbpoll(
        simulation, "press-1", "-a", "1", "-t", "3:int", "-B", "-r", "17", "-c", "2"
    )
    shown = simulation.plant.machines["press-1"].devices[0].counters()
    assert values(said) == [shown["shots"], shown["rejects"]]
    contact = await mbpoll(simulation, "press-1", "-a", "1", "-t", "1", "-r", "1")
    assert values(contact) == [simulation.plant.showing("press-1").values["mould-closed"]]


async def test_mbpoll_reads_the_controller_s_scaled_words(simulation):
    said = await mbpoll(simulation, "furnace-1", "-a", "1", "-t", "4", "-r", "1", "-c", "4")
    assert values(said) == [200, 200, 0, 0]


async def test_mbpoll_is_refused_an_odd_count(simulation):
    said = await mbpoll(simulation, "mill-1", "-a", "1", "-t", "3", "-r", "1", "-c", "3")
    assert "Illegal data value" in said
