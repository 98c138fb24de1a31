import asyncio
import struct

import pytest
from pymodbus.client import AsyncModbusTcpClient

from gateway.core.errors import WerkverbundError
from simulators.modbus.tcp_device import TcpDevice
from simulators.simulation import Simulation

START = 6 * 3600.0


async def test_registers_are_those_of_the_moment_of_the_request(simulation, line, real):
    """No tick lies between: 0.1 s of real time later the mill cuts."""
    mill = await line(simulation, "mill-1")
    simulation.plant.start(real(), START, 144)
    real.pass_(0.4)
    assert floats(await mill.registers(1, 4, 52, 2))[0] == pytest.approx(1500, rel=0.01)
    real.pass_(0.1)
    assert floats(await mill.registers(1, 4, 52, 2))[0] == pytest.approx(2400, rel=0.01)


async def test_units_share_one_connection(simulation, line):
    furnace = await line(simulation, "furnace-1")
    assert (await furnace.registers(1, 3, 0, 2)) == [200, 200]
    assert floats(await furnace.registers(2, 4, 70, 2)) == [pytest.approx(50, abs=0.1)]


async def test_an_odd_count_is_refused_with_an_exception(simulation, line):
    mill = await line(simulation, "mill-1")
    assert await mill.ask(1, struct.pack(">BHH", 4, 52, 1)) == bytes([0x84, 3])


@pytest.mark.parametrize(
    "content",
    [
        struct.pack(">BHH", 5, 0, 0xFF00),
        struct.pack(">BHH", 6, 0, 1),
        struct.pack(">BHHBB", 15, 0, 1, 1, 1),
        struct.pack(">BHHBH", 16, 0, 1, 2, 7),
        struct.pack(">BHHH", 22, 0, 0, 0),
        struct.pack(">BHHHHBH", 23, 0, 1, 0, 1, 2, 7),
    ],
    ids=lambda content: f"function {content[0]}",
)
async def test_every_write_is_refused_and_counted(simulation, line, content):
    press = await line(simulation, "press-1")
    before = await press.registers(1, 4, 16, 4)
    assert await press.ask(1, content) == bytes([content[0] | 0x80, 1])
    state = simulation.state()
    assert state["refused_writes"] == 1
    assert state["function_codes"] == {"4": 1, str(content[0]): 1}
    assert await press.registers(1, 4, 16, 4) == before


@pytest.mark.parametrize("function", [0, 7, 8, 17, 20, 24, 66, 90, 100])
async def test_any_other_function_code_is_refused_and_counted(simulation, line, function):
    press = await line(simulation, "press-1")
    assert await press.ask(1, bytes([function, 0, 0, 0, 1])) == bytes([function | 0x80, 1])
    assert simulation.tally.functions == {function: 1}
    assert simulation.tally.writes == 0


async def test_a_request_of_the_wrong_length_is_refused(simulation, line):
    press = await line(simulation, "press-1")
    assert await press.ask(1, bytes([4, 0, 16])) == bytes([0x84, 3])


async def test_a_request_in_pieces_is_answered_once_it_is_whole(simulation, line):
    press = await line(simulation, "press-1")
    whole = struct.pack(">HHHBBHH", 7, 0, 6, 1, 4, 16, 2)
    for byte in whole:
        press.writer.write(bytes([byte]))
        await press.writer.drain()
    transaction, unit, answer = await press.receive()
    assert (transaction, unit, answer[0]) == (7, 1, 4)
    assert simulation.tally.functions == {4: 1}


async def test_an_unknown_unit_does_not_answer(simulation, line):
    press = await line(simulation, "press-1")
    press.send(9, struct.pack(">BHH", 4, 16, 2))
    with pytest.raises(TimeoutError):
        await press.receive(patience=0.1)


async def test_a_unit_that_falls_silent_leaves_the_other_speaking(simulation, line):
    furnace = await line(simulation, "furnace-1")
    simulation.unplug("furnace-1", 2)
    furnace.send(2, struct.pack(">BHH", 4, 70, 2))
    with pytest.raises(TimeoutError):
        await furnace.receive(patience=0.1)
    assert await furnace.registers(1, 3, 0, 1) == [200]
    await simulation.replug("furnace-1", 2)
    assert await furnace.registers(2, 4, 70, 2)


async def test_pulling_the_cable_ends_connections_and_refuses_new_ones(simulation, line):
    mill = await line(simulation, "mill-1")
    assert await mill.registers(1, 4, 52, 2)
    simulation.unplug("mill-1")
    assert not simulation.plugged("mill-1")
    async with asyncio.timeout(5):
        assert await mill.reader.read() == b""
    with pytest.raises(ConnectionRefusedError):
        await line(simulation, "mill-1")
    press = await line(simulation, "press-1")
    assert await press.registers(1, 4, 16, 2)


async def test_a_cable_that_is_put_back_works_again(simulation, line):
    for _ in range(3):
        simulation.unplug("mill-1")
        simulation.unplug("mill-1")
        await simulation.replug("mill-1")
        await simulation.replug("mill-1")
        mill = await line(simulation, "mill-1")
        assert await mill.registers(1, 4, 52, 2)


async def test_a_late_answer_carries_the_number_of_its_own_question(simulation, line):
    """A client that gave up and asked again must be able to tell the answers apart."""
    press = await line(simulation, "press-1")
    device = simulation.plant.machine("press-1").devices[0]
    device.quirks = device.quirks.__class__(delay=0.1)
    first = press.send(1, struct.pack(">BHH", 4, 16, 2))
    await press.writer.drain()
    await asyncio.sleep(0.03)
    second = press.send(1, struct.pack(">BHH", 2, 0, 1))
    answers = [await press.receive(), await press.receive()]
    assert [(number, answer[0]) for number, _, answer in answers] == [(first, 4), (second, 2)]


async def test_a_late_answer_to_a_pulled_cable_is_dropped(simulation, line):
    press = await line(simulation, "press-1")
    device = simulation.plant.machine("press-1").devices[0]
    device.quirks = device.quirks.__class__(delay=0.2)
    press.send(1, struct.pack(">BHH", 4, 16, 2))
    await press.writer.drain()
    await asyncio.sleep(0.05)
    simulation.unplug("press-1")
    async with asyncio.timeout(5):
        assert await press.reader.read() == b""


async def test_every_unit_says_that_it_is_simulated(simulation):
    listen = simulation.plant.machine("furnace-1").model.listen
    client = AsyncModbusTcpClient(listen.host, port=listen.port)
    assert await client.connect()
    told = {}
    for unit in (1, 2):
        answer = await client.read_device_information(read_code=1, device_id=unit)
        told[unit] = {number: text.decode() for number, text in answer.information.items()}
    client.close()
    assert told[1][1].startswith("PID controller")
    assert told[2][1].startswith("SDM630")
    assert all("simulated" in text for objects in told.values() for text in objects.values())


async def test_an_address_that_is_taken_is_named(simulation):
    taken = next(iter(simulation.lines.values())).server
    second = TcpDevice({}, taken.host, taken.port)
    with pytest.raises(WerkverbundError, match=str(taken.port)):
        await second.open()


async def test_closing_is_safe_twice_and_before_opening(ports, mini):
    never_opened = Simulation(mini)
    never_opened.close()
    never_opened.close()


def floats(words: list[int]) -> list[float]:
    return list(struct.unpack(f">{len(words) // 2}f", struct.pack(f">{len(words)}H", *words)))
