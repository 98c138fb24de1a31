"""What is exported of a template is an Asset Interfaces Description, term by term.

The terms stand here a second time, as IDTA 02017-1-0 and the Modbus binding of the W3C give them.
"""

from __future__ import annotations

import json
import re

import pytest

from gateway.machines import catalog
from gateway.machines.aid import Endpoint, environment
from gateway.machines.template import Template
from tests.machines.examples import every_use

IDTA = "https://admin-shell.io/idta/AssetInterfacesDescription/1/0/"
WOT = "https://www.w3.org/2019/wot/"

MEANS = {
    "InterfaceMODBUS": f"{IDTA}Interface",
    "EndpointMetadata": f"{IDTA}EndpointMetadata",
    "InteractionMetadata": f"{IDTA}InteractionMetadata",
    "title": f"{WOT}td#title",
    "base": f"{WOT}td#baseURI",
    "contentType": f"{WOT}hypermedia#forContentType",
    "security": f"{WOT}td#hasSecurityConfiguration",
    "securityDefinitions": f"{WOT}td#definesSecurityScheme",
    "nosec_sc": f"{WOT}security#NoSecurityScheme",
    "scheme": f"{WOT}security#SecurityScheme",
    "properties": f"{WOT}td#PropertyAffordance",
    "key": f"{IDTA}key",
    "type": "https://www.w3.org/1999/02/22-rdf-syntax-ns#type",
    "unit": "https://schema.org/unitCode",
    "min_max": f"{IDTA}minMaxRange",
    "enum": f"{WOT}json-schema#enum",
    "lengthRange": f"{IDTA}lengthRange",
    "forms": f"{WOT}td#hasForm",
    "href": f"{WOT}hypermedia#hasTarget",
    "modv_function": f"{WOT}modbus#hasFunction",
    "modv_entity": f"{WOT}modbus#hasEntity",
    "modv_zeroBasedAddressing": f"{WOT}modbus#hasZeroBasedAddressingFlag",
    "modv_pollingTime": f"{WOT}modbus#hasPollingTime",
    "modv_type": f"{WOT}modbus#hasPayloadDataType",
    "modv_mostSignificantByte": f"{WOT}modbus#hasMostSignificantByte",
    "modv_mostSignificantWord": f"{WOT}modbus#hasMostSignificantWord",
}

MUST = {
    "InterfaceMODBUS": {"title", "EndpointMetadata", "InteractionMetadata"},
    "EndpointMetadata": {"base", "contentType", "security", "securityDefinitions"},
    "InteractionMetadata": {"properties"},
    "securityDefinitions": {"nosec_sc"},
    "nosec_sc": {"scheme"},
    "forms": {"href", "contentType", "modv_function", "modv_zeroBasedAddressing", "modv_type"},
}
IN_POINT = {"key", "title", "type", "forms"}

VALUES = {
    "type": r"boolean|integer|number|string",
    "href": r"\d{1,5}\?quantity=[1-9]\d*",
    "modv_function": "readCoil|readDiscreteInput|readHoldingRegisters|readInputRegisters",
    "modv_entity": "Coil|DiscreteInput|HoldingRegister|InputRegister",
    "modv_type": "xs:(boolean|short|unsignedShort|int|unsignedInt|long|unsignedLong|float|double"
    "|string|hexBinary)",
    "modv_pollingTime": r"[1-9]\d*",
    "scheme": "nosec",
}

USES = [(name, given) for name in catalog.names() for given in every_use(catalog.template(name))]


def exported(template: Template, endpoint: Endpoint | None = None) -> dict:
    return json.loads(json.dumps(environment(template, endpoint or Endpoint())))["submodels"][0]


def meaning(reference: dict) -> str:
    (key,) = reference["keys"]
    assert (reference["type"], key["type"]) == ("ExternalReference", "GlobalReference")
    return key["value"]


def walk(element: dict, parent: str):
    yield element, parent
    inner = element.get("value")
    for child in inner if isinstance(inner, list) else ():
        yield from walk(child, element["idShort"])


