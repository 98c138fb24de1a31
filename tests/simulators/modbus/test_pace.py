"""How long characters, silences and exchanges take."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.modbus.pace import Pace

BAUDS = st.sampled_from([1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200])
PARITIES = st.sampled_from(["none", "even", "odd"])
paces = st.builds(Pace, BAUDS, PARITIES, st.sampled_from([1, 2]))


@pytest.mark.parametrize(
    ("pace", "character", "silence"),
    [
        (Pace(9600, "even", 1), 11 / 9600, 3.5 * 11 / 9600),
        (Pace(9600, "none", 2), 11 / 9600, 3.5 * 11 / 9600),
        (Pace(9600, "none", 1), 10 / 9600, 3.5 * 10 / 9600),
        (Pace(19200, "even", 1), 11 / 19200, 3.5 * 11 / 19200),
        (Pace(115200, "even", 1), 11 / 115200, 0.00175),
    ],
)
def test_a_character_and_the_silence_after_a_frame(pace, character, silence):
    assert (pace.character, pace.silence) == (pytest.approx(character), pytest.approx(silence))


@given(paces, st.integers(8, 8), st.integers(5, 256), st.floats(0, 1))
def test_an_exchange_is_the_sum_of_its_parts(pace, asked, answered, takes):
    whole = pace.exchange(asked, answered, takes)
    parts = [pace.lasts(asked), pace.silence, takes, pace.lasts(answered), pace.silence]
    assert whole == pytest.approx(sum(parts))


@given(paces, st.integers(0, 300), st.integers(0, 300))
def test_twice_as_fast_is_half_as_long_and_more_takes_longer(pace, some, more):
    assert pace.lasts(some) + pace.lasts(more) == pytest.approx(pace.lasts(some + more))
    faster = Pace(2 * pace.baud, pace.parity, pace.stop_bits)
    assert faster.lasts(some) == pytest.approx(pace.lasts(some) / 2)
    assert faster.silence <= pace.silence
