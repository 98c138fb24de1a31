"""The product upon uvloop: ``python -m tests.yard.on_uvloop run site.yaml``."""

from __future__ import annotations

import sys

import uvloop

from gateway.cli.main import run_command_line

if __name__ == "__main__":
    uvloop.install()
    sys.exit(run_command_line(sys.argv[1:]))
