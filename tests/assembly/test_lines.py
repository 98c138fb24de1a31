"""Lines that come and go: handed over between two polls, ended at the end, never silently lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from gateway.assembly import lines as at_work
from gateway.assembly.lines import Lines
from gateway.core.batches import BOOT_SPAN
from gateway.flow.numbering import Numbering
from gateway.flow.source_runner import SourceRunner
from tests.flow.test_quality import signal
from tests.flow.test_source_runner import Time, Told


class Device(Told):
    """Is asked every millisecond of the test's; ``stuck`` never answers."""

    def __init__(self, endpoint: str, *, stuck: bool = False) -> None:
        super().__init__(Time())
        self.endpoint = endpoint
        self.stuck = stuck
        self.asked = asyncio.Event()
        self.followed: list[object] = []
        self.fails: Exception | None = None

    async def batches(self, due):  # type: ignore[no-untyped-def]
        self.asked.set()
        if self.fails is not None:
            raise self.fails
        if self.stuck:
            await asyncio.Event().wait()
        async for batch in super().batches(due):
            yield batch

    def follow(self, before: object) -> None:
        self.followed.append(before)


def runner(device: Device) -> SourceRunner:
    async def sleep(seconds: float) -> None:
        device.time.mono += seconds
        await asyncio.sleep(0.001)

    return SourceRunner(
        device,  # type: ignore[arg-type]
        [signal("a/x")],
        lambda _judged: None,
        Numbering(BOOT_SPAN),
        now=device.time,
        sleep=sleep,
    )


@pytest.fixture
async def lines() -> AsyncIterator[Lines]:
    made = Lines()
    running = asyncio.create_task(made.run())
    await asyncio.sleep(0)
    yield made
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_what_is_kept_is_not_touched(lines: Lines) -> None:
    kept, gone, fresh = Device("kept"), Device("gone"), Device("fresh")
    lines.start([runner(kept), runner(gone)])
    same = lines.runners[0]
    await gone.asked.wait()
    await lines.exchange({"kept"}, [runner(fresh)])
    await fresh.asked.wait()
    assert lines.runners[0] is same
    assert (kept.closed, gone.closed) == (0, 1)
    assert [one.source.endpoint for one in lines.runners] == ["kept", "fresh"]


async def test_a_line_in_another_shape_follows_the_one_before(lines: Lines) -> None:
    before, after = Device("line"), Device("line")
    lines.start([runner(before)])
    await before.asked.wait()
    await lines.exchange((), [runner(after)])
    await after.asked.wait()
    assert after.followed == [before]
    assert before.closed == 1
    assert len(lines.runners) == 1
    assert lines.runners[0].polls >= 1, "its counts go on"


async def test_a_line_that_is_stuck_is_cut_off_and_delays_no_other(
    lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(at_work, "BETWEEN_POLLS", 0.05)
    stuck, after, other = Device("stuck", stuck=True), Device("stuck"), Device("other")
    lines.start([runner(stuck)])
    await stuck.asked.wait()
    exchanging = asyncio.create_task(lines.exchange((), [runner(after), runner(other)]))
    await other.asked.wait()
    assert not after.asked.is_set(), "two never speak on one line"
    await exchanging
    await after.asked.wait()
    assert (stuck.closed, after.followed) == (1, [stuck])


async def test_a_line_that_fails_ends_all_with_its_reason() -> None:
    lines, sound, broken = Lines(), Device("sound"), Device("broken")
    broken.fails = ValueError("a bug")
    lines.start([runner(sound), runner(broken)])
    with pytest.raises(ValueError, match="a bug"):
        async with asyncio.timeout(5):
            await lines.run()
    assert sound.closed == 1


async def test_a_line_that_comes_later_may_fail_as_well() -> None:
    lines, broken = Lines(), Device("broken")
    broken.fails = ValueError("a bug")
    running = asyncio.create_task(lines.run())
    await asyncio.sleep(0)
    await lines.exchange((), [runner(broken)])
    with pytest.raises(ValueError, match="a bug"):
        async with asyncio.timeout(5):
            await running


async def test_after_the_end_nothing_begins_any_more() -> None:
    lines, late = Lines(), Device("late")
    running = asyncio.create_task(lines.run())
    await asyncio.sleep(0)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await lines.exchange((), [runner(late)])
    assert lines.runners == []
    assert not late.asked.is_set()
