"""The base of every file model: strict, frozen, bilingual."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from gateway.core.text import Text


class Parts(Protocol):
    """What of a file is sound by itself, though the whole is not."""

    def one(self, kind: Any, key: str, otherwise: Any) -> Any:
        """The value of a key as a ``kind``: ``otherwise`` where it is not given, None if wrong."""

    def each(self, kind: Any, key: str) -> Mapping[int, Any]:
        """The sound entries of a list, by their place in it."""


class Strict(BaseModel):
    """Unknown keys fail, values are not coerced, instances do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    @classmethod
    def objections_to_parts(cls, parts: Parts) -> Iterable[Objection]:  # noqa: ARG003
        """What does not fit together in a file of which other parts are wrong by themselves."""
        return ()


class Bilingual(Strict):
    """A text in German and English."""

    de: str = Field(min_length=1, description="Deutscher Text / German text")
    en: str = Field(min_length=1, description="Englischer Text / English text")

    @property
    def text(self) -> Text:
        """As the text that the rest of the house uses."""
        return Text(self.de, self.en)


@dataclass(frozen=True, slots=True)
class Objection:
    """What does not fit in a model. ``at`` leads from it to the value that is wrong."""

    what: Text
    fix: Text
    at: tuple[str | int, ...] = ()


class Variant(Strict):
    """One way to connect, to hand on, or to recognise work; told apart by ``type``.

    A subclass stands in the file of its room, narrows ``type`` to a ``Literal`` and is found by
    ``scan``, because its file exists.
    """

    type: str

    def place(self) -> str | None:
        """Where one device is, e.g. ``10.0.0.5:502 unit 1``."""
        return None

    def line(self) -> str | None:
        """The physical line that devices share, e.g. ``10.0.0.5:502``."""
        return None

    def agreed(self) -> Mapping[str, object]:
        """What all devices on that line must say alike, by key."""
        return {}

    def needs(self) -> Sequence[str]:
        """The roles that the points of the machine must offer."""
        return ()

    def objections(self, *, simulated: bool) -> Sequence[Objection]:  # noqa: ARG002
        """What is not allowed in a site that is (not) ``simulated``."""
        return ()


def wrong(what: Text, fix: Text, at: Sequence[str | int] = ()) -> PydanticCustomError:
    """The error that a validator raises to say in both languages what is wrong and what to do.

    ``at`` leads from the model that is validated to the value that is wrong.
    """
    return _error([Objection(what, fix, tuple(at))])


def refuse(objections: Iterable[Objection]) -> None:
    """Raise all ``objections`` of a validator at once; nothing where there are none."""
    found = list(objections)
    if found:
        raise _error(found)


def _error(objections: Sequence[Objection]) -> PydanticCustomError:
    return PydanticCustomError(
        "werkverbund", "{en}", {"en": objections[0].what.en, "objections": list(objections)}
    )
