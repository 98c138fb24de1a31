"""Messages over a stream come out whole, however they are cut on the way."""

from __future__ import annotations

import asyncio
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.apart.frames import Frames
from gateway.apart.said import Said
from gateway.flow.sink_health import SinkWatch


class Ends:
    """Two ends of a real stream, and what each has got."""

    def __init__(self, longest: int = 1000) -> None:
        self._longest = longest
        self.got: list[bytes] = []
        self.ours, self.theirs = socket.socketpair()
        self.ours.setblocking(False)

    async def frames(self) -> Frames:
        loop = asyncio.get_running_loop()
        _, frames = await loop.create_unix_connection(
            lambda: Frames(self.got.append, self._longest), sock=self.ours
        )
        return frames


@given(
    st.lists(st.binary(max_size=300), min_size=1, max_size=12),
    st.lists(st.integers(1, 400), max_size=9),
)
def test_messages_are_whole_wherever_the_stream_is_cut(
    messages: list[bytes], cuts: list[int]
) -> None:
    async def cut() -> list[bytes]:
        got: list[bytes] = []
        frames = Frames(got.append, 300)
        stream = b"".join(len(message).to_bytes(4, "big") + message for message in messages)
        for size in cuts:
            frames.data_received(stream[:size])
            stream = stream[size:]
        frames.data_received(stream)
        return got

    assert asyncio.run(cut()) == messages


async def test_a_message_that_is_too_long_ends_the_stream_and_nothing_is_kept_of_it() -> None:
    ends = Ends(longest=1000)
    frames = await ends.frames()
    ends.theirs.sendall((5).to_bytes(4, "big") + b"first" + (1001).to_bytes(4, "big"))
    async with asyncio.timeout(5):
        await frames.ended.wait()
    assert ends.got == [b"first"]
    assert frames.wrong == "a message of 1001 bytes, longer than 1000"
    assert len(frames._buffer) == 0
    ends.theirs.close()


async def test_who_does_not_read_makes_a_bounded_amount_wait() -> None:
    ends = Ends()
    frames = await ends.frames()
    sent = 0
    while not frames.full:
        frames.send(bytes(1000))
        sent += 1
    assert frames._transport is not None
    assert frames._transport.get_write_buffer_size() < 140_000
    waiting = asyncio.create_task(frames.room())
    await asyncio.sleep(0)
    assert not waiting.done()
    taken = await asyncio.to_thread(_read, ends.theirs, sent * 1004)
    assert taken == sent * 1004
    async with asyncio.timeout(5):
        await waiting
    frames.abort()
    ends.theirs.close()


def _read(stream: socket.socket, size: int) -> int:
    taken = 0
    while taken < size:
        taken += len(stream.recv(size - taken))
    return taken


async def test_after_the_end_nothing_is_sent_and_nobody_waits() -> None:
    ends = Ends()
    frames = await ends.frames()
    ends.theirs.close()
    async with asyncio.timeout(5):
        await frames.ended.wait()
        frames.send(b"too late")
        await frames.room()
    assert not frames.full


@pytest.mark.parametrize("said", [b"\xff", b"{}", b"[]", b'["beat"]', b'["beat", "x"]', b"[1, 2]",
                                  b'["none", 1]', b'["lost", 3]', b'["log", [20, 3, 4]]',
                                  b'["ask", [1, "x", null, 1]]', b'["goodbye", {}]',
                                  b'["pace", "soon"]', b'["beat", 1e999]'])  # fmt: skip
async def test_what_makes_no_sense_is_refused_whatever_it_is(said: bytes) -> None:
    with pytest.raises(ValueError, match="makes no sense"):
        Said("opcua", SinkWatch("opcua")).take(said)
