"""The own network is searched by consent, at a bounded pace, and no other one ever."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from ipaddress import IPv4Interface, IPv4Network

import pytest

from gateway.assistant.network import NotOurs, about, knock, named, networks
from tests.networks import two_computers
from tests.sources.fast_loop import run_fast


def own(*said: str) -> list[IPv4Network]:
    return networks(IPv4Interface(one) for one in said)


def test_only_private_networks_are_ours_and_of_a_large_one_a_part() -> None:
    assert own("127.0.0.1/8", "169.254.3.4/16", "8.8.8.8/24", "203.0.114.9/24") == []
    assert own("192.168.1.20/24") == [IPv4Network("192.168.1.0/24")]
    assert own("10.1.2.3/8", "172.16.9.9/20") == [
        IPv4Network("10.1.0.0/22"),
        IPv4Network("172.16.8.0/22"),
    ]


@pytest.mark.parametrize("text", ["8.8.8.0/24", "192.168.0.0/16", "192.168.2.0/24", "all", ""])
def test_any_other_network_is_refused(text: str) -> None:
    with pytest.raises(NotOurs, match=r"192\.168\.1\.0/24"):
        named(text, own("192.168.1.20/24"))
    assert named("192.168.1.16/28", own("192.168.1.20/24")) == IPv4Network("192.168.1.16/28")


def test_what_a_search_means_is_said_before() -> None:
    said = about(IPv4Network("192.168.1.0/24"), [502])
    assert said.en == "192.168.1.0/24, 254 addresses, port 502, about 11 seconds"
    assert said.de == "192.168.1.0/24, 254 Adressen, Port 502, etwa 11 Sekunden"


def test_at_most_25_doors_a_second_and_never_those_in_use() -> None:
    begun: list[tuple[float, str]] = []

    async def all_of_them():
        loop = asyncio.get_running_loop()
        connect = loop.create_connection

        async def counted(factory, host, port, **more):
            begun.append((loop.time(), host))
            return await connect(factory, host, port, **more)

        loop.create_connection = counted
        found = knock(IPv4Network("127.9.9.0/25"), [1], {("127.9.9.7", 1)})
        return [door async for door, opens in found if not opens]

    doors = run_fast(all_of_them())
    assert len(doors) == len(begun) == 125
    assert ("127.9.9.7", 1) not in doors
    assert "127.9.9.7" not in {host for _, host in begun}
    for (early, _), (late, _) in zip(begun, begun[25:], strict=False):
        assert late - early >= 0.99


DEVICES = """
import asyncio, sys
from gateway.machines import catalog
from simulators.device import Device
from simulators.modbus.tcp_device import TcpDevice
from simulators.played import Stand, Mode, values

async def main():
    template = catalog.template("sdm630")
    stand = Stand(mode=Mode.WORKS).after(60)
    unit = Device(template, 1, lambda: values(template, stand, 3)).answer
    async with TcpDevice({1: unit}, sys.argv[1], 502):
        print("ready", flush=True)
        await asyncio.sleep(600)

asyncio.run(main())
"""


def test_a_meter_is_found_in_the_own_network_and_left_alone_where_it_is_in_use(tmp_path) -> None:
    firm = tmp_path / "firm.yaml"
    with two_computers() as (one, two):
        there = [*two.enter, sys.executable, "-c", DEVICES, two.address]
        device = subprocess.Popen(there, stdout=subprocess.PIPE, text=True)
        try:
            assert device.stdout is not None
            assert device.stdout.readline() == "ready\n"
            scan = [sys.executable, "-m", "gateway", "--lang", "en", "scan", "--units", "1"]
            own_part = ["--network", "192.0.2.0/29", "--json"]
            found = json.loads(one.run(*scan, *own_part, "--yes"))
            assert found["line"] == f"{two.address}:502"
            assert found["templates"][0]["name"] == "sdm630"
            assert "Eastron" in " ".join(found["says"])
            refused = subprocess.run(
                [*one.enter, *scan, "--network", "198.51.100.0/24", "--yes"],
                capture_output=True,
                text=True,
                check=False,
            )
            assert refused.returncode == 2
            assert "There are: 192.0.2.0/24" in refused.stderr
            firm.write_text(
                "schema: 1\nfirm: w\nname: W\nstate: state\nmachines:\n  - name: m\n"
                "    title: {de: M, en: M}\n    template: sdm630\n"
                f"    connect: {{type: modbus-tcp, host: {two.address}, unit: 1}}\n",
                "utf-8",
            )
            asked = subprocess.run(
                [*one.enter, *scan, "--network", "own", "--in-use", str(firm)],
                input="n\n",
                capture_output=True,
                text=True,
                check=False,
            )
            assert "192.0.2.0/24, 254 addresses, port 502" in asked.stderr
            assert asked.stderr.endswith("Connections accepted: -\n")
            used = subprocess.run(
                [*one.enter, *scan, *own_part, "--yes", "--in-use", str(firm)],
                capture_output=True,
                text=True,
                check=False,
            )
            assert used.stderr.endswith("Connections accepted: -\n")
        finally:
            device.terminate()
            device.communicate()
