"""Tests may run in two processes: a file stays in one, and so do all that start a demo."""

from __future__ import annotations

import signal

import pytest
from xdist.scheduler.loadscope import LoadScopeScheduling

from tests import sizes

SYSTEM = "tests/system/"


class Together(LoadScopeScheduling):
    """Gives whole files to a process, since fixtures are a file's; never two demos at once."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.split("::", 1)[0]
        return SYSTEM if file.startswith(SYSTEM) else file


def pytest_configure(config: pytest.Config) -> None:
    sizes.configure(config)
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # In the background of a shell Ctrl-C is ignored, and so it would be by what tests start.
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> Together:
    return Together(config, log)
