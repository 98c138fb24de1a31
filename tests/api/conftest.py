"""Real gateways for the tests of the API, started once for all of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.api.running import (
    API,
    RunningGateway,
    a_workshop,
    at_work,
    client,
    demo_client,
    free_port,
    until,
)

PASSWORDS = {
    "owner": "Leitung-im-Herbst-1",
    "foreman": "Meister-im-Winter-2",
    "works_council": "Betriebsrat-im-Mai-3",
    "customer": "Kundschaft-im-Juli-4",
}


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    """A simulated firm; the stage vouches for roles."""
    opcua = f'sinks: [{{type: opcua, listen: "127.0.0.1:{free_port()}", open: true}}]\n'
    folder = tmp_path_factory.mktemp("demo-gateway")
    with at_work(a_workshop(folder, demo=True, more=opcua)) as running:
        yield running


@pytest.fixture(scope="session")
def earnest(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    """A firm in earnest, set up by its owner, with a password for every role."""
    folder = tmp_path_factory.mktemp("earnest-gateway")
    with at_work(a_workshop(folder, demo=False)) as running:
        with client(running.base) as web:
            code = {"code": running.setup_code, "password": PASSWORDS["owner"]}
            assert web.post(f"{API}/setup", json=code).status_code == 200
            for role, password in PASSWORDS.items():
                if role != "owner":
                    body = {"role": role, "password": password}
                    assert web.post(f"{API}/passwords", json=body).status_code == 200
        yield running


@pytest.fixture(scope="session")
def callers(demo: RunningGateway, earnest: RunningGateway) -> Iterator[dict[str, httpx.Client]]:
    """Everybody who could ask: each role logged in, the demo's visitor, and nobody."""
    found = {"nobody": client(earnest.base), "visitor": demo_client(demo.base, "visitor")}
    for role, password in PASSWORDS.items():
        found[role] = client(earnest.base)
        answer = found[role].post(f"{API}/login", json={"role": role, "password": password})
        assert answer.status_code == 200
    yield found
    for web in found.values():
        web.close()


@pytest.fixture(scope="session")
def owner(demo: RunningGateway) -> Iterator[httpx.Client]:
    """The demo firm's owner, once the machine has worked for a moment."""
    with demo_client(demo.base, "owner") as web:
        until(lambda: web.get(f"{API}/jobs").json()[0]["runs_completed"] >= 2, 40)
        yield web


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[RunningGateway]:
    """A firm in earnest at its very first start."""
    with at_work(a_workshop(tmp_path, demo=False)) as running:
        yield running


@pytest.fixture
def firm(tmp_path: Path) -> Iterator[RunningGateway]:
    """A firm in earnest, set up by its owner, for one test alone."""
    with at_work(a_workshop(tmp_path, demo=False)) as running:
        with client(running.base) as web:
            code = {"code": running.setup_code, "password": PASSWORDS["owner"]}
            assert web.post(f"{API}/setup", json=code).status_code == 200
        yield running


@pytest.fixture
def firm_owner(firm: RunningGateway) -> Iterator[httpx.Client]:
    with owner_of(firm) as web:
        yield web


@contextmanager
def owner_of(firm: RunningGateway) -> Iterator[httpx.Client]:
    with client(firm.base) as web:
        body = {"role": "owner", "password": PASSWORDS["owner"]}
        assert web.post(f"{API}/login", json=body).status_code == 200
        yield web
