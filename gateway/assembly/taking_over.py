"""Other files for a gateway at work: built first, then exchanged, without a way back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from gateway.assembly.file_jobs import file_jobs, new_jobs
from gateway.assembly.plant import Plant, built, difference
from gateway.assembly.reloading import LIVE, OTHER_FOLDER, later
from gateway.assembly.showing import show
from gateway.assembly.works import Works
from gateway.config import SiteConfig
from gateway.core.errors import WerkverbundError
from gateway.core.reloads import Outcome, Reloaded
from gateway.core.text import Text
from gateway.jobs.commands import Equip, Exchanged
from gateway.sources.line.lookup import places_of

ASSISTANT_ASKS = Text(
    "der Assistent fragt gerade an einer dieser Leitungen: Warten Sie, bis er fertig ist, oder "
    "brechen Sie ihn ab, und lesen Sie die Dateien dann neu",
    "the assistant is asking on one of these lines: wait until it has ended, or cancel it, and "
    "read the files again then",
)


CALENDAR = Text("der Kalender ist ein anderer", "the calendar is another one")


async def take_over(works: Works, site: SiteConfig, exchanged: Sequence[Exchanged] = ()) -> Outcome:
    """Let the machines be those of ``site``; of some the device is another one from now on.

    Raises what stands against it while nothing is changed yet.
    """
    now = datetime.now(UTC)
    if site.state != works.site.state:
        return Outcome(Reloaded.REFUSED, now, why=OTHER_FOLDER)
    open_keys = later(works.site, site)
    fresh = built(works.site.model_copy(update={key: getattr(site, key) for key in LIVE}))
    same = (site.jobs, site.calendar) == (works.site.jobs, works.site.calendar)
    if same and not difference(works.plant, fresh) and not exchanged:
        return Outcome(Reloaded.NOTHING_NEW, now, later=open_keys)
    with works.asking.files_are_read():
        if works.asking.lines and works.asking.lines & await _lines_begun(works.plant, fresh):
            return Outcome(Reloaded.REFUSED, now, why=ASSISTANT_ASKS)
        said = [*difference(works.plant, fresh).texts(), *new_jobs(works.site, site)]
        before = works.plant
        works.lengths.note(before.site, works.sources)
        if site.calendar != works.site.calendar:
            said.append(CALENDAR)
        await _commit(works, fresh, exchanged)
        works.lengths.forget(before.site, before.sources, {one.machine for one in exchanged})
        changes = difference(works.plant, fresh)
        works.adopt(fresh)
        await works.poll(fresh, changes.kept_lines)
    works.latest.keep(works.signals)
    show(works)
    said += _exchanged_said(exchanged)
    return Outcome(Reloaded.DONE, now, tuple(said), open_keys)


async def _commit(works: Works, fresh: Plant, exchanged: Sequence[Exchanged]) -> None:
    """The job logic knows the machines; where a device was exchanged its counters begin anew.

    Such a machine is not asked meanwhile: what the old device said last is counted before, and the
    first that is heard afterwards comes from the new one.
    """
    before = works.plant
    quiet = before.without({one.machine for one in exchanged})
    if exchanged:
        await works.poll(quiet, difference(before, quiet).kept_lines)
        works.plant = quiet
    try:
        for one in exchanged:
            await works.journal.apply(one)
        await works.journal.apply(Equip(fresh.equipment, file_jobs(fresh.site)))
    except WerkverbundError:
        await works.poll(before, difference(quiet, before).kept_lines)
        works.plant = before
        raise


async def _lines_begun(before: Plant, after: Plant) -> set[str]:
    """Every name and address of the lines on which asking begins, or goes on in another shape."""
    kept = difference(before, after).kept_lines
    found: set[str] = set()
    for machine in after.site.machines:
        for device in machine.devices:
            if device.connect.line() not in kept:
                found |= await places_of(device.connect)
    return found


def _exchanged_said(exchanged: Sequence[Exchanged]) -> Iterator[Text]:
    for one in exchanged:
        yield Text(f"getauscht: {one.machine}", f"exchanged: {one.machine}")
