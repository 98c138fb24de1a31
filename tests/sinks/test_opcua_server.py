"""The OPC UA server, asked by a real client: structure, values, status codes, time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from asyncua import Client, Node, ua
from pydantic import SecretStr

from gateway.config import Endpoint
from gateway.core.batches import Mark
from gateway.core.errors import NotConnected
from gateway.core.signals import Fault, Quality, Reason, SignalId
from gateway.core.work import JobState
from gateway.jobs.tracker import JobTracker, MachineSpec
from gateway.sinks.opcua import OpcUaConfig
from gateway.sinks.opcua.server import OpcUaSink
from gateway.sinks.opcua.types import DI, MACHINERY
from tests.sinks.small_firm import (
    AT,
    REFUSED,
    SIGNALS,
    TIMED_OUT,
    TOO_HIGH,
    UNREACHED,
    batch,
    executing,
    firm,
    free_port,
    job,
    never_reached,
)

OWN = "urn:werkverbund:zerspanung-rennweg"


# One server for all tests of this file: it takes a second to start.
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("opcua")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def sink(folder: Path) -> AsyncIterator[OpcUaSink]:
    config = OpcUaConfig(type="opcua", listen=Endpoint("127.0.0.1", free_port()), open=True)
    server = OpcUaSink(config, firm(folder), SIGNALS, folder)
    await server.connect()
    yield server
    await server.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def client(sink: OpcUaSink) -> AsyncIterator[Client]:
    async with Client(sink.endpoint, timeout=60) as client:
        yield client


async def read(client: Client, path: str) -> ua.DataValue:
    index = await client.get_namespace_index(OWN)
    node = client.get_node(ua.NodeId(path, index))
    return await node.read_data_value(raise_on_bad_status=False)


def code(value: ua.DataValue) -> str:
    assert value.StatusCode is not None
    return str(value.StatusCode.name)


async def child(node: Node, uri: str, name: str, client: Client) -> Node:
    return await node.get_child([ua.QualifiedName(name, await client.get_namespace_index(uri))])


async def test_machines_stand_where_machinery_puts_them(client: Client) -> None:
    machines = await child(client.nodes.objects, MACHINERY, "Machines", client)
    assert machines.nodeid.Identifier == 1001
    names = {(await one.read_browse_name()).Name for one in await machines.get_children()}
    assert names == {"mill-1", "press-1"}


async def test_identification_is_an_add_in_of_the_official_type(client: Client) -> None:
    machine = client.get_node(ua.NodeId("mill-1", await client.get_namespace_index(OWN)))
    (identification,) = await machine.get_referenced_nodes(refs=ua.ObjectIds.HasAddIn)
    assert await identification.read_browse_name() == ua.QualifiedName(
        "Identification", await client.get_namespace_index(DI)
    )
    kind = await identification.read_type_definition()
    assert kind == ua.NodeId(1012, await client.get_namespace_index(MACHINERY))


async def test_identification_tells_what_is_known_and_says_what_is_simulated(
    client: Client,
) -> None:
    expected = {
        "ProductInstanceUri": "urn:werkverbund:zerspanung-rennweg:machine:mill-1",
        "Manufacturer": ua.LocalizedText("simuliert", "de"),
        "SerialNumber": "unbekannt",
        "Model": ua.LocalizedText("Fräsmaschine", "de"),
        "YearOfConstruction": 1987,
    }
    for name, value in expected.items():
        assert (await read(client, f"mill-1.Identification.{name}")).Value.Value == value
    assert (await read(client, "mill-1.Simulated")).Value.Value is True
    machine = client.get_node(ua.NodeId("mill-1", await client.get_namespace_index(OWN)))
    assert (await machine.read_description()).Text == "Milling machine (simulated)"
    assert (await machine.read_display_name()).Text == "Fräsmaschine (simuliert)"


async def test_signal_has_unit_range_and_both_languages(client: Client, sink: OpcUaSink) -> None:
    node = client.get_node(sink.node(SignalId("mill-1/power")))
    unit = await (await node.get_child("0:EngineeringUnits")).read_value()
    assert unit.UnitId == int.from_bytes(b"WTT", "big")
    assert unit.DisplayName.Text == "W"
    span = await (await node.get_child("0:EURange")).read_value()
    assert (span.Low, span.High) == (0.0, 20_000.0)
    assert await node.read_display_name() == ua.LocalizedText("Größe power", "de")
    assert await node.read_description() == ua.LocalizedText("Quantity power", "en")


async def test_before_the_first_answer_a_signal_waits(client: Client) -> None:
    assert code(await read(client, "press-1.never-asked")) == "BadWaitingForInitialData"


async def test_good_value_carries_the_time_of_the_machine(client: Client, sink: OpcUaSink) -> None:
    await sink.write([batch("mill-1", {"power": 1500.25, "energy": 12.5})])
    value = await read(client, "mill-1.power")
    assert value.Value == ua.Variant(1500.25, ua.VariantType.Double)
    assert value.SourceTimestamp == AT
    assert code(value) == "Good"


@pytest.mark.parametrize(
    ("mark", "expected"),
    [
        (UNREACHED, "BadNoCommunication"),
        (TIMED_OUT, "BadTimeout"),
        (REFUSED, "BadConfigurationError"),
        (Mark(Quality.BAD, Fault(Reason.REFUSED, 4)), "BadDeviceFailure"),
        (Mark(Quality.BAD, Fault(Reason.SENTINEL)), "BadSensorFailure"),
        (Mark(Quality.BAD, Fault(Reason.DESYNC)), "BadCommunicationError"),
        (Mark(Quality.BAD, Fault(Reason.UNDECODABLE)), "BadDecodingError"),
        (Mark(Quality.BAD, Fault(Reason.DISABLED)), "BadOutOfService"),
    ],
    ids=lambda mark: str(mark.fault) if isinstance(mark, Mark) else "",
)
async def test_bad_value_has_no_number_but_its_reason(
    client: Client, sink: OpcUaSink, mark: Mark, expected: str
) -> None:
    await sink.write([batch("mill-1", {"power": 1500.0})])
    later = AT + timedelta(seconds=1)
    await sink.write([batch("mill-1", {"power": None}, {"power": mark}, at=later)])
    value = await read(client, "mill-1.power")
    assert (code(value), value.Value.Value, value.SourceTimestamp) == (expected, None, later)


async def test_value_out_of_range_is_uncertain_and_still_there(
    client: Client, sink: OpcUaSink
) -> None:
    await sink.write([batch("mill-1", {"power": 99_000.0}, {"power": TOO_HIGH})])
    value = await read(client, "mill-1.power")
    assert (code(value), value.Value.Value) == ("UncertainEngineeringUnitsExceeded", 99_000.0)


async def test_a_value_comes_back_after_a_fault(client: Client, sink: OpcUaSink) -> None:
    await sink.write([batch("press-1", {"mould-closed": True, "shots": 7})])
    await sink.write(
        [
            batch(
                "press-1",
                {"mould-closed": None, "shots": None},
                {"mould-closed": UNREACHED, "shots": UNREACHED},
            )
        ]
    )
    await sink.write([batch("press-1", {"mould-closed": False, "shots": 9})])
    assert (await read(client, "press-1.mould-closed")).Value == ua.Variant(
        False, ua.VariantType.Boolean
    )
    assert (await read(client, "press-1.shots")).Value == ua.Variant(9, ua.VariantType.Int64)


async def test_a_contact_tells_its_data_type_with_its_first_value(
    client: Client, sink: OpcUaSink
) -> None:
    node = client.get_node(sink.node(SignalId("press-1/door-open")))
    assert await node.read_data_type() == ua.NodeId(ua.ObjectIds.BaseDataType)
    await sink.write([batch("press-1", {"door-open": True})])
    assert await node.read_data_type() == ua.NodeId(ua.ObjectIds.Boolean)


async def test_state_and_mode_point_at_the_states_of_the_type(
    client: Client, sink: OpcUaSink
) -> None:
    await sink.show([executing()], [])
    machinery = await client.get_namespace_index(MACHINERY)
    for machine, name, state, number in (
        ("MachineryItemState", "Executing", 5006, 3),
        ("MachineryOperationMode", "Processing", 5026, 3),
    ):
        current = await read(client, f"mill-1.{machine}.CurrentState")
        assert current.Value.Value.Text == name
        assert current.SourceTimestamp == AT
        identity = await read(client, f"mill-1.{machine}.CurrentState.Id")
        assert identity.Value.Value == ua.NodeId(state, machinery)
        assert await client.get_node(identity.Value.Value).read_browse_name() == (
            ua.QualifiedName(name, machinery)
        )
        counted = await read(client, f"mill-1.{machine}.CurrentState.Number")
        assert counted.Value.Value == number


async def test_unreachable_machine_keeps_its_state_as_uncertain(
    client: Client, sink: OpcUaSink
) -> None:
    await sink.show([executing(known=False)], [])
    value = await read(client, "mill-1.MachineryItemState.CurrentState")
    assert value.Value.Value.Text == "Executing"
    assert code(value) == "UncertainNoCommunicationLastUsableValue"


async def test_a_machine_that_never_answered_claims_no_state(
    client: Client, sink: OpcUaSink
) -> None:
    await sink.show([never_reached()], [])
    for name in ("MachineryItemState", "MachineryOperationMode"):
        for part in ("CurrentState", "CurrentState.Id", "CurrentState.Number"):
            value = await read(client, f"mill-1.{name}.{part}")
            assert code(value) == "BadWaitingForInitialData"
            assert value.Value is None or value.Value.Value is None
    because = (await read(client, "mill-1.Because")).Value.Value
    assert because[0].Text == "Noch keine Antwort von der Maschine."


async def test_a_machine_without_evidence_is_bad_and_says_why(
    client: Client, sink: OpcUaSink
) -> None:
    tracker = JobTracker([MachineSpec("mill-1", SIGNALS[:2], None)])
    state, _ = tracker.advance(tracker.initial(), batch("mill-1", {"power": 1500.0}))
    (status,) = tracker.machines(state, AT)
    await sink.show([status], [])
    value = await read(client, "mill-1.MachineryItemState.CurrentState")
    assert value.StatusCode is not None
    assert value.StatusCode.is_bad()
    assert value.Value is None or value.Value.Value is None
    because = (await read(client, "mill-1.Because")).Value.Value
    assert "nur aufgezeichnet" in because[0].Text


async def test_state_says_why_in_both_languages(client: Client, sink: OpcUaSink) -> None:
    await sink.show([executing()], [])
    because = (await read(client, "mill-1.Because")).Value.Value
    assert [(one.Locale, one.Text) for one in because] == [
        ("de", "Leistung über 1200 W seit 3 s"),
        ("en", "Power above 1200 W for 3 s"),
    ]


async def test_job_at_the_machine_is_shown_and_leaves(client: Client, sink: OpcUaSink) -> None:
    await sink.show([], [job()])
    shown = {
        name: (await read(client, f"mill-1.Job.{name}")).Value.Value
        for name in ("Id", "State", "Good", "Scrap", "Planned", "Simulated")
    }
    assert shown == {
        "Id": "GA-17-AP1",
        "State": "running",
        "Good": 24,
        "Scrap": 1,
        "Planned": 240,
        "Simulated": True,
    }
    await sink.show([], [])
    assert code(await read(client, "mill-1.Job.Id")) == "GoodNoData"
    assert code(await read(client, "press-1.Job.Id")) == "GoodNoData"


async def test_the_oldest_unfinished_job_is_the_one_shown(client: Client, sink: OpcUaSink) -> None:
    jobs = [job("J-1", JobState.ENDED), job("J-2", JobState.RELEASED), job("J-3")]
    await sink.show([], jobs)
    assert (await read(client, "mill-1.Job.Id")).Value.Value == "J-2"


async def test_cycles_come_from_the_counter_of_the_machine_or_from_its_runs(
    client: Client, sink: OpcUaSink
) -> None:
    await sink.write([batch("press-1", {"shots": 1234})])
    await sink.show([], [job()])
    path = "OperationCounters.OperationCycleCounter"
    assert (await read(client, f"press-1.{path}")).Value.Value == 1234
    assert (await read(client, f"mill-1.{path}")).Value.Value == 2


async def test_subscriber_gets_changes_with_status_and_source_time(
    client: Client, sink: OpcUaSink
) -> None:
    seen: asyncio.Queue[ua.DataValue] = asyncio.Queue()

    class Listener:
        def datachange_notification(self, _node: object, _value: object, data: object) -> None:
            seen.put_nowait(data.monitored_item.Value)  # type: ignore[attr-defined]

    subscription = await client.create_subscription(50, Listener())
    await subscription.subscribe_data_change(client.get_node(sink.node(SIGNALS[0].id)))
    values = []
    async with asyncio.timeout(5):
        values.append(await seen.get())
        for second, (value, mark) in enumerate([(1.0, None), (None, TIMED_OUT), (2.0, None)]):
            at = AT + timedelta(seconds=second)
            marks = {"power": mark} if mark else {}
            await sink.write([batch("mill-1", {"power": value}, marks, at=at)])
            values.append(await seen.get())
    assert [(code(one), one.Value.Value) for one in values[1:]] == [
        ("Good", 1.0),
        ("BadTimeout", None),
        ("Good", 2.0),
    ]
    assert values[-1].SourceTimestamp == AT + timedelta(seconds=2)


async def test_folder_that_cannot_be_used_is_not_connected(
    tmp_path: Path,
) -> None:
    (tmp_path / "pki").write_text("a file, no folder")
    listen = Endpoint("127.0.0.1", free_port())
    config = OpcUaConfig(type="opcua", listen=listen, users={"scada": SecretStr("secret")})
    sink = OpcUaSink(config, firm(tmp_path), SIGNALS, tmp_path)
    with pytest.raises(NotConnected, match="pki"):
        await sink.connect()
    await sink.close()


async def test_taken_port_is_not_connected(sink: OpcUaSink, folder: Path) -> None:
    port = int(sink.endpoint.rpartition(":")[2])
    config = OpcUaConfig(type="opcua", listen=Endpoint("127.0.0.1", port), open=True)
    with pytest.raises(NotConnected, match=str(port)):
        await OpcUaSink(config, firm(folder), SIGNALS, folder).connect()


async def test_after_a_restart_states_and_jobs_are_there_again(folder: Path) -> None:
    config = OpcUaConfig(type="opcua", listen=Endpoint("127.0.0.1", free_port()), open=True)
    sink = OpcUaSink(config, firm(folder), SIGNALS, folder)
    await sink.connect()
    await sink.show([executing()], [job()])
    await sink.connect()
    async with Client(sink.endpoint, timeout=30) as client:
        value = await read(client, "mill-1.MachineryItemState.CurrentState")
        assert value.Value.Value.Text == "Executing"
        assert (await read(client, "mill-1.Job.Id")).Value.Value == "GA-17-AP1"
    await sink.close()
    await sink.close()


async def test_the_served_editions_are_named_as_subsets(client: Client) -> None:
    for uri, version in ((DI, "1.04.0"), (MACHINERY, "1.03.0")):
        namespaces = client.get_node(ua.ObjectIds.Server_Namespaces)
        entry = await child(namespaces, uri, uri, client)
        assert await (await entry.get_child("0:NamespaceVersion")).read_value() == version
        assert await (await entry.get_child("0:IsNamespaceSubset")).read_value() is True
