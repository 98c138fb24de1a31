"""When Python looks for garbage: objects that hold each other and that nobody else holds.

A process makes some 100,000 objects at its start that stay, and little garbage while it works. But
what is garbage may hold much: a connection that somebody has closed, with all it said last.
"""

from __future__ import annotations

import atexit
import gc


def rarely() -> None:
    """At the start: rarely, and not at all at the end.

    Python's default looks through all that stays over and over (a seventh of the start), and once
    more when everything is over (most of the stop).
    """
    gc.set_threshold(50_000, 20, 20)
    atexit.register(gc.freeze)


def as_it_comes() -> None:
    """From now on, at work: never again in what is there now, and often in what comes.

    Looked for as rarely as at the start, what visitors leave would grow for half a day.
    """
    gc.freeze()
    gc.set_threshold(2_000, 10, 10)
