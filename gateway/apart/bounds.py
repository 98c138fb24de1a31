"""What a sink's process may take of the computer, set by itself before it loads anything."""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
import sys
from pathlib import Path

MEGABYTE = 2**20
RESERVE = 0.9
"""The share of its memory beyond which a process ends itself: the rest is for doing so."""
_PDEATHSIG = 1  # prctl(2)
_NICER = 5
_DATA = 5  # proc(5), statm: data and stack in pages


def die_with_the_gateway() -> None:
    """Ask the kernel to end us at once when the gateway is killed, whatever we are doing.

    Where the kernel cannot, the end of our stream tells us. Whether to stop is the gateway's to
    decide: a Ctrl-C, a terminal that closes, and the SIGTERM that systemd sends to all of a service
    are meant for it.
    """
    for stop in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(stop, signal.SIG_IGN)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PDEATHSIG, signal.SIGKILL)


def step_back() -> None:
    """From now on polling goes first for a processor; not before: the start is long enough."""
    with contextlib.suppress(OSError):
        os.nice(_NICER)


def first_to_go() -> None:
    """Where the computer's memory is short, we are ended, not the gateway."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("500", "ascii")


def limit_memory(megabytes: int) -> None:
    """At most so much data of our own: what is only reserved, or shared, does not count."""
    with contextlib.suppress(ValueError, OSError):  # a lower limit is set already
        resource.setrlimit(resource.RLIMIT_DATA, (megabytes * MEGABYTE, megabytes * MEGABYTE))


def too_much(megabytes: int) -> bool:
    """Whether we are near the limit."""
    try:
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[_DATA])
    except (OSError, ValueError, IndexError):
        return False
    return pages * resource.getpagesize() > RESERVE * megabytes * MEGABYTE
