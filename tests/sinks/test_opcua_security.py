"""Who gets into the OPC UA server, and what they may do there."""

from __future__ import annotations

import asyncio
import logging
import struct
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from asyncua import Client, ua
from asyncua.crypto.security_policies import SecurityPolicyBasic256Sha256
from asyncua.ua.uaerrors import (
    BadCertificateTimeInvalid,
    BadCertificateUntrusted,
    BadCertificateUriInvalid,
    BadIdentityTokenRejected,
    BadNotWritable,
    BadSecurityChecksFailed,
    BadSecurityPolicyRejected,
    BadServiceUnsupported,
    BadSubscriptionIdInvalid,
    BadTooManySubscriptions,
    BadUserAccessDenied,
    UaError,
)
from cryptography import x509
from pydantic import SecretStr, ValidationError

from gateway.config import Endpoint
from gateway.core.signals import SignalId
from gateway.sinks.opcua import OpcUaConfig
from gateway.sinks.opcua.security import Pki, Users
from gateway.sinks.opcua.server import OpcUaSink
from tests.sinks.opcua_client import URI, activate, logged_in, make_certificate
from tests.sinks.raw_opcua import NONE, Raw
from tests.sinks.small_firm import SIGNALS, batch, firm, free_port

pytestmark = pytest.mark.asyncio(loop_scope="module")

PASSWORD = "offen-nur-hier"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("opcua")


@pytest.fixture(scope="module")
def pki(folder: Path) -> Pki:
    return Pki(folder, "zerspanung-rennweg", "127.0.0.1")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def sink(folder: Path) -> AsyncIterator[OpcUaSink]:
    config = OpcUaConfig(
        type="opcua",
        listen=Endpoint("127.0.0.1", free_port()),
        users={"leitstand": SecretStr(PASSWORD), "gast": SecretStr("nur-lesen")},
    )
    server = OpcUaSink(config, firm(folder, simulated=False), SIGNALS, folder)
    await server.connect()
    await server.write([batch("mill-1", {"power": 1500.0})])
    yield server
    await server.close()


@pytest.fixture(scope="module")
def trusted(folder: Path, pki: Pki, sink: OpcUaSink) -> tuple[Path, Path]:
    """A client certificate that a person has put into ``trusted``."""
    certificate, key = make_certificate(folder)
    (pki.trusted / "scada.der").write_bytes(certificate.read_bytes())
    return certificate, key


@pytest.mark.parametrize("policy", ["Basic256Sha256", "Aes256Sha256RsaPss"])
async def test_user_with_password_and_trusted_certificate_reads(
    sink: OpcUaSink, pki: Pki, trusted: tuple[Path, Path], policy: str
) -> None:
    async with logged_in(sink.endpoint, pki.certificate, trusted, policy=policy) as client:
        value = await client.get_node(sink.node(SignalId("mill-1/power"))).read_value()
    assert value == 1500.0


@pytest.mark.parametrize(
    ("user", "password"), [("leitstand", "falsch"), ("niemand", PASSWORD), ("gast", PASSWORD)]
)
async def test_wrong_user_or_password_is_refused(
    sink: OpcUaSink, pki: Pki, trusted: tuple[Path, Path], user: str, password: str
) -> None:
    with pytest.raises(BadUserAccessDenied):
        async with logged_in(sink.endpoint, pki.certificate, trusted, user=user, password=password):
            pass


async def test_anonymous_is_refused_even_with_a_trusted_certificate(
    sink: OpcUaSink, pki: Pki, trusted: tuple[Path, Path]
) -> None:
    with pytest.raises((BadIdentityTokenRejected, UaError)):
        async with logged_in(sink.endpoint, pki.certificate, trusted, user=None):
            pass


async def test_only_signed_and_encrypted_endpoints_are_offered(sink: OpcUaSink) -> None:
    offered = await Client(sink.endpoint, timeout=5).connect_and_get_server_endpoints()
    assert {(e.SecurityMode.name, e.SecurityPolicyUri.rpartition("#")[2]) for e in offered} == {
        ("SignAndEncrypt", "Basic256Sha256"),
        ("SignAndEncrypt", "Aes256_Sha256_RsaPss"),
    }
    tokens = {policy.TokenType for e in offered for policy in e.UserIdentityTokens}
    assert tokens == {ua.UserTokenType.UserName}


async def test_plain_channel_with_the_right_password_gets_no_session(sink: OpcUaSink) -> None:
    client = Client(sink.endpoint, timeout=5)  # asyncua opens such channels, for discovery
    with pytest.raises(BadSecurityPolicyRejected):
        await activate(client, None, "leitstand", PASSWORD)


