"""Durations on the command line, written as in the files: with their unit."""

from __future__ import annotations

from datetime import timedelta

from gateway.cli.errors import USAGE_IS_WRONG, CommandError
from gateway.core.text import Text


def duration_of(text: str) -> timedelta:
    """What ``90s`` or ``10min`` means. Raises CommandError for what is no duration."""
    from pydantic import TypeAdapter, ValidationError  # noqa: PLC0415

    from gateway.config import Duration  # noqa: PLC0415

    try:
        found: timedelta = TypeAdapter(Duration).validate_python(text)
    except ValidationError as error:
        raise CommandError(
            Text(
                f"{text} ist keine Dauer. Schreiben Sie zum Beispiel 90s oder 10min.",
                f"{text} is not a duration. Write for example 90s or 10min.",
            ),
            USAGE_IS_WRONG,
        ) from error
    return found
