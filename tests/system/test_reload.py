"""Files change while a gateway works: what has changed is others, what has not notices nothing."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from asyncua import Client, ua

from tests.api.running import free_port
from tests.drivers.brokers import mosquitto, running
from tests.figures import tell
from tests.sinks.test_opcua_changes import Listener
from tests.system.reloaded import Ear, Firm, eventually, listening, machine_text, simulated


@pytest.fixture
def firm(tmp_path: Path) -> Iterator[Firm]:
    ports = {name: free_port() for name in ("drill-1", "drill-2", "shared")}
    with simulated(tmp_path, ports):
        yield Firm(tmp_path, ports)


@dataclass
class Connected:
    """A firm at work with a broker, an OPC UA server, and somebody at each."""

    firm: Firm
    ear: Ear
    opcua: str


@pytest.fixture
async def connected(firm: Firm, tmp_path: Path) -> AsyncIterator[Connected]:
    port = free_port()
    async with running(mosquitto(tmp_path)) as broker, listening(broker) as ear:
        firm.sinks = (
            f"  - {{type: mqtt, broker: '{broker.url}'}}\n"
            f"  - {{type: opcua, listen: '127.0.0.1:{port}', open: true}}\n"
        )
        firm.write()
        with firm.running():
            await firm.serves()
            await firm.works("drill-1")
            await eventually(lambda: firm_has_opcua(firm), firm)
            yield Connected(firm, ear, f"opc.tcp://127.0.0.1:{port}")


async def firm_has_opcua(firm: Firm) -> bool:
    return bool((await firm.part("opcua"))["state"] == "ok")


async def test_a_new_file_is_a_machine_at_every_sink_and_others_have_no_gap(
    connected: Connected,
) -> None:
    firm, ear = connected.firm, connected.ear
    watched = Listener()
    async with Client(connected.opcua, timeout=10) as client:
        listening_to = await client.create_subscription(50, watched)
        await listening_to.subscribe_data_change(client.get_node("ns=4;s=drill-1.power"))
        await watched.until(lambda heard: heard[2] == "Good")
        before, births = await firm.figures(), ear.count["main/drill-1/birth"]
        begun = len(ear.times["main/drill-1"])
        for round_ in range(5):
            firm.machine("drill-2", machine_text("drill-2", firm.ports["drill-2"]))
            firm.hang_up()
            await firm.works("drill-1", "drill-2")
            await eventually(lambda: ear.last.get("main/drill-2/readings"), firm)
            node = client.get_node("ns=4;s=drill-2.power")
            await eventually(lambda node=node: reads(node), firm)
            assert ear.last["main/drill-2/birth"]["title"]["en"] == "Drill drill-2"
            firm.gone("drill-2")
            firm.hang_up()
            await firm.works("drill-1")
            await eventually(
                lambda: (
                    [ear.last[f"main/drill-2/{what}"] for what in ("birth", "state", "job")]
                    == [None] * 3
                ),
                firm,
            )
            await eventually(lambda node=node: refuses(node), firm)
            ear.last.pop("main/drill-2/readings")
            assert round_ >= 0
        watched.heard = asyncio.Queue()
        await watched.until(lambda heard: heard[2] == "Good")
        assert watched.statuses == []
    after = await firm.figures()
    connects, polls = (
        firm.line("drill-1", name) for name in ("line_connects_total", "polls_total")
    )
    assert after[connects] == before[connects] == 1, "its line was never closed"
    assert after[polls] > before[polls], "and its runner is the one it was"
    tell("longest gap between batches at 10 Hz", ear.longest_gap("drill-1", begun), "s", reloads=10)
    assert ear.count["status"] == 1, "the session at the broker went on"
    assert ear.count["main/drill-1/birth"] == births


async def refuses(node: object) -> bool:
    return not await reads(node)


async def reads(node: object) -> bool:
    try:
        await node.read_value()  # type: ignore[attr-defined]
    except ua.UaStatusCodeError:
        return False
    return True


async def test_the_job_of_a_machine_that_stays_goes_on_counting(firm: Firm) -> None:
    with firm.running():
        await firm.serves()

        async def good() -> int:
            (job,) = await firm.get("/jobs")
            return int(job["good"])

        await eventually(good, firm)
        for _ in range(3):
            before = await good()
            firm.machine("drill-2", machine_text("drill-2", firm.ports["drill-2"]))
            assert (await firm.command())[0] == 0
            firm.gone("drill-2")
            assert (await firm.command())[0] == 0

            async def more(before: int = before) -> bool:
                return await good() > before

            await eventually(more, firm)


async def test_the_command_says_what_has_changed(firm: Firm) -> None:
    with firm.running():
        await firm.serves()
        assert await firm.command() == (
            0,
            "The files have been read again; nothing about the machines is different.\n",
        )
        firm.machine("drill-2", machine_text("drill-2", firm.ports["drill-2"]))
        assert await firm.command() == (0, "The files have been read again: new: drill-2.\n")
        slower = machine_text("drill-2", firm.ports["drill-2"], every="1s")
        firm.machine("drill-2", slower)
        assert await firm.command() == (0, "The files have been read again: changed: drill-2.\n")
        firm.gone("drill-2")
        assert await firm.command() == (0, "The files have been read again: removed: drill-2.\n")
        firm.write(tail="calendar: {shifts: [mon-fri 06:00-14:00]}\n")
        changed = "The files have been read again: the calendar is another one.\n"
        assert await firm.command() == (0, changed)
        await firm.works("drill-1")


async def test_a_wrong_file_changes_nothing_and_says_why_everywhere(firm: Firm) -> None:
    firm.machine("drill-2", machine_text("drill-2", firm.ports["drill-2"]))
    with firm.running():
        await firm.serves()
        await firm.works("drill-1", "drill-2")
        before = await firm.figures()
        path = firm.machine(
            "drill-2", machine_text("drill-2", firm.ports["drill-2"]) + "evry: 1s\n"
        )
        line = path.read_text("utf-8").count("\n")
        code, said = await firm.command()
        assert code == 78
        assert f"machines/drill-2.yaml:{line}:1" in said
        assert "every" in said
        assert said.endswith("Nothing is taken over, everything goes on as before.\n")
        part = await firm.part("files")
        assert (part["state"], part["remedy"]) == ("waiting", "reload")
        assert f"drill-2.yaml:{line}:1" in part["text"]["de"]
        answer = (await firm.ask("POST", "/reload")).json()
        assert (answer["how"], answer["problems"][0]["line"]) == ("refused", line)
        assert "The files are not taken over" in firm.log
        await firm.works("drill-1", "drill-2")
        after = await firm.figures()
        for machine in ("drill-1", "drill-2"):
            connects = firm.line(machine, "line_connects_total")
            assert after[connects] == before[connects] == 1
        firm.gone("drill-2")
        assert (await firm.command())[0] == 0
        assert (await firm.part("files"))["state"] == "ok"
        await firm.works("drill-1")


async def test_what_needs_a_restart_is_named_and_the_rest_is_taken_over(firm: Firm) -> None:
    with firm.running():
        await firm.serves()
        firm.machine("drill-2", machine_text("drill-2", firm.ports["drill-2"]))
        web, firm.web = firm.web, free_port()
        firm.write(name="Ein anderer Name", tail="history: {keep: 3d}\n")
        firm.web = web
        assert await firm.command() == (
            0,
            (
                "The files have been read again: new: drill-2; after a restart only: name, "
                "history.keep, web.listen.\n"
            ),
        )
        await firm.works("drill-1", "drill-2")
        part = await firm.part("files")
        assert part["state"] == "waiting"
        assert "web.listen" in part["text"]["de"]
        assert (await firm.get("/health"))["name"] == firm.name, "it is called as before"


async def test_another_data_folder_is_refused_as_a_whole(firm: Firm) -> None:
    with firm.running():
        await firm.serves()
        text = firm.file.read_text("utf-8")
        firm.file.write_text(text.replace("state: state", "state: elsewhere"), "utf-8")
        answer = (await firm.ask("POST", "/reload")).json()
        assert answer["how"] == "refused"
        assert "state" in answer["why"]["de"]
        await firm.works("drill-1")


async def test_a_machine_on_the_same_line_misses_no_poll(firm: Firm, tmp_path: Path) -> None:
    """One gateway, two units: the second comes, changes and goes beside the first."""
    port = firm.ports["shared"]
    async with running(mosquitto(tmp_path)) as broker, listening(broker) as ear:
        firm.sinks = f"  - {{type: mqtt, broker: '{broker.url}'}}\n"
        firm.write()
        firm.machine("a", machine_text("a", port, 1, evidence=False))
        with firm.running():
            await firm.serves()
            await firm.works("a", "drill-1")
            await eventually(lambda: ear.times.get("main/a"), firm)
            polls, before = firm.line("shared", "polls_total"), await firm.figures()
            lost = firm.log.count(" a lost")  # before its simulation was there
            for every in ("100ms", "200ms"):
                firm.machine("b", machine_text("b", port, 2, every=every, evidence=False))
                assert (await firm.command())[0] == 0
                await firm.works("a", "b", "drill-1")
            firm.gone("b")
            assert (await firm.command())[0] == 0
            await firm.works("a", "drill-1")
            after, connects = await firm.figures(), firm.line("shared", "line_connects_total")
            assert after[polls] > before[polls], "its counts go on"
            assert after[connects] == before[connects] == 1, "and so does its connection"
    beside = ear.longest_gap("drill-1")
    tell("longest gap at 10 Hz on a shared line", ear.longest_gap("a"), "s", beside=beside)
    assert firm.log.count(" a lost") == lost


async def test_fifty_reloads_leave_nothing_behind(firm: Firm) -> None:
    with firm.running():
        await firm.serves()
        await firm.works("drill-1")

        async def once() -> None:
            firm.machine("drill-2", machine_text("drill-2", firm.ports["drill-2"]))
            assert (await firm.ask("POST", "/reload")).json()["changes"]
            firm.gone("drill-2")
            assert (await firm.ask("POST", "/reload")).json()["changes"]

        for _ in range(5):
            await once()
        before = held(firm)
        for _ in range(50):
            await once()
        after = held(firm)
        tell("memory after a hundred reloads", after["kB"] - before["kB"], "kB more")
        assert after["files"] <= before["files"] + 2
        assert after["threads"] <= before["threads"] + 2
        assert after["kB"] <= before["kB"] + 6000
        await firm.works("drill-1")


def held(firm: Firm) -> dict[str, int]:
    assert firm.process is not None
    here = Path(f"/proc/{firm.process.pid}")
    status = dict(line.split(":\t", 1) for line in (here / "status").read_text().splitlines())
    return {
        "files": len(list((here / "fd").iterdir())),
        "threads": int(status["Threads"]),
        "kB": int(status["VmRSS"].split()[0]),
    }


async def test_a_reload_does_not_wait_for_a_silent_device(firm: Firm) -> None:
    """Its line is stuck in a poll; the others are not."""
    silent = socket.create_server(("127.0.0.1", 0))  # the kernel lets in, and nobody answers
    port = silent.getsockname()[1]
    stuck = machine_text("stuck", port, evidence=False).replace("300ms", "5s")
    firm.machine("stuck", stuck)
    with firm.running():
        await firm.serves()
        await eventually(lambda: "stuck" in firm.log, firm)
        firm.machine("stuck", stuck.replace("unit: 1", "unit: 2"))
        firm.machine("drill-2", machine_text("drill-2", firm.ports["drill-2"]))
        assert (await firm.command())[0] == 0
        await firm.works("drill-1", "drill-2")
        firm.gone("stuck")
        assert (await firm.command())[0] == 0
        names = {one["name"] for one in await firm.get("/machines")}
        assert names == {"drill-1", "drill-2"}
    silent.close()


async def test_many_who_ask_at_once_are_all_answered(firm: Firm) -> None:
    with firm.running():
        await firm.serves()
        firm.machine("drill-2", machine_text("drill-2", firm.ports["drill-2"]))
        for _ in range(20):
            firm.hang_up()
        answers = await asyncio.gather(
            *(firm.ask("POST", "/reload") for _ in range(10)), firm.command(), firm.command()
        )
        assert [one.status_code for one in answers[:10]] == [200] * 10  # type: ignore[union-attr]
        assert [one[0] for one in answers[10:]] == [0, 0]  # type: ignore[index]
        await firm.works("drill-1", "drill-2")


@pytest.mark.parametrize("turn", range(3))
async def test_a_reload_during_the_end_ends_in_order(firm: Firm, turn: int) -> None:
    with firm.running():
        await firm.serves()
        assert firm.process is not None
        firm.machine("drill-2", machine_text("drill-2", firm.ports["drill-2"]))
        asking = [asyncio.create_task(firm.command()) for _ in range(turn)]
        firm.hang_up()
        firm.process.terminate()
        firm.hang_up()
        code = await asyncio.to_thread(firm.process.wait, 20)
        await asyncio.gather(*asking)
    assert code == 0, firm.log
    assert "Traceback" not in firm.log, firm.log


async def test_without_a_gateway_the_command_says_so(firm: Firm) -> None:
    code, said = await firm.command()
    assert code == 1
    assert "No gateway is running here" in said


async def test_the_socket_is_for_its_owner_alone_however_long_its_path(tmp_path: Path) -> None:
    ports = {name: free_port() for name in ("drill-1",)}
    folder = tmp_path / ("a-long-name-" * 12)
    folder.mkdir()
    with simulated(tmp_path, ports), Firm(folder, ports).running() as firm:
        await firm.serves()
        place = firm.state / "control.sock"
        assert place.stat().st_mode & 0o777 == 0o600
        assert (await firm.command())[0] == 0
        assert firm.process is not None
        firm.process.terminate()
        await asyncio.to_thread(firm.process.wait, 20)
        assert not place.exists()


async def test_only_an_owner_has_files_read_again(firm: Firm) -> None:
    with firm.running():
        await firm.serves()
        for role in ("foreman", "works_council", "customer"):
            assert (await firm.ask("POST", "/reload", role)).status_code == 403
        assert (await firm.ask("POST", "/reload")).status_code == 200
        entries = await firm.get("/audit")
        assert [one for one in entries if "reload" in one.get("what", "")]


async def test_a_firm_without_machines_gets_its_first_one(firm: Firm) -> None:
    text = firm.file.read_text("utf-8")
    head, _, rest = text.partition("machines:\n")
    _, _, tail = rest.partition("web:\n")
    tail, _, _ = tail.partition("jobs:\n")
    firm.file.write_text(f"{head}machines: []\nweb:\n{tail}", "utf-8")
    with firm.running():
        await firm.serves()
        assert await firm.get("/machines") == []
        firm.machine("drill-2", machine_text("drill-2", firm.ports["drill-2"]))
        assert (await firm.command())[0] == 0
        await firm.works("drill-2")
