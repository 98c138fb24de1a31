"""How a command ends when it cannot do what was asked."""

from __future__ import annotations

from gateway.core.text import Text

FAILED = 1
USAGE_IS_WRONG = 2
CONFIG_IS_WRONG = 78
"""EX_CONFIG of sysexits.h."""
INTERRUPTED = 130
"""128 + SIGINT, as shells have it."""


class CommandError(Exception):
    """A command cannot be carried out; one clear sentence, and the exit code."""

    def __init__(self, text: Text, code: int = FAILED) -> None:
        super().__init__(text.en)
        self.text = text
        self.code = code
