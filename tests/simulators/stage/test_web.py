"""The stage's routes against gateways that are played here."""

import asyncio
import gc
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from gateway import resources
from gateway.api import live
from gateway.api.live import Hub
from simulators.stage import lan
from simulators.stage.demo import Demo
from simulators.stage.feed import Feed
from simulators.stage.options import Options
from simulators.stage.parts import end
from simulators.stage.ports import Ports, free_base
from simulators.stage.processes import Supervisor
from simulators.stage.scenario import load
from simulators.stage.show import Show
from simulators.stage.web import Stage, create_app

LEAD, PRESS = "montage-holzland", "spritzguss-ilmtal"
VISITOR = "192.168.1.66"


class Firms:
    """Every gateway at once: what it was asked, and what it answers."""

    def __init__(self) -> None:
        self.asked: list[httpx.Request] = []
        self.order: dict[str, object] = {"due_s": 31 * 3600, "quantity": 400, "complete": 100}
        self.sent: list[dict[str, object]] = []

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        if request.url.path.endswith("/sent"):
            return httpx.Response(200, json=self.sent)
        return httpx.Response(200, json=self.order, headers={"set-cookie": "mine=1"})


@pytest.fixture
def firms() -> Firms:
    return Firms()


@pytest.fixture
async def stage(firms: Firms) -> AsyncIterator[Stage]:
    scenario = load(resources.demo() / "scenario.yaml")
    gateways = {player.id: f"http://{player.id}" for player in scenario.firms}
    uplinks = {PRESS: None, LEAD: None}
    show = Show(scenario, gateways, "http://control", "token", uplinks)  # type: ignore[arg-type]
    show._web = httpx.AsyncClient(transport=httpx.MockTransport(firms.answer))
    show.order = "GA-17"
    hub = Hub()
    feeds = {
        firm: Feed(firm, base, "token", hub, lambda *_: None) for firm, base in gateways.items()
    }
    yield Stage(show, hub, feeds, {}, Supervisor(), lan.Presenter(), None, "http://127.0.0.1/")
    await show._web.aclose()


def browser(stage: Stage, client: str) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(create_app(stage), client=(client, 4711))
    return httpx.AsyncClient(transport=transport, base_url="http://192.168.1.1")


@pytest.mark.parametrize(("client", "role"), [("127.0.0.1", "owner"), (VISITOR, "visitor")])
async def test_a_firm_is_told_who_asks_by_the_stage_and_not_by_the_browser(
    stage, firms, client, role
):
    claims = {"x-werkverbund-role": "owner", "authorization": "Bearer guessed", "cookie": "a=b"}
    async with browser(stage, client) as web:
        answer = await web.get(f"/firm/{LEAD}/api/v1/jobs", headers=claims)
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers
    asked = firms.asked[0].headers
    assert asked["x-werkverbund-role"] == role
    assert "cookie" not in asked
    assert "guessed" not in str(asked)


async def test_a_visitor_changes_nothing(stage, firms):
    async with browser(stage, VISITOR) as web:
        for path in (f"/firm/{LEAD}/api/v1/orders", "/stage/v1/keyframe", "/stage/v1/uplink"):
            assert (await web.post(path, json={})).status_code == 403
    assert firms.asked == []


@pytest.mark.parametrize("path", ["%00", "a%0ab", "nobody/api"])
async def test_a_path_that_is_none_is_not_found(stage, path):
    async with browser(stage, VISITOR) as web:
        firm = "" if path.startswith("nobody") else f"{LEAD}/"
        assert (await web.get(f"/firm/{firm}{path}")).status_code == 404


class Endless(httpx.AsyncByteStream):
    """What a stream of events is to whoever wants to have all of it."""

    def __init__(self) -> None:
        self.closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        raise AssertionError("somebody reads a stream to its end")
        yield b""

    async def aclose(self) -> None:
        self.closed = True


@pytest.mark.parametrize("path", ["events%3F", "events%23", "%2e/events", "x/%2e%2e/events"])
async def test_a_stream_under_another_spelling_is_not_collected_without_end(stage, path):
    endless = Endless()
    kind = {"content-type": "text/event-stream; charset=utf-8"}
    events = httpx.Response(200, headers=kind, stream=endless)
    stage.show._web = httpx.AsyncClient(transport=httpx.MockTransport(lambda _: events))
    async with browser(stage, VISITOR) as web:
        answer = await web.get(f"/firm/{LEAD}/api/v1/{path}")
    assert answer.status_code == 404
    assert endless.closed


