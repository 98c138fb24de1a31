import math
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.signals import Value
from gateway.machines.catalog import names, template
from gateway.machines.codec import decode
from gateway.machines.template import FUNCTIONS, PointSpec, Table, Template
from simulators.device import Device
from simulators.faults import Quirks
from simulators.modbus.pdu import ILLEGAL_ADDRESS, ILLEGAL_FUNCTION, ILLEGAL_VALUE, Refusal

METER, PRESS, PID = template("sdm630"), template("e1210-press"), template("pid-furnace")
TRUTH: dict[str, Value] = {
    "power": 1503.25,
    "current-l1": 2.5,
    "energy": 0.5,
    "shots": 3,
    "rejects": 1,
    "mould-closed": True,
    "temperature": 853.4,
    "setpoint": 860.0,
    "output": 67.25,
    "over-temperature": True,
}


def device(kind: Template, quirks: Quirks | None = None, **initial: float) -> Device:
    return Device(kind, 1, lambda: TRUTH, quirks or Quirks(), initial)


def point(kind: Template, name: str) -> PointSpec:
    return next(found for found in kind.points if found.name == name)


def read(unit: Device, name: str) -> Value | None:
    spec = point(unit.template, name)
    count = spec.ends - spec.begins + 1
    count = max(count, 2 if unit.template.workarounds.even_only else 1)
    value, fault = decode(spec, unit.read(FUNCTIONS[spec.table], spec.begins, count))
    assert fault is None
    return value


def refused(unit: Device, function: int, address: int, count: int) -> int:
    with pytest.raises(Refusal) as refusal:
        unit.read(function, address, count)
    return refusal.value.code


def answered(unit: Device, function: int, address: int, count: int) -> tuple[tuple[int, ...], int]:
    try:
        return unit.read(function, address, count), 0
    except Refusal as refusal:
        return (), refusal.code


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        (METER, "power", 1503.25),
        (METER, "current-l1", 2.5),
        (PRESS, "shots", 3),
        (PRESS, "mould-closed", True),
        (PID, "temperature", 853.4),
        (PID, "setpoint", 860.0),
        (PID, "output", 67.25),
        (PID, "over-temperature", True),
        (PID, "sensor-break", False),
    ],
)
def test_what_is_true_stands_in_the_registers(kind, name, value):
    assert read(device(kind), name) == pytest.approx(value)


@pytest.mark.parametrize("name", names())
def test_every_template_can_be_served(name):
    kind = template(name)
    listed = {spec.name: min(spec.values) for spec in kind.points if spec.values}
    unit = Device(kind, 1, lambda: listed)
    for spec in kind.points:
        assert read(unit, spec.name) in (listed.get(spec.name, 0), False)


def test_counters_of_which_the_machine_knows_nothing_are_not_told_but_read_0():
    meter = Device(METER, 1, lambda: {"energy": 0.5})
    assert meter.counters() == {"energy": 0.5}
    assert meter.read(4, 74, 2) == (0, 0)


def test_counters_stand_high_word_first():
    assert device(PRESS, shots=0x0001_0000).read(4, 16, 2) == (1, 3)


def test_a_counter_goes_on_from_what_it_showed():
    assert read(device(PRESS, shots=731_204), "shots") == 731_207


@pytest.mark.parametrize(
    ("function", "address", "count", "code"),
    [
        (4, 52, 1, ILLEGAL_VALUE),
        (4, 0, 3, ILLEGAL_VALUE),
        (4, 0, 82, ILLEGAL_VALUE),
        (4, 0, 0, ILLEGAL_VALUE),
        (4, 80, 2, ILLEGAL_ADDRESS),
        (4, 79, 2, ILLEGAL_ADDRESS),
        (3, 0, 2, ILLEGAL_FUNCTION),
        (1, 0, 1, ILLEGAL_FUNCTION),
        (6, 0, 1, ILLEGAL_FUNCTION),
    ],
)
def test_the_meter_answers_only_what_its_type_answers(function, address, count, code):
    assert refused(device(METER), function, address, count) == code


def test_the_meter_gives_eighty_registers_at_once_and_zeros_between_its_points():
    words = device(METER).read(4, 0, 80)
    assert len(words) == 80
    assert words[60:70] == (0,) * 10


