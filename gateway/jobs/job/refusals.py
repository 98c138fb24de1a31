"""Why a command cannot be done, for the person who gave it."""

from __future__ import annotations

from gateway.core.errors import WerkverbundError
from gateway.core.text import Text


class NotPossible(WerkverbundError):
    """A command does not fit the present state; ``why`` is for the person who gave it."""

    def __init__(self, why: Text) -> None:
        self.why = why
        super().__init__(why.en)


class AbovePlan(NotPossible):
    """More pieces than planned: possible once a person says that it is meant so."""
