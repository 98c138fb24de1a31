"""The control of the simulated plant: HTTP on loopback, for the stage and for tests."""

from __future__ import annotations

from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from starlette.middleware.trustedhost import TrustedHostMiddleware

from gateway.core.errors import WerkverbundError
from simulators.simulation import Simulation

Answer = dict[str, object]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Place(_Body):
    """Put material and physics to an order time, standing still."""

    at_s: float = Field(ge=0)
    faults: tuple[str, ...] = ()
    reserve: bool = False


class Start(_Body):
    """Let the order run so that it was ``at_s`` when real time was ``began``.

    ``lapse``: that of the file where none is given.
    """

    began: AwareDatetime
    at_s: float = Field(ge=0)
    lapse: int | None = Field(default=None, ge=1, le=10_000)


class Arm(_Body):
    """Let something fail: ``element`` in this ramp or the next, ``counter-reset`` at once."""

    machine: str
    fault: str


class Plug(_Body):
    """Pull or put back a machine's cable; with ``unit``, only that device falls silent."""

    machine: str
    unit: int | None = None


class Route(_Body):
    """Send a lot to the reserve firm."""

    package: str
    lot: int = Field(ge=1)
    to: str


def _no_page(request: Request) -> None:
    """No web page commands the machines: a browser names where a request comes from."""
    if "origin" in request.headers:
        raise HTTPException(403, "the control is not for web pages")


def app(simulation: Simulation) -> FastAPI:
    """The control of ``simulation``."""
    api = FastAPI(
        title="Werkverbund: simulated machines",
        docs_url=None,
        redoc_url=None,
        dependencies=[Depends(_no_page)],
    )
    api.add_middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"])
    plant = simulation.plant

    async def refused(_request: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"simulated": True, "detail": str(error)}, 409)

    api.add_exception_handler(WerkverbundError, refused)

    def commanded() -> Answer:
        """A command was carried out: it is remembered before it is answered."""
        simulation.keep()
        return simulation.brief()

    @api.get("/state")
    async def state() -> Answer:
        """Machines, lots, clock, truth, and which function codes were asked."""
        return simulation.state()

    @api.post("/place")
    async def place(body: Place) -> Answer:
        """Place and stand; answers the opening balances, and when a fault shows or has shown."""
        plant.place(body.at_s, body.faults, reserve=body.reserve)
        return commanded() | {
            "opening": plant.opening(),
            "shows_s": plant.shows(),
            "failed_s": plant.failed(),
        }

    @api.post("/start")
    async def start(body: Start) -> Answer:
        """Let the order run."""
        plant.start(body.began, body.at_s, body.lapse or plant.file.lapse)
        return commanded()

    @api.post("/stop")
    async def stop() -> Answer:
        """Let every machine of the order stand."""
        plant.stop()
        return commanded()

    @api.post("/hold")
    async def hold() -> Answer:
        """Keep the present moment, so that one value can be compared everywhere."""
        plant.hold()
        return commanded()

    @api.post("/release")
    async def release() -> Answer:
        """Go on from the moment that was kept."""
        plant.release()
        return commanded()

    @api.post("/arm")
    async def arm(body: Arm) -> Answer:
        """Let something fail; answers when a burnt element shows, None if it no longer can."""
        plant.arm(body.machine, body.fault)
        return commanded() | {"shows_s": plant.shows()}

    @api.post("/route")
    async def route(body: Route) -> Answer:
        """Send a lot to the reserve firm."""
        plant.route(body.package, body.lot, body.to)
        return commanded()

    @api.post("/unplug")
    async def unplug(body: Plug) -> Answer:
        """Pull a cable."""
        simulation.unplug(body.machine, body.unit)
        return commanded()

    @api.post("/replug")
    async def replug(body: Plug) -> Answer:
        """Put a cable back."""
        await simulation.replug(body.machine, body.unit)
        return commanded()

    return api
