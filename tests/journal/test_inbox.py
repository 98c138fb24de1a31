from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from gateway.core.batches import Batch, Clock, Judged
from gateway.core.errors import JournalError
from gateway.core.signals import SignalId
from gateway.journal.inbox import Asked, Inbox, Taken, weight


def counted(boot: int, number: int) -> Judged:
    at = datetime(2026, 8, 3, tzinfo=UTC) + timedelta(seconds=number)
    batch = Batch("m", at, 0.0, Clock.SYNCED, (SignalId("m/count"),), (number,))
    return Judged(batch, boot * 2**40 + number, {})


def _numbers(items) -> list[int]:
    return [item.batch.values[0] for item in items if isinstance(item, Judged)]


def test_order_is_kept_and_a_command_stays_in_its_place():
    inbox = Inbox(10**6, 0.0)
    inbox.offer(counted(1, 1))
    inbox.ask(Asked("stop"))
    inbox.offer(counted(1, 2))
    taken = inbox.take()
    assert [type(item).__name__ for item in taken.items] == ["Judged", "Asked", "Judged"]


def test_a_command_is_never_dropped():
    inbox = Inbox(1000, 0.0)
    inbox.ask(Asked("book"))
    for number in range(20):
        inbox.offer(counted(1, number))
    taken = inbox.take()
    assert isinstance(taken.items[0], Asked)
    assert taken.lost.batches == inbox.dropped == 20 - len(_numbers(taken.items))


def test_whoever_waits_when_the_journal_gives_up_is_answered():
    inbox, asked = Inbox(10_000, 1.0), Asked("book")
    inbox.ask(asked)
    end = JournalError("the journal is closed")
    inbox.close(end)
    inbox.abandon()
    assert asked.answer.exception(timeout=0) is end
    assert inbox.take() is None


@given(st.data())
def test_nothing_is_lost_uncounted_whatever_fails(data: st.DataObject):
    """Offers, failed and finished commits in any order: committed + lost = offered, in order."""
    room = weight(counted(1, 1)) * data.draw(st.integers(1, 6))
    inbox = Inbox(room, 0.0)
    offered = 0
    committed: list[int] = []
    lost = 0
    for step in data.draw(st.lists(st.sampled_from(["offer", "fail", "commit"]), max_size=40)):
        if step == "offer":
            offered += 1
            inbox.offer(counted(1, offered))
            continue
        if inbox.waiting[0] == 0 and offered == len(committed) + lost:
            continue
        taken = inbox.take()
        assert isinstance(taken, Taken)
        for _ in range(data.draw(st.integers(0, 3))):
            offered += 1
            inbox.offer(counted(1, offered))
        if step == "fail":
            inbox.put_back(taken)
        else:
            committed += _numbers(taken.items)
            lost += taken.lost.batches if taken.lost else 0
    inbox.hurry()
    last = inbox.take()
    committed += _numbers(last.items)
    lost += last.lost.batches if last.lost else 0
    assert committed == sorted(set(committed))
    assert len(committed) + lost == offered
    assert lost == inbox.dropped
