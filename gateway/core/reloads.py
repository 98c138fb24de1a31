"""What became of reading the files again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from gateway.core.errors import Problem
from gateway.core.text import Text


class Reloaded(StrEnum):
    """How it went; what was refused has changed nothing."""

    DONE = "done"
    NOTHING_NEW = "nothing_new"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One reading of the files.

    ``changes`` say one by one what is others now. ``later`` are the keys of the firm's file whose
    change needs a restart. ``problems`` are the mistakes for which it was refused; ``why`` says for
    people what else stood against it.
    """

    how: Reloaded
    at: datetime
    changes: tuple[Text, ...] = ()
    later: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    why: Text | None = None

    @property
    def said(self) -> Text:
        """In one sentence, for a log and a page."""
        return _joined([_HOW[self.how], *self._details()])

    def _details(self) -> list[Text]:
        found = list(self.changes)
        if self.why is not None:
            found.append(self.why)
        if self.problems:
            first, more = self.problems[0], len(self.problems) - 1
            named = "/".join(first.file.parts[-2:])
            place = f"{named}:{first.line}:{first.column}"
            rest = Text(f" (und {more} weitere)", f" (and {more} more)") if more else Text("", "")
            found.append(
                Text(f"{place}: {first.what.de}{rest.de}", f"{place}: {first.what.en}{rest.en}")
            )
        if self.later:
            keys = ", ".join(self.later)
            found.append(
                Text(f"erst nach einem Neustart gilt: {keys}", f"after a restart only: {keys}")
            )
        return found

    def as_json(self) -> Mapping[str, Any]:
        """As a program reads it."""
        return {
            "schema": 1,
            "how": self.how.value,
            "at": self.at.isoformat(),
            "said": self.said.as_json(),
            "changes": [one.as_json() for one in self.changes],
            "later": list(self.later),
            "problems": [
                {
                    "file": str(one.file),
                    "line": one.line,
                    "column": one.column,
                    "what": one.what.as_json(),
                    "fix": one.fix.as_json(),
                }
                for one in self.problems
            ],
            "why": None if self.why is None else self.why.as_json(),
        }


_HOW = {
    Reloaded.DONE: Text("Die Dateien sind neu gelesen", "The files have been read again"),
    Reloaded.NOTHING_NEW: Text(
        "Die Dateien sind neu gelesen; an den Maschinen ist nichts anders",
        "The files have been read again; nothing about the machines is different",
    ),
    Reloaded.REFUSED: Text(
        "Die Dateien sind nicht übernommen, alles läuft weiter wie vorher",
        "The files are not taken over, everything goes on as before",
    ),
}


def _joined(parts: list[Text]) -> Text:
    head, *rest = parts
    if not rest:
        return head
    return Text(
        f"{head.de}: {'; '.join(one.de for one in rest)}",
        f"{head.en}: {'; '.join(one.en for one in rest)}",
    )
