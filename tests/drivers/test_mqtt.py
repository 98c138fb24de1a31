"""The MQTT driver against real brokers."""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from gateway.config import BrokerAccess
from gateway.core.errors import NotConnected, Rejected
from gateway.drivers.mqtt import (
    Broker,
    Message,
    MqttClient,
    Protocol,
    _Link,
    _paho_client,
    _stop,
)
from tests.drivers.brokers import RunningBroker, embedded, free_port, mosquitto, running
from tests.peers import need


@pytest.fixture(params=["mosquitto", "embedded"])
async def broker(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[RunningBroker]:
    async with running(mosquitto(tmp_path) if request.param == "mosquitto" else embedded()) as one:
        yield one


@pytest.fixture
async def make_client() -> AsyncIterator[Callable[..., MqttClient]]:
    made: list[MqttClient] = []

    def make(
        broker: RunningBroker,
        name: str = "one",
        protocol: Protocol | None = None,
        **options: object,
    ) -> MqttClient:
        spoken = protocol or Protocol(broker.speaks)
        address = Broker.parse(broker.url, protocol=spoken)
        client = MqttClient(address, name, **options)  # type: ignore[arg-type]
        made.append(client)
        return client

    yield make
    for client in made:
        await client.close()


async def first(client: MqttClient, count: int) -> list[Message]:
    got: list[Message] = []
    async with asyncio.timeout(10):
        async for message in client.messages():
            got.append(message)
            if len(got) == count:
                break
    return got


async def test_auto_speaks_the_newest_protocol_that_the_broker_knows(
    broker: RunningBroker, make_client: Callable[..., MqttClient]
) -> None:
    client = make_client(broker, protocol=Protocol.AUTO)
    await client.connect()
    assert client.connected
    assert client.protocol == broker.speaks


async def test_messages_arrive_in_order_with_topic_and_payload(
    broker: RunningBroker, make_client: Callable[..., MqttClient]
) -> None:
    reader, writer = make_client(broker, "reader"), make_client(broker, "writer")
    await reader.connect()
    await reader.subscribe("a/#")
    await writer.connect()
    sent = [Message(f"a/{number}", b"%d" % number) for number in range(50)]
    await writer.publish(*sent)
    assert await first(reader, 50) == sent


async def test_retained_message_waits_for_a_later_subscriber(
    broker: RunningBroker, make_client: Callable[..., MqttClient]
) -> None:
    writer, reader = make_client(broker, "writer"), make_client(broker, "reader")
    await writer.connect()
    await writer.publish(Message("a/birth", b"1", retain=True))
    await reader.connect()
    await reader.subscribe("a/+")
    (message,) = await first(reader, 1)
    assert (message.payload, message.retain) == (b"1", True)


async def test_will_is_sent_for_who_vanishes_but_not_for_who_takes_leave(
    broker: RunningBroker, make_client: Callable[..., MqttClient]
) -> None:
    watcher = make_client(broker, "watcher")
    await watcher.connect()
    await watcher.subscribe("will/#")
    polite = make_client(broker, "polite", will=Message("will/polite", b"gone"))
    await polite.connect()
    await polite.close()
    vanishing = make_client(broker, "vanishing", will=Message("will/vanishing", b"gone"))
    await vanishing.connect()
    assert vanishing._link is not None
    sock = vanishing._link.client.socket()
    assert sock is not None
    sock.shutdown(2)
    (message,) = await first(watcher, 1)
    assert message.topic == "will/vanishing"


async def test_killed_broker_is_noticed_by_everyone_who_waits(
    broker: RunningBroker, make_client: Callable[..., MqttClient]
) -> None:
    client = make_client(broker)
    await client.connect()
    lost = asyncio.create_task(client.lost())
    reading = asyncio.create_task(first(client, 1))
    await asyncio.sleep(0)
    await broker.kill()
    async with asyncio.timeout(10):
        assert await lost
        with pytest.raises(NotConnected):
            await reading
    with pytest.raises(NotConnected):
        await client.publish(Message("a", b""))
    assert not client.connected
    with pytest.raises(NotConnected, match="nobody listens"):
        await client.connect()


async def test_after_a_restart_of_the_broker_the_same_client_works_again(
    broker: RunningBroker, make_client: Callable[..., MqttClient]
) -> None:
    client = make_client(broker)
    await client.connect()
    await broker.kill()
    await broker.start()
    await client.connect()
    await client.subscribe("a")
    await client.publish(Message("a", b"again"))
    (message,) = await first(client, 1)
    assert (message.payload, client.protocol) == (b"again", broker.speaks)


async def test_full_inbox_drops_the_oldest_and_counts(
    tmp_path: Path, make_client: Callable[..., MqttClient]
) -> None:
    async with running(mosquitto(tmp_path)) as one:
        reader, writer = make_client(one, "reader", inbox=3), make_client(one, "writer")
        await reader.connect()
        await reader.subscribe("a", "end")
        await writer.connect()
        await writer.publish(*(Message("a", b"%d" % number) for number in range(10)))
        async with asyncio.timeout(10):
            while reader.dropped < 7:
                await asyncio.sleep(0.01)
        assert [message.payload for message in await first(reader, 3)] == [b"7", b"8", b"9"]


async def test_messages_that_nobody_reads_take_sixteen_megabytes_at_most(tmp_path: Path) -> None:
    async with running(mosquitto(tmp_path)) as one:
        reader = MqttClient(Broker.parse(one.url), "reader")
        writer = MqttClient(Broker.parse(one.url), "writer")
        await reader.connect()
        await reader.subscribe("big")
        await writer.connect()
        for number in range(40):
            await writer.publish(Message("big", bytes([number]) * 1_000_000))
        await writer.publish(Message("big", b"last"))
        messages = reader.messages()
        async with asyncio.timeout(20):
            while not reader._inbox or reader._inbox[-1].payload != b"last":
                await asyncio.sleep(0.02)
        got = []
        async with asyncio.timeout(10):
            while b"last" not in got:
                got.append((await anext(messages)).payload)
        assert sum(map(len, got)) <= 16 * 2**20
        assert [payload[0] for payload in got[:-1]] == list(range(24, 40))
        assert reader.dropped == 24
        await writer.close()
        await reader.close()


async def test_session_keeps_messages_for_who_comes_back(
    tmp_path: Path, make_client: Callable[..., MqttClient]
) -> None:
    async with running(mosquitto(tmp_path)) as one:
        reader = make_client(one, "reader", session=timedelta(hours=1))
        await reader.connect()
        await reader.subscribe("a")
        await reader.close()
        writer = make_client(one, "writer")
        await writer.connect()
        await writer.publish(Message("a", b"kept"))
        await reader.connect()
        assert [message.payload for message in await first(reader, 1)] == [b"kept"]


async def test_wrong_password_is_not_connected_and_no_other_protocol_is_tried(
    tmp_path: Path, make_client: Callable[..., MqttClient]
) -> None:
    need("mosquitto")
    passwords = tmp_path / "passwords"
    process = await asyncio.create_subprocess_exec(
        need("mosquitto_passwd"), "-b", "-c", str(passwords), "firm", "right"
    )
    assert await process.wait() == 0
    passwords.chmod(0o600)
    async with running(
        mosquitto(tmp_path, "allow_anonymous false", f"password_file {passwords}")
    ) as one:
        wrong = MqttClient(Broker.parse(one.url, user="firm", password="wrong"), "a")
        with pytest.raises(NotConnected, match=r"(?i)not authorized"):
            await wrong.connect()
        right = MqttClient(Broker.parse(one.url, user="firm", password="right"), "a")
        await right.connect()
        await right.close()


async def test_refused_topic_is_rejected_by_its_index(
    tmp_path: Path, make_client: Callable[..., MqttClient]
) -> None:
    rights = tmp_path / "rights"
    rights.write_text("topic readwrite mine/#\n")
    rights.chmod(0o600)
    async with running(mosquitto(tmp_path, "allow_anonymous true", f"acl_file {rights}")) as one:
        client = make_client(one)
        await client.connect()
        with pytest.raises(Rejected) as refused:
            await client.publish(Message("mine/a", b""), Message("theirs/a", b""))
        assert refused.value.which == (1,)
        assert client.connected


async def test_broker_that_accepts_but_never_answers_is_not_connected() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    broker = Broker("127.0.0.1", port, protocol=Protocol.V311)
    client = MqttClient(broker, "a", deadline=timedelta(milliseconds=100))
    async with server, asyncio.timeout(5):
        with pytest.raises(NotConnected, match="no answer"):
            await client.connect()


async def test_a_connection_that_the_other_side_has_reset_is_ended_all_the_same() -> None:
    client = _paho_client("a", five=False, clean=True)
    link = _Link(client, asyncio.get_running_loop())
    with socket.create_server(("127.0.0.1", 0)) as server:
        await asyncio.to_thread(client.connect, *server.getsockname())
        peer, _ = server.accept()
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        peer.close()  # so it is reset
        ours = client.socket()
        assert ours is not None
        async with asyncio.timeout(5):
            while not ours.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                await asyncio.sleep(0.01)
        await _stop(link, politely=False)
    client.loop_misc()  # paho notices, and closes its socket


async def test_unanswered_publication_ends_the_connection(tmp_path: Path) -> None:
    need("mosquitto")
    async with running(mosquitto(tmp_path)) as one:
        halted = asyncio.Event()

        async def forward(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
            while (some := await source.read(4096)) and not halted.is_set():
                sink.write(some)
            sink.close()

        async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            there, back = await asyncio.open_connection("127.0.0.1", one.port)
            await asyncio.gather(forward(reader, back), forward(there, writer))

        server = await asyncio.start_server(relay, "127.0.0.1", 0)
        url = f"mqtt://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        client = MqttClient(Broker.parse(url), "a", deadline=timedelta(milliseconds=300))
        async with server:
            await client.connect()
            await client.publish(Message("a", b"1"))
            halted.set()
            with pytest.raises(NotConnected):
                await client.publish(Message("a", b"2"))
            assert not client.connected
            await client.close()


def certified(folder: Path, *, over: bool = False) -> Path:
    """A certificate for 127.0.0.1 that certifies itself, with its key beside it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "broker")])
    end = datetime.now(UTC) + timedelta(days=-1 if over else 1)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(end - timedelta(days=10))
        .not_valid_after(end)
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / "broker.pem"
    file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "broker.key").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return file


@pytest.mark.parametrize(
    ("over", "trusted", "complaint"),
    [(False, True, None), (False, False, "not trusted"), (True, True, "clock")],
)
async def test_tls_checks_the_certificate_and_names_the_clock(
    tmp_path: Path, over: bool, trusted: bool, complaint: str | None
) -> None:
    certificate = certified(tmp_path, over=over)
    one = mosquitto(
        tmp_path,
        "allow_anonymous true",
        f"certfile {certificate}",
        f"keyfile {tmp_path / 'broker.key'}",
    )
    async with running(one):
        url = one.url.replace("mqtt://", "mqtts://")
        client = MqttClient(Broker.parse(url, ca=certificate if trusted else None), "a")
        if complaint is None:
            await client.connect()
            await client.publish(Message("a", b"1"))
        else:
            with pytest.raises(NotConnected, match=complaint):
                await client.connect()
        await client.close()


@pytest.mark.parametrize("content", [None, "no certificate"])
async def test_unusable_trusted_certificates_are_named(tmp_path: Path, content: str | None) -> None:
    own = tmp_path / "own-ca.pem"
    if content is not None:
        own.write_text(content)
    client = MqttClient(Broker.parse("mqtts://127.0.0.1:8883", ca=own), "a")
    with pytest.raises(NotConnected, match=r"own-ca\.pem cannot be used"):
        await client.connect()


async def test_a_broker_that_asks_for_a_certificate_gets_ours(tmp_path: Path) -> None:
    certificate, key = certified(tmp_path), tmp_path / "broker.key"
    one = mosquitto(
        tmp_path, "allow_anonymous true", f"certfile {certificate}", f"keyfile {key}",
        f"cafile {certificate}", "require_certificate true",
    )  # fmt: skip
    async with running(one):
        url = one.url.replace("mqtt://", "mqtts://")
        stranger = MqttClient(Broker.parse(url, ca=certificate, protocol=Protocol.V5), "a")
        with pytest.raises(NotConnected):
            await stranger.connect()
        access = BrokerAccess(broker=url, ca=certificate, certificate=certificate, key=key)
        client = MqttClient(Broker.of(access), "a")
        await client.connect()
        await client.publish(Message("a", b"1"))
        await client.close()


async def test_an_own_certificate_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    certificate, key = certified(tmp_path), tmp_path / "other.key"
    access = BrokerAccess(broker="mqtts://127.0.0.1:8883", certificate=certificate, key=key)
    client = MqttClient(Broker.of(access), "a")
    with pytest.raises(NotConnected, match=r"other\.key cannot be used"):
        await client.connect()


def test_tls_is_1_2_or_newer() -> None:
    context = Broker.parse("mqtts://broker.local").tls_context()
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    assert context.check_hostname


async def test_a_computer_without_any_network_is_not_connected(monkeypatch) -> None:
    def none() -> None:
        raise OSError(errno.ENETUNREACH, "Network is unreachable")

    monkeypatch.setattr("paho.mqtt.client._socketpair_compat", none)
    client = MqttClient(Broker.parse("mqtt://127.0.0.1:1883"), "one")
    with pytest.raises(NotConnected, match="Network is unreachable"):
        await client.connect()
    await client.close()


async def test_nobody_there_is_not_connected_and_close_is_always_safe() -> None:
    client = MqttClient(Broker("127.0.0.1", free_port()), "a")
    await client.close()
    with pytest.raises(NotConnected, match="nobody listens"):
        await client.connect()
    await client.close()
    await client.close()


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("mqtt://broker", Broker("broker", 1883)),
        ("mqtt://10.0.0.7:2883/", Broker("10.0.0.7", 2883)),
        ("mqtts://broker.local", Broker("broker.local", 8883, tls=True)),
        ("mqtt://[::1]:1883", Broker("::1", 1883)),
    ],
)
def test_address_of_a_broker(url: str, expected: Broker) -> None:
    assert Broker.parse(url) == expected
    assert Broker.parse(expected.url) == expected


@pytest.mark.parametrize(
    "url", ["broker", "http://broker", "mqtt://", "mqtt://a:99999", "mqtt://u:p@b"]
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="mqtt://host:1883"):
        Broker.parse(url)


def test_password_is_not_shown() -> None:
    assert "geheim" not in repr(Broker.parse("mqtt://a", user="u", password="geheim"))
