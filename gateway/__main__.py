"""``python -m gateway`` and the command ``werkverbund``."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from contextlib import suppress

from gateway import ending

LEFT_BEHIND = 0.5
"""Seconds that threads get at the end; one may wait for a name server that is silent."""


def main() -> None:
    """Run the command line."""
    if "run" in sys.argv[1:]:
        _end_in_order()
    code = 1
    try:
        from gateway.cli.main import run_command_line  # noqa: PLC0415 - light start

        code = run_command_line(sys.argv[1:])
    except SystemExit as leaving:
        code = leaving.code if isinstance(leaving.code, int) else 1
    finally:
        _leave_soon(code)
    sys.exit(code)


def _end_in_order() -> None:
    """A gateway that is told to end, or to read anew, before it can listen to that."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, ending.ask)


def _leave_soon(code: int) -> None:
    """Everything is closed and stored: a thread that hangs must not hold the process up."""

    def leave() -> None:
        time.sleep(LEFT_BEHIND)
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):
                stream.flush()
        os._exit(code)

    threading.Thread(target=leave, name="leaving", daemon=True).start()


if __name__ == "__main__":
    main()
