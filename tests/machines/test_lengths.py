"""A device that is silent to long requests is told from one that is away."""

from __future__ import annotations

import pytest

from gateway.machines.lengths import Lengths
from gateway.machines.read_plan import Learned, plan
from tests.sources.plain_templates import words_template

TEMPLATE = words_template(*range(0, 100, 5))


class Device:
    """Answers requests of at most ``most`` registers while it is there."""

    def __init__(self, most, *, there=True):
        self.most, self.there = most, there
        self.lengths, self.sound, self.asked = Lengths(), set(), []

    def poll(self):
        """One poll as the source does it: silence ends it. Returns whether all was answered."""
        blocks = plan(TEMPLATE.points, TEMPLATE, Learned(most=self.lengths.most))
        for block in blocks:
            self.asked.append(block.count)
            if not self.there or block.count > self.most:
                if block not in self.sound:
                    self.lengths.silent(block)
                return False
            if self.lengths.answered(block):
                return False
            self.sound.add(block)
        return True


@pytest.mark.parametrize("most", [96, 95, 48, 47, 30, 12, 6, 1])
def test_the_longest_halved_request_that_is_answered_is_found(most):
    device = Device(most)
    assert any(device.poll() for _ in range(20))
    assert all(device.poll() for _ in range(5))
    if most >= 96:
        assert device.lengths.proposed is None
        return
    stride = 5  # the points stand so far apart
    assert max(1, most / 2 - stride) <= device.lengths.proposed <= most


def test_a_device_that_is_away_is_asked_for_everything_again_once_it_is_back():
    device = Device(125, there=False)
    for _ in range(9):
        device.poll()
    device.there = True
    assert any(device.poll() for _ in range(4))
    assert device.asked[-1] == 96
    assert device.lengths.proposed is None


def test_a_device_that_is_away_costs_no_more_than_one_request_a_poll():
    device = Device(125, there=False)
    for _ in range(12):
        device.poll()
    assert len(device.asked) == 12
    assert set(device.asked) == {96, 1}


def test_one_lost_answer_changes_nothing():
    device = Device(125)
    device.there = False
    device.poll()
    device.there = True
    assert device.poll()
    assert set(device.asked) == {96}


def test_a_device_that_goes_away_later_keeps_its_requests():
    device = Device(30)
    while not device.poll():
        pass
    before = device.lengths.most
    device.there = False
    for _ in range(10):
        device.poll()
    assert device.lengths.most == before
