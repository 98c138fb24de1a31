"""``python -m gateway`` and the command ``werkverbund``."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line."""
    from gateway.cli.main import run_command_line  # noqa: PLC0415 - light start

    sys.exit(run_command_line(sys.argv[1:]))


if __name__ == "__main__":
    main()
