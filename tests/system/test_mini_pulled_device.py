"""A device that is pulled: its values say so, nobody else is disturbed, and it comes back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.system.conftest import Demos
from tests.system.factory import MINI, Factory, Json, eventually

PULLED = "laser-saalebogen"
OTHERS = ("zerspanung-rennweg", "spritzguss-ilmtal", "haerterei-glutofen", "retrofit")


@pytest.fixture(scope="module")
def running(demos: Demos) -> Iterator[Factory]:
    """A new order, with the laser at work."""
    factory = demos.of(MINI)
    factory.restart()
    machine = factory.machine(PULLED)
    eventually(lambda: factory.truth(machine)["good"] >= 2, what="the laser has cut two trays")
    yield factory
    factory.play("unplug", {"machine": machine, "plugged": True})


def bad(factory: Factory) -> dict[str, Json] | None:
    values = factory.values(PULLED)
    gone = all(
        (value["quality"], value["reason"]) == ("bad", "no_connection") for value in values.values()
    )
    return values if gone else None


def good(factory: Factory, firm: str) -> bool:
    return all(value["quality"] == "good" for value in factory.values(firm).values())


def test_a_pulled_device_is_told_others_go_on_and_it_comes_back(running: Factory) -> None:
    machine = running.machine(PULLED)
    state = running.play("unplug", {"machine": machine, "plugged": False})
    assert machine in state["unplugged"]
    assert running.simulated(machine)["plugged"] is False

    eventually(lambda: bad(running), what="every value of the laser is bad: no connection")
    told = running.get(PULLED, f"machines/{machine}")
    eventually(
        lambda: not running.get(PULLED, f"machines/{machine}")["state"]["known"],
        what="its state counts as unknown",
    )
    assert told["state"]["because"]["de"] != told["state"]["because"]["en"]
    parts = {part["name"]: part for part in running.get(PULLED, "health")["parts"]}
    assert parts[machine]["state"] in {"waiting", "failed"}
    assert parts["journal"]["state"] == "ok"

    def fresh_elsewhere() -> bool:
        return all(good(running, firm) for firm in OTHERS)

    eventually(fresh_elsewhere, what="every other firm's values are good")
    before = {firm: running.values(firm) for firm in OTHERS}

    def newer() -> bool:
        now = {firm: running.values(firm) for firm in OTHERS}
        return all(
            now[firm][point]["at"] > value["at"]
            for firm in OTHERS
            for point, value in before[firm].items()
        )

    eventually(newer, what="every other value goes on being read")
    assert bad(running), "the laser is still pulled"

    running.play("unplug", {"machine": machine, "plugged": True})
    eventually(lambda: good(running, PULLED), what="every value of the laser is good again")
    eventually(
        lambda: running.get(PULLED, f"machines/{machine}")["state"]["known"],
        what="its state is known again",
    )


def test_the_counter_lost_nothing_while_it_was_pulled(running: Factory) -> None:
    machine = running.machine(PULLED)

    def ended() -> Json | None:
        job = running.job(PULLED)
        return job if job["state"] == "ended" else None

    job = eventually(ended, within=90, what="the laser's job has ended")
    assert job["good"] == running.truth(machine)["good"] == 24
    assert job["origins"] == {"counted": 24}
