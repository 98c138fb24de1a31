"""``python -m gateway.apart NAME MEGABYTES``: a sink's own process, as its gateway starts it.

What to do comes over the stream on standard input. The bounds are set before anything is loaded.
"""

from __future__ import annotations

import sys

from gateway.apart import bounds


def main() -> None:
    """Bind this process to its gateway, then work for it."""
    bounds.die_with_the_gateway()
    bounds.first_to_go()
    bounds.limit_memory(int(sys.argv[2]))
    from gateway.apart.child import work  # noqa: PLC0415 - within the bounds

    sys.exit(work(int(sys.argv[2])))


if __name__ == "__main__":
    main()
