"""What a template leaves open, and what a machine's file says of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.cli.rooms import variants
from gateway.config import load, read_model
from gateway.core.errors import ConfigError
from gateway.machines import catalog
from gateway.machines.template import Template
from gateway.sources.opening import site_signals

METER = """\
schema: 1
template: mine
title: {de: Meins, en: Mine}
identification: {manufacturer: Acme, model: M1}
parameters:
  - {name: ct_ratio, means: {de: Wandler, en: Transformer}, default: 1, low: 1, high: 100}
  - name: usage
    means: {de: Zweck, en: Use}
    choices:
      - {name: consumer, means: {de: Verbraucher, en: Consumer}}
      - {name: producer, means: {de: Erzeuger, en: Producer}, factor: -1}
points:
  - name: power
    means: {de: Leistung, en: Power}
    table: input-registers
    address: 0
    encoding: int16
    scale: 0.1
    offset: 5
    low: -100
    high: 3000
    unit: W
    role: power
    times: [ct_ratio, usage]
  - name: bought
    means: {de: Bezug, en: Import}
    table: input-registers
    address: 2
    encoding: uint16
    kind: counter
    role: energy
    times: [ct_ratio]
    when: {usage: consumer}
  - name: sold
    means: {de: Lieferung, en: Export}
    table: input-registers
    address: 4
    encoding: uint16
    kind: counter
    role: energy
    times: [ct_ratio]
    when: {usage: producer}
"""


@pytest.fixture
def meter(tmp_path: Path) -> Path:
    path = tmp_path / "mine.yaml"
    path.write_text(METER, "utf-8")
    return path


def objections(path: Path, text: str) -> list[tuple[int, str]]:
    path.write_text(text, "utf-8")
    with pytest.raises(ConfigError) as error:
        read_model(path, Template)
    return [(problem.line, problem.what.en) for problem in error.value.problems]


def test_without_parameters_a_template_stays_as_it_is(meter):
    template = read_model(meter, Template)
    assert [point.name for point in template.fitted({}).points] == ["power", "bought"]
    assert template.fitted({}).points[0] == template.points[0]


def test_a_ratio_multiplies_value_limits_and_where_a_counter_wraps(meter):
    power, bought = read_model(meter, Template).fitted({"ct_ratio": 40}).points
    assert (power.scale, power.offset, power.low, power.high) == (4.0, 200, -4000, 120000)
    assert bought.wraps_after == 65535 * 40


def test_a_choice_turns_the_sign_but_no_limit_and_decides_which_points_there_are(meter):
    power, sold = read_model(meter, Template).fitted({"usage": "producer"}).points
    assert (power.scale, power.offset, power.low, power.high) == (-0.1, -5, -100, 3000)
    assert (sold.name, sold.role) == ("sold", "energy")


def test_a_machine_s_file_gives_the_parameters_of_its_device(meter, tmp_path):
    site = tmp_path / "firm.yaml"
    site.write_text(
        "schema: 1\nfirm: werkstatt\nname: W\nstate: state\nmachines:\n"
        "  - name: mill-1\n    title: {de: F, en: M}\n    template: mine.yaml\n"
        "    connect: {type: modbus-tcp, host: 192.168.10.21, unit: 1}\n"
        "    parameters: {ct_ratio: 40, usage: producer}\n",
        "utf-8",
    )
    found = site_signals(load(site, variants(), {}))["mill-1"]
    assert [(s.id, s.limits.low, s.limits.high) for s in found] == [
        ("mill-1/power", -4000, 120000),
        ("mill-1/sold", None, None),
    ]


def test_a_parameter_without_a_default_must_be_given(meter):
    meter.write_text(METER.replace("default: 1, ", ""), "utf-8")
    offered = catalog.Catalog()
    [missing] = offered.unfit(str(meter), {})
    assert missing.what.en == f"{meter} needs the parameter ct_ratio: Transformer"
    assert missing.fix.en == "Add parameters: {ct_ratio: ...}, 1 to 100."
    assert not offered.unfit(str(meter), {"ct_ratio": 1})
    with pytest.raises(LookupError):
        read_model(meter, Template).fitted({})


def test_the_roles_of_a_device_follow_its_parameters(meter):
    roles = catalog.Catalog().roles
    assert roles(str(meter), {}) == {"power": "power", "bought": "energy"}
    assert roles(str(meter), {"usage": "producer"}) == {"power": "power", "sold": "energy"}
    assert roles(str(meter), {"usage": "nobody"}) == {"power": "power", "bought": "energy"}


@pytest.mark.parametrize(
    ("was", "now", "line", "says"),
    [
        ("[ct_ratio, usage]", "[ct_ration]", 24, "there is no parameter ct_ration"),
        ("{usage: consumer}", "{usage: customer}", 33, "customer is none of the choices"),
        ("{usage: consumer}", "{ct_ratio: consumer}", 33, "consumer is none of the choices"),
        ("default: 1,", "default: 101,", 6, "default 101 is not between low and high"),
        ("en: Use}\n", "en: Use}\n    low: 3\n", 7, "both choices and a number"),
        ("name: usage", "name: ct_ratio", 7, "two parameters are called ct_ratio"),
        (
            "int16\n    scale: 0.1\n    offset: 5\n",
            "bit\n    bit: 1\n",
            23,
            "what is no number is multiplied by",
        ),
    ],
)
def test_parameters_that_do_not_fit_together_are_refused(meter, was, now, line, says):
    found = objections(meter, METER.replace(was, now, 1))
    assert any(says in what for _, what in found), found
    assert next(at for at, what in found if says in what) == line
