"""How long a request each device answers: what was found out by silence is kept over a restart.

It holds for a device (line, unit, template, serial number), and for ``HOLDS``: a device that was
exchanged without a word is asked for everything at once again after that time.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gateway import private_files
from gateway.config import SiteConfig
from gateway.core.errors import reason
from gateway.flow.source_runner import Line
from gateway.sources import ModbusSource
from gateway.sources.device import Unit

log = logging.getLogger(__name__)

NAME = "lengths.json"
SCHEMA = 1
HOLDS = timedelta(days=7)
LOOK_EVERY = 5.0
"""Seconds between two looks whether something new was found out."""

Key = tuple[str, str, str]
"""The device on its line, its template, its serial number."""


def _now() -> datetime:
    return datetime.now(UTC)


class KeptLengths:
    """Registers by device, with the time at which that was found out; a file in ``state``."""

    def __init__(self, state: Path, now: Callable[[], datetime] = _now) -> None:
        self._path = state / NAME
        self._now = now
        self._found: dict[Key, tuple[int, datetime]] = {}
        self._written = self._found

    def open(self) -> None:
        """Read what was kept."""
        self._found = dict(self._read())
        self._written = dict(self._found)

    def give(self, site: SiteConfig, sources: Iterable[Line]) -> None:
        """Tell devices that are not asked yet how long their requests may be."""
        for key, unit in _units(site, sources):
            most, at = self._found.get(key, (0, self._now()))
            if most and timedelta() <= self._now() - at < HOLDS:
                unit.lengths.begin_with(most)

    def note(self, site: SiteConfig, sources: Iterable[Line]) -> None:
        """See what has been found out of devices by now."""
        for key, unit in _units(site, sources):
            known = self._found.get(key)
            most = unit.lengths.limit
            if most is not None and (known is None or known[0] != most):
                self._found[key] = most, self._now()

    def forget(self, site: SiteConfig, sources: Iterable[Line], machines: Collection[str]) -> None:
        """Of these machines a device was exchanged: the next one is asked for everything."""
        for key, unit in _units(site, sources):
            if unit.machine in machines:
                self._found.pop(key, None)

    async def save(self) -> None:
        """Write what is new; what cannot be written is tried again the next time."""
        if self._found == self._written:
            return
        found = dict(self._found)
        content = {
            "schema": SCHEMA,
            "devices": [
                {"device": device, "template": template, "serial": serial}
                | {"registers": most, "found": at.isoformat()}
                for (device, template, serial), (most, at) in found.items()
            ],
        }
        try:
            await asyncio.to_thread(private_files.write, self._path, json.dumps(content).encode())
        except OSError:
            return  # the journal says that the disk is full
        self._written = found

    def _read(self) -> Iterator[tuple[Key, tuple[int, datetime]]]:
        try:
            content = json.loads(self._path.read_bytes())
            for one in content["devices"]:
                at = datetime.fromisoformat(one["found"])
                key = (str(one["device"]), str(one["template"]), str(one["serial"]))
                yield key, (int(one["registers"]), at.astimezone(UTC))
        except FileNotFoundError:
            return
        except OSError as error:
            log.warning("%s cannot be read: %s", self._path, reason(error).en)
        except (ValueError, TypeError, LookupError):
            log.warning("%s is damaged; what it held is found out anew", self._path)


def _units(site: SiteConfig, sources: Iterable[Line]) -> Iterator[tuple[Key, Unit]]:
    serials = {machine.name: machine.serial or "" for machine in site.machines}
    for source in sources:
        for unit in source.units if isinstance(source, ModbusSource) else ():
            place = f"{unit.connect.key} unit {unit.connect.unit}"
            yield (place, unit.template.template, serials.get(unit.machine, "")), unit
