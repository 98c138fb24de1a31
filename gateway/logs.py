"""The log: in the language of whoever started the program.

A log call is written in English; its German stands in ``core.german`` under the very format. What
both languages know (a ``Text``, an error of ours) is told in the log's. Levels keep their names,
which other programs look for, and lines of libraries are left as they are.
"""

from __future__ import annotations

import copy
import logging
from pathlib import Path

from gateway.core.german import LINES
from gateway.core.sayings import in_words, text_of
from gateway.core.text import Language, Text

OURS = ("gateway", "simulators")
FORM = "%(asctime)s %(levelname)s %(message)s"


class Spoken(logging.Formatter):
    """Formats our records in ``language``."""

    def __init__(self, language: Language, form: str = FORM) -> None:
        super().__init__(form)
        self.language: Language = language

    def format(self, record: logging.LogRecord) -> str:
        """One line, with the traceback where there is one."""
        if record.name.partition(".")[0] in OURS:
            record = copy.copy(record)  # others may show it, too
            if isinstance(record.args, tuple):
                record.args = tuple(self._told(one) for one in record.args)
            if self.language == "de":
                record.msg = LINES.get(record.msg, record.msg)
        return super().format(record)

    def _told(self, argument: object) -> object:
        """What is said of it; a word without a space is a name."""
        if isinstance(argument, BaseException):
            argument = text_of(argument)
        elif isinstance(argument, str) and " " in argument:
            argument = in_words(argument)
        return argument.in_(self.language) if isinstance(argument, Text) else argument


def speak(language: Language, level: int = logging.INFO, *, file: Path | None = None) -> None:
    """Begin the log of this process: to ``file``, else to standard error."""
    to = (
        logging.StreamHandler()
        if file is None
        else logging.FileHandler(file, encoding="utf-8", delay=True)
    )
    to.setFormatter(Spoken(language))
    logging.basicConfig(level=level, handlers=[to])


def spoken() -> Language:
    """The language of this process's log, for processes that it starts."""
    formatters = (handler.formatter for handler in logging.getLogger().handlers)
    return next((one.language for one in formatters if isinstance(one, Spoken)), "en")
