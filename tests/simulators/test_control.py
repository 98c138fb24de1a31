import asyncio
import os
import signal
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest

from gateway import resources
from gateway.config import Endpoint
from gateway.core.errors import ConfigError, WerkverbundError
from simulators.control import app
from simulators.memory import Memory, load
from simulators.simulation import Simulation, simulate
from tests.simulators.conftest import read_simulation

START = 6 * 3600.0
MINI = resources.mini() / "simulation.yaml"


@pytest.fixture
async def control(simulation: Simulation) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=app(simulation))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        yield client


async def post(control: httpx.AsyncClient, path: str, **body: object) -> dict[str, object]:
    answer = await control.post(path, json=body)
    assert answer.status_code == 200, answer.text
    content: dict[str, object] = answer.json()
    return content


async def state(control: httpx.AsyncClient) -> dict[str, object]:
    content: dict[str, object] = (await control.get("/state")).json()
    return content


async def machine(control: httpx.AsyncClient, name: str) -> dict[str, object]:
    machines = (await state(control))["machines"]
    assert isinstance(machines, list)
    return next(found for found in machines if found["name"] == name)


async def test_everything_stands_at_first(control):
    now = await state(control)
    assert (now["running"], now["lots"], now["function_codes"]) == (False, [], {})
    assert now["clock"] == {"began": None, "at_s": START, "now_s": START} | {
        "read_ms": now["clock"]["read_ms"]
    }
    for found in now["machines"]:
        assert found["standing"] or found["name"] == "drill-1"


async def test_everything_says_that_it_is_simulated(control):
    now = await state(control)
    assert now["simulated"] is True
    assert all(found["simulated"] for found in now["machines"])
    assert (await post(control, "/stop"))["simulated"] is True


async def test_a_state_names_each_machine_s_address_and_units(control, ports):
    furnace = await machine(control, "furnace-1")
    assert furnace["firm"] == "haerterei-glutofen"
    assert (furnace["host"], furnace["port"]) == ("127.0.0.1", int(ports["MODBUS_FURNACE_1"]))
    assert furnace["units"] == [1, 2]
    assert furnace["templates"] == {"1": "pid-furnace", "2": "sdm630"}


async def test_a_place_answers_the_opening_and_a_start_lets_it_run(control, real):
    placed = await post(control, "/place", at_s=START + 192 * 3, faults=[], reserve=False)
    assert placed["opening"]["AP1"] == {
        "good": 36,
        "scrap": 0,
        "runs": 3,
        "departures_s": [],
        "run_began_s": None,
        "degraded": False,
    }
    began = real().isoformat()
    started = await post(control, "/start", began=began, at_s=START + 192 * 3, lapse=144)
    assert started["running"] is True
    real.pass_(4)
    mill = await machine(control, "mill-1")
    assert mill["truth"] == {"good": 72, "scrap": 0, "runs": 6}
    assert mill["standing"] is False


async def test_a_start_without_a_lapse_takes_the_file_s(control, real):
    started = await post(control, "/start", began=real().isoformat(), at_s=START)
    assert started["lapse"] == 144


async def test_lots_appear_as_they_leave(control, real):
    await post(control, "/place", at_s=START + 2304)
    assert (await state(control))["lots"][-1] == {
        "package": "AP1",
        "number": 1,
        "quantity": 144,
        "departed_s": START + 2304,
        "arrives_s": START + 2604,
        "to": "haerterei-glutofen",
    }


async def test_an_armed_element_is_told(control, real):
    await post(control, "/arm", machine="furnace-1", fault="element")
    assert (await machine(control, "furnace-1"))["faults"] == ["element-armed"]
    await post(control, "/start", began=real().isoformat(), at_s=START, lapse=144)
    real.pass_(2610 / 144)
    furnace = await machine(control, "furnace-1")
    assert (furnace["faults"], furnace["phase"]) == (["element"], "ramp")
    assert furnace["values"]["current-l2"] == 0


async def test_a_lot_is_routed_to_the_reserve(control, real):
    await post(control, "/place", at_s=START + 600)
    await post(control, "/route", package="AP3", lot=1, to="haertetechnik-vogtei")
    await post(control, "/start", began=real().isoformat(), at_s=START + 600, lapse=144)
    real.pass_(2100 / 144)
    assert (await machine(control, "furnace-2"))["phase"] == "ramp"
    assert (await machine(control, "furnace-1"))["phase"] == "idle"


async def test_a_held_value_can_be_compared(control, real):
    await post(control, "/start", began=real().isoformat(), at_s=START, lapse=144)
    real.pass_(0.7)
    assert (await post(control, "/hold"))["held"] is True
    held = await machine(control, "mill-1")
    real.pass_(5)
    assert (await machine(control, "mill-1"))["values"] == held["values"]
    released = await post(control, "/release")
    assert (released["running"], released["held"]) == (True, False)
    assert released["clock"]["now_s"] == pytest.approx(START + 0.7 * 144)


