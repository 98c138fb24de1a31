"""``werkverbund record``: what a machine's registers answer, into a file that can be played."""

from __future__ import annotations

import asyncio
import signal as signals
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from gateway import resources
from gateway.cli.errors import USAGE_IS_WRONG, CommandError
from gateway.cli.printing import complain, number, say, shown
from gateway.core.errors import Unreachable, Unwritable
from gateway.core.text import Language, Text

if TYPE_CHECKING:
    from gateway.cli.raw import Raw
    from gateway.config import Machine, SiteConfig
    from gateway.sources.line.base import ModbusConnect
    from gateway.sources.recorder import Heard, Recorder

TELL = 15.0
"""Seconds between two lines that show that it records."""
AGAIN = 1.0
"""Seconds between two readings of registers that no template names, if nothing is said."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is recorded: its lines, and what asks on them until it is cancelled."""

    name: str
    connects: Sequence[ModbusConnect]
    ask: Callable[[Recorder], Awaitable[None]]


def machines(site: SiteConfig, chosen: Sequence[Machine]) -> Wanted:
    """The devices of some machines, polled as a gateway polls them."""
    from gateway.sources.recorder import connects_of, poll  # noqa: PLC0415

    name = chosen[0].name if len(chosen) == 1 else site.firm
    return Wanted(name, connects_of(chosen), lambda recorder: poll(site, chosen, recorder))


def registers(connect: ModbusConnect, raw: Raw) -> Wanted:
    """A stretch of registers, read again and again."""

    async def ask(recorder: Recorder) -> None:
        from gateway.assistant.question import Asker, Turns  # noqa: PLC0415

        clock = asyncio.get_running_loop().time
        asker, due = Asker(connect, Turns(0.0), recorder.tap(1)), clock()
        try:
            while not recorder.full.is_set():
                with suppress(Unreachable):  # it has been written down
                    for unit in raw.units:
                        for first, count in raw.blocks():
                            await asker.ask(raw.table, first, count, unit)
                recorder.flush()
                due = max(due + (raw.every or AGAIN), clock())
                await asyncio.sleep(due - clock())
        finally:
            asker.close()

    return Wanted(f"unit-{raw.units[0]}", [connect], ask)


def place(save: Path | None, name: str) -> Path:
    """Where it is recorded. Raises CommandError for what is there already."""
    now = datetime.now().astimezone().strftime("%Y-%m-%d-%H%M%S")
    path = save or Path(f"{name}-{now}.jsonl.gz")
    if path.exists():
        raise CommandError(
            Text(
                f"{shown(path)} gibt es schon. Nennen Sie einen anderen Namen: --save",
                f"{shown(path)} exists already. Name another file: --save",
            ),
            USAGE_IS_WRONG,
        )
    return path


def size(text: str) -> int:
    """``20MB`` as bytes. Raises CommandError."""
    from pydantic import TypeAdapter, ValidationError  # noqa: PLC0415

    from gateway.config import Size  # noqa: PLC0415

    try:
        found: int = TypeAdapter(Size).validate_python(text)
    except ValidationError as error:
        raise CommandError(
            Text(
                f"{text} ist keine Größe. Schreiben Sie zum Beispiel 20MB.",
                f"{text} is no size. Write 20MB, for example.",
            ),
            USAGE_IS_WRONG,
        ) from error
    return found


def record_now(wanted: Wanted, path: Path, span: timedelta, most: int, language: Language) -> Heard:
    """Record for at most ``span``; Ctrl-C and SIGTERM end it earlier, and the file is whole.

    Raises Unwritable.
    """
    complain(
        Text(
            f"{wanted.name} wird aufgenommen, {_spelled(span.total_seconds())}: {shown(path)}. "
            "Strg+C beendet es früher.",
            f"Recording {wanted.name} for {_spelled(span.total_seconds())}: {shown(path)}. "
            "Ctrl-C ends it earlier.",
        ).in_(language)
    )
    try:
        heard, full = asyncio.run(_record(wanted, path, span.total_seconds(), most, language))
        written = path.stat().st_size
    except OSError as error:
        raise Unwritable(path, error) from error
    if full:
        complain(
            Text(
                "Die Aufnahme ist so groß, wie sie werden darf (--most).",
                "The recording is as large as it may become (--most).",
            ).in_(language)
        )
    said = _counted(heard)
    say(f"{said.in_(language)}; {number(written / 1000, language, 3)} kB: {shown(path)}")
    return heard


def _counted(heard: Heard) -> Text:
    return Text(
        f"{heard.answers} Antworten, {heard.refusals} Ablehnungen, {heard.silences} Mal keine",
        f"{heard.answers} answers, {heard.refusals} refusals, {heard.silences} times none",
    )


async def _record(
    wanted: Wanted, path: Path, span: float, most: int, language: Language
) -> tuple[Heard, bool]:
    from gateway.sources.recorder import Recorder  # noqa: PLC0415

    loop, enough = asyncio.get_running_loop(), asyncio.Event()
    for stop in (signals.SIGINT, signals.SIGTERM):
        loop.add_signal_handler(stop, enough.set)
    recorder = Recorder(path, wanted.connects, resources.version(), most)
    asking = asyncio.ensure_future(wanted.ask(recorder))
    telling = asyncio.ensure_future(_tell(recorder, language))
    waits = [asyncio.ensure_future(one.wait()) for one in (enough, recorder.full)]
    try:
        await asyncio.wait([asking, *waits], timeout=span, return_when=asyncio.FIRST_COMPLETED)
        if asking.done():
            asking.result()
    finally:
        for task in (asking, telling, *waits):
            task.cancel()
        await asyncio.gather(asking, telling, *waits, return_exceptions=True)
        recorder.close()
    return recorder.heard, recorder.full.is_set()


async def _tell(recorder: Recorder, language: Language) -> None:
    while True:
        await asyncio.sleep(TELL)
        complain(f"  {recorder.seconds:4.0f} s  {_counted(recorder.heard).in_(language)}")


def _spelled(seconds: float) -> str:
    return f"{seconds:g} s" if seconds < 60 else f"{seconds / 60:g} min"