@pytest.mark.parametrize(("name", "given"), USES)
def test_every_template_is_exported_in_the_terms_of_the_submodel(name, given):
    template = catalog.template(name).fitted(given)
    submodel = exported(template)
    assert submodel["modelType"] == "Submodel"
    assert submodel["idShort"] == "AssetInterfacesDescription"
    assert meaning(submodel["semanticId"]) == f"{IDTA}Submodel"
    (interface,) = submodel["submodelElements"]
    assert [meaning(one) for one in interface["supplementalSemanticIds"]] == [
        "https://www.w3.org/2019/wot/td",
        "http://www.w3.org/2011/modbus",
    ]
    for element, parent in walk(interface, ""):
        check(element, parent)


def check(element: dict, parent: str) -> None:
    if element["modelType"] == "ReferenceElement":
        keys = [key["value"] for key in element["value"]["keys"]]
        assert keys[1:] == [
            "InterfaceMODBUS", "EndpointMetadata", "securityDefinitions", "nosec_sc"
        ]  # fmt: skip
        return
    if parent == "enum":
        assert int(element["value"]) >= 0
        return
    name = element["idShort"]
    assert re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name)
    means = f"{IDTA}PropertyDefinition" if parent == "properties" else MEANS[name]
    assert meaning(element["semanticId"]) == means
    if element["modelType"] == "Property":
        assert isinstance(element["value"], str)
        assert re.fullmatch(VALUES.get(name, ".+"), element["value"]), element["value"]
        if element["valueType"] == "xs:boolean":
            assert element["value"] in {"true", "false"}
    elif element["modelType"] == "SubmodelElementCollection":
        names = [one["idShort"] for one in element["value"]]
        assert len(names) == len(set(names))
        assert set(names) >= (IN_POINT if parent == "properties" else MUST.get(name, set()))
    elif element["modelType"] == "Range":
        assert float(element.get("min", "-inf")) < float(element.get("max", "inf"))
        ends = {"min": f"{WOT}json-schema#minimum", "max": f"{WOT}json-schema#maximum"}
        assert [meaning(one) for one in element["supplementalSemanticIds"]] == [
            told for end, told in ends.items() if end in element
        ]


def point(submodel: dict, name: str) -> tuple[dict[str, str], dict[str, str], dict[str, str]]:
    """The plain terms of a point, those of its form, and its qualifiers."""
    (interface,) = submodel["submodelElements"]
    interaction = next(e for e in interface["value"] if e["idShort"] == "InteractionMetadata")
    found = next(e for e in interaction["value"][0]["value"] if e["idShort"] == name)
    forms = next(e for e in found["value"] if e["idShort"] == "forms")
    return (
        {e["idShort"]: e["value"] for e in found["value"] if e["modelType"] == "Property"},
        {e["idShort"]: e["value"] for e in forms["value"]},
        {one["type"]: one["value"] for one in found.get("qualifiers", ())},
    )


def test_a_register_that_holds_its_value_has_its_unit():
    terms, form, qualifiers = point(exported(catalog.template("sdm120").fitted({})), "voltage")
    assert terms == {
        "key": "voltage",
        "title": terms["title"],
        "type": "number",
        "unit": "V",
    }
    assert form["href"] == "0?quantity=2"
    assert (form["modv_function"], form["modv_type"]) == ("readInputRegisters", "xs:float")
    assert (form["modv_mostSignificantByte"], form["modv_mostSignificantWord"]) == ("true", "true")
    assert qualifiers == {}


def test_a_scaled_register_says_how_and_has_no_unit_of_its_own():
    terms, form, qualifiers = point(exported(catalog.template("em340").fitted({})), "voltage_l1")
    assert "unit" not in terms
    assert (qualifiers["scale"], qualifiers["offset"], qualifiers["unit"]) == ("0.1", "0.0", "V")
    assert form["modv_mostSignificantWord"] == "false"


def test_what_means_no_value_is_said_to_the_last_digit():
    submodel = exported(catalog.template("b23").fitted({}))
    assert point(submodel, "energy")[2]["noValue1"] == "18446744073709551615"
    assert point(submodel, "power")[2]["noValue1"] == "2147483647"


