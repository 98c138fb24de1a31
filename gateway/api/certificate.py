"""The certificate with which the pages are encrypted on the network: made here, renewed in time.

<state>/web/certificate.pem   with what browsers compare: its fingerprint stands on console and page
<state>/web/key.pem           readable by its owner only
"""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from gateway import private_files
from gateway.core.clock import SOUND_FROM

VALID = timedelta(days=800)
"""Some browsers take no certificate that is valid for more than 825 days."""
RENEW = timedelta(days=30)
"""So long before its end it is replaced."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a person compares: ``fingerprint`` is SHA-256, ``until`` the end of its validity."""

    fingerprint: str
    until: datetime


class OwnCertificate:
    """The certificate of the firm ``firm`` in ``folder``, for all of ``names``."""

    def __init__(self, folder: Path, firm: str) -> None:
        self._folder = folder / "web"
        self._firm = firm
        self._certificate = self._folder / "certificate.pem"
        self._key = self._folder / "key.pem"
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2

    def renew(self, names: Iterable[str], now: datetime) -> Certificate:
        """Use the one that is there, or make one where it is missing, damaged or about to end.

        Connections that stand keep the old one. Blocks. Raises OSError.
        """
        private_files.usable(self._folder)
        certificate = self._kept()
        if certificate is None or not _good(certificate, now):
            certificate = self._make(list(names), now)
        self.context.load_cert_chain(self._certificate, self._key)
        return Certificate(
            certificate.fingerprint(hashes.SHA256()).hex(":").upper(),
            certificate.not_valid_after_utc,
        )

    def _kept(self) -> x509.Certificate | None:
        """The certificate of the file, if it fits the key."""
        try:
            certificate = x509.load_pem_x509_certificate(self._certificate.read_bytes())
            key = serialization.load_pem_private_key(self._key.read_bytes(), password=None)
        except (FileNotFoundError, ValueError, TypeError):
            return None
        return certificate if key.public_key() == certificate.public_key() else None

    def _make(self, names: list[str], now: datetime) -> x509.Certificate:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Werkverbund {self._firm}")])
        begin = max(now, SOUND_FROM) - timedelta(days=1)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(begin)
            .not_valid_after(begin + VALID)
            .add_extension(x509.SubjectAlternativeName(list(_names(names))), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .sign(key, hashes.SHA256())
        )
        pem = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        private_files.write(self._key, pem)
        private_files.write(self._certificate, certificate.public_bytes(serialization.Encoding.PEM))
        return certificate


def _good(certificate: x509.Certificate, now: datetime) -> bool:
    """Whether it is valid for a while; a clock that cannot be right replaces nothing."""
    if now < SOUND_FROM:
        return True
    return certificate.not_valid_before_utc <= now < certificate.not_valid_after_utc - RENEW


def _names(names: Iterable[str]) -> Iterator[x509.GeneralName]:
    for name in dict.fromkeys(names):
        try:
            yield x509.IPAddress(ipaddress.ip_address(name))
        except ValueError:
            if name.isascii():  # others are never asked for as they are written
                yield x509.DNSName(name)
