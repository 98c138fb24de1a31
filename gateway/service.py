"""The process around a gateway: its signals, its watchdog, and an end that nothing holds up.

Under systemd (``Type=notify``, ``WatchdogSec=``) the service manager is told when the gateway is
ready, and then only while every line is polled and the journal is written; a gateway that hangs is
started again by it. The protocol is one datagram to ``NOTIFY_SOCKET`` (sd_notify(3)).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Protocol

from gateway import ending, garbage, logs
from gateway.config import Files, SiteConfig
from gateway.core.reloads import Outcome
from gateway.core.sayings import in_words
from gateway.core.text import Language, Text

log = logging.getLogger(__name__)

FEED = 10.0
"""Seconds between two looks at the progress, where the service manager does not say how often."""
_ENDING = (signal.SIGTERM, signal.SIGINT)


class Watched(Protocol):
    """What this file needs of a gateway."""

    stop: asyncio.Event

    async def run(self) -> None:
        """Open, work until asked to stop, close."""

    def working(self) -> bool:
        """Whether everything that must run has begun."""

    def stuck(self) -> str | None:
        """What makes no progress, or None."""

    def reload(self) -> asyncio.Future[Outcome]:
        """Have the files read again."""


class Manager:
    """The service manager that started us, if there is one."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        self._address = environment.get("NOTIFY_SOCKET", "").replace("@", "\0", 1)
        microseconds = environment.get("WATCHDOG_USEC", "")
        self.every = int(microseconds) / 2e6 if microseconds.isdecimal() else FEED
        """Seconds between two signs of life: half of what is allowed."""

    def tell(self, state: str) -> None:
        """Send one state, such as ``READY=1``; where nobody listens nothing happens."""
        if not self._address:
            return
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as to:
            to.connect(self._address)
            to.sendall(state.encode())


async def until_signal(gateway: Watched, manager: Manager) -> None:
    """Stop in order at the first SIGTERM or Ctrl-C; a second one ends the process at once."""
    loop = asyncio.get_running_loop()

    def stop() -> None:
        manager.tell("STOPPING=1")
        gateway.stop.set()
        for number in _ENDING:
            loop.remove_signal_handler(number)
            signal.signal(number, signal.SIG_DFL)

    for number in _ENDING:
        loop.add_signal_handler(number, stop)
    loop.add_signal_handler(signal.SIGHUP, partial(_reload, gateway, manager))
    if ending.asked():  # before anything could listen
        stop()
    feeding = asyncio.create_task(_feed(gateway, manager), name="watchdog")
    try:
        await gateway.run()
    finally:
        feeding.cancel()


def _reload(gateway: Watched, manager: Manager) -> None:
    """Have the files read again; how that went stands in the log, and on the pages."""
    manager.tell(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")
    gateway.reload().add_done_callback(lambda _outcome: manager.tell("READY=1"))


async def _feed(gateway: Watched, manager: Manager) -> None:
    """Tell that we are ready, then that we live, as long as everything makes progress."""
    ready, said = False, False
    while True:
        stuck = gateway.stuck()
        if not ready and gateway.working():
            ready = True
            manager.tell("READY=1")
            garbage.as_it_comes()
        if stuck is None:
            manager.tell("WATCHDOG=1")
        elif not said:
            log.error("%s makes no progress; the watchdog is not fed", in_words(stuck))
        said = stuck is not None
        await asyncio.sleep(manager.every if ready else 0.2)


def run(
    site: SiteConfig,
    announce: Callable[[Text, str | None], None],
    language: Language,
    files: Files | None = None,
) -> None:
    """Run the gateway of ``site`` until SIGTERM or Ctrl-C. Raises what is fatal.

    ``files`` are read again whenever somebody asks for it (SIGHUP, a command, a page).
    ``announce`` is told where the pages are, and the set-up code while it is needed; and the link
    that a phone should open, if there is one. The log speaks ``language``.
    """
    from gateway.run import Gateway  # noqa: PLC0415 - heavy

    os.umask(0o077)  # whatever we write is for the gateway's own account alone
    logs.speak(language)
    for chatty in ("asyncua", "pymodbus"):
        logging.getLogger(chatty).setLevel(logging.ERROR)
    with asyncio.Runner() as runner:
        runner.get_loop().set_default_executor(_Unawaited())
        runner.run(until_signal(Gateway(site, announce=announce, files=files), Manager()))


class _Unawaited(ThreadPoolExecutor):
    """The event loop's threads: at the end nobody waits for one that waits for the network."""

    def shutdown(self, wait: bool = True, **more: Any) -> None:  # noqa: ARG002, FBT001, FBT002
        super().shutdown(wait=False, **more)