async def test_a_room_full_of_phones_counts_the_balance_once(stage, firms):
    firms.sent = [{"kind": "report", "fields": {"lamp": "green"}, "level": "L1", "bytes": 700}]
    async with browser(stage, VISITOR) as web:
        first = (await web.get("/stage/v1/balance")).json()
        asked = len(firms.asked)
        assert (await web.get("/stage/v1/balance")).json() == first
        assert len(firms.asked) == asked
        stage.show.order = "GA-17-2"
        assert (await web.get("/stage/v1/balance")).json()["order"] == "GA-17-2"
    assert (first["messages"], first["fields"], first["bytes"], first["beyond"]) == (2, 2, 1400, 0)


@pytest.mark.parametrize(
    ("noted", "failed", "hours"),
    [(None, None, None), (None, 14 * 3600 + 600, 16.8), (16.7, 14 * 3600 + 600, 16.7)],
)
async def test_a_warning_is_this_run_s_own_or_says_that_it_is_simulated(
    stage, firms, noted, failed, hours
):
    if noted is not None:
        firms.order["warned"] = {"at_s": 51480, "hours_before_due": noted}
    stage.show.failed_s = failed
    async with browser(stage, VISITOR) as web:
        warned = (await web.get("/stage/v1/balance")).json()["warned"]
    if hours is None:
        assert warned is None
    else:
        assert (warned["hours_before_due"], warned["simulated"]) == (hours, noted is None)


async def test_a_jump_that_is_pressed_twice_opens_one_order(stage, firms):
    began = datetime.now(UTC) + timedelta(minutes=1)
    opened: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/orders"):
            if request.method == "POST":
                opened.append(json.loads(request.content)["id"])
            return httpx.Response(200, json=[{"id": order} for order in opened])
        clock = {"began": began.isoformat(), "at_s": 0}
        told = {"clock": clock, "opening": {}, "failed_s": None, "shows_s": None}
        return httpx.Response(200, json=told | {"machines": []})

    show = stage.show
    show.uplinks = {}
    show._web = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    await asyncio.gather(show.start(1), show.start(1))
    await show.start(2)
    show.clock = {"began": datetime.now(UTC).isoformat(), "at_s": 0}
    await show.start(2)
    assert opened == ["GA-17", "GA-17-2", "GA-17-3"]


REFUSED = [
    ("POST", "/stage/v1/keyframe", VISITOR, {"keyframe": 0}, 403),
    ("POST", f"/firm/{LEAD}/api/v1/orders", VISITOR, {}, 403),
    ("POST", "/stage/v1/pin", VISITOR, {"pin": "000"}, 403),
    ("GET", "/stage/v1/nothing", VISITOR, None, 404),
    ("GET", "/firm/nobody/api/v1/jobs", VISITOR, None, 404),
    ("GET", "/stage/v1/pin", VISITOR, None, 405),
    ("POST", "/stage/v1/keyframe", "127.0.0.1", {"keyframe": 0}, 409),
    ("POST", "/stage/v1/uplink", "127.0.0.1", {"firm": "nobody", "connected": True}, 409),
    ("POST", "/stage/v1/unplug", "127.0.0.1", {"machine": "nothing", "plugged": True}, 409),
    ("POST", "/stage/v1/keyframe", "127.0.0.1", {"keyframe": -1}, 422),
]


@pytest.mark.parametrize(("method", "path", "client", "body", "status"), REFUSED)
async def test_a_refusal_speaks_german_and_english(stage, method, path, client, body, status):
    async with browser(stage, client) as web:
        answer = await web.request(method, path, json=body)
    assert answer.status_code == status
    detail = answer.json()["detail"]
    assert set(detail) == {"de", "en"}
    assert detail["de"] != detail["en"]


async def test_nobody_in_the_room_passes_for_this_computer(stage, monkeypatch, tmp_path):
    """Not even where the environment trusts every web server in front of it."""
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "*")
    base = free_base()
    demo = Demo(Options(base_port=base), tmp_path, tmp_path, stage.show.scenario, Ports(base))
    listening = asyncio.Event()
    serving = asyncio.create_task(demo._serve(stage, "127.0.0.1", bound=listening.set))
    elsewhere = httpx.AsyncHTTPTransport(local_address="127.0.0.2")
    claims = {"x-forwarded-for": "127.0.0.1"}
    async with asyncio.timeout(20), httpx.AsyncClient(transport=elsewhere, headers=claims) as web:
        await listening.wait()
        answer = await web.post(f"http://127.0.0.1:{base}/stage/v1/fault", json={})
        await end([serving])
    assert answer.status_code == 403


