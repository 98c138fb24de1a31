"""The read plan: every point once, nothing beyond what a device allows."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from gateway.machines.read_plan import LARGEST_HOLE, Learned, halves, other_lengths, plan
from gateway.machines.template import BIT_TABLES, Table, Template
from tests.sources.plain_templates import words_template


def spans(blocks):
    return [(block.first, block.count) for block in blocks]


def test_neighbours_make_one_block():
    template = words_template(0, 1, 2, 5)
    assert spans(plan(template.points, template)) == [(0, 6)]


def test_a_wide_hole_is_not_read_along():
    template = words_template(0, LARGEST_HOLE + 2)
    assert spans(plan(template.points, template)) == [(0, 1), (LARGEST_HOLE + 2, 1)]


def test_a_device_that_dislikes_holes_is_asked_without():
    template = words_template(0, 1, 3, workarounds={"no_gaps": True})
    assert spans(plan(template.points, template)) == [(0, 2), (3, 1)]


def test_inside_a_declared_range_any_hole_is_read_along():
    template = words_template(
        0, 90, readable=[{"table": "holding-registers", "first": 0, "last": 99}]
    )
    assert spans(plan(template.points, template)) == [(0, 91)]


def test_a_block_never_crosses_a_declared_boundary():
    ranges = [
        {"table": "holding-registers", "first": 0, "last": 9},
        {"table": "holding-registers", "first": 10, "last": 19},
    ]
    template = words_template(8, 9, 10, 11, readable=ranges)
    assert spans(plan(template.points, template)) == [(8, 2), (10, 2)]


def test_a_block_stops_at_the_devices_limit():
    template = words_template(*range(10), workarounds={"max_registers": 4})
    assert spans(plan(template.points, template)) == [(0, 4), (4, 4), (8, 2)]


def test_even_counts_are_padded_behind_or_before():
    template = words_template(
        0,
        9,
        workarounds={"even_only": True, "max_registers": 2},
        readable=[{"table": "holding-registers", "first": 0, "last": 9}],
    )
    assert spans(plan(template.points, template)) == [(0, 2), (8, 2)]


def test_a_bad_address_is_read_alone_and_never_along():
    template = words_template(0, 1, 2, 3)
    bad = Learned(bad=frozenset({(Table.HOLDING_REGISTERS, 1)}))
    assert spans(plan(template.points, template, bad)) == [(0, 1), (1, 1), (2, 2)]
    rest = [point for point in template.points if point.address != 1]
    assert spans(plan(rest, template, bad)) == [(0, 1), (2, 2)]


def test_a_cut_begins_a_new_block():
    template = words_template(0, 1, 4, 5)
    cut = Learned(cuts=frozenset({(Table.HOLDING_REGISTERS, 4)}))
    assert spans(plan(template.points, template, cut)) == [(0, 2), (4, 2)]


def test_halves_hold_all_points_in_order():
    template = words_template(0, 1, 2, 3, 9)
    [block] = plan(template.points, template)
    left, right = halves(block, template)
    assert left.points + right.points == block.points
    assert spans([left, right]) == [(0, 2), (2, 8)]


LONG = ("uint32", "float32")


def collide(one, other):
    """Whether a template refuses the two: the same value twice, or one begun inside another."""
    if one["table"] != other["table"]:
        return False
    keys = ("address", "encoding", "bit")
    same = [one.get(key) for key in keys] == [other.get(key) for key in keys]
    both_long = one["encoding"] in LONG and other["encoding"] in LONG
    return same or (both_long and abs(one["address"] - other["address"]) == 1)


@st.composite
def templates(draw):
    """Any template the schema accepts, with or without ranges and workarounds."""
    even = draw(st.booleans())
    most = draw(st.sampled_from([2, 3, 10, 80, 125]))
    workarounds = {"even_only": even, "max_registers": most, "no_gaps": draw(st.booleans())}
    tables = draw(st.sets(st.sampled_from([t.value for t in Table]), min_size=1))
    ranges, points = [], []
    for table in sorted(tables):
        bits = table in BIT_TABLES
        address = draw(st.integers(0, 300))
        stretches = []
        for _ in range(draw(st.integers(1, 4))):
            length = draw(st.integers(2, 90))
            length += length % 2
            stretches.append((address, address + length - 1))
            address += length + draw(st.integers(0, 30))
        if draw(st.booleans()):
            ranges += [{"table": table, "first": a, "last": b} for a, b in stretches]
        for number in range(draw(st.integers(1, 15))):
            a, b = draw(st.sampled_from(stretches))
            encoding = "bit" if bits else draw(st.sampled_from(["uint16", "bit", *LONG]))
            point = {
                "name": f"p{len(points)}-{number}",
                "means": {"de": "p", "en": "p"},
                "table": table,
                "address": draw(st.integers(a, b - 1)),
                "encoding": encoding,
            }
            if encoding in LONG:
                point["order"] = "high-word-first"
            if encoding == "bit" and not bits:
                point["bit"] = draw(st.integers(0, 15))
            if not any(collide(point, other) for other in points):
                points.append(point)
    numbers = [point["name"] for point in points if point["encoding"] != "bit"]
    parts = st.lists(st.sampled_from(numbers or [""]), min_size=2, max_size=4)
    sums = draw(st.lists(parts, max_size=3)) if numbers else []
    return Template.model_validate_json(
        json.dumps(
            {
                "schema": 2,
                "template": "any",
                "title": {"de": "x", "en": "x"},
                "identification": {"manufacturer": "x", "model": "x"},
                "points": points,
                "readable": ranges,
                "workarounds": workarounds,
                "derived": [
                    {"name": f"d{index}", "means": {"de": "d", "en": "d"}, "sum": found}
                    for index, found in enumerate(sums)
                ],
            }
        )
    )


def sums_up(*parts, **more):
    sums = [
        {"name": f"d{index}", "means": {"de": "d", "en": "d"}, "sum": list(names)}
        for index, names in enumerate(parts)
    ]
    return {"derived": sums, **more}


def test_parts_of_one_sum_stand_in_one_block_where_the_walk_would_part_them():
    template = words_template(
        0, 4, 8, 9, 12, **sums_up(("w8", "w12"), workarounds={"max_registers": 10})
    )
    assert spans(plan(template.points, template)) == [(0, 5), (8, 5)]


def test_sums_with_a_part_in_common_stand_together_as_far_as_one_block_holds():
    most = {"max_registers": 10}
    template = words_template(0, 8, 16, **sums_up(("w0", "w8"), ("w8", "w16"), workarounds=most))
    assert spans(plan(template.points, template)) == [(0, 9), (16, 1)]


def test_other_lengths_never_tear_what_belongs_together():
    area = [{"table": "holding-registers", "first": 0, "last": 9}]
    loose = words_template(0, 4, 9, readable=area)
    [block] = plan(loose.points, loose)
    assert [spans(way) for way in other_lengths(block, loose)] == [[(0, 1), (4, 6)]]
    bound = words_template(0, 4, 9, **sums_up(("w0", "w9"), readable=area))
    [block] = plan(bound.points, bound)
    assert list(other_lengths(block, bound)) == []


def test_other_lengths_never_read_a_factor_in_another_request_than_its_value():
    """Both values reach to the same factor: two halves would lie over each other."""
    points = [
        {"name": name, "table": "holding-registers", "address": at, "encoding": "int16"}
        | {"means": {"de": "x", "en": "x"}}
        | ({} if name == "f" else {"scale_from": "f"})
        for at, name in enumerate(("a", "b", "f"))
    ]
    area = [{"table": "holding-registers", "first": 0, "last": 2}]
    template = words_template(points=points, readable=area)
    [block] = plan(template.points[:2], template)
    assert list(other_lengths(block, template)) == []


def check(blocks, points, template, learned):
    rules = template.workarounds
    placed = [point for block in blocks for point in block.points]
    assert sorted(p.name for p in placed) == sorted(p.name for p in points)
    for block in blocks:
        bits = block.table in BIT_TABLES
        assert 1 <= block.count <= (rules.max_bits if bits else rules.max_registers)
        assert block.first >= 0
        assert block.last <= 65535
        assert bits or not rules.even_only or block.count % 2 == 0
        ranges = template.reads(block.table)
        assert not ranges or any(r.first <= block.first and block.last <= r.last for r in ranges)
        for point in block.points:
            assert point.table is block.table
            assert block.first <= point.address
            assert point.last <= block.last
        used = {a for p in block.points for a in range(p.address, p.last + 1)}
        unused = block.count - len(used)
        assert not rules.no_gaps or unused <= rules.even_only
        starts = {p.address for p in block.points}
        for table, bad in learned.bad:
            if table is block.table and bad in starts:
                assert starts == {bad}


@given(templates(), st.data())
def test_every_point_is_read_exactly_once_within_what_the_device_allows(template, data):
    points = data.draw(st.lists(st.sampled_from(template.points), min_size=1, unique_by=id))
    places = [(p.table, p.address) for p in template.points]
    learned = Learned(
        bad=data.draw(st.frozensets(st.sampled_from(places), max_size=3)),
        cuts=data.draw(st.frozensets(st.sampled_from(places), max_size=3)),
    )
    check(plan(points, template, learned), points, template, learned)


@given(templates())
def test_halves_keep_to_the_same_rules(template):
    for block in plan(template.points, template):
        if len(block.points) > 1:
            check(halves(block, template), block.points, template, Learned())


@given(templates())
def test_the_order_of_the_points_does_not_matter(template):
    forth, back = plan(template.points, template), plan(template.points[::-1], template)
    assert spans(forth) == spans(back)