async def test_unknown_client_is_refused_until_its_file_is_moved_to_trusted(
    sink: OpcUaSink, pki: Pki, folder: Path
) -> None:
    uri = "urn:tests:newcomer"
    newcomer = make_certificate(folder, uri=uri, name="Newcomer")
    with pytest.raises(BadCertificateUntrusted):
        async with logged_in(sink.endpoint, pki.certificate, newcomer, uri=uri):
            pass
    (kept,) = pki.rejected.glob("Newcomer-*.der")
    assert kept.read_bytes() == newcomer[0].read_bytes()

    kept.rename(pki.trusted / kept.name)
    async with logged_in(sink.endpoint, pki.certificate, newcomer, uri=uri) as client:
        assert await client.nodes.server_state.read_value() == 0

    (pki.trusted / kept.name).unlink()
    with pytest.raises(BadCertificateUntrusted):
        async with logged_in(sink.endpoint, pki.certificate, newcomer, uri=uri):
            pass


async def test_somebody_elses_certificate_in_the_session_does_not_help(
    sink: OpcUaSink, pki: Pki, folder: Path, trusted: tuple[Path, Path]
) -> None:
    """The channel is secured by an unknown certificate; the session names a trusted one."""
    stranger = make_certificate(folder, uri="urn:tests:stranger", name="Stranger")
    client = Client(sink.endpoint, timeout=5)
    client.application_uri = URI
    await client.set_security(
        SecurityPolicyBasic256Sha256,
        certificate=str(stranger[0]),
        private_key=str(stranger[1]),
        server_certificate=str(pki.certificate),
    )
    with pytest.raises(BadUserAccessDenied):
        await activate(client, trusted[0].read_bytes(), "leitstand", PASSWORD)


async def test_certificate_that_is_over_is_refused(sink: OpcUaSink, pki: Pki, folder: Path) -> None:
    old = make_certificate(folder, name="Old", over_since=timedelta(days=1))
    (pki.trusted / "old.der").write_bytes(old[0].read_bytes())
    with pytest.raises(BadCertificateTimeInvalid):
        async with logged_in(sink.endpoint, pki.certificate, old):
            pass


async def test_certificate_of_another_application_is_refused(
    sink: OpcUaSink, pki: Pki, folder: Path
) -> None:
    other = make_certificate(folder, uri="urn:tests:other", name="Other")
    (pki.trusted / "other.der").write_bytes(other[0].read_bytes())
    with pytest.raises(BadCertificateUriInvalid):
        async with logged_in(sink.endpoint, pki.certificate, other, uri=URI):
            pass


