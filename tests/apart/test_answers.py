"""Questions of a sink's process, on the gateway's side: bounded in number and in time."""

from __future__ import annotations

import asyncio
from typing import Any

from gateway.apart.answers import Answers


class Replies:
    def __init__(self) -> None:
        self.got: asyncio.Queue[tuple[int, bool, Any]] = asyncio.Queue()

    def __call__(self, number: int, answered: bool, body: Any) -> None:
        self.got.put_nowait((number, answered, body))

    async def next(self) -> tuple[int, bool, Any]:
        async with asyncio.timeout(5):
            return await self.got.get()


async def test_the_gateway_itself_gives_up_at_the_deadline() -> None:
    """Whatever the process does with its own."""
    given_up = asyncio.Event()

    async def never(_body: Any) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            given_up.set()

    replies = Replies()
    answers = Answers({"never": never}, replies)
    answers.ask(7, "never", None, 0.05)
    assert await replies.next() == (7, False, "no answer in time")
    assert given_up.is_set()


async def test_sixteen_questions_are_worked_on_at_once_and_more_are_refused() -> None:
    go_on = asyncio.Event()

    async def slow(body: Any) -> Any:
        await go_on.wait()
        return body

    replies = Replies()
    answers = Answers({"slow": slow}, replies)
    for number in range(17):
        answers.ask(number, "slow", number, 5.0)
    assert await replies.next() == (16, False, "too many questions at once")
    go_on.set()
    assert sorted([await replies.next() for _ in range(16)]) == [(n, True, n) for n in range(16)]
    answers.ask(99, "slow", 1, 5.0)
    assert await replies.next() == (99, True, 1)


async def test_what_is_open_at_the_end_is_left() -> None:
    left = asyncio.Event()

    async def slow(_body: Any) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            left.set()

    answers = Answers({"slow": slow}, Replies())
    answers.ask(1, "slow", None, 5.0)
    await asyncio.sleep(0)
    await answers.end()
    assert left.is_set()
