"""A missing peer is a skip with the command that installs it; with CI=true it is a failure."""

from __future__ import annotations

import pytest

from tests.peers import need


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