def test_a_block_may_begin_in_the_middle_of_a_value():
    whole = device(METER).read(4, 52, 2)
    assert device(METER).read(4, 53, 2) == (whole[1], 0)


def test_a_template_without_ranges_answers_at_its_points_only():
    bare = METER.model_copy(update={"readable": ()})
    assert device(bare).read(4, 52, 2) == device(METER).read(4, 52, 2)
    assert refused(device(bare), 4, 60, 2) == ILLEGAL_ADDRESS


def test_two_alarm_bits_share_a_register():
    assert device(PID).read(3, 3, 1) == (0b10,)


def test_swapped_words_decode_only_in_the_other_order():
    plain, swapped = device(METER).read(4, 52, 2), device(METER, Quirks(word_swap=True))
    assert swapped.read(4, 52, 2) == plain[::-1]


def test_off_by_one_moves_everything_up_by_one():
    unit = device(METER, Quirks(off_by_one=True))
    assert unit.read(4, 53, 2) == device(METER).read(4, 52, 2)
    assert refused(unit, 4, 0, 2) == ILLEGAL_ADDRESS


def test_a_counter_of_sixteen_bits_rolls_over():
    unit = device(PRESS, Quirks(rollover={"shots": 65_535}), shots=65_534)
    assert read(unit, "shots") == 1


def test_a_counter_rolls_over_where_its_encoding_ends():
    assert read(device(PRESS, shots=2**32 - 2), "shots") == 1


def test_a_reset_counter_begins_at_zero_and_counts_on():
    truth = {"shots": 5}
    unit = Device(PRESS, 1, lambda: truth, initial={"shots": 100})
    unit.reset_counters()
    assert read(unit, "shots") == 0
    truth["shots"] = 7
    assert read(unit, "shots") == 2


@given(shots=st.integers(0, 2**31), moved=st.integers(0, 2**31), initial=st.integers(0, 2**20))
def test_a_counter_shows_the_same_before_and_after_the_truth_was_moved(shots, moved, initial):
    truth = {"shots": shots}
    unit = Device(PRESS, 1, lambda: truth, initial={"shots": initial})
    shown = unit.counters()
    truth["shots"] = moved
    unit.go_on_from(shown)
    assert unit.counters() == shown


@given(address=st.integers(0, 65_535), count=st.integers(0, 65_535), function=st.integers(0, 255))
@settings(max_examples=300, deadline=None)
def test_every_request_is_answered_in_full_or_refused(address, count, function):
    for kind in (METER, PRESS, PID):
        words, code = answered(device(kind), function, address, count)
        assert (len(words), code) == (count, 0) or (words == () and code in (1, 2, 3))
        assert all(0 <= word <= 65_535 for word in words)


def test_the_gateway_reads_what_is_true_over_a_whole_block():
    truth: Mapping[str, Value] = {spec.name: 12.5 for spec in METER.points}
    words = Device(METER, 1, lambda: truth).read(4, 0, 80)
    for spec in METER.points:
        value, fault = decode(spec, words[spec.address : spec.address + 2])
        assert fault is None
        assert math.isclose(float(value or 0), 12.5)


def test_only_tables_of_the_template_are_there():
    assert refused(device(PRESS), FUNCTIONS[Table.HOLDING_REGISTERS], 0, 1) == ILLEGAL_FUNCTION
    assert device(PRESS).read(FUNCTIONS[Table.DISCRETE_INPUTS], 0, 2) == (1, 0)


def test_counters_go_on_after_a_jump_from_what_a_reader_last_saw() -> None:
    truth: dict[str, Value] = {"shots": 10, "rejects": 0, "mould-closed": False, "alarm": False}
    unit = Device(PRESS, 1, lambda: truth, Quirks(), {"shots": 500.0})
    assert read(unit, "shots") == 510
    truth["shots"] = 16  # nobody has seen these six
    seen = unit.told()
    truth["shots"] = 300  # the jump
    unit.go_on_from(seen)
    assert read(unit, "shots") == 510
    truth["shots"] = 301
    assert read(unit, "shots") == 511
