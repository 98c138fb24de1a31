"""Who may talk to the OPC UA server: its own certificate, the clients it trusts, its users.

<folder>/pki/own/        certificate and key of this installation, made at the first start
<folder>/pki/trusted/    client certificates that may connect: put there by a person
<folder>/pki/rejected/   unknown ones that tried: move a file to trusted/ to let it in
"""

from __future__ import annotations

import hashlib
import ipaddress
import logging
import socket
import time
import uuid
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from gateway import private_files

_log = logging.getLogger(__name__)

REJECTED = 50
"""Unknown certificates kept at most: whoever floods us fills no disk."""

# Fixed dates: a computer whose clock stands at 1970 at its first start must not make a certificate
# that is over once the clock is right.
_VALID_FROM = datetime(2025, 1, 1, tzinfo=UTC)
_VALID_UNTIL = datetime(2045, 1, 1, tzinfo=UTC)


class Pki:
    """The certificates of one server, as files in ``folder``. ``firm`` names its own."""

    def __init__(self, folder: Path, firm: str, host: str) -> None:
        self.trusted = folder / "pki" / "trusted"
        self.rejected = folder / "pki" / "rejected"
        self._own = folder / "pki" / "own"
        self._firm = firm
        self._host = host

    @property
    def certificate(self) -> Path:
        """The server's own certificate (DER), for clients that want to trust it."""
        return self._own / "certificate.der"

    @property
    def key(self) -> Path:
        """The server's private key (PEM, readable by its owner only)."""
        return self._own / "key.pem"

    def prepare(self) -> str:
        """Make folders, key and certificate where they are missing; returns the application URI.

        Blocks for up to a second at the first start.
        """
        for folder in (self._own, self.trusted, self.rejected):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not (self.certificate.exists() and self.key.exists()):
            self._make()
        own = x509.load_der_x509_certificate(self.certificate.read_bytes())
        (uri,) = _uris(own)
        return uri

    def trusts(self, certificate: bytes) -> bool:
        """Whether a person has put this certificate (DER) into ``trusted``; else it is kept."""
        if self.knows(certificate):
            return True
        self._keep_rejected(certificate)
        return False

    def knows(self, certificate: bytes) -> bool:
        """Whether this certificate (DER) is in ``trusted`` now."""
        return any(certificate == known for known in self._known())

    def _known(self) -> Iterator[bytes]:
        """The trusted certificates, read anew: a moved file counts at once."""
        for file in sorted(self.trusted.iterdir()):
            try:
                content = file.read_bytes()
                if b"-----BEGIN" in content:
                    pem = x509.load_pem_x509_certificate(content)
                    content = pem.public_bytes(serialization.Encoding.DER)
            except (OSError, ValueError) as error:
                _log.warning("%s is no certificate: %s", file, error)
            else:
                yield content

    def _keep_rejected(self, certificate: bytes) -> None:
        try:
            parsed = x509.load_der_x509_certificate(certificate)
        except ValueError:
            return
        name = "".join(char if char.isalnum() else "-" for char in _common_name(parsed))[:40]
        thumbprint = parsed.fingerprint(hashes.SHA256()).hex()[:16]
        file = self.rejected / f"{name}-{thumbprint}.der"
        if file.exists() or sum(1 for _ in self.rejected.iterdir()) >= REJECTED:
            return
        file.write_bytes(certificate)
        _log.warning(
            "OPC UA client %r is unknown; to let it in, move %s to %s",
            _common_name(parsed),
            file,
            self.trusted,
        )

    def _make(self) -> None:
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        uri = f"urn:werkverbund:{self._firm}:gateway:{uuid.uuid4()}"
        name = x509.Name(
            [
                x509.NameAttribute(NameOID.COMMON_NAME, f"Werkverbund {self._firm}"),
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, self._firm),
            ]
        )
        usage = x509.KeyUsage(
            digital_signature=True,
            content_commitment=True,
            key_encipherment=True,
            data_encipherment=True,
            key_agreement=False,
            key_cert_sign=True,  # asked of self-signed certificates by OPC 10000-6
            crl_sign=False,
            encipher_only=False,
            decipher_only=False,
        )
        purposes = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
        public = key.public_key()
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(_VALID_FROM)
            .not_valid_after(_VALID_UNTIL)
            .add_extension(
                x509.SubjectAlternativeName(
                    [x509.UniformResourceIdentifier(uri), *_hosts(self._host)]
                ),
                critical=False,
            )
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(public), critical=False
            )
            .sign(key, hashes.SHA256())
        )
        pem = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        private_files.write(self.key, pem)
        private_files.write(self.certificate, certificate.public_bytes(serialization.Encoding.DER))


def _hosts(host: str) -> Iterator[x509.GeneralName]:
    names = dict.fromkeys((host, socket.gethostname(), "localhost"))
    for name in names:
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            yield x509.DNSName(name)
        else:
            if not address.is_unspecified:
                yield x509.IPAddress(address)


def _uris(certificate: x509.Certificate) -> list[str]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return []
    return names.value.get_values_for_type(x509.UniformResourceIdentifier)


def _common_name(certificate: x509.Certificate) -> str:
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(names[0].value) if names else "unnamed"


def speaks_for(certificate: x509.Certificate, uri: str) -> bool:
    """Whether a certificate was made for the application ``uri``."""
    return uri in _uris(certificate)


class Users:
    """Passwords as argon2id hashes in memory, and a brake on guessing.

    The cost is chosen so that one check holds the event loop for some 20 ms; only clients with a
    trusted certificate get as far as a check.
    """

    FAILURES = 5
    PAUSE = 60.0
    """After FAILURES wrong passwords a user waits PAUSE seconds, with that certificate."""

    def __init__(self, passwords: Mapping[str, str]) -> None:
        self._hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
        self._hashes = {user: self._hasher.hash(word) for user, word in passwords.items()}
        self._nobody = self._hasher.hash(uuid.uuid4().hex)
        self._failures: dict[tuple[bytes, str], list[float]] = {}

    def check(self, user: str, password: str, certificate: bytes) -> bool:
        """Whether the password is the user's; ``certificate`` (DER) is the client's.

        Failures count for both together: one client that guesses locks out no other.
        """
        now = time.monotonic()
        known = user if user in self._hashes else ""
        client = hashlib.sha256(certificate).digest()
        recent = [at for at in self._failures.get((client, known), ()) if now - at < self.PAUSE]
        if len(recent) >= self.FAILURES:
            return False
        try:
            self._hasher.verify(self._hashes.get(user, self._nobody), password)
        except VerificationError:
            self._failures[client, known] = [*recent, now]
            _log.warning("OPC UA: wrong user or password for %r", user[:40])
            if len(recent) + 1 == self.FAILURES:
                _log.warning(
                    "OPC UA: user %r is locked for %.0f s for the client with the certificate %s, "
                    "after %d wrong passwords; other clients are not affected",
                    user[:40],
                    self.PAUSE,
                    client.hex()[:16],
                    self.FAILURES,
                )
            return False
        self._failures.pop((client, known), None)
        return True
