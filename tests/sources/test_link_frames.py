"""The frame check as a function: of everything that can come, only the answer passes."""

from __future__ import annotations

import struct

from hypothesis import assume, given
from hypothesis import strategies as st

from gateway.sources.frame import Question, mismatch

questions = st.builds(
    lambda tid, unit, function, count: Question(
        struct.pack(">HH", tid, 0),
        unit,
        function,
        (count + 7) // 8 if function < 3 else 2 * count,
    ),
    st.integers(1, 65000),
    st.integers(1, 247),
    st.integers(1, 4),
    st.integers(1, 125),
)


def answer(question):
    body = bytes([question.function, question.size]) + bytes(question.size)
    return question.head + struct.pack(">HB", len(body) + 1, question.unit) + body


def refusal(question, code):
    return question.head + struct.pack(">HBBB", 3, question.unit, question.function | 0x80, code)


@given(questions, st.integers(1, 11))
def test_the_answer_and_a_refusal_pass_whole_and_in_every_piece(question, code):
    for frame in (answer(question), refusal(question, code)):
        for end in range(1, len(frame) + 1):
            assert mismatch(question, frame[:end]) is None


@given(questions, st.data())
def test_a_frame_with_any_byte_of_its_head_changed_is_found_out(question, data):
    frame = bytearray(answer(question))
    at = data.draw(st.integers(0, 8))
    other = data.draw(st.integers(0, 255))
    assume(frame[at] != other)
    frame[at] = other
    assert mismatch(question, bytes(frame)) is not None


@given(questions, questions)
def test_the_answer_to_another_question_is_found_out(asked, older):
    assume(
        (asked.head, asked.unit, asked.function, asked.size)
        != (older.head, older.unit, older.function, older.size)
    )
    assert mismatch(asked, answer(older))


@given(questions, st.binary(min_size=9, max_size=60))
def test_noise_never_passes_for_an_answer(question, noise):
    passed = not mismatch(question, noise)
    alike = noise[:9] == answer(question)[:9] or noise[:8] == refusal(question, 1)[:8]
    assert passed == alike


def test_without_a_question_nothing_is_an_answer():
    assert mismatch(None, b"\x00\x01")