async def test_a_stage_that_stops_ends_the_streams_of_its_pages_in_order(stage, caplog, tmp_path):
    base = free_base()
    demo = Demo(Options(base_port=base), tmp_path, tmp_path, stage.show.scenario, Ports(base))
    listening = asyncio.Event()
    serving = asyncio.create_task(demo._serve(stage, "127.0.0.1", bound=listening.set))
    async with asyncio.timeout(20), httpx.AsyncClient(timeout=20) as web:
        await listening.wait()
        async with web.stream("GET", f"http://127.0.0.1:{base}/firm/{LEAD}/api/v1/events") as page:
            lines = page.aiter_lines()
            assert await anext(lines) == "retry: 1000"
            await end([serving])
            assert [line async for line in lines]
    assert [record for record in caplog.records if record.exc_info] == []


async def test_a_page_that_is_left_before_its_answer_is_no_mistake_of_the_stage(stage, firms):
    """A browser that goes on hangs up; the stage does not take that for a bug."""

    async def hung_up() -> dict[str, str]:
        return {"type": "http.disconnect"}

    answers: list[dict[str, object]] = []

    async def send(message: dict[str, object]) -> None:
        answers.append(message)

    scope = {
        "type": "http",
        "method": "GET",
        "path": f"/firm/{LEAD}/api/v1/jobs",
        "raw_path": b"",
        "query_string": b"",
        "headers": [(b"host", b"192.168.1.1")],
        "client": (VISITOR, 4711),
        "server": ("192.168.1.1", 80),
        "scheme": "http",
        "http_version": "1.1",
    }
    await create_app(stage)(scope, hung_up, send)
    assert answers[0]["status"] == 400
    assert firms.asked == []


async def test_one_visitor_takes_not_all_streams_of_the_stage(stage, monkeypatch):
    monkeypatch.setattr("gateway.api.live.MOST_CLIENTS", 3)
    monkeypatch.setattr("gateway.api.live.MOST_OF_ONE", 2)
    app = create_app(stage)
    ended: list[str] = []
    begun: asyncio.Queue[str] = asyncio.Queue()

    async def watch(client: str) -> None:
        async def nothing_more() -> dict[str, object]:
            await asyncio.Event().wait()
            return {}

        async def send(message: dict[str, object]) -> None:
            if message["type"] == "http.response.start":
                assert message["status"] == 200
            elif message["body"] == b"retry: 1000\n\n":  # type: ignore[operator]
                begun.put_nowait(client)

        await app(listening(client), nothing_more, send)
        ended.append(client)

    watching = []
    for client in (VISITOR, VISITOR, VISITOR, "192.168.1.67", "192.168.1.68"):
        watching.append(asyncio.create_task(watch(client)))
        async with asyncio.timeout(5):
            assert await begun.get() == client
    async with asyncio.timeout(5):
        while ended != [VISITOR, VISITOR]:
            await asyncio.sleep(0)
    assert stage.hub.room("127.0.0.1") is False, "the others have one each"
    await end(watching)


def listening(client: str) -> dict[str, object]:
    """A request for the events of one firm."""
    path = f"/firm/{LEAD}/api/v1/events"
    scope = {"type": "http", "method": "GET", "path": path, "raw_path": path.encode()}
    scope |= {"query_string": b"", "headers": [(b"host", b"192.168.1.1")], "scheme": "http"}
    return scope | {"client": (client, 4711), "server": ("192.168.1.1", 80), "http_version": "1.1"}


async def test_a_browser_that_goes_leaves_nothing_that_has_to_be_looked_for(stage):
    app = create_app(stage)
    begun, gone = asyncio.Event(), asyncio.Event()

    async def receive() -> dict[str, object]:
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: dict[str, object]) -> None:
        if message.get("body") == b"retry: 1000\n\n":
            begun.set()

    gc.collect()
    gc.disable()
    try:
        for _ in range(10):
            begun.clear()
            gone.clear()
            watching = asyncio.create_task(app(listening(VISITOR), receive, send))
            async with asyncio.timeout(5):
                await begun.wait()
                gone.set()
                await watching
        assert not [one for one in gc.get_objects() if isinstance(one, live._Client)]
    finally:
        gc.enable()