async def test_an_unplugged_machine_is_told(control):
    await post(control, "/unplug", machine="laser-1")
    assert (await machine(control, "laser-1"))["plugged"] is False
    await post(control, "/replug", machine="laser-1")
    assert (await machine(control, "laser-1"))["plugged"] is True


async def test_a_silent_unit_is_told(control):
    await post(control, "/unplug", machine="furnace-1", unit=2)
    furnace = await machine(control, "furnace-1")
    assert (furnace["plugged"], furnace["silent"]) == (True, [2])


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        ("/arm", {"machine": "mill-1", "fault": "element"}, 409),
        ("/arm", {"machine": "nobody", "fault": "element"}, 409),
        ("/place", {"at_s": START, "faults": ["flood"]}, 409),
        ("/unplug", {"machine": "nobody"}, 409),
        ("/unplug", {"machine": "mill-1", "unit": 7}, 409),
        ("/route", {"package": "AP3", "lot": 9, "to": "haertetechnik-vogtei"}, 409),
        ("/place", {"at_s": -1}, 422),
        ("/place", {"at_s": START, "at": 3}, 422),
        ("/start", {"began": "2026-03-04T10:00:00", "at_s": START}, 422),
    ],
)
async def test_what_makes_no_sense_is_refused_with_a_reason(control, path, body, code):
    answer = await control.post(path, json=body)
    assert answer.status_code == code
    assert answer.json()["detail"]


async def test_a_web_page_commands_nothing(control):
    for headers in ({"origin": "http://evil.example"}, {"host": "evil.example"}):
        answer = await control.post("/stop", headers=headers)
        assert answer.status_code in (400, 403)


async def test_the_process_serves_until_it_is_told_to_stop(ports, free):
    address = Endpoint("127.0.0.1", free())
    ready = asyncio.Event()
    served: list[Simulation] = []

    def opened(simulation: Simulation) -> None:
        served.append(simulation)
        ready.set()

    process = asyncio.create_task(simulate(MINI, address, ports, seed=5, ready=opened))
    async with asyncio.timeout(10):
        await ready.wait()
        async with httpx.AsyncClient(base_url=f"http://{address}") as client:
            now = (await client.get("/state")).json()
    assert served[0].plant.file.seed == 5
    assert len(now["machines"]) == 7
    os.kill(os.getpid(), signal.SIGTERM)
    async with asyncio.timeout(10):
        await process
    assert not any(line.server.plugged for line in served[0].lines.values())


async def test_the_control_stays_on_this_computer(ports):
    with pytest.raises(WerkverbundError, match="loopback"):
        await simulate(MINI, Endpoint("0.0.0.0", 8080), ports)


async def test_a_taken_address_is_named(ports, simulation, free):
    with pytest.raises(WerkverbundError, match=ports["MODBUS_MILL_1"]):
        await simulate(MINI, Endpoint("127.0.0.1", free()), ports)


async def test_a_taken_control_is_named(ports, simulation):
    taken = Endpoint("127.0.0.1", int(ports["MODBUS_MILL_1"]))
    with pytest.raises(WerkverbundError, match=ports["MODBUS_MILL_1"]):
        await simulate(MINI, taken, ports)


async def test_a_file_with_a_mistake_starts_nothing(tmp_path, ports, free):
    path = tmp_path / "simulation.yaml"
    path.write_text(MINI.read_text("utf-8").replace("type: laser", "type: lasor"), "utf-8")
    with pytest.raises(ConfigError):
        await simulate(path, Endpoint("127.0.0.1", free()), ports)


async def test_a_command_is_remembered_before_it_is_answered(ports, real, tmp_path):
    file = tmp_path / "machines.json"
    simulation = Simulation(read_simulation("mini", ports), real, file)
    transport = httpx.ASGITransport(app=app(simulation))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        await post(client, "/arm", machine="furnace-1", fault="element")
        assert load(file) == Memory.of(simulation.plant, ())
        await post(client, "/start", began=real().isoformat(), at_s=START, lapse=144)
        assert load(file) == Memory.of(simulation.plant, ())


async def test_the_mini_order_runs_to_its_end(control, real):
    await post(control, "/start", began=real().isoformat(), at_s=START, lapse=144)
    real.at += timedelta(seconds=50)
    now = await state(control)
    assert [lot["quantity"] for lot in now["lots"] if lot["package"] == "AP5"] == [24]
    assert all(found["standing"] or found["name"] == "drill-1" for found in now["machines"])
