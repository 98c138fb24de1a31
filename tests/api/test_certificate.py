"""The certificate of the pages: kept, and made anew where it is missing, damaged or ending."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from gateway.api.certificate import OwnCertificate

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
NAMES = ["werkverbund-muster.local", "192.168.10.5", "fd00::5", "werkverbund-muster.local"]


def renewed(folder: Path, now: datetime = NOW) -> str:
    return OwnCertificate(folder, "muster").renew(NAMES, now).fingerprint


def in_file(folder: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate((folder / "web" / "certificate.pem").read_bytes())


def test_it_names_the_gateway_and_nobody_else_can_read_its_key(tmp_path):
    renewed(tmp_path)
    names = in_file(tmp_path).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["werkverbund-muster.local"]
    assert [str(ip) for ip in names.get_values_for_type(x509.IPAddress)] == NAMES[1:3]
    assert (tmp_path / "web" / "key.pem").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "web").stat().st_mode & 0o777 == 0o700


def test_browsers_take_its_length_of_validity(tmp_path):
    renewed(tmp_path)
    own = in_file(tmp_path)
    assert own.not_valid_after_utc - own.not_valid_before_utc <= timedelta(days=825)


def test_it_stays_until_thirty_days_before_its_end(tmp_path):
    first = renewed(tmp_path)
    end = in_file(tmp_path).not_valid_after_utc
    assert renewed(tmp_path, end - timedelta(days=31)) == first
    assert renewed(tmp_path, end - timedelta(days=29)) != first


@pytest.mark.parametrize("file", ["certificate.pem", "key.pem"])
@pytest.mark.parametrize("content", [None, b"", b"-----BEGIN nonsense", "another"])
def test_a_lost_or_damaged_file_is_replaced(tmp_path, file, content):
    first = renewed(tmp_path)
    path = tmp_path / "web" / file
    if content is None:
        path.unlink()
    elif content == "another":
        renewed(tmp_path / "else")
        path.write_bytes((tmp_path / "else" / "web" / file).read_bytes())
    else:
        path.write_bytes(content)
    assert renewed(tmp_path) != first
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(
        tmp_path / "web" / "certificate.pem", tmp_path / "web" / "key.pem"
    )


@pytest.mark.parametrize(
    "wrong", [datetime(1970, 1, 1, tzinfo=UTC), datetime(2010, 1, 1, tzinfo=UTC)]
)
def test_a_clock_that_cannot_be_right_neither_spoils_nor_replaces_it(tmp_path, wrong):
    first = renewed(tmp_path, wrong)
    assert in_file(tmp_path).not_valid_before_utc.year >= 2025
    assert renewed(tmp_path, datetime(2026, 12, 1, tzinfo=UTC)) == first
    assert renewed(tmp_path, wrong) == first


def test_a_clock_that_was_years_ahead_is_made_up_for(tmp_path):
    first = renewed(tmp_path, NOW + timedelta(days=4000))
    assert renewed(tmp_path) != first
    assert in_file(tmp_path).not_valid_before_utc < NOW


def test_a_computer_whose_name_no_browser_can_write_has_one_all_the_same(tmp_path):
    OwnCertificate(tmp_path, "muster").renew(["münchen", "münchen.local", *NAMES], NOW)
    names = in_file(tmp_path).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["werkverbund-muster.local"]
