"""Frames of a serial line and of TCP, there and back; the checksum by known frames."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymodbus.framer.rtu import FramerRTU

from simulators.modbus.framing import crc, cut_mbap, mbap, of_rtu, rtu

units = st.integers(0, 255)
contents = st.binary(min_size=1, max_size=253)


def test_the_checksum_of_a_known_frame():
    assert crc(bytes.fromhex("010300000001")) == bytes.fromhex("840a")


@given(st.binary(max_size=256))
def test_the_checksum_is_the_one_that_others_compute(frame):
    assert crc(frame) == FramerRTU.compute_CRC(frame).to_bytes(2, "big")


@given(units, contents)
def test_a_serial_frame_comes_back_as_it_was(unit, content):
    assert of_rtu(rtu(unit, content)) == (unit, content)


@given(units, contents, st.data())
def test_a_serial_frame_with_any_bit_flipped_is_broken(unit, content, data):
    frame = bytearray(rtu(unit, content))
    frame[data.draw(st.integers(0, len(frame) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    assert of_rtu(bytes(frame)) is None


@given(st.lists(st.tuples(st.integers(0, 65535), units, contents), max_size=4), st.data())
def test_frames_on_tcp_are_cut_wherever_they_are_torn(frames, data):
    stream = b"".join(mbap(*frame) for frame in frames)
    buffer, found = bytearray(), []
    while stream:
        size = data.draw(st.integers(1, len(stream)))
        buffer += stream[:size]
        stream = stream[size:]
        found += cut_mbap(buffer)
    assert found == frames
    assert not buffer


@pytest.mark.parametrize("noise", ["0001000100060103", "00010000000101", "0001000000ff01"])
def test_what_is_no_frame_on_tcp_is_said(noise):
    with pytest.raises(ValueError):
        list(cut_mbap(bytearray.fromhex(noise)))