def test_a_power_of_ten_in_a_register_is_named():
    submodel = exported(catalog.template("sunspec-103").fitted({}))
    terms, _, qualifiers = point(submodel, "power")
    assert "unit" not in terms
    assert (qualifiers["scale"], qualifiers["scaleFrom"]) == ("1.0", "power-power-of-ten")
    assert (qualifiers["unit"], qualifiers["noValue1"]) == ("W", "-32768")


POINT = {
    "name": "p",
    "means": {"de": "P", "en": "P"},
    "table": "holding-registers",
    "address": 7,
    "source": "mine",
}


@pytest.mark.parametrize(
    ("keys", "kind", "orders", "told"),
    [
        ({"encoding": "uint16", "order": "BA"}, "xs:unsignedShort", ("false", "true"), {}),
        ({"encoding": "int32", "order": "CDAB"}, "xs:int", ("true", "false"), {}),
        ({"encoding": "int32", "order": "BADC"}, "xs:int", ("false", "true"), {}),
        ({"encoding": "float32", "order": "DCBA"}, "xs:float", ("false", "false"), {}),
        ({"encoding": "float64", "order": "GHEFCDAB"}, "xs:double", ("true", "false"), {}),
        (
            {"encoding": "float64", "order": "CDABGHEF"},
            "xs:hexBinary",
            ("true", "true"),
            {"encoding": "float64", "order": "CDABGHEF"},
        ),
        (
            {"encoding": "bcd32", "order": "ABCD"},
            "xs:hexBinary",
            ("true", "true"),
            {"encoding": "bcd32"},
        ),
        ({"encoding": "text", "length": 4, "kind": "text"}, "xs:string", ("true", "true"), {}),
        (
            {"encoding": "uint8-high"},
            "xs:hexBinary",
            ("true", "true"),
            {"encoding": "uint8-high"},
        ),
        (
            {"encoding": "uint16", "mask": 240},
            "xs:unsignedShort",
            ("true", "true"),
            {"mask": "240", "scale": "1.0", "offset": "0.0", "unit": "1"},
        ),
        (
            {"encoding": "bool", "kind": "state"},
            "xs:unsignedShort",
            ("true", "true"),
            {"encoding": "bool"},
        ),
    ],
)
def test_every_encoding_is_said_as_far_as_there_are_terms(keys, kind, orders, told):
    content = {
        "schema": 2,
        "template": "mine",
        "title": {"de": "M", "en": "M"},
        "identification": {"manufacturer": "x", "model": "x"},
        "points": [POINT | keys],
    }
    _, form, qualifiers = point(exported(Template.model_validate_json(json.dumps(content))), "p")
    assert form["modv_type"] == kind
    assert (form["modv_mostSignificantByte"], form["modv_mostSignificantWord"]) == orders
    assert qualifiers == told


def test_the_numbers_of_an_enumeration_are_listed_and_explained():
    submodel = exported(catalog.template("sunspec-103").fitted({}))
    text = json.dumps(submodel, ensure_ascii=False)
    assert "Operating state (1: off, 2: sleeping, 3: starting, 4: delivering" in text
    assert "Betriebszustand (1: aus, 2: schläft" in text


def test_a_parameter_is_in_the_factor():
    template = catalog.template("sdm630").fitted({"ct_ratio": 40.0, "usage": "producer"})
    assert point(exported(template), "power")[2]["scale"] == "-40.0"


@pytest.mark.parametrize(
    ("endpoint", "base"),
    [
        (Endpoint("192.168.1.5", 1502, 7), "modbus+tcp://192.168.1.5:1502/7/"),
        (Endpoint("fe80::1", 502, 1), "modbus+tcp://[fe80::1]:502/1/"),
        (Endpoint(), "modbus+tcp://192.0.2.1:502/1/"),
    ],
)
def test_the_addresses_of_the_points_are_relative_to_the_device(endpoint, base):
    (interface,) = exported(catalog.template("sdm120").fitted({}), endpoint)["submodelElements"]
    metadata = next(e for e in interface["value"] if e["idShort"] == "EndpointMetadata")
    assert next(e["value"] for e in metadata["value"] if e["idShort"] == "base") == base
