"""What pages and API are told of a gateway at work, and serving them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING

from gateway import resources
from gateway.api import parts
from gateway.api.rooms import Part, Rooms
from gateway.assembly.sinks import places
from gateway.assembly.works import Works
from gateway.core.errors import WerkverbundError, reason
from gateway.core.figures import Figure
from gateway.core.ports import Words
from gateway.core.signals import SignalId
from gateway.flow import figures
from gateway.flow.source_runner import SourceRunner
from gateway.sources import LineUse, ModbusSource, line_use

if TYPE_CHECKING:
    from gateway.api.lan import Lan

BUSY = 0.9
"""The share of the time from which on a line may be asked for more than it can do."""


async def serve_pages(works: Works) -> None:
    """Serve until cancelled. Raises WerkverbundError where the address is taken."""
    serve = await asyncio.to_thread(_pages_server)
    web = works.site.web
    if web.listen.lan:
        lan = await asyncio.to_thread(_lan)
        works.lan = lan(works.site.state, works.site.firm, web.listen.port, _now, works.announce)
    token = web.demo_token.get_secret_value() if web.demo_token else None
    try:
        await serve(
            rooms(works),
            lan=works.lan,
            demo_token=token,
            pages=resources.pages(),
            announce=works.announce,
        )
    except OSError as error:
        raise WerkverbundError(f"no pages at {web.listen}: {reason(error).en}") from error


def rooms(works: Works) -> Rooms:
    """The rooms as they are now; a reload changes what they say."""
    works.shown_rooms = Rooms(
        site=works.site,
        version=resources.version(),
        started=works.started,
        signals=works.signals,
        journal=works.journal,
        series=works.series,
        tracker=works.tracker,
        latest=works.latest,
        hub=works.hub,
        exchange=works.exchange,
        places=lambda what: places(works.site, what),
        words=partial(_words, works),
        parts=partial(all_parts, works),
        polling=lambda name: [one.told() for one in works.runners if name in one.source.machines],
        bus=partial(_bus, works),
        figures=partial(_figures, works),
        send_again=works.sinks.send_again,
        reload=works.reloading.ask,
        exchanged=works.reloading.ask,
        files=works.files,
        asking=works.asking,
        now=_now,
    )
    return works.shown_rooms


def all_parts(works: Works) -> list[Part]:
    """How each part does."""
    found = (
        parts.journal(works.journal.health),
        parts.history(works.series.trouble),
        parts.files(works.reloading.last, works.started, len(works.site.machines)),
        parts.questions(len(works.tracker.questions(works.journal.state))),
        *parts.sources(health for runner in works.runners for health in runner.health()),
        *parts.lines(_busy(works)),
        *parts.sinks(works.sinks.health()),
        *_partners(works),
        *([] if works.lan is None else [works.lan.part()]),
        *parts.missing(
            {config.type for config in works.site.sinks},
            consortium=works.site.network is not None,
        ),
    )
    failed = works.alone.failed
    return [
        part if (at := failed.get(part.name)) is None else parts.failed(part.name, at)
        for part in found
    ]


def _partners(works: Works) -> list[Part]:
    exchange = works.exchange
    if exchange is None:
        return []
    present = parts.exchange(exchange.health(), connected=exchange.well, shut=exchange.shut)
    aside = None if exchange.shut else exchange.aside()
    return [present] if aside is None else [present, parts.aside(aside)]


def _words(works: Works, what: SignalId) -> Words | None:
    found = (runner.source.words(what) for runner in works.runners)
    return next((words for words in found if words is not None), None)


def _bus(works: Works, name: str) -> list[LineUse]:
    """How the lines of a machine are in use."""
    return [
        line_use(source, _every(runner))
        for runner in works.runners
        if name in runner.source.machines and isinstance(source := runner.source, ModbusSource)
    ]


def _busy(works: Works) -> Iterator[LineUse]:
    """The lines that have hardly a pause; it takes some time to say how a line is in use."""
    for runner in works.runners:
        if isinstance(source := runner.source, ModbusSource) and source.share > BUSY:
            yield line_use(source, _every(runner))


def _every(runner: SourceRunner) -> dict[SignalId, float]:
    return {signal.id: signal.every for signal in runner.signals}


def _figures(works: Works) -> Iterator[Figure]:
    """What monitoring may know: counts of what health says in words."""
    yield from figures.house(resources.version(), works.started)
    yield from figures.journal(works.journal.health, works.journal.overdue())
    yield from figures.lines(works.runners)
    yield from figures.sinks(health for health, _ in works.sinks.health())
    yield from works.lag.figures()
    yield from figures.parts((part.name, part.state) for part in all_parts(works))


def _now() -> datetime:
    return datetime.now(UTC)


def _pages_server() -> Callable[..., Awaitable[None]]:
    """Import what serves pages: FastAPI takes some tenths of a second, on a Pi over a second."""
    from gateway.api.serving import serve  # noqa: PLC0415

    import_module("gateway.api.app")  # ``serve`` needs it at once
    return serve


def _lan() -> type[Lan]:
    """Import what makes the pages known in the network: on this computer alone nobody needs it."""
    from gateway.api.lan import Lan  # noqa: PLC0415

    return Lan
