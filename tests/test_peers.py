"""A missing peer is a skip with the command that installs it; with CI=true it is a failure."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.peers import need, need_root


def test_a_program_that_is_there_is_found(monkeypatch):
    monkeypatch.setenv("CI", "true")
    assert need("sh").endswith("/sh")


def test_a_missing_program_is_a_skip_with_the_command_that_installs_it(monkeypatch):
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("tests.peers._BESIDE_PATH", ())
    with pytest.raises(pytest.skip.Exception, match="sudo apt-get install mosquitto-clients"):
        need("mosquitto_pub")


def test_in_continuous_integration_a_missing_program_is_a_failure(monkeypatch):
    monkeypatch.setenv("CI", "true")
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("tests.peers._BESIDE_PATH", ())
    with pytest.raises(pytest.fail.Exception, match="mbpoll"):
        need("mbpoll")


def test_what_only_root_may_is_a_skip_or_with_ci_a_failure(monkeypatch):
    monkeypatch.setattr(os, "getuid", lambda: 0)
    need_root("makes networks")
    monkeypatch.setattr(os, "getuid", lambda: 1000)
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="only root makes networks"):
        need_root("makes networks")
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="only root makes networks"):
        need_root("makes networks")


def test_no_test_is_skipped_in_another_way():
    ways = [f"{way}(" for way in ("pytest.skip", "mark.skipif", "mark.skip", "importorskip")]
    tests = Path(__file__).parent
    skipping = {
        str(file.relative_to(tests))
        for file in tests.rglob("*.py")
        if any(way in file.read_text("utf-8") for way in ways)
    }
    assert skipping == {"peers.py"}
