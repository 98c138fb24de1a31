"""What a firm's file becomes."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from gateway.config import Bilingual, Device, Listen, Machine, SiteConfig
from gateway.sources.line.tcp import ModbusTcpConnect

CONNECT = ModbusTcpConnect(host="192.168.10.21", unit=1)


def test_the_short_form_of_a_machine_is_one_device(load_text, site_text):
    machine = load_text(site_text).machines[0]
    assert machine.devices == (Device(template="sdm630", connect=CONNECT, every=ms(100)),)


def test_several_devices_are_kept_in_order(load_text, site_text):
    text = (
        site_text[: site_text.index("    template")]
        + """\
    devices:
      - {template: pid-furnace, connect: {type: modbus-tcp, host: 10.0.0.5, unit: 1}}
      - {template: sdm630, connect: {type: modbus-tcp, host: 10.0.0.5, unit: 2}, every: 5s}
"""
    )
    devices = load_text(text).machines[0].devices
    assert [device.template for device in devices] == ["pid-furnace", "sdm630"]
    assert [device.every for device in devices] == [timedelta(seconds=1), timedelta(seconds=5)]


def test_defaults_are_modest(load_text, site_text):
    site = load_text(site_text)
    assert (site.plant, site.area, site.simulated) == ("main", "main", False)
    assert site.web.listen == Listen("127.0.0.1", 8080)
    assert site.web.listen.loopback
    assert site.history.keep == timedelta(days=30)
    assert (site.sinks, site.jobs, site.network) == ((), (), None)


def test_relative_paths_start_at_the_folder_of_the_file(load_text, site_text, tmp_path: Path):
    assert load_text(site_text).state == tmp_path / "state"


def test_the_home_folder_may_be_named(load_text, site_text):
    text = site_text.replace("state: state", "state: ~/werkverbund")
    assert load_text(text).state == Path.home() / "werkverbund"


def test_a_reference_without_quotes_becomes_a_number(load_text, site_text):
    text = site_text.replace("unit: 1", "port: ${METER_PORT:-5021}")
    assert port(load_text(text)) == 5021
    assert port(load_text(text, METER_PORT="1502")) == 1502


def test_a_template_may_be_named_by_its_path(load_text, site_text, tmp_path: Path):
    mine = tmp_path / "types" / "mine.yaml"
    mine.parent.mkdir()
    mine.write_text(MINE, "utf-8")
    site = load_text(site_text.replace("sdm630", "types/mine.yaml"))
    assert site.machines[0].devices[0].template == str(mine)


def test_a_site_can_be_made_in_code():
    site = SiteConfig(
        firm="f",
        name="F",
        state=Path("s"),
        machines=(
            Machine(
                name="mill-1",
                title=Bilingual(de="Fräse", en="Mill"),
                devices=(Device(template="sdm630", connect=CONNECT),),
            ),
        ),
    )
    assert site.machines[0].devices[0].connect == CONNECT


def test_a_site_does_not_change(load_text, site_text):
    site = load_text(site_text)
    with pytest.raises(ValueError, match="frozen"):
        site.firm = "another"


def ms(number: int) -> timedelta:
    return timedelta(milliseconds=number)


def port(site: SiteConfig) -> int:
    connect = site.machines[0].devices[0].connect
    assert isinstance(connect, ModbusTcpConnect)
    return connect.port


MINE = """\
schema: 1
template: mine
title: {de: Mein Zähler, en: My meter}
identification: {manufacturer: Beispiel, model: Z1}
points:
  - name: power
    means: {de: Leistung, en: Power}
    table: input-registers
    address: 52
    encoding: float32
    order: high-word-first
    unit: W
    role: power
"""
