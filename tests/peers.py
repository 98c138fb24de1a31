"""What tests need and do not bring, such as programs: skipped with a hint where it is missing.

With ``CI=true`` a missing peer is a failure, so that nobody mistakes a skip for a pass.
"""

from __future__ import annotations

import os
import shutil
from typing import NoReturn

import pytest

PACKAGES = {
    "chromium": "chromium",
    "ip": "iproute2",
    "mbpoll": "mbpoll",
    "mosquitto": "mosquitto",
    "mosquitto_pub": "mosquitto-clients",
    "mosquitto_sub": "mosquitto-clients",
    "node": "nodejs",
    "npm": "npm",
    "nsenter": "util-linux",
    "promtool": "prometheus",
    "strace": "strace",
    "unshare": "util-linux",
    "victoria-metrics": "victoria-metrics",
}
"""The Debian package of each program."""

_BESIDE_PATH = ("/usr/sbin", "/usr/local/sbin")


def need(program: str) -> str:
    """The path of ``program``; without it the test is skipped, or fails where ``CI=true``."""
    path = os.pathsep.join((os.environ.get("PATH", ""), *_BESIDE_PATH))
    found = shutil.which(program, path=path)
    if found is None:
        package = PACKAGES.get(program, program)
        lacking(f"{program} is not installed: sudo apt-get install {package}")
    return found


def need_root(what: str) -> None:
    """The same where ``what`` is for root only."""
    if os.getuid() != 0:
        lacking(f"only root {what}: sudo make test")


def lacking(hint: str) -> NoReturn:
    """Skip a test that cannot be run here; with ``CI=true`` it fails. ``hint`` says what to do."""
    if os.environ.get("CI") == "true":
        pytest.fail(hint)
    pytest.skip(hint)
