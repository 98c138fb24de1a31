"""The stage in a room: who presents, and at which address it is open."""

import asyncio
import socket
from functools import partial

import pytest

from gateway.api.serving import serve_app
from gateway.api.throttle import FREE_TRIES
from simulators.stage.lan import Presenter, in_the_room
from simulators.stage.parts import end
from simulators.stage.ports import free_base


@pytest.fixture
def presenter() -> Presenter:
    return Presenter(pin="123456")


def test_the_pin_makes_a_presenter(presenter):
    session = presenter.log_in(" 123456 ", "192.168.1.9")
    assert session is not None
    assert presenter.knows("192.168.1.9", session)
    assert not presenter.knows("192.168.1.9", "")
    assert presenter.knows("127.0.0.1", "")


def test_who_guesses_is_stopped_and_locks_out_nobody_else(presenter):
    for _ in range(FREE_TRIES):
        assert presenter.log_in("000000", "192.168.1.66") is None
    assert presenter.log_in("123456", "192.168.1.66") is None
    assert presenter.log_in("123456", "192.168.1.9") is not None


async def nothing_to_see(_scope, _receive, send):
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body"})


async def answers(address: str, port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection(address, port)
    except ConnectionRefusedError:
        return False
    writer.close()
    return True


async def test_the_stage_is_open_at_its_address_alone_and_follows_it():
    """The loopback network has many addresses: they play this computer's in two rooms."""
    port, here, moves = free_base(), ["127.0.0.2"], asyncio.Queue()
    room = asyncio.create_task(
        in_the_room(
            partial(serve_app, nothing_to_see, port=port),
            lambda address, free: moves.put_nowait(address if free else "taken"),
            lambda: here[0],
            0.01,
        )
    )
    async with asyncio.timeout(10):
        while not await answers("127.0.0.2", port):
            await asyncio.sleep(0)
        assert not await answers("127.0.0.1", port)
        here[0] = None
        assert await moves.get() is None
        assert not await answers("127.0.0.2", port)
        here[0] = "127.0.0.3"
        assert await moves.get() == "127.0.0.3"
        while not await answers("127.0.0.3", port):
            await asyncio.sleep(0)
        assert not await answers("127.0.0.2", port)
    room.cancel()
    await asyncio.gather(room, return_exceptions=True)


async def test_a_port_that_somebody_else_has_in_the_room_is_told_once_and_tried_again():
    told: list[tuple[str | None, bool]] = []
    tries, opened = asyncio.Semaphore(0), asyncio.Event()

    async def serve(host: str, *, bound) -> None:
        tries.release()
        await serve_app(nothing_to_see, host, port, bound=bound)

    def moved(address: str | None, free: bool) -> None:
        told.append((address, free))
        if free:
            opened.set()

    with socket.socket() as somebody:
        somebody.bind(("127.0.0.2", 0))
        somebody.listen()
        port = somebody.getsockname()[1]
        room = asyncio.create_task(in_the_room(serve, moved, lambda: "127.0.0.2", 0.01))
        async with asyncio.timeout(10):
            for _ in range(3):
                await tries.acquire()
    async with asyncio.timeout(10):
        await opened.wait()
    await end([room])
    assert told == [("127.0.0.2", False), ("127.0.0.2", True)]


async def test_a_mistake_in_serving_the_room_is_no_taken_port():
    async def serve(host: str, *, bound) -> None:
        raise ZeroDivisionError(host)

    with pytest.raises(ZeroDivisionError):
        async with asyncio.timeout(10):
            await in_the_room(serve, lambda *_: None, lambda: "127.0.0.2", 0.01)
