"""What a page says when something is to be learnt, and the evidence that it hands back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from gateway.api.assistant_bodies import Place, Strict, TemplateBody
from gateway.api.assistant_shapes import LearntKind
from gateway.api.refusals import refusal
from gateway.config import Variant, spoken

MOST_KEYS = 32
EvidenceBody = Annotated[dict[str, Any], Field(max_length=MOST_KEYS)]
"""The mapping ``evidence`` of a machine's file, as ``LearntShape`` gives it."""


class WhatBody(Strict):
    """Of what is learnt: a ``machine`` of this gateway, a ``template``, or a ``draft`` of one."""

    machine: str | None = Field(default=None, max_length=64)
    template: str | None = Field(default=None, max_length=64)
    draft: TemplateBody | None = None


class LearnBody(WhatBody):
    """A guided recording; a device that is in no file is asked at ``place``, with ``consent``."""

    kind: LearntKind
    place: Place | None = None
    unit: int = Field(default=1, ge=0, le=255)
    consent: bool = False


class StepBody(Strict):
    """What becomes of the step under way."""

    do: Literal["done", "skip", "back", "end"]


class StoredBody(Strict):
    """A part of a stored recording; with the ``last`` one it is learnt from."""

    kind: LearntKind
    machine: str | None = Field(default=None, max_length=64)
    text: str = Field(max_length=48_000)
    first: bool = True
    last: bool = True


class TryBody(Strict):
    """Evidence with which the recording is looked at once more, polled ``every_s``."""

    evidence: EvidenceBody
    every_s: float | None = Field(default=None, ge=0.01, le=3600)


class TakeBody(Strict):
    """Evidence for the machine that was recorded."""

    evidence: EvidenceBody


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
