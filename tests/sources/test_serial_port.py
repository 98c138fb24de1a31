"""A serial port that comes and goes, and one that cannot be opened."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gateway.config import Bilingual, Machine
from gateway.core.signals import Reason
from gateway.sources.device import Unit
from gateway.sources.line.rtu import ModbusRtuConnect
from gateway.sources.opening import sources_of
from gateway.sources.source import ModbusSource
from simulators.modbus.port import SerialPort
from tests.sources.fault_bus import Faults
from tests.sources.line_reading import faults_of
from tests.sources.plain_templates import words_template


@pytest.fixture
async def plugged(tmp_path):
    """Plugs in an adapter, with a line of its own, under the name that it always has."""
    ports = []

    async def plug(**settings):
        port = SerialPort(Faults().bus(**settings), tmp_path / "port")
        await port.open()
        ports.append(port)
        return port

    yield plug
    for port in ports:
        port.close()


@pytest.fixture
async def reading(clock):
    sources = []

    def make(port, *units, **how):
        how["timeout"] = timedelta(seconds=0.4)
        connects = [ModbusRtuConnect(port=str(port), unit=unit, **how) for unit in units]
        source = ModbusSource(
            [Unit(f"m{one.unit}", one, words_template(0)) for one in connects], now=clock
        )
        sources.append(source)
        return source

    yield make
    for source in sources:
        await source.close()


async def found(source):
    return set(faults_of(await source.read(source.signals)).values())


async def seconds_until_good(source, clock):
    """How long it takes on a clock that is moved by half a second with each poll."""
    began = clock.mono
    while await found(source) != {None}:
        clock.mono += 0.5
        assert clock.mono - began < 60
    return clock.mono - began


@pytest.mark.parametrize("units", [(1,), (1, 2, 3)])
@pytest.mark.parametrize("away", [0.5, 7, 200])
async def test_an_adapter_that_is_plugged_in_again_is_back_within_5_s(
    plugged, reading, clock, tmp_path, units, away
):
    port = await plugged()
    source = reading(tmp_path / "port", *units)
    assert await found(source) == {None}
    port.close()
    for _ in range(int(away * 2)):
        [fault] = await found(source)
        assert fault.reason is Reason.NO_CONNECTION
        clock.mono += 0.5
    if away > 1:
        assert "is the adapter plugged in?" in fault.detail.en
    await port.open()
    assert await seconds_until_good(source, clock) <= 5


@pytest.mark.parametrize("units", [(1,), (1, 2, 3)])
async def test_a_name_that_leads_to_another_port_is_followed(
    plugged, reading, clock, tmp_path, units
):
    """The old port is still there, and nobody answers on it."""
    old = await plugged()
    source = reading(tmp_path / "port", *units)
    assert await found(source) == {None}
    old.bus.units = {}
    await plugged()
    assert await seconds_until_good(source, clock) <= 5


@pytest.mark.parametrize("stop_bits", [1, 2])
@pytest.mark.parametrize("baud", [1200, 9600, 115_200])
async def test_a_port_is_opened_as_it_is_said(plugged, reading, tmp_path, baud, stop_bits):
    await plugged(baud=baud, stop_bits=stop_bits)
    source = reading(tmp_path / "port", 1, baud=baud, stop_bits=stop_bits)
    assert await found(source) == {None}
    port = source._line.link._client.ctx.transport.sync_serial
    assert (port.baudrate, port.parity, port.stopbits) == (baud, "N", stop_bits)


@pytest.mark.parametrize("parity", ["even", "odd"])
async def test_a_port_that_cannot_be_set_as_it_is_said_is_told(plugged, reading, tmp_path, parity):
    """A pseudo-terminal knows no parity."""
    await plugged()
    [fault] = await found(reading(tmp_path / "port", 1, parity=parity))
    assert fault.detail.en == "the port does not take this baud rate, parity or stop bits"


async def test_a_port_that_another_program_has_open_is_told(plugged, reading, tmp_path):
    await plugged()
    first, second = reading(tmp_path / "port", 1), reading(tmp_path / "port", 1)
    assert await found(first) == {None}
    [fault] = await found(second)
    assert fault.detail.de == "ein anderes Programm hat den Anschluss offen"


async def test_a_port_under_two_names_is_one_line(plugged, tmp_path):
    await plugged()
    (tmp_path / "meters").symlink_to(tmp_path / "port")
    machines = [
        Machine(
            name=f"m{unit}",
            title=Bilingual(de="M", en="M"),
            template="sdm630",
            connect=ModbusRtuConnect(port=str(tmp_path / name), unit=unit),
        )
        for unit, name in ((1, "port"), (2, "meters"))
    ]
    [source] = sources_of(machines)
    assert source.machines == ("m1", "m2")


async def test_a_file_that_is_no_port_is_told(reading, tmp_path):
    (tmp_path / "port").write_text("no port", "utf-8")
    [fault] = await found(reading(tmp_path / "port", 1))
    assert fault.detail.de == "das ist kein serieller Anschluss"
