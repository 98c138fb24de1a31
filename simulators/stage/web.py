"""The stage's one origin: its page, the proxied gateways, the controls, one event stream."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import httpx
import orjson
from fastapi import Depends, FastAPI, HTTPException, Request, Response
from fastapi.responses import FileResponse, PlainTextResponse
from fastapi.staticfiles import StaticFiles
from pydantic import BaseModel, ConfigDict, Field

from gateway.api import refusals
from gateway.api.guard import Guard
from gateway.api.live import Hub
from gateway.api.refusals import absent, refusal
from gateway.api.stream import Browser, EventStream
from gateway.core.text import Text
from simulators.stage import lan
from simulators.stage.balance import Balance
from simulators.stage.feed import Feed
from simulators.stage.processes import Supervisor
from simulators.stage.show import Show, ShowError

PASSED_ON = ("content-type", "accept", "accept-language", "if-none-match")
"""Request headers that the proxy hands on; who asks is told by the stage, not by the browser."""
HANDED_BACK = (
    "allow",
    "cache-control",
    "content-disposition",
    "content-type",
    "etag",
    "last-modified",
    "retry-after",
)
NOT_BUILT = (
    "Die Seiten sind noch nicht gebaut: bitte 'make pages' ausführen.\n"
    "The pages are not built yet: please run 'make pages'.\n"
)


BUG = Text(
    "Das ist ein Fehler der Bühne. Er steht in ihrem Protokoll; alles andere läuft weiter.",
    "This is a mistake in the stage. It stands in its log; everything else goes on.",
)


class KeyframeCall(BaseModel):
    """Which keyframe to start from."""

    model_config = ConfigDict(extra="forbid")
    keyframe: int = Field(ge=0)


class FaultCall(BaseModel):
    """Which fault to arm."""

    model_config = ConfigDict(extra="forbid")
    kind: str = "element"


class UplinkCall(BaseModel):
    """A firm's uplink, pulled or in."""

    model_config = ConfigDict(extra="forbid")
    firm: str
    connected: bool


class PlugCall(BaseModel):
    """A machine's device, pulled or in."""

    model_config = ConfigDict(extra="forbid")
    machine: str
    plugged: bool


class PinCall(BaseModel):
    """The presenter's PIN."""

    model_config = ConfigDict(extra="forbid")
    pin: str = Field(max_length=32)


@dataclass(slots=True)
class Stage:
    """Everything the stage's routes need."""

    show: Show
    hub: Hub
    feeds: Mapping[str, Feed]
    names: Mapping[str, str]
    supervisor: Supervisor
    presenter: lan.Presenter
    pages: Path | None
    address: str
    public: str | None = None
    ready: bool = False
    balance: Balance = field(init=False)

    def __post_init__(self) -> None:
        self.balance = Balance(self.show)

    def state(self, *, presenter: bool) -> dict[str, object]:
        """The JSON of ``/stage/v1/state``."""
        show = self.show
        return {
            "schema": 1,
            "ready": self.ready,
            "run": show.run_number,
            "order": show.order,
            "keyframe": show.keyframe,
            "clock": show.clock,
            "lapse": show.scenario.lapse,
            "keyframes": [
                {"at_s": frame.at.total_seconds(), "faults": list(frame.faults)}
                for frame in show.scenario.keyframes
            ],
            "faults": show.faults,
            "shows_s": show.shows_s,
            "unplugged": sorted(show.unplugged),
            "firms": [
                {
                    "id": player.id,
                    "name": self.names[player.id],
                    "kind": player.kind,
                    "machine": player.machine,
                    "package": player.package,
                    "ready": self.feeds[player.id].ready,
                    "uplink": show.uplinks[player.id].connected
                    if player.id in show.uplinks
                    else None,
                }
                for player in show.scenario.firms
            ],
            "processes": [
                {
                    "name": name,
                    "state": entry.state,
                    "restarts": entry.restarts,
                    "pid": entry.pid,
                }
                for name, entry in self.supervisor.running.items()
            ],
            "presenter": presenter,
            "lan": self.public,
            "simulated": True,
        }

    def tell(self) -> None:
        """Tell every browser the stage's state (without saying who presents)."""
        state = self.state(presenter=False)
        del state["presenter"]
        self.hub.publish("stage", "", state)


