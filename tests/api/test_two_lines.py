"""A machine with devices on two lines, an address and a serial port: the pages show both."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from gateway.cli.rooms import variants
from gateway.config import load, read_model
from simulators.simulation import Simulation
from simulators.simulation_file import SimulationFile
from tests.api.running import (
    API,
    SIMULATION,
    SITE,
    TOKEN,
    RunningGateway,
    at_work,
    demo_client,
    free_port,
    until,
)
from tests.peers import need

BOTH = """
    devices:
      - template: sdm630
        connect: {{type: modbus-tcp, host: 127.0.0.1, port: {modbus}, unit: 1, timeout: 300ms}}
      - template: pid-furnace
        connect: {{type: modbus-rtu, port: {serial}, baud: 115200, unit: 2}}
        every: 100ms
"""


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    folder: Path = tmp_path_factory.mktemp("two-lines")
    places = {"modbus": free_port(), "web": free_port(), "serial": folder / "rs485"}
    simulation = folder / "simulation.yaml"
    second = (
        "      - {{template: pid-furnace, unit: 2, serial: {{link: {serial}, baud: 115200}}}}\n"
    )
    simulation.write_text((SIMULATION + second).format(**places), "utf-8")
    begin, end = SITE.index("    template: sdm630"), SITE.index("    every: 50ms")
    site = SITE[:begin] + BOTH.lstrip("\n") + SITE[end:].replace("    every: 50ms\n", "", 1)
    file = folder / "workshop.yaml"
    file.write_text(
        site.format(
            **places,
            state=folder / "state",
            simulated="true",
            more="  demo_token: ${DEMO_TOKEN}\n",
        ),
        "utf-8",
    )
    config = load(file, variants(), {"DEMO_TOKEN": TOKEN})
    running = RunningGateway(config, Simulation(read_model(simulation, SimulationFile, {})))
    with at_work(running):
        yield running


@pytest.fixture
def page() -> Iterator[Page]:
    with sync_playwright() as playwright:
        path = need("chromium")
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        context = browser.new_context(locale="en-GB", extra_http_headers={})
        yield context.new_page()
        browser.close()


def test_each_line_is_told_with_its_units(workshop: RunningGateway) -> None:
    with demo_client(workshop.base, "owner") as owner:
        machine = owner.get(f"{API}/machines/drill-1").json()
    port = str(workshop.site.machines[0].devices[1].connect.line())
    address = str(workshop.site.machines[0].devices[0].connect.line())
    assert machine["lines"] == [
        {"type": "modbus-tcp", "place": address, "units": [1]},
        {"type": "modbus-rtu", "place": port, "units": [2]},
    ]
    assert machine["connection"]["port"] == int(address.rpartition(":")[2])


def test_the_pages_show_both_lines(workshop: RunningGateway, page: Page) -> None:
    bearer = {"authorization": f"Bearer {TOKEN}", "x-werkverbund-role": "owner"}
    page.context.set_extra_http_headers(bearer)

    def both_answer() -> bool:
        with demo_client(workshop.base, "owner") as owner:
            parts = owner.get(f"{API}/health").json()["parts"]
        return [part["state"] for part in parts if part["name"] == "drill-1"] == ["ok", "ok"]

    until(both_answer)
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(workshop.base)
    page.get_by_role("link", name="Curve and signals").click()
    head = page.locator("main header")
    expect(head).to_contain_text("Modbus TCP 127.0.0.1:")
    expect(head).to_contain_text("Modbus RTU /")
    page.get_by_role("link", name="Health").click()
    expect(page.locator("main li").filter(has_text="Bench drill")).to_have_count(2)
    assert wrong == []
