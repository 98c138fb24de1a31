"""A second OPC UA party: asyncua's client with a certificate of its own."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from asyncua import Client, ua
from asyncua.crypto.security_policies import (
    SecurityPolicyAes256Sha256RsaPss,
    SecurityPolicyBasic256Sha256,
)
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

URI = "urn:tests:scada"
POLICIES = {
    "Basic256Sha256": SecurityPolicyBasic256Sha256,
    "Aes256Sha256RsaPss": SecurityPolicyAes256Sha256RsaPss,
}


def make_certificate(
    folder: Path,
    *,
    uri: str = URI,
    name: str = "Scada",
    over_since: timedelta | None = None,
) -> tuple[Path, Path]:
    """A self-signed client certificate (DER) and its key (PEM)."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    end = datetime.now(UTC) + (timedelta(days=30) if over_since is None else -over_since)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(end - timedelta(days=60))
        .not_valid_after(end)
        .add_extension(
            x509.SubjectAlternativeName([x509.UniformResourceIdentifier(uri)]), critical=False
        )
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    certificate_file, key_file = folder / f"{name}.der", folder / f"{name}.pem"
    certificate_file.write_bytes(certificate.public_bytes(serialization.Encoding.DER))
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return certificate_file, key_file


@asynccontextmanager
async def logged_in(
    endpoint: str,
    server_certificate: Path,
    own: tuple[Path, Path],
    *,
    user: str | None = "leitstand",
    password: str = "offen-nur-hier",
    policy: str = "Basic256Sha256",
    uri: str = URI,
) -> AsyncIterator[Client]:
    """A session, signed and encrypted."""
    client = Client(endpoint, timeout=5)
    client.application_uri = uri
    await client.set_security(
        POLICIES[policy],
        certificate=str(own[0]),
        private_key=str(own[1]),
        server_certificate=str(server_certificate),
    )
    if user is not None:
        client.set_user(user)
        client.set_password(password)
    await client.connect()
    try:
        yield client
    finally:
        await client.disconnect()


async def activate(client: Client, claimed: bytes | None, user: str, password: str) -> None:
    """Open a channel and a session by hand, with ``claimed`` as the client's certificate."""
    await client.connect_socket()
    try:
        await client.send_hello()
        await client.open_secure_channel()
        parameters = ua.CreateSessionParameters()
        parameters.ClientNonce = secrets.token_bytes(32)
        parameters.ClientCertificate = claimed
        parameters.ClientDescription.ApplicationUri = client.application_uri
        parameters.EndpointUrl = client.server_url.geturl()
        parameters.RequestedSessionTimeout = 60_000
        session = await client.uaclient.create_session(parameters)
        policy = client.security_policy
        challenge = (policy.peer_certificate or b"") + session.ServerNonce
        activation = ua.ActivateSessionParameters()
        activation.ClientSignature.Algorithm = policy.AsymmetricSignatureURI
        activation.ClientSignature.Signature = policy.asymmetric_cryptography.signature(challenge)
        token = ua.UserNameIdentityToken()
        token.PolicyId, token.UserName, token.Password = "username", user, password.encode()
        activation.UserIdentityToken = token
        await client.uaclient.activate_session(activation)
    finally:
        client.disconnect_socket()
