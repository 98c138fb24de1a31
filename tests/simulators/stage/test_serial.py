"""Serial ports of the demo, and what happens where there can be none."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gateway import resources
from gateway.cli import rooms
from simulators.stage import serial
from simulators.stage.demo import Demo
from simulators.stage.options import Options
from simulators.stage.ports import Ports
from simulators.stage.scenario import load

FURNACE, RETROFIT = 2, 6


def a_demo(state: Path, *, has_serial: bool) -> Demo:
    folder = resources.demo()
    scenario = load(folder / "scenario.yaml")
    return Demo(Options(), folder, state, scenario, Ports(21_000), has_serial=has_serial)


def connects(demo: Demo, firm: int) -> list[tuple[str, str, int]]:
    """Kind, line and unit of each device of a firm's machine, as its gateway reads the file."""
    env = demo.env(firm)
    with pytest.MonkeyPatch.context() as patched:
        for name, value in env.items():
            patched.setenv(name, value)
        site = rooms.site(demo.file(firm), with_files=False)
    found = [device.connect for machine in site.machines for device in machine.devices]
    return [(connect.type, connect.line(), connect.unit) for connect in found]


def test_furnace_and_drill_read_their_meters_at_serial_ports(tmp_path):
    demo = a_demo(tmp_path, has_serial=True)
    assert connects(demo, FURNACE) == [
        ("modbus-tcp", "127.0.0.1:21043", 1),
        ("modbus-rtu", str(tmp_path / "serial" / "furnace-1"), 2),
    ]
    assert connects(demo, RETROFIT) == [
        ("modbus-rtu", str(tmp_path / "serial" / "drill-1"), 1),
    ]
    assert demo.places(FURNACE) == [str(tmp_path / "serial" / "furnace-1"), "127.0.0.1:21043"]
    assert demo.env(0)["SERIAL_DRILL_1"] == str(tmp_path / "serial" / "drill-1")


def test_without_serial_ports_the_same_devices_are_read_over_tcp(tmp_path):
    demo = a_demo(tmp_path, has_serial=False)
    assert connects(demo, FURNACE) == [
        ("modbus-tcp", "127.0.0.1:21043", 1),
        ("modbus-tcp", "127.0.0.1:21043", 2),
    ]
    assert connects(demo, RETROFIT) == [("modbus-tcp", "127.0.0.1:21047", 1)]
    assert demo.file(0) == demo.folder / demo.scenario.firms[0].file, "it has no serial port"
    assert not any(name.startswith("SERIAL") for name in demo.env(0))
    assert [device["serial"] for device in demo.devices(FURNACE)] == [None, None]
    assert demo.places(RETROFIT) == ["127.0.0.1:21047"]


def test_whether_there_are_pseudo_terminals_is_tried(monkeypatch):
    assert serial.possible()

    def none_left() -> tuple[int, int]:
        raise OSError("out of pty devices")

    monkeypatch.setattr(os, "openpty", none_left)
    assert not serial.possible()
    monkeypatch.delattr(os, "openpty")
    assert not serial.possible()


def test_what_an_earlier_demo_left_is_not_found_any_more(tmp_path):
    serial.tidied(tmp_path)
    (tmp_path / "serial" / "furnace-1").symlink_to("/dev/null")
    serial.tidied(tmp_path)
    assert list((tmp_path / "serial").iterdir()) == []
    assert (tmp_path / "serial").stat().st_mode & 0o777 == 0o700
