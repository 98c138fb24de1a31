"""A firm's calendar as its file says it: shifts, free days, maintenance."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    model_validator,
)
from pydantic_core import CoreSchema, core_schema

from gateway.config.models import Objection, Strict, refuse, wrong
from gateway.core.text import Text

NONE, DAY = timedelta(), timedelta(days=1)
LONGEST_CLOSED = 366
"""A firm is closed on no more days than that, all its closures together."""
_DAYS = (("mon", "mo"), ("tue", "di"), ("wed", "mi"), ("thu", "do"), ("fri", "fr"), ("sat", "sa"),
         ("sun", "so"))  # fmt: skip
_NUMBERS = {word: number for number, words in enumerate(_DAYS) for word in words}
_WINDOW = r"^(\S+) ([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)$"
_DATE = r"\d{4}-\d{2}-\d{2}"
_CLOSED = rf"^({_DATE})(?: - ({_DATE}))?$"
Land = Literal["BB", "BE", "BW", "BY", "HB", "HE", "HH", "MV", "NI", "NW", "RP", "SH", "SL", "SN",
               "ST", "TH"]  # fmt: skip
"""The German Länder, by their letters in ISO 3166-2."""


@dataclass(frozen=True, slots=True)
class Window:
    """From a time of day to a later one, of at most 24 hours; across midnight ``ends`` is above
    24 h.

    ``days`` are the weekdays (0 is Monday) on which it begins; ``on`` is one single day instead.
    Written ``mon-fri 06:00-14:00``, ``sun,wed 22:00-06:00`` or ``2026-12-07 08:00-12:00``.
    """

    begins: timedelta
    ends: timedelta
    days: frozenset[int] = frozenset()
    on: date | None = None

    def begins_on(self, day: date) -> bool:
        """Whether it begins on this day."""
        return day == self.on if self.on is not None else day.weekday() in self.days

    @classmethod
    def parse(cls, value: object) -> Window:
        """From its text; raises what pydantic turns into a message."""
        if isinstance(value, cls):
            return value
        match = re.match(_WINDOW, value.lower()) if isinstance(value, str) else None
        days = None if match is None else _days(match.group(1))
        if match is None or days is None or match.group(4, 5) > ("24", "00"):
            raise _no_window()
        hours = [int(part) for part in match.groups()[1:]]
        begins = timedelta(hours=hours[0], minutes=hours[1])
        ends = timedelta(hours=hours[2], minutes=hours[3])
        if begins == ends:
            raise wrong(
                Text("Anfang und Ende sind gleich", "beginning and end are the same"),
                Text(
                    "Schreiben Sie für einen ganzen Tag 00:00-24:00.",
                    "For a whole day write 00:00-24:00.",
                ),
            )
        ends += DAY if ends < begins else NONE
        on = days if isinstance(days, date) else None
        return cls(begins, ends, frozenset() if isinstance(days, date) else days, on)

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: type[Any], handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(cls.parse)

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        examples = ["mon-fri 06:00-14:00", "sun-thu 22:00-06:00", "2026-12-07 08:00-12:00"]
        return {"type": "string", "pattern": _WINDOW, "examples": examples}


def _no_window() -> Exception:
    return wrong(
        Text("das sind keine Tage mit Uhrzeiten", "these are no days with times"),
        Text(
            "Schreiben Sie Tage und Uhrzeiten, zum Beispiel: mo-fr 06:00-14:00",
            "Write days and times, for example: mon-fri 06:00-14:00",
        ),
    )


def _days(text: str) -> frozenset[int] | date | None:
    """The weekdays, or the one day, that stand there; None where it is neither."""
    if re.fullmatch(_DATE, text):
        return _day(text)
    found: set[int] = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        begin, end = _NUMBERS.get(first), _NUMBERS.get(last or first)
        if begin is None or end is None:
            return None
        found |= {(begin + number) % 7 for number in range((end - begin) % 7 + 1)}
    return frozenset(found)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _weekly(windows: Sequence[Window]) -> Sequence[Window]:
    for index, window in enumerate(windows):
        if window.on is not None:
            raise wrong(
                Text("eine Schicht gilt jede Woche", "a shift is for every week"),
                Text(
                    "Schreiben Sie Wochentage, zum Beispiel: mo-fr 06:00-14:00",
                    "Write days of the week, for example: mon-fri 06:00-14:00",
                ),
                (index,),
            )
    return windows


Shifts = Annotated[tuple[Window, ...], AfterValidator(_weekly)]


@dataclass(frozen=True, slots=True)
class Closed:
    """A stretch of days on which a firm is closed, both included."""

    first: date
    last: date

    def days(self) -> Iterator[date]:
        """Every one of them."""
        return (self.first + number * DAY for number in range((self.last - self.first).days + 1))

    @classmethod
    def parse(cls, value: object) -> Closed:
        """From ``2026-12-24`` or ``2026-12-24 - 2027-01-03``."""
        if isinstance(value, cls):
            return value
        match = re.match(_CLOSED, value) if isinstance(value, str) else None
        first = None if match is None else _day(match.group(1))
        last = None if match is None else _day(match.group(2) or match.group(1))
        if first is None or last is None:
            raise wrong(
                Text("das ist kein Tag", "this is no day"),
                Text(
                    'Schreiben Sie Jahr-Monat-Tag, zum Beispiel "2026-12-24", für mehrere Tage '
                    '"2026-12-24 - 2027-01-03"',
                    'Write year-month-day, for example "2026-12-24", for several days '
                    '"2026-12-24 - 2027-01-03"',
                ),
            )
        if last < first:
            raise wrong(
                Text(f"{last} liegt vor {first}", f"{last} is before {first}"),
                Text(f'Schreiben Sie "{last} - {first}"', f'Write "{last} - {first}"'),
            )
        return cls(first, last)

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: type[Any], handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(cls.parse)

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        examples = ["2026-12-24", "2026-12-24 - 2027-01-03"]
        return {"type": "string", "pattern": _CLOSED, "examples": examples}


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise wrong(
            Text(f"die Zeitzone {value} gibt es nicht", f"there is no time zone {value}"),
            Text("Schreiben Sie zum Beispiel Europe/Berlin.", "Write for example Europe/Berlin."),
        ) from None
    return value


class CalendarEntry(Strict):
    """When the firm works. It stays in the firm: partners get dates in coarse steps only."""

    zone: Annotated[str, AfterValidator(_zone)] = Field(
        default="Europe/Berlin", description="Zeitzone, z. B. Europe/Berlin / time zone"
    )
    shifts: Shifts = Field(
        default=(),
        description="Schichten, z. B. mo-fr 06:00-14:00; ohne Angabe rund um die Uhr. Eine Schicht "
        "gehört zu dem Tag, an dem sie beginnt / shifts, e.g. mon-fri 06:00-14:00; round the clock "
        "where none is named. A shift belongs to the day on which it begins",
    )
    holidays: Land | None = Field(
        default=None,
        description="Feiertage dieses Landes sind frei, z. B. TH / public holidays of this German "
        "Land are free, e.g. TH",
    )
    closed: tuple[Closed, ...] = Field(
        default=(),
        description='Betriebsruhe, z. B. "2026-12-24 - 2027-01-03" / closed, e.g. '
        '"2026-12-24 - 2027-01-03"',
    )

    @model_validator(mode="after")
    def _opens(self) -> Self:
        if sum((each.last - each.first).days + 1 for each in self.closed) > LONGEST_CLOSED:
            refuse([
                Objection(
                    Text(
                        f"mehr als {LONGEST_CLOSED} Tage Betriebsruhe",
                        f"closed on more than {LONGEST_CLOSED} days",
                    ),
                    Text(
                        "Streichen Sie, was vergangen ist, und prüfen Sie die Jahre.",
                        "Remove what is over, and look at the years.",
                    ),
                    ("closed",),
                )
            ])  # fmt: skip
        return self


ALWAYS = (Window(NONE, DAY, frozenset(range(7))),)
"""Round the clock."""


def ever_open(shifts: Sequence[Window], maintenance: Sequence[Window]) -> bool:
    """Whether any minute of a week is left to work in."""
    return bool(_minutes(shifts or ALWAYS) - _minutes(maintenance))


def _minutes(windows: Sequence[Window]) -> set[int]:
    """The minutes of a week that are in ``windows``."""
    minute = timedelta(minutes=1)
    return {
        (day * (DAY // minute) + number) % (7 * (DAY // minute))
        for window in windows
        for day in window.days
        for number in range(window.begins // minute, window.ends // minute)
    }
