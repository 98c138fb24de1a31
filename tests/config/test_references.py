"""References: secrets and what differs from place to place."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from gateway.cli.rooms import variants
from gateway.config import load

SINK = """\
sinks:
  - type: mqtt
    broker: "mqtt://127.0.0.1:1883"
    password: {password}
"""


def password(site) -> str | None:
    found = site.sinks[0].password
    return found.get_secret_value() if found else None


@pytest.mark.parametrize("value", ["12345", "no", "0815", "1e3", "12:30", "a: b #c", "null", "~"])
def test_a_secret_is_text_whatever_it_looks_like(load_text, site_text, value: str):
    text = site_text + SINK.format(password="${PASSWORD}")
    assert password(load_text(text, PASSWORD=value)) == value


def test_an_empty_secret_is_none(load_text, site_text):
    for written in ("${PASSWORD:-}", '"${PASSWORD:-}"'):
        assert password(load_text(site_text + SINK.format(password=written))) is None


def test_a_secret_may_come_from_a_file(load_text, site_text, tmp_path: Path):
    (tmp_path / "secret").write_text("hunter2\n", "utf-8")
    assert password(load_text(site_text + SINK.format(password="${file:secret}"))) == "hunter2"


def test_a_secret_may_come_from_systemd(load_text, site_text, tmp_path: Path):
    (tmp_path / "mqtt").write_text("hunter2", "utf-8")
    text = site_text + SINK.format(password='"${credential:mqtt}"')
    assert password(load_text(text, CREDENTIALS_DIRECTORY=str(tmp_path))) == "hunter2"


def test_a_generated_secret_is_made_once_for_its_owner_alone(site_text, tmp_path: Path):
    file = tmp_path / "firm.yaml"
    text = site_text + SINK.format(password='"${generated:keys/mqtt}"')
    file.write_text(text, "utf-8")
    first = password(load(file, variants(), {}, make=True))
    assert first
    assert password(load(file, variants(), {}, make=True)) == first
    made = tmp_path / "keys" / "mqtt"
    assert made.read_text("utf-8").strip() == first
    assert stat.S_IMODE(made.stat().st_mode) == 0o600


def test_checking_makes_no_secret(load_text, site_text, tmp_path: Path):
    load_text(site_text + SINK.format(password='"${generated:keys/mqtt}"'))
    assert not (tmp_path / "keys").exists()


def test_secrets_hide_themselves(load_text, site_text):
    site = load_text(site_text + SINK.format(password="${PASSWORD}"), PASSWORD="hunter2")
    assert "hunter2" not in repr(site)
    assert "hunter2" not in str(site)


def test_a_value_from_outside_is_not_repeated_in_a_message(problems, site_text):
    text = site_text.replace("every: 100ms", "every: ${PERIOD}")
    found = problems(text, PERIOD="hunter2")
    assert [(problem.line, problem.column) for problem in found] == [(10, 12)]
    assert "hunter2" not in str(found)


def test_every_missing_variable_is_named_with_its_place(problems, site_text):
    text = site_text.replace("192.168.10.21", "${HOST}").replace("unit: 1", "unit: ${UNIT}")
    found = problems(text)
    assert [(p.line, p.column) for p in found] == [(9, 39), (9, 54)]
    assert "HOST" in found[0].what.de
    assert "UNIT" in found[1].what.de


def test_a_reference_is_replaced_inside_a_text(load_text, site_text):
    site = load_text(site_text + 'web: {listen: "127.0.0.1:${WEB_PORT:-8601}"}\n', WEB_PORT="9")
    assert site.web.listen.port == 9
