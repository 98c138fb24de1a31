"""Where machines' files are changed for the pages: one after the other, and back where it fails."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from gateway.api.machine_shapes import DraftedShape
from gateway.api.refusals import refusal
from gateway.api.rooms import Rooms
from gateway.api.shapes import ProblemShape, ReloadedShape
from gateway.config import Files
from gateway.core.errors import Problem, Unwritable
from gateway.core.reloads import Outcome, Reloaded

if TYPE_CHECKING:
    from gateway.assistant.own_files import Draft

Take = Callable[[], Awaitable[Outcome]]


def mark(text: str) -> str:
    """By which a text is known again."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(slots=True)
class Workshop:
    """One change at a time: what is drafted is still so when it is written."""

    _one: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def do(
        self,
        rooms: Rooms,
        draft: Callable[[Files, Path], Draft],
        *,
        write: bool,
        take: Take | None = None,
        of: str | None = None,
    ) -> tuple[Draft, DraftedShape]:
        """Draft, check, and with ``write`` let it be so: what is refused is taken back.

        ``of`` marks the text that it shall be a change of. Raises HTTPException.
        """
        from gateway.assistant.own_files import NotPossibleHere, carried_out  # noqa: PLC0415

        files = rooms.files
        if files is None:
            raise refusal(
                409,
                "Dieses Gateway hat keine Dateien, die es ändern könnte.",
                "This gateway has no files that it could change.",
            )
        async with self._one:
            try:
                found = await asyncio.to_thread(draft, files, rooms.site.state)
                _same(found, of)
                if found.problems or not write:
                    return found, _shown(found)
                back = await asyncio.to_thread(carried_out, found, datetime.now(UTC))
            except (NotPossibleHere, Unwritable) as error:
                raise refusal(409, error.text.de, error.text.en) from error
            outcome = await (take or rooms.reload)()
            if outcome.how is Reloaded.REFUSED:
                await asyncio.to_thread(back)
            return found, _shown(found, outcome)


def _same(draft: Draft, of: str | None) -> None:
    if of is not None and (draft.before is None or mark(draft.before) != of):
        raise refusal(
            409,
            "Die Datei ist inzwischen geändert worden. Laden Sie die Seite neu, und sehen Sie "
            "nach, was jetzt darin steht.",
            "The file has been changed meanwhile. Load the page again, and see what it says now.",
        )


def _shown(draft: Draft, outcome: Outcome | None = None) -> DraftedShape:
    return {
        "file": str(draft.path),
        "text": draft.after,
        "difference": draft.difference,
        "problems": [_problem(one) for one in draft.problems],
        "written": outcome is not None and outcome.how is not Reloaded.REFUSED,
        "outcome": None if outcome is None else cast("ReloadedShape", outcome.as_json()),
    }


def _problem(one: Problem) -> ProblemShape:
    said: dict[str, Any] = {"what": one.what.as_json(), "fix": one.fix.as_json()}
    place: ProblemShape = {"file": str(one.file), "line": one.line, "column": one.column, **said}  # type: ignore[typeddict-item]
    return place