def create_app(stage: Stage, *, hosts: Iterable[str] = ()) -> FastAPI:
    """The stage's web application."""
    app = FastAPI(title="Werkverbund stage", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.stage = stage
    app.add_middleware(Guard, hosts=hosts)
    refusals.install(app, bug=BUG)
    app.get("/stage/v1/state")(state)
    app.get("/stage/v1/events")(events)
    app.get("/stage/v1/balance")(get_balance)
    app.get("/stage/v1/qr.svg")(qr)
    app.post("/stage/v1/pin")(pin)
    for path, call in (
        ("keyframe", start),
        ("fault", arm),
        ("uplink", uplink),
        ("unplug", unplug),
    ):
        app.post(f"/stage/v1/{path}", dependencies=[Depends(presenting)])(call)
    app.get("/firm/{firm}/api/v1/events")(firm_events)
    app.api_route("/firm/{firm}/{path:path}", methods=["GET", "POST"])(proxy)
    if stage.pages is None:
        app.get("/")(lambda: PlainTextResponse(NOT_BUILT, 503))
    else:
        index = stage.pages / "stage.html"
        app.get("/")(lambda: FileResponse(index, headers={"cache-control": "no-cache"}))
        app.mount("/", StaticFiles(directory=stage.pages))
    return app


def _stage(request: Request) -> Stage:
    stage: Stage = request.app.state.stage
    return stage


def _client(request: Request) -> str:
    return request.client.host if request.client else ""


def _presents(request: Request) -> bool:
    cookie = request.cookies.get(lan.COOKIE, "")
    return _stage(request).presenter.knows(_client(request), cookie)


Here = Annotated[Stage, Depends(_stage)]
Client = Annotated[str, Depends(_client)]
Presents = Annotated[bool, Depends(_presents)]


def _only_the_presenter() -> HTTPException:
    return refusal(
        403,
        "Das darf nur, wer vorführt. Die PIN steht auf der Konsole.",
        "Only the presenter may do that. The PIN stands on the console.",
    )


def presenting(presents: Presents) -> None:
    """Only the presenter moves the show."""
    if not presents:
        raise _only_the_presenter()


def _json(content: object) -> Response:
    return Response(orjson.dumps(content), media_type="application/json")


def state(stage: Here, presents: Presents) -> Response:
    """How the show stands."""
    return _json(stage.state(presenter=presents))


async def events(stage: Here, client: Client) -> Response:
    """One stream for a browser: every gateway's events and the stage's own."""

    def first() -> Iterator[tuple[str, bytes]]:
        yield "stage", orjson.dumps(stage.state(presenter=False))
        for feed in stage.feeds.values():
            yield from feed.states()

    return _stream(stage, client, lambda _event, _key: True, first)


async def firm_events(stage: Here, client: Client, firm: str) -> Response:
    """The events of one firm for a page that stands alone; no stream of its own to the gateway."""
    feed = _feed(stage, firm)
    return _stream(stage, client, lambda _event, key: key.startswith(f"{firm}/"), feed.states)


def _stream(
    stage: Stage,
    client: str,
    wants: Callable[[str, str], bool],
    first: Callable[[], Iterable[tuple[str, bytes]]],
) -> Response:
    """A stream; nobody logs in here, so an address has a bounded number, but for our own."""
    holder = None if client in lan.OWN else client
    if not stage.hub.room(holder):
        raise refusal(
            503,
            "Zu viele Browser hören zu: bitte einige Seiten schließen.",
            "Too many browsers are listening: please close some pages.",
        )
    browser = Browser()
    listens = stage.hub.stream(wants, first, lambda: not browser.gone, holder, browser.changed)
    return EventStream(listens, browser)


async def get_balance(stage: Here) -> Response:
    """Scene 9: warned how early, how many fields left, whether any was beyond an agreement."""
    try:
        return _json(await stage.balance.figures())
    except (ShowError, httpx.HTTPError) as error:
        raise refusal(
            503,
            "Ein Gateway sagt gerade nicht, was es gesendet hat.",
            "A gateway does not tell what it sent just now.",
        ) from error


def qr(stage: Here) -> Response:
    """The stage's address as a QR code."""
    return Response(lan.qr_svg(stage.public or stage.address), media_type="image/svg+xml")


def pin(stage: Here, client: Client, call: PinCall) -> Response:
    """Become the presenter with the PIN from the console."""
    session = stage.presenter.log_in(call.pin, client)
    if session is None:
        raise refusal(
            403,
            "Diese PIN gilt nicht, oder es waren zu viele Versuche. Sie steht auf der Konsole.",
            "This PIN is wrong, or there were too many tries. It stands on the console.",
        )
    answer = _json({"presenter": True})
    answer.set_cookie(lan.COOKIE, session, httponly=True, samesite="strict", max_age=12 * 3600)
    return answer


async def start(stage: Here, call: KeyframeCall) -> Response:
    """Start a new run at a keyframe; not before the first one has begun."""
    if not stage.ready:
        raise refusal(409, "Die Firmen starten noch.", "The firms are still starting.")
    return await _carry_out(stage, stage.show.start(call.keyframe))


async def arm(stage: Here, call: FaultCall) -> Response:
    """Arm the heating element's failure."""
    return await _carry_out(stage, stage.show.arm(call.kind))


async def uplink(stage: Here, call: UplinkCall) -> Response:
    """Pull a firm's uplink, or put it back."""
    return await _carry_out(stage, stage.show.uplink(call.firm, connected=call.connected))


async def unplug(stage: Here, call: PlugCall) -> Response:
    """Pull a machine's device, or put it back."""
    return await _carry_out(stage, stage.show.unplug(call.machine, plugged=call.plugged))


async def _carry_out(stage: Stage, action: object) -> Response:
    try:
        await action  # type: ignore[misc]
    except ShowError as error:
        raise HTTPException(409, error.text.as_json()) from error
    except httpx.HTTPError as error:
        raise refusal(
            503,
            "Ein Teil der Vorführung antwortet noch nicht. Bitte gleich noch einmal versuchen.",
            "A part of the demo does not answer yet. Please try again in a moment.",
        ) from error
    stage.tell()
    return _json(stage.state(presenter=True))


async def proxy(
    stage: Here, presents: Presents, request: Request, firm: str, path: str
) -> Response:
    """A firm's own pages and API, seen through the stage; visitors read only."""
    feed = _feed(stage, firm)
    if request.method != "GET" and not presents:
        raise _only_the_presenter()
    headers = {name: request.headers[name] for name in PASSED_ON if name in request.headers}
    headers["x-werkverbund-role"] = "owner" if presents else "visitor"
    try:
        async with stage.show.web.stream(
            request.method,
            f"{feed.base}/{path}",
            params=str(request.query_params),
            content=await request.body(),
            headers=headers,
        ) as answer:
            # The one stream there is comes from the stage; under another spelling it has no end.
            if answer.headers.get("content-type", "").startswith("text/event-stream"):
                raise absent()
            await answer.aread()
    except httpx.InvalidURL as error:
        raise absent() from error
    except httpx.HTTPError as error:
        raise refusal(
            503,
            "Das Gateway dieser Firma antwortet gerade nicht.",
            "This firm's gateway does not answer just now.",
        ) from error
    kept = {name: answer.headers[name] for name in HANDED_BACK if name in answer.headers}
    return Response(answer.content, answer.status_code, headers=kept)


def _feed(stage: Stage, firm: str) -> Feed:
    feed = stage.feeds.get(firm)
    if feed is None:
        raise absent()
    return feed