async def test_a_client_that_is_not_trusted_any_more_reads_nothing_more(
    sink: OpcUaSink, pki: Pki, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    uri = "urn:tests:leaver"
    leaver = make_certificate(folder, uri=uri, name="Leaver")
    kept = pki.trusted / "leaver.der"
    kept.write_bytes(leaver[0].read_bytes())
    monkeypatch.setattr("gateway.sinks.opcua.guarded.LOOK", 0.0)
    async with logged_in(sink.endpoint, pki.certificate, leaver, uri=uri) as client:
        node = client.get_node(sink.node(SignalId("mill-1/power")))
        assert await node.read_value() == 1500.0
        kept.unlink()
        with pytest.raises(BadUserAccessDenied):
            await node.read_value()


async def test_nobody_writes_calls_or_adds_nodes(
    sink: OpcUaSink, pki: Pki, trusted: tuple[Path, Path]
) -> None:
    async with logged_in(sink.endpoint, pki.certificate, trusted) as client:
        node = client.get_node(sink.node(SignalId("mill-1/power")))
        with pytest.raises(BadNotWritable):
            await node.write_value(1.0)
        with pytest.raises(BadUserAccessDenied):
            await client.nodes.server.call_method("0:GetMonitoredItems", 1)
        with pytest.raises(BadServiceUnsupported):
            await client.nodes.objects.add_object(4, "mine")
        assert await node.read_value() == 1500.0


async def test_a_session_has_twenty_subscriptions_at_most_and_none_is_too_fast(
    sink: OpcUaSink, pki: Pki, trusted: tuple[Path, Path]
) -> None:
    async with logged_in(sink.endpoint, pki.certificate, trusted) as client:
        subscriptions = [await client.create_subscription(0, None) for _ in range(20)]
        assert subscriptions[0].parameters is not None
        with pytest.raises(BadTooManySubscriptions):
            await client.create_subscription(100, None)
        assert sink._serving is not None
        internal = sink._serving._server.iserver.subscription_service.subscriptions
        intervals = {one.data.RevisedPublishingInterval for one in internal.values()}
        assert min(intervals) >= 50


async def test_chunk_of_any_length_is_not_collected(sink: OpcUaSink) -> None:
    host, port = sink.endpoint.removeprefix("opc.tcp://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"HELF" + struct.pack("<I", 2**31 - 1))
    sent = 0
    try:
        async with asyncio.timeout(5):
            while sent < 2**24:
                writer.write(b"\0" * 65536)
                await writer.drain()
                sent += 65536
            assert await reader.read() == b""
    except ConnectionError:
        pass
    finally:
        writer.close()
    assert sent < 2**24


async def test_each_installation_makes_its_own_certificate_once(tmp_path: Path) -> None:
    first, second = (Pki(tmp_path / name, "firma", "127.0.0.1") for name in ("a", "b"))
    uri = first.prepare()
    assert first.prepare() == uri != second.prepare()
    assert first.key.stat().st_mode & 0o077 == 0
    assert first.key.read_bytes() != second.key.read_bytes()
    own = x509.load_der_x509_certificate(first.certificate.read_bytes())
    names = own.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.UniformResourceIdentifier) == [uri]


async def test_rejected_certificates_do_not_fill_the_disk(tmp_path: Path) -> None:
    pki = Pki(tmp_path, "firma", "127.0.0.1")
    pki.prepare()
    certificate = make_certificate(tmp_path)[0].read_bytes()
    for number in range(60):
        (pki.rejected / f"{number}.der").touch()
    assert not pki.trusts(certificate)
    assert len(list(pki.rejected.iterdir())) == 60


async def test_guessing_a_password_is_braked_and_passwords_are_not_kept() -> None:
    users = Users({"leitstand": PASSWORD})
    assert PASSWORD not in repr(vars(users))
    assert users.check("leitstand", PASSWORD, b"scada")
    for _ in range(Users.FAILURES):
        assert not users.check("leitstand", "falsch", b"scada")
    assert not users.check("leitstand", PASSWORD, b"scada")


async def test_who_guesses_locks_out_himself_and_it_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    users = Users({"leitstand": PASSWORD, "gast": "nur-lesen"})
    with caplog.at_level(logging.WARNING, "gateway"):
        for _ in range(5):
            assert not users.check("leitstand", "falsch", b"guesser")
    (locked,) = [one.getMessage() for one in caplog.records if "locked" in one.getMessage()]
    assert "'leitstand'" in locked
    assert not users.check("leitstand", PASSWORD, b"guesser")
    assert users.check("leitstand", PASSWORD, b"scada")
    assert users.check("gast", "nur-lesen", b"guesser")


@pytest.mark.parametrize(
    ("simulated", "listen", "key"),
    [
        (False, Endpoint("127.0.0.1", 4840), "open"),
        (True, Endpoint("0.0.0.0", 4840), "listen"),
        (True, Endpoint("127.0.0.1", 4840), None),
    ],
)
async def test_open_is_for_simulated_machines_on_this_computer(
    simulated: bool, listen: Endpoint, key: str | None
) -> None:
    config = OpcUaConfig(type="opcua", listen=listen, open=True)
    objections = config.objections(simulated=simulated)
    assert [one.at for one in objections] == ([(key,)] if key else [])


@pytest.mark.parametrize("wrong", [{}, {"open": True, "users": {"a": SecretStr("b")}}])
async def test_a_server_has_either_users_or_is_open(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        OpcUaConfig(type="opcua", **wrong)  # type: ignore[arg-type]


async def test_a_password_is_not_even_asked_for_without_security(sink: OpcUaSink) -> None:
    """A client that is set to None would send it in clear."""
    client = Client(sink.endpoint, timeout=5)
    client.set_user("leitstand")
    client.set_password(PASSWORD)
    with pytest.raises(BadSecurityPolicyRejected):
        await client.connect()
    offered = await Client(sink.endpoint, timeout=5).connect_and_get_server_endpoints()
    assert offered


async def test_a_channel_without_security_is_for_finding_endpoints_only(sink: OpcUaSink) -> None:
    for service in (461, 467, 473, 631, 826, 437):  # sessions, read, publish, register
        stranger = await (await Raw.connect(sink.endpoint)).opened()
        stranger.send(service, b"")
        assert await stranger.result() == "BadSecurityPolicyRejected"
        stranger.close()


@pytest.mark.parametrize("policy", ["Basic256", "Basic128Rsa15", "Nonsense"])
async def test_an_unknown_policy_is_refused_at_once(sink: OpcUaSink, policy: str) -> None:
    uri = f"http://opcfoundation.org/UA/SecurityPolicy#{policy}".encode()
    stranger = await Raw.connect(sink.endpoint, uri, 3)
    assert await stranger.refused() == "BadSecurityPolicyRejected"


async def test_encryption_without_a_policy_is_refused_at_once(sink: OpcUaSink) -> None:
    stranger = await Raw.connect(sink.endpoint, NONE, 3)
    assert await stranger.refused() == "BadSecurityModeRejected"


async def test_a_channel_that_is_only_signed_is_refused_at_once(
    sink: OpcUaSink, pki: Pki, trusted: tuple[Path, Path], caplog: pytest.LogCaptureFixture
) -> None:
    client = Client(sink.endpoint, timeout=60)
    client.application_uri = URI
    await client.set_security(
        SecurityPolicyBasic256Sha256,
        certificate=str(trusted[0]),
        private_key=str(trusted[1]),
        server_certificate=str(pki.certificate),
        mode=ua.MessageSecurityMode.Sign,
    )
    with caplog.at_level(logging.WARNING, "asyncua"):
        async with asyncio.timeout(10):
            await client.connect_socket()
            await client.send_hello()
            with pytest.raises((ConnectionError, UaError)):
                await client.open_secure_channel()
    client.disconnect_socket()
    assert "BadSecurityModeRejected" in caplog.text


async def test_subscriptions_move_with_their_user_and_certificate_only(
    sink: OpcUaSink, pki: Pki, folder: Path, trusted: tuple[Path, Path]
) -> None:
    uri = "urn:tests:other-client"
    other_one = make_certificate(folder, uri=uri, name="OtherClient")
    (pki.trusted / "other-client.der").write_bytes(other_one[0].read_bytes())
    async with logged_in(sink.endpoint, pki.certificate, trusted) as first:
        subscription = await first.create_subscription(1000, None)
        asked = ua.TransferSubscriptionsParameters([subscription.subscription_id])
        async with logged_in(sink.endpoint, pki.certificate, other_one, uri=uri) as other:
            (result,) = await other.uaclient.session.transfer_subscriptions(asked)
            assert result.StatusCode.name == "BadUserAccessDenied"
        async with logged_in(
            sink.endpoint, pki.certificate, trusted, user="gast", password="nur-lesen"
        ) as other:
            (result,) = await other.uaclient.session.transfer_subscriptions(asked)
            assert result.StatusCode.name == "BadUserAccessDenied"
        async with logged_in(sink.endpoint, pki.certificate, trusted) as again:
            (result,) = await again.uaclient.session.transfer_subscriptions(asked)
            assert result.StatusCode.name == "Good"
            parameters = ua.ModifySubscriptionParameters(subscription.subscription_id)
            with pytest.raises(BadSubscriptionIdInvalid):
                await first.uaclient.session.modify_subscription(parameters)
            results = await again.uaclient.delete_subscriptions([subscription.subscription_id])
            assert [one.name for one in results] == ["Good"]


async def test_a_locked_client_locks_nobody_else_out(
    sink: OpcUaSink, pki: Pki, folder: Path, trusted: tuple[Path, Path]
) -> None:
    uri = "urn:tests:guesser"
    guesser = make_certificate(folder, uri=uri, name="Guesser")
    (pki.trusted / "guesser.der").write_bytes(guesser[0].read_bytes())
    for password in ["falsch"] * 5 + [PASSWORD]:
        with pytest.raises(BadUserAccessDenied):
            async with logged_in(
                sink.endpoint, pki.certificate, guesser, uri=uri, password=password
            ):
                pass
    async with logged_in(sink.endpoint, pki.certificate, trusted) as client:
        assert await client.nodes.server_state.read_value() == 0


async def test_a_session_goes_on_elsewhere_only_with_its_certificate(
    sink: OpcUaSink, pki: Pki, folder: Path, trusted: tuple[Path, Path]
) -> None:
    """Who knows the token of a session, and has a certificate and a user of his own."""
    uri = "urn:tests:successor"
    successor = make_certificate(folder, uri=uri, name="Successor")
    (pki.trusted / "successor.der").write_bytes(successor[0].read_bytes())
    async with logged_in(sink.endpoint, pki.certificate, trusted) as first:
        await first.create_subscription(1000, None)
        token = first.uaclient.session.authentication_token
        async with logged_in(sink.endpoint, pki.certificate, successor, uri=uri) as second:
            third = Client(sink.endpoint, timeout=5)
            third.application_uri = uri
            await third.set_security(
                SecurityPolicyBasic256Sha256,
                certificate=str(successor[0]),
                private_key=str(successor[1]),
                server_certificate=str(pki.certificate),
            )
            await third.connect_socket()
            await third.send_hello()
            await third.open_secure_channel()
            third.uaclient.session.restore_authentication_token(token)
            third._server_nonce = _nonce(sink, token)
            third._policy_ids = second._policy_ids
            with pytest.raises(BadSecurityChecksFailed):
                await third.activate_session("leitstand", PASSWORD)
            with pytest.raises(UaError):
                await third.nodes.server_state.read_value()
            third.disconnect_socket()
        assert await first.nodes.server_state.read_value() == 0


def _nonce(sink: OpcUaSink, token: ua.NodeId) -> bytes | None:
    assert sink._serving is not None
    session = sink._serving._server.iserver.lookup_external_session(token)
    assert session is not None
    return session.nonce
