"""Which language the command line speaks."""

from __future__ import annotations

import pytest

from gateway.cli.language import from_environment, take


@pytest.mark.parametrize(
    ("env", "language"),
    [
        ({"LANG": "de_DE.UTF-8"}, "de"),
        ({"LANG": "de_AT"}, "de"),
        ({"LANG": "en_US.UTF-8"}, "en"),
        ({"LANG": "C.UTF-8"}, "de"),
        ({"LC_ALL": "POSIX"}, "de"),
        ({"LC_ALL": "C", "LANG": "en_US.UTF-8"}, "en"),
        ({}, "de"),
        ({"LANG": "en_US", "LC_ALL": "de_DE"}, "de"),
        ({"LANG": "de_DE", "LC_MESSAGES": "en_GB"}, "en"),
        ({"LANG": "de_DE", "LC_ALL": ""}, "de"),
    ],
)
def test_the_computer_says_which_language(env: dict[str, str], language: str):
    assert from_environment(env) == language


@pytest.mark.parametrize(
    "arguments",
    [["--lang", "de", "check", "x"], ["check", "--lang=de", "x"], ["check", "x", "--lang", "de"]],
)
def test_lang_may_stand_anywhere(arguments: list[str]):
    assert take(arguments, {"LANG": "en"}) == ("de", ["check", "x"])


def test_after_two_dashes_everything_is_an_argument():
    rest = ["check", "--", "--lang", "de"]
    assert take(rest, {"LANG": "en"}) == ("en", rest)


@pytest.mark.parametrize("arguments", [["--lang", "fr"], ["--lang"], ["--lang="]])
def test_another_language_is_wrong_usage(werkverbund, arguments: list[str]):
    answer = werkverbund(*arguments)
    assert answer.code == 2
    assert "--lang de" in answer.err
