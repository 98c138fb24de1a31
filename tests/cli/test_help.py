"""Help that a technician understands, in both languages, quickly there."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from typer.main import get_command

from gateway.cli.app import build
from gateway.cli.words import HELP, TERMS, param_key

TOP = get_command(build()).commands
COMMANDS = TOP | {f"machine {name}": one for name, one in TOP["machine"].commands.items()}


@pytest.mark.parametrize("name", COMMANDS)
def test_every_parameter_has_its_words(name: str):
    command = COMMANDS[name]
    for key in (name, *(param_key(name, param.name) for param in command.params)):
        assert HELP[key].de, key
        assert HELP[key].en, key
        assert HELP[key].de != HELP[key].en, key


def test_no_words_without_their_parameter():
    known = {"", "--lang", "--help", *COMMANDS}
    for name, command in COMMANDS.items():
        known |= {param_key(name, param.name) for param in command.params}
    assert set(HELP) <= known


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_a_command_speaks_one_language(werkverbund, name: str):
    german = werkverbund("--lang", "de", *name.split(), "--help")
    english = werkverbund("--lang", "en", *name.split(), "--help")
    assert german.code == english.code == 0
    assert german.out.startswith(f"Aufruf: werkverbund {name}")
    assert english.out.startswith(f"Usage: werkverbund {name}")
    for word in ("Usage", "Options", "Arguments", "Show this"):
        assert word not in german.out
    assert TERMS["options"].de in german.out


def test_without_a_command_the_commands_are_shown(werkverbund):
    answer = werkverbund()
    assert answer.code == 2
    assert all(f"  {name}" in answer.out for name in TOP)


def test_an_unknown_command_names_the_nearest(werkverbund):
    answer = werkverbund("--lang", "de", "chek")
    assert answer.code == 2
    assert "Den Befehl chek gibt es nicht. Meinten Sie check?" in answer.err


def test_an_unknown_option_names_the_nearest(werkverbund):
    answer = werkverbund("check", "x.yaml", "--jsn")
    assert answer.code == 2
    assert "There is no option --jsn. Did you mean --json?" in answer.err


def test_a_missing_argument_is_named(werkverbund):
    answer = werkverbund("--lang", "de", "run")
    assert answer.code == 2
    assert "Es fehlt: DATEI" in answer.err
    assert "werkverbund run --help" in answer.err


def test_a_wrong_value_is_explained(werkverbund):
    answer = werkverbund("broker", "--port", "70000")
    assert answer.code == 2
    assert "--port" in answer.err


def test_help_loads_no_heavy_package():
    heavy = ("pydantic", "yaml", "fastapi", "asyncua", "pymodbus", "paho", "rich", "cryptography")
    code = (
        "import sys, json\n"
        "from gateway.cli.main import run_command_line\n"
        "run_command_line(['--help'])\n"
        "print(json.dumps(sorted(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(json.loads(done.stdout.splitlines()[-1]))
    assert loaded.isdisjoint(heavy)
