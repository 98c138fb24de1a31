"""``werkverbund template``: what is known of a device, and its export."""

from __future__ import annotations

import json

import pytest

from gateway.machines import catalog


def test_without_a_name_every_template_is_listed(werkverbund):
    lines = werkverbund("--lang", "de", "template").out.splitlines()
    assert [line.split()[0] for line in lines] == list(catalog.names())
    assert "Energiezähler Typ SDM630" in next(line for line in lines if line.startswith("sdm630"))


@pytest.mark.parametrize("name", catalog.names())
@pytest.mark.parametrize("language", ["de", "en"])
def test_all_that_a_file_says_is_shown_in_one_language(werkverbund, name, language):
    template = catalog.template(name)
    answer = werkverbund("--lang", language, "template", name)
    assert answer.code == 0
    for told in (*template.wiring, *template.caveats, *(p.means for p in template.parameters)):
        assert getattr(told, language) in answer.out
        assert (told.de if language == "en" else told.en) not in answer.out
    for point in template.points:
        row = next(line for line in answer.out.splitlines() if f"| `{point.name}` |" in line)
        assert getattr(point.means, language) in row
        assert all(source in row for source in point.source)
    for document in template.sources.values():
        assert document.title in answer.out


def test_a_misspelt_name_is_told_the_nearest(werkverbund):
    answer = werkverbund("template", "sdm63")
    assert answer.code == 2
    assert answer.err.strip() == "There is no template sdm63. Did you mean sdm630?"


def test_the_export_is_one_json_file_for_the_device_that_is_named(werkverbund):
    answer = werkverbund(
        "template", "sdm630", "--aid", "--host", "10.0.0.7", "--unit", "3",
        "--parameter", "ct_ratio=40", "--parameter", "usage=producer",
    )  # fmt: skip
    assert answer.code == 0
    (submodel,) = json.loads(answer.out)["submodels"]
    assert submodel["idShort"] == "AssetInterfacesDescription"
    assert "modbus+tcp://10.0.0.7:502/3/" in answer.out
    assert "-40.0" in answer.out


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("ct=4", "sdm630 has no parameter ct. Possible are: ct_ratio, usage"),
        ("usage=x", "usage: x is none of the choices. Possible are: consumer, producer"),
        ("ct_ratio=200/5", "ct_ratio should be a number, but there is 200/5. Write ct_ratio: 40"),
        ("ct_ratio", "--parameter ct_ratio is no NAME=VALUE. Write ct_ratio=40, for example."),
    ],
)
def test_a_parameter_that_does_not_fit_is_refused_with_what_to_write(werkverbund, given, said):
    answer = werkverbund("template", "sdm630", "--aid", "--parameter", given)
    assert (answer.code, answer.out, answer.err.strip()) == (2, "", said)
