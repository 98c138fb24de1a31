"""Demos that several tests share, one at a time; what was heard on the way; a browser."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Playwright, sync_playwright

from tests import sizes
from tests.peers import need
from tests.system.factory import FAIR, MINI, Factory, factory
from tests.system.played import Played, played_to_the_end
from tests.system.wire import Wire, tapped

QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
)
"""Chromium as it may run on any computer: it asks nobody outside."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A system test may wait for the start of a demo, or for a whole order."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(300 * sizes.PATIENCE))


@dataclass
class Demos:
    """Keeps the last demo running for the tests that come next; never two at once."""

    folder: Path
    _stack: ExitStack = field(default_factory=ExitStack)
    _present: tuple[Path, Factory] | None = None
    _count: int = 0

    def of(self, folder: Path, *options: str, state: Path | None = None) -> Factory:
        """The demo of these firms, started (in a state folder of its own) unless it runs."""
        if self._present is not None:
            kept, running = self._present
            if kept == folder and running.console.process.poll() is None:
                return running
            self.stop()
        self._count += 1
        own = self.folder / f"{folder.name}-{self._count}"
        running = self._stack.enter_context(factory(state or own, folder, *options))
        self._present = folder, running
        return running

    def stop(self) -> None:
        """Leave the computer to somebody else."""
        self._present = None
        self._stack.close()


@pytest.fixture(scope="session")
def demos(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demos]:
    kept = Demos(tmp_path_factory.mktemp("demos"))
    yield kept
    kept.stop()


@pytest.fixture
def mini(demos: Demos) -> Factory:
    """The demo with the mini order."""
    return demos.of(MINI)


@pytest.fixture
def fair(demos: Demos) -> Factory:
    """The demo with the order of the fair."""
    return demos.of(FAIR)


@pytest.fixture(scope="session")
def wire(demos: Demos) -> Iterator[Wire]:
    """Everything that goes over the shared broker while the mini order is played."""
    with tapped(demos.of(MINI).ready["shared_broker"], "#") as heard:
        yield heard


@pytest.fixture(scope="session")
def played(demos: Demos, wire: Wire) -> Played:
    """A mini order, played to its end without any trouble."""
    del wire  # taps the broker before the first report
    mini = demos.of(MINI)
    mini.restart()
    return played_to_the_end(mini)


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    # Not longer than a module: asynchronous tests cannot run beside it.
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="module")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    """Debian's Chromium without a window."""
    browser = playwright.chromium.launch(executable_path=need("chromium"), args=list(QUIET))
    yield browser
    browser.close()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """An empty page of 1920 x 1080 that speaks German."""
    context = chromium.new_context(viewport={"width": 1920, "height": 1080}, locale="de-DE")
    yield context.new_page()
    context.close()


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where screenshots are kept: the folder that WERKVERBUND_PICTURES names."""
    named = os.environ.get("WERKVERBUND_PICTURES")
    if not named:
        return tmp_path_factory.mktemp("pictures")
    folder = Path(named)
    folder.mkdir(parents=True, exist_ok=True)
    return folder
