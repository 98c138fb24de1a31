"""An order of the lead firm's file, opened at a moment of its order time. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from gateway.core.errors import ExchangeError
from gateway.core.text import Text
from gateway.network.document import as_document, cut
from gateway.network.order import JointOrder, Opening, WorkPackage
from gateway.network.plan import promised
from gateway.network.split import split
from gateway.partners.crypto import too_long

AROUND = 4096
"""Bytes that a message needs besides its order: header, chain, what was taken back."""


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


def too_long_for(order: JointOrder) -> str | None:
    """A firm whose part of ``order`` is longer than a message may be; None where there is none."""
    around = "x" * AROUND
    return next(
        (
            firm
            for firm in order.told()
            if too_long({"around": around, "fields": as_document(cut(order, firm))}, order.lead)
        ),
        None,
    )


def check_length(order: JointOrder) -> None:
    """Refuse an order that could not travel. Raises ExchangeError."""
    if (firm := too_long_for(order)) is not None:
        lots = sum(len(package.lots()) for package in order.packages)
        raise ExchangeError(
            Text(
                f"Der Auftrag ist mit {lots} Losen zu lang für eine Nachricht an {firm}. Wählen "
                "Sie größere Lose, oder teilen Sie den Auftrag.",
                f"With {lots} lots the order is too long for a message to {firm}. Choose larger "
                "lots, or divide the order.",
            )
        )


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
