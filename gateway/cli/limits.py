"""What this computer gives a process, looked at before anything starts."""

from __future__ import annotations

import resource

from gateway.cli.errors import CommandError
from gateway.core.text import Text

NEEDED = 700
"""Megabytes of address space that a gateway takes (measured: 655); most of it is never used."""
MEGABYTE = 2**20


def enough_address_space() -> None:
    """Refuse a limit that a gateway cannot work with. Raises CommandError.

    Some libraries end the whole process at such a limit, without a word that helps anybody.
    """
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit == resource.RLIM_INFINITY or limit >= NEEDED * MEGABYTE:
        return
    raise CommandError(
        Text(
            f"Ein Prozess darf hier nur {limit // MEGABYTE} MB Speicher belegen, gebraucht werden "
            f"{NEEDED} MB. Bitte heben Sie die Grenze an (ulimit -v).",
            f"A process may take only {limit // MEGABYTE} MB of memory here, {NEEDED} MB are "
            "needed. Please raise the limit (ulimit -v).",
        )
    )
