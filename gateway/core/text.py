"""Texts that a person reads: German first, English second."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Language = Literal["de", "en"]


@dataclass(frozen=True, slots=True)
class Text:
    """One sentence or name in both languages."""

    de: str
    en: str

    def __str__(self) -> str:
        return self.en

    def in_(self, language: Language) -> str:
        """The text in ``language``."""
        return self.de if language == "de" else self.en

    def as_json(self) -> dict[str, str]:
        """The form that API and messages carry: ``{"de": ..., "en": ...}``."""
        return {"de": self.de, "en": self.en}
