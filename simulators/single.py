"""One simulated machine by itself, of any type: at an address, at a serial port, or behind both."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Literal

from gateway.config import Endpoint
from gateway.core.signals import Value
from gateway.core.text import Text
from gateway.machines.recording import Recording
from gateway.machines.template import Template
from simulators import recorded
from simulators.device import Device
from simulators.modbus.bus import Bus
from simulators.modbus.faults import Faults
from simulators.modbus.gateway import Gateway
from simulators.modbus.listening import Listening
from simulators.modbus.pace import Pace
from simulators.modbus.pdu import Unit
from simulators.modbus.port import SerialPort
from simulators.modbus.serial_server import SerialServer
from simulators.modbus.tally import Tally
from simulators.modbus.tcp_device import TcpDevice
from simulators.played import Mode, Stand, values

Where = Literal["tcp", "serial", "gateway", "server"]
"""Modbus TCP, a serial port, a Modbus TCP gateway with a serial line, a raw device server."""

WORDS: Mapping[str, Mode] = {
    "off": Mode.OFF,
    "aus": Mode.OFF,
    "standby": Mode.STANDBY,
    "bereit": Mode.STANDBY,
    "on": Mode.WORKS,
    "an": Mode.WORKS,
}
"""What may be typed while it runs."""

MODES = {
    Mode.OFF: Text("aus", "off"),
    Mode.STANDBY: Text("bereit", "standby"),
    Mode.WORKS: Text("an", "on"),
}


@dataclass(frozen=True, slots=True)
class Single:
    """What is to be served, and how. The units have numbers from ``first_unit`` on.

    ``named``: the units say what they are when they are asked.
    """

    templates: tuple[Template, ...]
    where: Where
    listen: Endpoint
    link: Path | None
    pace: Pace
    first_unit: int
    faults: Faults
    seed: int
    named: bool
    recording: Recording | None = None

    @property
    def units(self) -> dict[int, Template]:
        """The templates by unit."""
        return dict(enumerate(self.templates, start=self.first_unit))


class PlayedMachine:
    """A machine that is switched; ``now`` gives seconds since some moment."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._since = self._began = now()
        self._stand = Stand()

    def passed(self) -> float:
        """Seconds since it has been there."""
        return self._now() - self._began

    @property
    def stand(self) -> Stand:
        """How it stands now."""
        return self._stand.after(self._now() - self._since)

    def switch(self, mode: Mode) -> None:
        """Switch it off, to standby, or on: then a run begins."""
        self._stand, self._since = replace(self.stand, mode=mode), self._now()

    def shows(self, template: Template, seed: int) -> Mapping[str, Value]:
        """What the instruments of this type show now."""
        return values(template, self.stand, seed)


def served(single: Single, machine: PlayedMachine) -> SerialPort | Listening:
    """The server of a machine; opens nothing."""
    units: dict[int, Unit] = {
        number: Device(
            template, number, partial(machine.shows, template, single.seed), named=single.named
        ).answer
        for number, template in single.units.items()
    }
    if single.recording is not None:
        units = recorded.units(single.recording, machine.passed)
    script, manners = single.faults.script(single.seed), single.faults.manners
    host, port = single.listen.host, single.listen.port
    if single.where == "tcp":
        return TcpDevice(units, host, port, script=script, manners=manners)
    bus = Bus(units, single.pace, script=script)
    if single.where == "serial":
        return SerialPort(bus, single.link)
    if single.where == "gateway":
        return Gateway(bus, host, port, manners=manners, **single.faults.gateway)
    return SerialServer(bus, host, port, manners=manners)


async def serve(single: Single, say: Callable[[Text], None]) -> None:
    """Serve it until SIGTERM or SIGINT; what is typed meanwhile switches the machine.

    Raises WerkverbundError for an address that is taken or a port that cannot be made.
    """
    loop = asyncio.get_running_loop()
    machine = PlayedMachine(loop.time)
    server = served(single, machine)
    tally = server.bus.tally if isinstance(server, SerialPort) else server.tally
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await server.open()
    try:
        say(_opening(single, server))
        typed = _typed(loop, lambda line: say(_obeyed(line, machine, tally)))
        typed.start()
        await stop.wait()
    finally:
        server.close()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)


def _typed(loop: asyncio.AbstractEventLoop, take: Callable[[str], None]) -> threading.Thread:
    """Reads what is typed, line by line, as long as the process lives."""

    def read() -> None:
        rest = b""
        while more := os.read(sys.stdin.fileno(), 1024):
            *lines, rest = (rest + more).split(b"\n")
            for line in lines:
                loop.call_soon_threadsafe(take, line.decode(errors="replace").strip())

    def until_the_end() -> None:
        try:
            read()
        except (OSError, RuntimeError, ValueError):
            return  # nothing can be typed here, or the loop has ended

    return threading.Thread(target=until_the_end, name="what is typed", daemon=True)


def _obeyed(line: str, machine: PlayedMachine, tally: Tally) -> Text:
    """Do what a typed line says; the answer."""
    if line:
        mode = WORDS.get(line.lower())
        if mode is None:
            known = ", ".join(WORDS)
            return Text(f"»{line}«? Möglich: {known}", f"“{line}”? Possible: {known}")
        machine.switch(mode)
    stand = machine.stand
    mode_text = MODES[stand.mode]
    return Text(
        f"{mode_text.de}: {stand.power:.0f} W, {stand.runs} Läufe; {tally.requests} Anfragen",
        f"{mode_text.en}: {stand.power:.0f} W, {stand.runs} runs; {tally.requests} requests",
    )


def _opening(single: Single, server: SerialPort | Listening) -> Text:
    what = ", ".join(f"{t.template} = {number}" for number, t in single.units.items())
    if single.recording is not None:
        what = ", ".join(str(number) for number in single.recording.of(1).units)
    line = f"{single.pace.baud} {single.pace.short}"
    if isinstance(server, SerialPort):
        where = Text(f"{server.path} ({line})", f"{server.path} ({line})")
    else:
        kinds = {
            "tcp": Text("Modbus TCP", "Modbus TCP"),
            "gateway": Text(f"Modbus-TCP-Gateway, {line}", f"Modbus TCP gateway, {line}"),
            "server": Text(f"RTU über TCP, {line}", f"RTU over TCP, {line}"),
        }
        kind, at = kinds[single.where], server.endpoint
        where = Text(f"{at} ({kind.de})", f"{at} ({kind.en})")
    return Text(
        f"Simuliert: {where.de}; Gerätenummern: {what}. "
        "Tippen Sie an, bereit oder aus; Strg-C beendet.",
        f"Simulated: {where.en}; units: {what}. Type on, standby or off; Ctrl-C ends.",
    )
