"""That the process was told to end before anything of it could listen.

A handler that raises ends whatever runs; where that is a destructor, the exception is dropped. So
it is also written down, and asked for once the gateway can listen.
"""

from __future__ import annotations

import sys

_asked: list[int] = []


def ask(number: int, _frame: object) -> None:
    """End now: the handler of a signal. Raises SystemExit."""
    _asked.append(number)
    sys.exit(0)


def asked() -> bool:
    """Whether it was told to end already."""
    return bool(_asked)
