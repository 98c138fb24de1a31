"""From the first process to the first order: waits for everybody, then opens it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx

from gateway.core.text import Text
from simulators.stage.prepare import NotPossibleError
from simulators.stage.show import API, ShowError
from simulators.stage.web import Stage

PATIENCE = 60.0
"""Seconds that the processes get until the first order can be opened."""
PAUSE = 0.2
"""Seconds between two looks."""


async def raise_curtain(stage: Stage, logs: Path) -> list[str]:
    """Open the first order when all gateways are ready, or as many as came in time.

    Answers the firms that did not. Raises NotPossibleError when the order cannot be opened.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + PATIENCE
    try:
        async with asyncio.timeout_at(deadline):
            await asyncio.gather(
                _plugged_in(stage), *(_wholly_open(stage, firm) for firm in stage.feeds)
            )
    except TimeoutError:
        pass  # the show begins without them
    while True:
        try:
            await stage.show.start(0)
        except (ShowError, httpx.HTTPError) as error:
            if loop.time() > deadline:
                raise _not_opened(error, logs) from error
            await asyncio.sleep(PAUSE)
        else:
            return [feed.firm for feed in stage.feeds.values() if not feed.ready]


async def _plugged_in(stage: Stage) -> None:
    """A device that was pulled in an earlier show is back before its gateway first asks."""
    while True:
        try:
            return await stage.show.plug_in()
        except (ShowError, httpx.HTTPError):
            await asyncio.sleep(PAUSE)


async def _wholly_open(stage: Stage, firm: str) -> None:
    """Wait until OPC UA and MQTT of a gateway are up: their start would hide runs of the mill."""
    await stage.feeds[firm].first.wait()
    while True:
        if await _nothing_waits(stage, firm):
            return
        await asyncio.sleep(PAUSE)


async def _nothing_waits(stage: Stage, firm: str) -> bool:
    try:
        answer = await stage.show.web.get(f"{stage.show.gateways[firm]}{API}/health")
    except httpx.HTTPError:
        return False
    if not answer.is_success:
        return False
    return not any(part["state"] == "waiting" for part in answer.json()["parts"])


def _not_opened(error: ShowError | httpx.HTTPError, logs: Path) -> NotPossibleError:
    why = error.text if isinstance(error, ShowError) else Text(str(error), str(error))
    return NotPossibleError(
        Text(
            f"Der Auftrag ließ sich nicht eröffnen: {why.de} Protokolle: {logs}",
            f"The order could not be opened: {why.en} Logs: {logs}",
        )
    )
