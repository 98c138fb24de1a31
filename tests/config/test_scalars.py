"""Durations, moments of an order and addresses."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from pydantic import TypeAdapter, ValidationError

from gateway.config import Duration, DurationOrZero, Endpoint, Host, OrderMoment

DURATION = TypeAdapter(Duration)
DURATION_OR_ZERO = TypeAdapter(DurationOrZero)
HOST = TypeAdapter(Host)
MOMENT = TypeAdapter(OrderMoment)
ENDPOINT = TypeAdapter(Endpoint)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("100ms", timedelta(milliseconds=100)),
        ("1s", timedelta(seconds=1)),
        ("0.5s", timedelta(milliseconds=500)),
        ("15min", timedelta(minutes=15)),
        ("4h30min", timedelta(hours=4, minutes=30)),
        ("30d", timedelta(days=30)),
    ],
)
def test_a_duration_is_a_number_with_its_unit(text: str, meant: timedelta):
    assert DURATION.validate_python(text) == meant


@pytest.mark.parametrize(
    "text", ["", "1", "s", "1x", "1s ", "-1s", "1h-5min", "1e3s", True, 5, None]
)
def test_anything_else_is_no_duration(text: object):
    with pytest.raises(ValidationError):
        DURATION.validate_python(text)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("1 s", "1s"),
        ("5 Minuten", "5min"),
        ("4 h 30 min", "4h30min"),
        ("2 Std", "2h"),
        ("0,5s", "0.5s"),
        ("90sec", "90s"),
    ],
)
def test_a_duration_in_other_words_is_respelled(typed: str, meant: str):
    with pytest.raises(ValidationError) as raised:
        DURATION.validate_python(typed)
    objections = raised.value.errors()[0]["ctx"]["objections"]
    assert [one.fix.de for one in objections] == [f"Schreiben Sie {meant}."]


@pytest.mark.parametrize("text", ["0s", "0.0min", "0h0min", "0.0000001ms"])
def test_no_time_at_all_is_a_duration_only_where_that_means_none(text: str):
    with pytest.raises(ValidationError):
        DURATION.validate_python(text)
    assert DURATION_OR_ZERO.validate_python(text) == timedelta(0)


@pytest.mark.parametrize("kind", [DURATION, DURATION_OR_ZERO])
@pytest.mark.parametrize("text", ["0s", "0h0min", "0.0d", "10ms", "0h5min"])
def test_the_schema_of_a_duration_says_the_same(kind: TypeAdapter[timedelta], text: str):
    try:
        good = bool(kind.validate_python(text) is not None)
    except ValidationError:
        good = False
    assert bool(re.search(kind.json_schema()["pattern"], text)) == good


@pytest.mark.parametrize("host", ["127.0.0.1", "press.local", "press_1", "::1", "fe80::1"])
def test_a_host_is_an_address_or_a_name(host: str):
    assert HOST.validate_python(host) == host


@pytest.mark.parametrize("host", ["", "127.0.0.1:502", "http://press", "a b", "-x", "press/1"])
def test_anything_else_is_no_host(host: str):
    with pytest.raises(ValidationError):
        HOST.validate_python(host)


@pytest.mark.parametrize("host", ["192.168.10.256", "192.168.10", "127.0.0.1.", "10", "10.0.0.1;"])
def test_what_looks_like_an_address_must_be_one(host: str):
    with pytest.raises(ValidationError, match="neither an address nor the name of a host"):
        HOST.validate_python(host)


def test_a_moment_counts_from_the_first_day():
    assert MOMENT.validate_python("day 1 06:00") == timedelta(hours=6)
    assert MOMENT.validate_python("day 2 07:30") == timedelta(days=1, hours=7, minutes=30)


@pytest.mark.parametrize("text", ["day 0 06:00", "day 1 24:00", "06:00", "Tag 1 06:00"])
def test_anything_else_is_no_moment(text: str):
    with pytest.raises(ValidationError):
        MOMENT.validate_python(text)


def test_an_address_has_host_and_port():
    assert ENDPOINT.validate_python("meter.local:502") == Endpoint("meter.local", 502)
    assert ENDPOINT.validate_python("[fe80::1]:502") == Endpoint("fe80::1", 502)
    assert str(Endpoint("fe80::1", 502)) == "[fe80::1]:502"


@pytest.mark.parametrize("text", ["", "meter", "meter:", ":502", "meter:0", "meter:65536", "a b:1"])
def test_anything_else_is_no_address(text: str):
    with pytest.raises(ValidationError):
        ENDPOINT.validate_python(text)


def test_loopback_is_known():
    assert Endpoint("127.0.0.1", 1).loopback
    assert Endpoint("localhost", 1).loopback
    assert not Endpoint("0.0.0.0", 1).loopback
    assert not Endpoint("127.example", 1).loopback
