"""The file that the gateway writes of a machine says just that, and comments outlive edits."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from gateway.assistant.own_files import added, carried_out, edited, removed
from gateway.cli.rooms import variants
from gateway.config import Duration, Files, Machine, load_machine, machine_files, machine_model
from gateway.config.machine_text import content_of, machine_text, spelled
from gateway.core.errors import ConfigError
from tests.config.test_machine_files import FIRM

TEXTS = st.text(
    st.characters(exclude_categories=["Cs", "Co", "Cn"]), min_size=1, max_size=30
).filter(lambda text: text.isprintable() and "${" not in text)
TIMES = st.integers(1, 10**9).map(lambda us: timedelta(microseconds=us))
NAMES = st.from_regex(r"[a-z][a-z0-9-]{0,31}", fullmatch=True)


CONNECTS = st.one_of(
    st.fixed_dictionaries(
        {"type": st.just("modbus-tcp"), "host": st.sampled_from(["10.0.0.1", "a.local", "::1"])},
        optional={
            "port": st.integers(1, 65535),
            "unit": st.integers(0, 255),
            "timeout": st.integers(10, 30_000).map(lambda ms: f"{ms}ms"),
            "pause": st.integers(0, 10_000).map(lambda ms: f"{ms}ms"),
            "reconnect": st.sampled_from(["when-lost", "each-poll"]),
            "ignore_unit": st.booleans(),
        },
    ),
    st.fixed_dictionaries(
        {"type": st.just("modbus-rtu"), "port": st.sampled_from(["/dev/ttyUSB0", "/dev/a b"])},
        optional={
            "baud": st.integers(300, 1_000_000),
            "parity": st.sampled_from(["none", "even", "odd"]),
            "stop_bits": st.integers(1, 2),
            "unit": st.integers(1, 247),
        },
    ),
)
POWER = st.lists(st.integers(1, 10**7), min_size=4, max_size=4, unique=True).map(sorted)
EVIDENCE = st.builds(
    lambda steps, run, pause, more: {
        "type": "power-runs",
        **dict(zip(("off_below", "standby_below", "run_below", "run_above"), steps, strict=True)),
        "min_run": spelled(run),
        "min_pause": spelled(pause),
        **more,
    },
    POWER.map(lambda steps: [step / 8 for step in steps]),
    TIMES,
    TIMES,
    st.fixed_dictionaries({}, optional={"pieces_per_run": st.integers(1, 99)}),
) | st.builds(
    lambda idle, rejects: {"type": "counters", "idle_after": spelled(idle), "rejects": rejects},
    TIMES,
    st.sampled_from(["scrap", "rework"]),
)
DEVICE: dict[str, st.SearchStrategy[Any]] = {
    "template": st.sampled_from(["sdm630", "e1210-press", "/srv/own meter.yaml"]),
    "connect": CONNECTS,
    "every": TIMES.filter(lambda time: time >= timedelta(milliseconds=10)).map(spelled),
}
PARAMETERS = st.dictionaries(
    st.from_regex(r"[a-z][a-z0-9_]{0,9}", fullmatch=True),
    st.integers(-(10**6), 10**6) | st.floats(-1e6, 1e6) | TEXTS,
    max_size=3,
)
MACHINES = st.fixed_dictionaries(
    {"name": NAMES, "title": st.fixed_dictionaries({"de": TEXTS, "en": TEXTS}), **DEVICE},
    optional={
        "built": st.integers(1850, 2100),
        "manufacturer": TEXTS,
        "model": TEXTS,
        "serial": TEXTS,
        "parameters": PARAMETERS,
        "evidence": EVIDENCE,
    },
) | st.fixed_dictionaries(
    {
        "name": NAMES,
        "title": st.fixed_dictionaries({"de": TEXTS, "en": TEXTS}),
        "devices": st.lists(
            st.fixed_dictionaries(DEVICE, optional={"parameters": PARAMETERS}),
            min_size=1, max_size=3,
        ),
    }
)  # fmt: skip
ALONE = variants().__class__(
    variants().connect, variants().sinks, variants().evidence, templates=None, too_much=None
)
"""The catalogue without the templates: that these exist is not asked here."""


def model(content: dict[str, Any]) -> Machine | None:
    """What was drawn, if it is a machine at all."""
    try:
        return machine_model(ALONE).model_validate_json(json.dumps(content))
    except ValueError:
        return None


@given(MACHINES)
def test_any_machine_is_read_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, content: dict[str, Any]
) -> None:
    machine = model(content)
    assume(machine is not None)
    assert machine is not None
    file = tmp_path_factory.getbasetemp() / "machine.yaml"
    file.write_text(machine_text(content_of(machine), machine_model(ALONE)), "utf-8")
    try:
        again = load_machine(file, ALONE, {})
    except ConfigError:  # what devices on one line must not be is another rule
        assume("devices" not in content)
        raise
    assert again == machine


@given(TIMES)
def test_a_duration_is_spelled_as_it_is_read(time: timedelta) -> None:
    assert TypeAdapter(Duration).validate_python(spelled(time)) == time


class Shop:
    """A firm's files in a folder."""

    def __init__(self, folder: Path) -> None:
        (folder / "firm.yaml").write_text(FIRM, "utf-8")
        self.files, self.state = Files(folder / "firm.yaml", variants(), {}), folder / "state"

    def content(self, name: str, host: str = "10.0.0.9") -> dict[str, Any]:
        return {
            "name": name,
            "title": {"de": name, "en": name},
            "template": "sdm630",
            "connect": {"type": "modbus-tcp", "host": host, "unit": 1},
            "every": "1s",
        }

    def add(self, name: str, host: str = "10.0.0.9") -> Path:
        draft = added(self.files, self.state, self.content(name, host))
        assert draft.problems == ()
        carried_out(draft, datetime.now(UTC))
        return draft.path


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


