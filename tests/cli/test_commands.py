"""What the commands do, and how they end."""

from __future__ import annotations

import errno
import json
import resource
import socket
import sys
from pathlib import Path

import pytest

from gateway import resources
from gateway.machines import catalog

PI = resources.configs() / "raspberry-pi.yaml"


def test_check_says_that_all_is_well(werkverbund):
    answer = werkverbund("check", PI)
    assert (answer.code, answer.err) == (0, "")
    assert "all well" in answer.out


def test_check_takes_a_folder(werkverbund):
    answer = werkverbund("--lang", "de", "check", resources.templates())
    assert answer.code == 0
    assert answer.out == f"Geprüft: {len(catalog.names())}, alles gut.\n"


def test_check_names_every_mistake_in_german(werkverbund, broken: Path):
    answer = werkverbund("--lang", "de", "check", broken)
    assert answer.code == 78
    assert f"{broken}:2:1" in answer.out
    assert "Meinten Sie name?" in answer.out
    assert answer.out.endswith("Fehler gefunden.\n")


def test_check_prints_one_json_object_per_mistake(werkverbund, broken: Path):
    answer = werkverbund("check", "--json", broken)
    assert answer.code == 78
    found = [json.loads(line) for line in answer.out.splitlines()]
    assert len(found) >= 3
    for one in found:
        assert set(one) == {"file", "line", "column", "what", "fix"}
        assert one["file"] == str(broken)
        assert set(one["what"]) == set(one["fix"]) == {"de", "en"}


def test_check_with_json_is_silent_where_all_is_well(werkverbund):
    assert werkverbund("check", "--json", PI).out == ""


def test_check_can_be_told_the_kind(werkverbund, broken: Path):
    answer = werkverbund("check", "--kind", "template", broken)
    assert answer.code == 78
    assert "the key template is missing" in answer.out


def test_an_unknown_kind_is_wrong_usage(werkverbund, broken: Path):
    answer = werkverbund("check", "--kind", "firm", broken)
    assert answer.code == 2
    assert "consortium" in answer.err


def test_a_folder_without_files_is_wrong_usage(werkverbund, tmp_path: Path):
    assert werkverbund("check", tmp_path).code == 2


def test_a_missing_file_is_a_mistake_in_the_configuration(werkverbund, tmp_path: Path):
    answer = werkverbund("check", tmp_path / "nowhere.yaml")
    assert answer.code == 78
    assert "does not exist" in answer.out


def test_run_stops_before_anything_starts(program, broken: Path):
    answer = program("--lang", "de", "run", broken)
    assert answer.code == 78
    assert answer.out == ""
    assert "Meinten Sie name?" in answer.err
    assert "Traceback" not in answer.err


def test_a_state_folder_that_cannot_be_used_is_one_clear_sentence(program, tmp_path: Path):
    file = tmp_path / "firm.yaml"
    (tmp_path / "taken").write_text("a file, no folder", "utf-8")
    text = (resources.configs() / "raspberry-pi.yaml").read_text("utf-8")
    file.write_text(text.replace("${STATE_DIR:-~/.local/state/werkverbund/werkstatt}", "taken/x"))
    answer = program("run", file, MODBUS_HOST="127.0.0.1", HOME=str(tmp_path))
    assert answer.code == 1
    assert "taken/x" in answer.err
    assert "Traceback" not in answer.err


def narrow() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (300 * 2**20, 300 * 2**20))


@pytest.mark.parametrize("command", [("run", PI), ("demo", "--no-browser")])
def test_too_little_address_space_is_one_clear_sentence(program, tmp_path: Path, command):
    """Some libraries would end the process without a word."""
    answer = program(*command, preexec_fn=narrow, XDG_STATE_HOME=str(tmp_path))
    assert (answer.code, answer.out) == (1, "")
    [sentence] = answer.err.splitlines()
    assert "300 MB" in sentence
    assert "ulimit -v" in sentence
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("can't start new thread"),
        MemoryError(),
        OSError(errno.EAGAIN, "later"),
        ImportError("libx.so: failed to map segment from shared object"),
    ],
)
def test_a_computer_that_gives_nothing_more_is_told_in_one_sentence(
    werkverbund, monkeypatch: pytest.MonkeyPatch, error: Exception
):
    def refuse() -> str:
        raise error

    monkeypatch.setattr(resources, "version", refuse)
    answer = werkverbund("version")
    assert answer.code == 1
    [sentence] = answer.err.splitlines()
    assert "ulimit -a" in sentence


def test_any_other_mistake_stays_what_it_is(werkverbund, monkeypatch: pytest.MonkeyPatch):
    def mistake() -> str:
        raise RuntimeError("a bug")

    monkeypatch.setattr(resources, "version", mistake)
    with pytest.raises(RuntimeError, match="a bug"):
        werkverbund("version")


