"""Programs that tests talk to but do not ship: skipped with a hint where they are missing.

With ``CI=true`` a missing peer is a failure, so that nobody mistakes a skip for a pass.
"""

from __future__ import annotations

import os
import shutil

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
    if found is not None:
        return found
    package = PACKAGES.get(program, program)
    hint = f"{program} is not installed: sudo apt-get install {package}"
    if os.environ.get("CI") == "true":
        pytest.fail(hint)
    pytest.skip(hint)