COMMENTS = ("# ganz oben", "# zwischen den Zeilen", "# am Ende der Zeile", "# zuletzt")


@pytest.mark.parametrize(
    ("changes", "keeps"),
    [
        ({"every": "2s"}, 4),
        ({"title": {"de": "Neu: 'x'", "en": "New"}}, 4),
        ({"built": 1974}, 4),
        ({"connect": {"type": "modbus-tcp", "host": "10.0.0.8", "unit": 3}}, 4),
        ({"connect": {"type": "modbus-rtu", "port": "/dev/ttyUSB0", "unit": 3}}, 4),
        ({"evidence": {"type": "counters", "idle_after": "1min"}, "template": "e1210-press"}, 4),
        ({"parameters": {}}, 4),
    ],
)
def test_comments_stay_under_editing(shop: Shop, changes: dict[str, Any], keeps: int) -> None:
    path = shop.add("press-1")
    text = path.read_text("utf-8")
    text = text.replace("  host: 10.0.0.9\n", f"  {COMMENTS[1]}\n  host: 10.0.0.9\n")
    text = text.replace("name: press-1\n", f"name: press-1  {COMMENTS[2]}\n")
    path.write_text(f"{COMMENTS[0]}\n{text}{COMMENTS[3]}\n", "utf-8")
    draft = edited(shop.files, shop.state, "press-1", changes)
    assert draft.problems == ()
    assert draft.after is not None
    assert sum(comment in draft.after for comment in COMMENTS) == keeps
    path.write_text(draft.after, "utf-8")
    machine = next(one for one in shop.files.read().machines if one.name == "press-1")
    for key, value in changes.items():
        assert content_of(machine).get(key, {}) == value


def test_a_hundred_machines_are_a_hundred_files(shop: Shop) -> None:
    for number in range(100):
        shop.add(f"m-{number}", f"10.0.1.{number}")
    assert len(shop.files.read().machines) == 101
    assert edited(shop.files, shop.state, "m-57", {"every": "5s"}).problems == ()
    twice = added(shop.files, shop.state, shop.content("m-57", "10.0.2.1"))
    assert "m-57 stands in" in twice.problems[0].what.en
    gone = removed(shop.files, shop.state, "m-57")
    assert gone.problems == ()


WRITES = """
import sys
from pathlib import Path
from gateway.config import machine_files
path, texts = Path(sys.argv[1]), [c * 40_000 for c in "ab"]
print("ready", flush=True)
while True:
    for text in texts:
        machine_files.replace_text(path, text)
    other = path.with_name("new.yaml")
    other.unlink(missing_ok=True)
    machine_files.write_new(other, texts[0])
"""


@pytest.mark.size(kills=(10, 100))
def test_killed_in_the_middle_of_writing_a_file_is_whole(tmp_path: Path, kills: int) -> None:
    moments = random.Random(1987)
    path = machine_files.folder(tmp_path) / "press-1.yaml"
    for _ in range(kills):
        process = subprocess.Popen(
            [sys.executable, "-c", WRITES, str(path)], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        process.stdout.readline()
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(moments.uniform(0.0, 0.1))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        for file in machine_files.files(tmp_path):
            assert file.read_text() in ("a" * 40_000, "b" * 40_000), file
