"""The balance of a run: how early the firms were warned, and what left them."""

from __future__ import annotations

from simulators.stage.show import API, Json, Show

MOST = 1000
"""Messages of one firm that are counted: more than a whole order sends."""
LEVEL_FIELDS = {
    "L0": frozenset[str](),
    "L1": frozenset({"lamp"}),
    "L2": frozenset(
        {
            "lamp",
            "productionStatus",
            "progress",
            "forecast_s",
            "precisionOfForecast",
            "reasonsForDelay",
        }
    ),
    "L3": frozenset(
        {
            "lamp",
            "productionStatus",
            "progress",
            "forecast_s",
            "precisionOfForecast",
            "reasonsForDelay",
            "good",
            "departedLots",
        }
    ),
}
"""The fields of each level, written down a second time: the oracle of the balance."""


async def balance(show: Show) -> Json:
    """Figures of the present run, counted from the gateways' own logs."""
    messages = fields = octets = beyond = 0
    for player in show.scenario.firms:
        if player.id not in show.uplinks or show.order is None:
            continue
        answer = await show.web.get(
            f"{show.gateways[player.id]}{API}/sent", params={"order": show.order, "limit": MOST}
        )
        answer.raise_for_status()
        for entry in answer.json():
            if entry["kind"] != "report":
                continue
            names = set(entry["fields"])
            messages += 1
            fields += len(names)
            octets += int(entry["bytes"])
            beyond += len(names - LEVEL_FIELDS.get(entry["level"], frozenset()))
    lead = show.gateways[show.scenario.lead.id]
    order: Json = {}
    if show.order is not None:
        answer = await show.web.get(f"{lead}{API}/orders/{show.order}")
        order = answer.json() if answer.is_success else {}
    return {
        "order": show.order,
        "warned": order.get("warned") or show.warned,
        "forecast_s": order.get("forecast_s"),
        "due_s": order.get("due_s"),
        "complete": order.get("complete"),
        "quantity": order.get("quantity"),
        "messages": messages,
        "fields": fields,
        "bytes": octets,
        "beyond": beyond,
    }
