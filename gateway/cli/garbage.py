"""Garbage collection for commands that make many objects at their start and keep them."""

from __future__ import annotations

import atexit
import gc


def rarely() -> None:
    """Look for garbage rarely, and not at all at the end.

    A gateway makes some 100,000 objects at its start that stay: Python's default looks through them
    over and over (a seventh of the start), and once more when everything is over (most of the
    stop). What does become garbage in a cycle while it works is little, and still found.
    """
    gc.set_threshold(50_000, 20, 20)
    atexit.register(gc.freeze)
