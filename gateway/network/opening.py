"""An order of the lead firm's file, opened at a moment of its order time. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from gateway.core.errors import ExchangeError
from gateway.core.text import Text
from gateway.network.order import JointOrder, Opening, WorkPackage
from gateway.network.plan import promised
from gateway.network.split import split


def opened_order(
    planned: JointOrder,
    name: str,
    at: timedelta,
    openings: Mapping[str, Mapping[str, Any]],
    *,
    began: datetime,
    reserve: bool,
) -> JointOrder:
    """``planned`` as order ``name``, whose clock stands at ``at`` when it begins.

    With ``reserve`` the prepared lots are at the reserve firm, accepted in time to go straight
    there. Raises ExchangeError.
    """
    order = replace(planned, id=name, began=began, at=at)
    if reserve:
        order = _with_reserve(order, at)
    unknown = set(openings) - {package.id for package in order.packages}
    if unknown:
        names = ", ".join(sorted(unknown))
        raise ExchangeError(
            Text(f"Der Auftrag hat kein Paket {names}.", f"The order has no package {names}.")
        )
    packages = [
        replace(package, opening=_opening(package, openings[package.id]))
        if package.id in openings
        else package
        for package in order.packages
    ]
    return replace(order, packages=tuple(packages), version=1)


def _with_reserve(order: JointOrder, at: timedelta) -> JointOrder:
    reserve = order.prepared
    if reserve is None:
        raise ExchangeError(
            Text(
                "Die Auftragsdatei nennt keine Reserve (prepared).",
                "The order's file names no reserve (prepared).",
            )
        )
    accepted = min([at, *(left - order.step for left in _inputs(order, reserve.package))])
    try:
        return promised(split(order, reserve.package, reserve.lots, reserve, accepted=accepted))
    except ValueError as error:
        raise ExchangeError(str(error)) from error


def _inputs(order: JointOrder, package: str) -> list[timedelta]:
    """When the last lots that ``package`` needs were planned to leave."""
    return [
        source.baseline.end
        for need in order.package(package).needs
        for source in order.sources(need)
        if source.baseline is not None
    ]


def _opening(package: WorkPackage, told: Mapping[str, Any]) -> Opening:
    departures = tuple(timedelta(seconds=left) for left in told.get("departures_s", ()))
    if len(departures) > len(package.lots()):
        raise ExchangeError(
            Text(
                f"{package.id}: Es sind mehr Lose abgegangen, als es gibt.",
                f"{package.id}: more lots have left than there are.",
            )
        )
    began = told.get("run_began_s")
    return Opening(
        good=int(told.get("good", 0)),
        scrap=int(told.get("scrap", 0)),
        runs=int(told.get("runs", 0)),
        departures=departures,
        run_began=None if began is None else timedelta(seconds=began),
        degraded=told.get("degraded") is True,
    )
