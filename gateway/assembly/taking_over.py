"""Other files for a gateway at work: built first, then exchanged, without a way back."""

from __future__ import annotations

from datetime import UTC, datetime

from gateway.assembly.file_jobs import file_jobs, new_jobs
from gateway.assembly.plant import built, difference
from gateway.assembly.reloading import LIVE, OTHER_FOLDER, later
from gateway.assembly.showing import show
from gateway.assembly.works import Works
from gateway.config import SiteConfig
from gateway.core.reloads import Outcome, Reloaded
from gateway.jobs.commands import Equip


async def take_over(works: Works, site: SiteConfig) -> Outcome:
    """Let the machines be those of ``site``.

    Raises what stands against it while nothing is changed yet.
    """
    now = datetime.now(UTC)
    if site.state != works.site.state:
        return Outcome(Reloaded.REFUSED, now, why=OTHER_FOLDER)
    open_keys = later(works.site, site)
    fresh = built(works.site.model_copy(update={key: getattr(site, key) for key in LIVE}))
    changes = difference(works.plant, fresh)
    if not changes and site.jobs == works.site.jobs:
        return Outcome(Reloaded.NOTHING_NEW, now, later=open_keys)
    said = (*changes.texts(), *new_jobs(works.site, site))
    await works.journal.apply(Equip(fresh.equipment, file_jobs(fresh.site)))
    works.adopt(fresh)
    await works.lines.exchange(
        changes.kept_lines,
        [
            works.runner(source)
            for source in fresh.sources
            if str(source.endpoint) not in changes.kept_lines
        ],
    )
    works.latest.keep(works.signals)
    show(works)
    return Outcome(Reloaded.DONE, now, said, open_keys)
