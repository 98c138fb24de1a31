"""What a page says when something is to be learnt, and the evidence that it hands back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field, ValidationError

from gateway.api.refusals import refusal
from gateway.config import Variant, spoken

MOST_KEYS = 32
EvidenceBody = Annotated[dict[str, Any], Field(max_length=MOST_KEYS)]
"""The mapping ``evidence`` of a machine's file, as ``LearntShape`` gives it."""


def evidence_of(given: Mapping[str, Any]) -> Variant:
    """The evidence as a firm's file would say it. Raises HTTPException with what is wrong."""
    from gateway.jobs import evidence  # noqa: PLC0415

    kinds = evidence.variants()
    kind = kinds.get(str(given.get("type")))
    if kind is None:
        known = ", ".join(kinds)
        raise refusal(
            422,
            f"Diese Art kennt das Gateway nicht. Möglich sind: {known}.",
            f"The gateway does not know this kind. Possible are: {known}.",
        )
    try:
        return kind.model_validate(given)
    except ValidationError as error:
        place = [str(step) for step in error.errors()[0]["loc"]]
        what, fix = spoken(error, place[-1] if place else "evidence", str(_said(given, place)))
        at = f"{'.'.join(place)}: " if place else ""
        raise refusal(422, f"{at}{what.de}. {fix.de}", f"{at}{what.en}. {fix.en}") from error


def _said(given: object, place: list[str]) -> object:
    for step in place:
        given = given.get(step, "") if isinstance(given, Mapping) else ""
    return given
