"""What lost answers cost: shares of the polls that bring values, one JSON line per figure.

    .venv/bin/python tests/bench/links.py [--quick]

Real devices on loopback, all at the same time, polled by the real runner. With ``--quick`` every
time (periods, deadlines, the patience of gateways) is a tenth, and all is measured in a tenth of
the time; the longest, on serial lines, in less.
"""

from __future__ import annotations

import asyncio
import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from gateway.core.batches import Clock, Judged
from gateway.flow.moment import Moment
from gateway.flow.numbering import Numbering
from gateway.flow.source_runner import SourceRunner
from gateway.machines.signals import signals
from gateway.sources.device import Unit
from gateway.sources.source import ModbusSource
from tests.figures import tell, tell_all
from tests.sources.fault_line import FaultLine, told
from tests.sources.plain_templates import words_template
from tests.sources.serial_gateway import SerialGateway

FASTER = 10.0 if "--quick" in sys.argv else 1.0
DEADLINE = 0.3
START = time.monotonic()


def now() -> Moment:
    """The present moment on clocks that run ``FASTER``."""
    mono = START + (time.monotonic() - START) * FASTER
    return Moment(datetime.now(UTC), mono, Clock.SYNCED)


async def sleep(seconds: float) -> None:
    await asyncio.sleep(seconds / FASTER)


class Polled:
    """One line polled for a while; ``good``, ``bad`` and ``wrong`` batches by machine."""

    def __init__(self, server: FaultLine | SerialGateway, units: int, every: float, blocks: int):
        template = words_template(*(200 * block for block in range(blocks)))
        numbers = range(1, units + 1)
        devices = [
            Unit(
                f"m{n}",
                server.connect.model_copy(
                    update={"unit": n, "timeout": timedelta(seconds=DEADLINE / FASTER)}
                ),
                template,
            )
            for n in numbers
        ]
        self.every = every
        self.good: Counter[str] = Counter()
        self.wrong = 0
        self.since = 0.0
        self.runner = SourceRunner(
            ModbusSource(devices, now=now),
            [
                signal
                for unit in devices
                for signal in signals(unit.machine, template, timedelta(seconds=every))
            ],
            self._take,
            Numbering(1),
            now=now,
            sleep=sleep,
        )

    async def run(self, seconds: float, unseen: float = 0.0) -> float:
        """Poll for ``unseen`` and then ``seconds``; how many polls were due in these."""
        task = asyncio.create_task(self.runner.run())
        await sleep(unseen)
        self.good.clear()
        await sleep(seconds)
        task.cancel()
        await asyncio.wait([task])
        return seconds / self.every

    def _take(self, judged: Judged) -> None:
        self.good[judged.machine] += not judged.marks
        number = int(judged.machine[1:])
        for signal, value in zip(judged.batch.signals, judged.batch.values, strict=True):
            self.wrong += value not in (None, told(number, int(signal.partition("/w")[2])))


async def alone(figure: str, late: Callable[[], float | None]) -> None:
    """Devices with connections of their own, 10 Hz, 3 % of the answers late (None: lost)."""
    chance = random.Random(3)
    lines = []
    for _ in range(round(40 / FASTER)):
        line = FaultLine(units={1})

        def answer(asked, line=line):  # type: ignore[no-untyped-def]
            if chance.random() >= 0.03:
                return line.answer(asked)
            if (seconds := late()) is not None:
                writer, whole = line._writers[-1], line.answer(asked)
                asyncio.get_running_loop().call_later(seconds / FASTER, writer.write, whole)
            return None

        line.misbehave = answer
        await line.start()
        lines.append(line)
    polled = [Polled(line, 1, 0.1, 1) for line in lines]
    due = sum(await asyncio.gather(*(one.run(60) for one in polled)))
    good = sum(one.good.total() for one in polled)
    tell(f"{figure}: polls with values", good / due, "share")
    tell(f"{figure}: wrong values", sum(one.wrong for one in polled), "values")
    for line in lines:
        await line.stop()


async def dead_unit(figure: str, waits: float, *, says_so: bool) -> None:
    """Ten units, one dead: the other nine in the minute that begins 30 s after its death."""
    serial = SerialGateway(waits=waits / FASTER, says_so=says_so)
    serial.takes = lambda asked: None if asked.unit == 5 else 0.02 / FASTER
    await serial.start()
    polled = Polled(serial, 10, 1.0, 1)
    due = await polled.run(60, unseen=30)
    shares = [polled.good[f"m{n}"] / due for n in range(1, 11) if n != 5]
    nine = [min(1.0, share) for share in shares]
    tell_all(f"{figure}: polls with values of the other nine", nine, "share")
    tell(f"{figure}: wrong values", polled.wrong, "values")
    await serial.stop()


async def late_on_serial(figure: str, *, flushes: bool) -> None:
    """Three units, three blocks each, 5 % of the serial answers 0.35 to 3 s late."""
    chance = random.Random(6)

    def takes(_: object) -> float:
        late = chance.random() < 0.05
        return (chance.uniform(0.35, 3.0) if late else 0.02) / FASTER

    serial = SerialGateway(takes=takes, waits=1.0 / FASTER, flushes=flushes)
    await serial.start()
    polled = Polled(serial, 3, 1.0, 3)
    due = await polled.run(180 if FASTER == 1 else 80)
    tell(f"{figure}: polls with values", polled.good.total() / (3 * due), "share")
    tell(f"{figure}: wrong values", polled.wrong, "values", old_answers_handed_on=serial.wrong)
    await serial.stop()


async def main() -> None:
    between = random.Random(5)
    late = "own connection, 10 Hz, 3 % late by 0.35 to"
    await asyncio.gather(
        alone("own connection, 10 Hz, 3 % lost", lambda: None),
        alone(f"{late} 0.6 s", lambda: between.uniform(0.35, 0.6)),
        alone(f"{late} 3 s", lambda: between.uniform(0.35, 3)),
        dead_unit("ten units, one dead, gateway waits 2 s in silence", 2.0, says_so=False),
        dead_unit("ten units, one dead, gateway waits 2 s and says so", 2.0, says_so=True),
        late_on_serial("serial line, 5 % late, gateway keeps old answers", flushes=False),
        late_on_serial("serial line, 5 % late, gateway flushes", flushes=True),
    )


if __name__ == "__main__":
    asyncio.run(main())