@pytest.mark.parametrize(
    "kind", ["site", "template", "consortium", "order", "simulation", "scenario"]
)
def test_schema_prints_a_json_schema(werkverbund, kind: str):
    answer = werkverbund("schema", kind)
    assert answer.code == 0
    assert json.loads(answer.out)["$id"] == f"urn:werkverbund:schema:{kind}:1"


def test_a_schema_of_an_unknown_kind_is_wrong_usage(werkverbund):
    assert werkverbund("schema", "firm").code == 2


def test_version_is_told(werkverbund):
    assert werkverbund("version").out.startswith("werkverbund ")
    assert json.loads(werkverbund("version", "--json").out)["version"] == resources.version()


def test_read_says_that_nobody_answers(werkverbund):
    answer = werkverbund("--lang", "de", "read", "--template", "sdm630", *nobody())
    assert answer.code == 1
    assert answer.out.count("keine Verbindung") == 1


def test_read_as_json_has_a_line_for_every_point(werkverbund):
    answer = werkverbund("read", "--template", "pid-furnace", "--json", *nobody())
    assert answer.code == 1
    found = [json.loads(line) for line in answer.out.splitlines()]
    assert {one["quality"] for one in found} == {"bad"}
    assert "temperature" in {one["point"] for one in found}


def test_read_wants_a_file_or_a_device(werkverbund):
    answer = werkverbund("read")
    assert answer.code == 2
    assert "--template" in answer.err


def test_read_of_an_unknown_machine_names_the_known_ones(werkverbund):
    answer = werkverbund("read", PI, "mill-2")
    assert answer.code == 2
    assert "mill-1" in answer.err


def test_read_of_an_unknown_template_says_where_the_known_ones_are_named(werkverbund):
    answer = werkverbund("read", "--template", "sdm", "--host", "127.0.0.1")
    assert answer.code == 2
    told = "There is no template sdm. Alike: sdm120, sdm630. All templates: werkverbund template"
    assert answer.err.strip() == told


def test_identity_makes_keys_once(werkverbund, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("CONSORTIUM", str(tmp_path / "not-there-yet.yaml"))
    firm = resources.demo() / "firms" / "laser-saalebogen.yaml"
    first = werkverbund("identity", firm, "--json")
    assert first.code == 0
    keys = json.loads(first.out)
    assert set(keys) == {"firm", "sign", "seal"}
    assert keys["firm"] == "laser-saalebogen"
    assert json.loads(werkverbund("identity", firm, "--json").out) == keys
    assert keys["sign"] in werkverbund("identity", firm).out


@pytest.mark.parametrize("duration", ["90", "soon", "-1s"])
def test_the_demo_wants_a_duration_with_its_unit(werkverbund, duration: str):
    answer = werkverbund("demo", "--no-browser", f"--duration={duration}")
    assert answer.code == 2
    assert "10min" in answer.err


def test_simulate_wants_an_address_with_a_port(werkverbund):
    file = resources.mini() / "simulation.yaml"
    answer = werkverbund("simulate", file, "--control", "127.0.0.1")
    assert answer.code == 2
    assert "127.0.0.1:8640" in answer.err


def test_a_missing_package_of_the_demo_is_named(werkverbund, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "amqtt", None)
    monkeypatch.setitem(sys.modules, "amqtt.broker", None)
    answer = werkverbund("broker", "--port", "1")
    assert answer.code == 1
    assert "werkverbund[demo]" in answer.err


def test_the_program_says_its_version(program):
    answer = program("version")
    assert answer.code == 0
    assert answer.out.startswith("werkverbund ")


def nobody() -> list[str]:
    """The address of a port where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return ["--host", "127.0.0.1", "--port", str(probe.getsockname()[1])]


@pytest.mark.parametrize("command", ["run", "identity"])
def test_a_state_folder_that_cannot_be_written_is_named_with_the_reason(
    werkverbund, tmp_path: Path, command: str
):
    (tmp_path / "file").touch()
    site = tmp_path / "firm.yaml"
    text = (resources.configs() / "raspberry-pi.yaml").read_text("utf-8")
    text = text.replace("~/.local/state/werkverbund/werkstatt", "file/state")
    site.write_text(text.replace("192.168.", "127.0."), "utf-8")
    answer = werkverbund("--lang", "de", command, site)
    assert answer.code == 1
    folder = tmp_path / "file" / "state"
    assert answer.err.startswith(f"In {folder} lässt sich nichts schreiben: ein Teil des Pfads ist")
    assert answer.err.count("\n") == 1


def test_a_demo_whose_state_folder_cannot_be_written_says_so_at_once(
    werkverbund, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    answer = werkverbund("--lang", "en", "demo", "--base-port", "0", "--no-browser")
    assert answer.code == 1
    assert "a part of the path is a file" in answer.err
    assert answer.err.count("\n") == 1
