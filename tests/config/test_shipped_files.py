"""Every file that we ship is sound, and any other YAML tool reads it, too."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from gateway import resources
from gateway.cli.kinds import KEYS, MODELS, kind_of, problems_of
from gateway.cli.rooms import variants
from gateway.config import load, read_content
from gateway.config.schema import schema

FILES = sorted(resources.configs().rglob("*.yaml"))
FIRMS = sorted(resources.configs().glob("*/firms/*.yaml"))
NAMES = [str(file.relative_to(resources.configs())) for file in FILES]


@pytest.mark.parametrize("file", FILES, ids=NAMES)
def test_a_shipped_file_is_sound_without_any_environment(file: Path):
    assert problems_of(file, None, {}) == ()


@pytest.mark.parametrize("file", FILES, ids=NAMES)
def test_a_shipped_file_is_plain_yaml(file: Path):
    assert isinstance(yaml.safe_load(file.read_text("utf-8")), dict)


@pytest.mark.parametrize("file", FILES, ids=NAMES)
def test_a_shipped_file_fits_its_json_schema(file: Path):
    content = yaml.safe_load(file.read_text("utf-8"))
    kind = kind_of(content)
    assert kind is not None
    Draft202012Validator(schema(kind, MODELS[kind]())).validate(content)


@pytest.mark.parametrize("kind", MODELS)
def test_the_keys_by_which_a_file_is_told_are_those_of_its_model(kind: str):
    fields = MODELS[kind]().model_fields
    assert KEYS[kind] == {field.alias or name for name, field in fields.items()} - {"schema"}


@pytest.mark.parametrize("file", FIRMS, ids=[f"{f.parts[-3]}/{f.stem}" for f in FIRMS])
def test_a_firm_of_the_demo_is_simulated_and_on_this_computer_only(file: Path):
    site = load(file, variants(), {})
    assert site.firm == file.stem
    assert site.simulated
    assert site.web.listen.loopback


@pytest.mark.parametrize("folder", ["demo", "mini"])
def test_the_firms_of_a_scenario_use_different_ports(folder: str):
    sites = [load(file, variants(), {}) for file in FIRMS if file.parts[-3] == folder]
    assert len(sites) == 7
    ports = [site.web.listen.port for site in sites]
    ports += [sink.listen.port for site in sites for sink in site.sinks if hasattr(sink, "listen")]
    assert len(set(ports)) == len(ports)


def test_kinds_are_told_by_their_keys():
    found = {kind_of(read_content(file, {})) for file in FILES}
    assert found == set(MODELS) - {"machine"}  # written by the gateway, none is shipped
