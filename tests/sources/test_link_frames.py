"""The frame check as a function: of everything that can come, only the answer passes."""

from __future__ import annotations

import struct

from hypothesis import assume, given
from hypothesis import strategies as st

from gateway.sources.frame import Expected, Late, Mbap, Question, Rtu, crc, mismatch

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


# RTU: no number, but a checksum


def rtu_answer(question):
    body = bytes([question.unit, question.function, question.size]) + bytes(
        byte * 7 & 0xFF for byte in range(question.size)
    )
    return body + crc(body)


def rtu_refusal(question, code):
    body = bytes([question.unit, question.function | 0x80, code])
    return body + crc(body)


def asked(question):
    framing = Rtu()
    body = bytes([question.unit, question.function, 0, 0, 0, 1])
    framing.ask(body + crc(body), Expected(question.size))
    return framing


noise = st.binary(max_size=12)


def test_the_checksum_is_that_of_the_standard():
    """The example that every manual has: unit 1, read one register at 0."""
    assert crc(bytes.fromhex("010300000001")) == bytes.fromhex("840a")


@given(questions, st.integers(1, 11), noise, noise)
def test_an_rtu_answer_is_found_in_noise_and_not_before_it_is_whole(question, code, before, behind):
    for frame in (rtu_answer(question), rtu_refusal(question, code)):
        framing = asked(question)
        for end in range(len(before) + len(frame)):
            heard = framing.hear((before + frame)[:end])
            assert (heard.hand_on, heard.answer) == (b"", False)
        heard = framing.hear(before + frame + behind)
        assert (heard.hand_on, heard.answer) == (frame, True)


@given(questions, st.data())
def test_an_rtu_frame_with_any_byte_changed_is_no_answer(question, data):
    frame = bytearray(rtu_answer(question))
    at = data.draw(st.integers(0, len(frame) - 1))
    other = data.draw(st.integers(0, 255))
    assume(frame[at] != other)
    frame[at] = other
    heard = asked(question).hear(bytes(frame))
    assert (heard.hand_on, heard.answer) == (b"", False)


@given(questions, questions)
def test_an_rtu_answer_to_another_question_is_late_and_no_answer(question, older):
    assume((question.unit, question.function, question.size) != (
        older.unit, older.function, older.size
    ))  # fmt: skip
    framing = asked(question)
    heard = framing.hear(rtu_answer(older))
    assert heard.hand_on == b""
    assert heard.late == (Late(older.unit, older.function, older.size),)
    heard = framing.hear(rtu_answer(older) + rtu_answer(question))
    assert heard.hand_on == rtu_answer(question)


@given(questions, st.binary(min_size=5, max_size=60))
def test_noise_is_no_rtu_answer(question, received):
    heard = asked(question).hear(received)
    assert not heard.answer or crc(heard.hand_on[:-2]) == heard.hand_on[-2:]


@given(questions, st.integers(1, 247))
def test_the_answer_of_a_foreign_unit_is_handed_on_as_that_of_the_one_asked(question, unit):
    assume(unit != question.unit)
    body = bytes([unit]) + rtu_answer(question)[1:-2]
    framing = Rtu()
    sent = bytes([question.unit, question.function, 0, 0, 0, 1])
    framing.ask(sent + crc(sent), Expected(question.size, any_unit=True))
    assert framing.hear(body + crc(body)).hand_on == rtu_answer(question)


@given(questions, st.integers(1, 65_535))
def test_a_tcp_answer_with_another_number_is_taken_where_that_is_wanted(question, number):
    framing = Mbap()
    sent = question.head + bytes([0, 6, question.unit, question.function, 0, 0, 0, 1])
    framing.ask(sent, Expected(question.size, any_number=True))
    whole = answer(question)
    assert framing.hear(number.to_bytes(2) + whole[2:]).hand_on == whole
