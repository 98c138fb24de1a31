"""The balance of a run: how early the firms were warned, and what left them."""

from __future__ import annotations

import asyncio
import time

from gateway.network.fields import KEYS
from gateway.network.order import Level
from simulators.stage.show import Json, Show

MOST = 5000
"""Messages of one firm that are counted: more than a whole order sends."""
FRESH = 3.0
"""Seconds for which figures are good enough: a room full of phones asks as often as it likes."""


class Balance:
    """The figures of the present run, counted from the gateways' own logs."""

    def __init__(self, show: Show) -> None:
        self._show = show
        self._turn = asyncio.Lock()
        self._counted: tuple[float, str | None, Json] | None = None

    async def figures(self) -> Json:
        """Everything that scene 9 shows. Raises httpx.HTTPError when a gateway is away."""
        async with self._turn:
            now, order = time.monotonic(), self._show.order
            if self._counted is not None and self._counted[1] == order:
                at, _, figures = self._counted
                if now - at < FRESH:
                    return figures
            figures = await _count(self._show)
            self._counted = now, order, figures
            return figures


async def _count(show: Show) -> Json:
    messages = fields = octets = beyond = 0
    for player in show.scenario.firms:
        if player.id not in show.uplinks or show.order is None:
            continue
        for entry in await show.log_of(player.id, MOST):
            if entry["kind"] != "report":
                continue
            names = set(entry["fields"])
            messages += 1
            fields += len(names)
            octets += int(entry["bytes"])
            beyond += len(names.difference(KEYS[Level(entry["level"])]))
    order = await show.order_of_lead()
    return {
        "order": show.order,
        "warned": _warned(show, order),
        "forecast_s": order.get("forecast_s"),
        "due_s": order.get("due_s"),
        "complete": order.get("complete"),
        "quantity": order.get("quantity"),
        "messages": messages,
        "fields": fields,
        "bytes": octets,
        "beyond": beyond,
    }


def _warned(show: Show, order: Json) -> Json | None:
    """When the firms were warned: as the lead firm noted it in this run.

    A run that was opened after the fault has no warning of its own. There the moment at which the
    fault showed in the story before it stands, and says that it is simulated.
    """
    noted, due = order.get("warned"), order.get("due_s")
    if isinstance(noted, dict):
        return noted | {"simulated": False}
    if show.failed_s is None or not isinstance(due, int):
        return None
    hours = round((due - show.failed_s) / 3600, 1)
    return {"at_s": show.failed_s, "hours_before_due": hours, "simulated": True}
