"""The frame check as a function: of everything that can come, only the answer passes."""

from __future__ import annotations

import struct

from hypothesis import assume, given
from hypothesis import strategies as st

from gateway.core.findings import Finding, Why
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


# What is kept in mind between questions


def mbap(question, **said):
    """Modbus TCP with one question under way."""
    framing = Mbap()
    ask(framing, question, **said)
    return framing


def ask(framing, question, **said):
    sent = question.head + bytes([0, 6, question.unit, question.function, 0, 0, 0, 1])
    framing.ask(sent, Expected(question.size, **said))


def numbered(number, unit=1, function=3, size=4):
    return Question(struct.pack(">HH", number, 0), unit, function, size)


def test_an_answer_is_in_what_was_received_only_once_it_is_whole():
    question = numbered(7)
    whole = answer(question)
    framing = mbap(question)
    assert [framing.hear(whole[:end]).answer for end in range(1, len(whole))] == [False] * (
        len(whole) - 1
    )
    assert framing.hear(whole).answer


def test_several_late_answers_in_one_piece_are_all_known_as_late():
    framing = mbap(numbered(1))
    for number in (2, 3):
        framing.done(given_up=True)
        ask(framing, numbered(number))
    received = answer(numbered(1)) + answer(numbered(2)) + answer(numbered(3))
    heard = framing.hear(received)
    assert (len(heard.late), heard.answer, heard.strange) == (2, True, None)
    assert heard.hand_on == received
    assert framing.outstanding == 0


def test_a_number_that_comes_again_is_that_of_the_new_question():
    framing = mbap(numbered(1))
    framing.done(given_up=True)
    assert framing.outstanding == 1
    ask(framing, numbered(1))
    assert framing.outstanding == 0
    heard = framing.hear(answer(numbered(1)))
    assert (heard.late, heard.answer) == ((), True)


def test_what_was_given_up_is_forgotten_with_its_connection():
    framing = mbap(numbered(1))
    framing.done(given_up=True)
    framing.reset()
    assert framing.outstanding == 0
    ask(framing, numbered(2))
    assert framing.hear(answer(numbered(1))).strange == Finding(Why.OTHER_QUESTION)


def test_where_any_number_is_taken_none_is_kept_in_mind_and_the_protocol_still_counts():
    framing = mbap(numbered(1), any_number=True)
    strange = b"\x00\x09\x00\x01" + answer(numbered(1))[4:]
    assert framing.hear(strange).strange == Finding(Why.OTHER_QUESTION)
    framing.done(given_up=True)
    assert framing.outstanding == 0


def test_the_beginning_of_a_foreign_units_answer_has_the_unit_that_was_asked():
    question = numbered(1, unit=5)
    framing = mbap(question, any_unit=True)
    foreign = answer(question)[:6] + b"\x09" + answer(question)[7:]
    for end in range(1, len(foreign) + 1):
        assert framing.hear(foreign[:end]).hand_on == answer(question)[:end]


def test_late_answers_before_a_foreign_units_answer_are_handed_on_with_it():
    framing = mbap(numbered(1, unit=5), any_unit=True)
    framing.done(given_up=True)
    ask(framing, numbered(2, unit=5), any_unit=True)
    late, right = answer(numbered(1, unit=5)), answer(numbered(2, unit=5))
    assert framing.hear(late + right[:6] + b"\x09" + right[7:]).hand_on == late + right


def test_a_refusal_of_another_function_is_no_refusal_of_the_question():
    question = numbered(1, function=3)
    frame = question.head + struct.pack(">HBBB", 3, question.unit, 0x84, 2)
    assert mismatch(question, frame) == Finding(Why.OTHER_FUNCTION, 0x84, 3)


def test_a_piece_with_a_checksum_of_its_own_is_no_answer():
    head = bytes([1, 3, 4])
    assert asked(numbered(1)).hear(head + crc(head)).hand_on == b""


def test_nothing_received_is_no_noise_and_a_new_question_begins_anew():
    framing = asked(numbered(1))
    framing.hear(b"")
    assert framing.found is None
    framing.hear(b"\x55\x55")
    assert framing.found == Finding(Why.NOISE, 2)
    framing.done(given_up=True)
    body = bytes([1, 3, 0, 0, 0, 1])
    framing.ask(body + crc(body), Expected(4))
    assert framing.found is None


def test_a_late_refusal_is_known_by_the_function_that_was_asked():
    heard = asked(numbered(1)).hear(rtu_refusal(numbered(1, unit=9, function=4), 2))
    assert heard.late == (Late(9, 4, 0),)


def test_a_late_answer_is_found_behind_any_number_of_noisy_bytes():
    late = rtu_answer(numbered(1, unit=9))
    for length in range(6):
        assert asked(numbered(1)).hear(b"\x77" * length + late).late == (Late(9, 3, 4),)


def test_after_the_buffer_was_emptied_late_answers_are_seen_again():
    framing = asked(numbered(1))
    long, short = (rtu_answer(numbered(1, unit=9, size=size)) for size in (20, 4))
    assert framing.hear(long).late == (Late(9, 3, 20),)
    assert framing.hear(short).late == (Late(9, 3, 4),)


def test_what_lies_inside_a_frame_that_is_not_whole_yet_is_not_taken_for_one():
    inner = rtu_answer(numbered(1, unit=9, size=2))
    body = bytes([8, 3, 2 * len(inner)]) + inner + bytes(len(inner))
    framing = asked(numbered(1))
    assert framing.hear(body).late == ()
    assert framing.hear(body + crc(body)).late == (Late(8, 3, 2 * len(inner)),)


def test_no_frame_holds_more_than_250_bytes_of_values():
    for size, late in ((250, 1), (252, 0)):
        body = bytes([9, 3, size]) + bytes([0xAA]) * size
        assert len(asked(numbered(1)).hear(body + crc(body)).late) == late
