"""Bytes that would make the OPC UA server build more than they are: refused, at once."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from asyncua import Client, ua
from asyncua.common.utils import Buffer, ServiceError
from asyncua.ua import ua_binary
from asyncua.ua.uaerrors import BadTooManyOperations
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.config import Endpoint
from gateway.sinks.opcua import OpcUaConfig
from gateway.sinks.opcua.decoding import Request, guard
from gateway.sinks.opcua.server import OpcUaSink
from tests.sinks.raw_opcua import NO_HEADER, Raw, header, text
from tests.sinks.small_firm import SIGNALS, batch, firm, free_port

pytestmark = pytest.mark.asyncio(loop_scope="module")

MANY = 2**31 - 1
GET_ENDPOINTS, FIND_SERVERS, CREATE_SESSION, ACTIVATE_SESSION = 428, 422, 461, 467
LITERAL = b"\x01\x00" + struct.pack("<H", 597) + b"\x01"
"""A LiteralOperand follows, with a Variant in it."""


def count(number: int) -> bytes:
    return struct.pack("<i", number)


def array_of(kind: int, number: int, content: bytes = b"") -> bytes:
    return bytes([0x80 | kind]) + count(number) + content


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def sink(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[OpcUaSink]:
    folder = tmp_path_factory.mktemp("opcua")
    config = OpcUaConfig(type="opcua", listen=Endpoint("127.0.0.1", free_port()), open=True)
    server = OpcUaSink(config, firm(folder), SIGNALS, folder)
    await server.connect()
    await server.write([batch("mill-1", {"power": 1500.0})])
    yield server
    await server.close()


def user_token(variant: bytes) -> bytes:
    """ActivateSession whose user is a literal: any registered type is decoded there."""
    signature = text(None) + text(None)
    operand = LITERAL + text(variant)
    return signature + count(0) + count(0) + operand + signature


@pytest.mark.parametrize(
    ("service", "body"),
    [
        (GET_ENDPOINTS, text(b"opc") + count(MANY) + count(-4) * 2 + text(None)),
        (GET_ENDPOINTS, count(-4) + count(0) * 2),
        (GET_ENDPOINTS, text(b"opc") + count(-2) + count(0)),
        (FIND_SERVERS, text(b"opc") + count(0) + count(MANY)),
        (ACTIVATE_SESSION, text(None) * 2 + count(MANY)),
        (ACTIVATE_SESSION, user_token(array_of(0, MANY))),
        (ACTIVATE_SESSION, user_token(array_of(0, 3))),
        (ACTIVATE_SESSION, user_token(array_of(6, MANY))),
        (ACTIVATE_SESSION, user_token(array_of(24, 500, array_of(0, 500) * 500))),
        (ACTIVATE_SESSION, user_token(b"\x18" * 50_000)),
        (ACTIVATE_SESSION, user_token(b"\xc6" + count(0) + count(2) + count(1000) * 2)),
        (ACTIVATE_SESSION, user_token(b"\xc6" + count(0) + count(-1))),
        (ACTIVATE_SESSION, user_token(b"\xc6" + count(1) * 2 + count(900) + count(1) * 900)),
    ],
    ids=[
        "strings that step back",
        "a string that steps back",
        "a list of length -2",
        "a list longer than the message",
        "certificates without bytes",
        "an array of Null",
        "three Nulls",
        "numbers without bytes",
        "Nulls in an array in an array",
        "a variant in a variant in a variant",
        "dimensions without elements",
        "elements without dimensions",
        "900 dimensions",
    ],
)
async def test_what_builds_more_than_it_is_gets_an_answer_and_no_more(
    sink: OpcUaSink, service: int, body: bytes
) -> None:
    stranger = await (await Raw.connect(sink.endpoint)).opened()
    stranger.send(service, body)
    assert await stranger.result() in {"BadDecodingError", "BadSessionIdInvalid"}
    stranger.close()


async def test_the_additional_header_is_passed_over_unread(sink: OpcUaSink) -> None:
    stranger = await (await Raw.connect(sink.endpoint)).opened()
    bomb = LITERAL + text(array_of(0, MANY))
    stranger.send(GET_ENDPOINTS, text(b"opc") + count(0) * 2, header(bomb))
    assert await stranger.result() == "Good"
    stranger.send(GET_ENDPOINTS, text(b"opc") + count(0) * 2, header(NO_HEADER))
    assert await stranger.result() == "Good"
    stranger.close()


@pytest.mark.parametrize("length", [-2, -4, -(2**31), MANY])
async def test_an_additional_header_of_no_length_ends_the_connection(
    sink: OpcUaSink, length: int
) -> None:
    stranger = await (await Raw.connect(sink.endpoint)).opened()
    stranger.send(GET_ENDPOINTS, b"", header(LITERAL + count(length)))
    assert await stranger.refused() == "BadDecodingError"


async def test_more_than_a_chunk_is_not_collected_from_somebody_who_is_not_in(
    sink: OpcUaSink,
) -> None:
    stranger = await (await Raw.connect(sink.endpoint)).opened()
    stranger.send_raw(b"\0" * 60_000, b"C")
    stranger.send_raw(b"\0" * 60_000, b"C")
    assert await stranger.refused() == "BadTcpMessageTooLarge"


async def test_a_request_of_more_than_a_thousand_nodes_is_refused_before_they_are_read(
    sink: OpcUaSink,
) -> None:
    async with Client(sink.endpoint, timeout=30) as client:
        nodes = [client.nodes.server_state] * 1001
        with pytest.raises(BadTooManyOperations):
            await client.read_values(nodes)
        assert await client.read_values(nodes[:1000]) == [0] * 1000
        wanted = ua.BrowseParameters()
        wanted.NodesToBrowse = [ua.BrowseDescription(NodeId=ua.NodeId(84))] * 1001
        with pytest.raises(BadTooManyOperations):
            await client.uaclient.browse(wanted)
        subscription = await client.create_subscription(1000, None)
        with pytest.raises(BadTooManyOperations):
            await subscription.subscribe_data_change(nodes)


@pytest.fixture(autouse=True)
def guarded() -> None:
    guard()


KINDS = [kind for kind in ua.VariantType if kind.value <= 25]


@pytest.mark.parametrize("length", [-2, -4, -(2**31), 9, MANY])
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
async def test_an_array_of_any_type_is_as_long_as_its_bytes_at_most(
    kind: ua.VariantType, length: int
) -> None:
    for content in (Request, Buffer):
        with pytest.raises(ServiceError) as refused:
            ua_binary.variant_from_binary(content(array_of(kind.value, length, b"\0" * 8)))
        assert refused.value.code == ua.StatusCodes.BadDecodingError


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200), st.sampled_from(KINDS))
async def test_random_bytes_become_no_more_elements_than_they_are(
    content: bytes, kind: ua.VariantType
) -> None:
    try:
        made = ua_binary.variant_from_binary(Request(bytes([0x80 | kind.value]) + content))
    except (ServiceError, ua.UaError, ValueError, struct.error, TypeError, RecursionError):
        return
    assert elements(made.Value) <= len(content)


def elements(value: object) -> int:
    if isinstance(value, list):
        return len(value) + sum(elements(one) for one in value)
    return elements(value.Value) if isinstance(value, ua.Variant | ua.DataValue) else 0


async def test_all_lists_of_a_request_have_ten_thousand_elements_together() -> None:
    inner = array_of(6, 100, b"\0" * 400)
    with pytest.raises(ServiceError) as refused:
        ua_binary.variant_from_binary(Request(array_of(24, 200, inner * 200)))
    assert refused.value.code == ua.StatusCodes.BadEncodingLimitsExceeded


async def test_the_server_goes_on_beside_them_all(sink: OpcUaSink) -> None:
    strangers = [await (await Raw.connect(sink.endpoint)).opened() for _ in range(9)]
    for _ in range(5):
        for one in strangers:
            one.send(GET_ENDPOINTS, text(b"opc") + count(MANY) + count(-4) * 2 + text(None))
    async with asyncio.timeout(10), Client(sink.endpoint, timeout=5) as client:
        assert await client.nodes.server_state.read_value() == 0
    for one in strangers:
        one.close()
