"""Whatever stands in a file or behind an option: sentences, and no word of the language we use."""

from __future__ import annotations

import copy
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway import resources
from gateway.cli.kinds import problems_of

CONFIGS = resources.configs()
FILES = {
    "site": CONFIGS / "demo" / "firms" / "zerspanung-rennweg.yaml",
    "alone": CONFIGS / "raspberry-pi.yaml",
    "template": CONFIGS / "machines" / "sdm630.yaml",
    "consortium": CONFIGS / "demo" / "consortium.yaml",
    "order": CONFIGS / "demo" / "order.yaml",
    "simulation": CONFIGS / "demo" / "simulation.yaml",
    "scenario": CONFIGS / "demo" / "scenario.yaml",
}
PYTHON = re.compile(
    r"\b(None|NoneType|True|False|dict|tuple|list_type|timedelta|datetime|nan|inf|Traceback|"
    r"pydantic|\w+Error|\w+Exception|str|int|float|bool|bytes|input_value|object at|"
    r"validation error|schema\.|lambda)\b|<class|0x[0-9a-f]{6}"
)
TEXT = st.text("abxz019:/.-_ äß%{}[]()@#\"'\\\x7f\u2028\U0001f600", max_size=30)
"""Nothing that a person types here spells one of Python's words."""
SCALAR = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**40), 10**40),
    st.floats(allow_nan=False, allow_infinity=False),
    TEXT,
    st.sampled_from(["1e999", "10ms", "0s", "99999999d", "day 1 06:00", "day 0 99:99", "::1"]),
    st.sampled_from(
        ["0,5", "1.000,5", "0x10", "14h", "“a”", "1/3", "/10", "FC3", "4x0001", "10 Hz"]
    ),
    st.dates(),
)
VALUE = st.recursive(
    SCALAR,
    lambda below: st.lists(below, max_size=3) | st.dictionaries(TEXT, below, max_size=3),
    max_leaves=6,
)


def spots(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of every value in a file."""
    found = [path] if path else []
    if isinstance(node, dict):
        steps = list(node)
    else:
        steps = list(range(len(node))) if isinstance(node, list) else []
    for step in steps:
        found += spots(node[step], (*path, step))
    return found


def changed(content: Any, data: st.DataObject) -> Any:
    """The file with one value replaced, taken away, doubled under another key, or given a key."""
    content = copy.deepcopy(content)
    *above, last = data.draw(st.sampled_from(sorted(spots(content), key=str)))
    holder = content
    for step in above:
        holder = holder[step]
    way = data.draw(st.sampled_from(["replace", "delete", "rename", "repeat"]))
    if way == "replace":
        holder[last] = data.draw(VALUE)
    elif way == "delete" or isinstance(holder, list):
        del holder[last]
    elif way == "rename":
        holder[data.draw(TEXT | st.sampled_from(["type", "name", "schema"]))] = holder.pop(last)
    else:
        holder[data.draw(TEXT)] = data.draw(VALUE)
    return content


def own(text: str) -> str:
    """What a message says itself; what may be written (an encoding is called bool) is listed."""
    return re.sub(r"(Möglich sind|Possible are): .*", "", text)


@pytest.mark.parametrize("kind", FILES)
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_check_speaks_plainly_of_any_file(kind: str, data: st.DataObject, tmp_path: Path) -> None:
    content = yaml.safe_load(FILES[kind].read_text())
    for _ in range(data.draw(st.integers(1, 3))):
        content = changed(content, data)
    file = tmp_path / "file.yaml"
    file.write_text(yaml.safe_dump(content, allow_unicode=True))
    for problem in problems_of(file, None if kind == "alone" else kind, {}):
        for text in (problem.what, problem.fix):
            assert text.de
            assert text.en
            assert not PYTHON.search(own(text.de)), text.de
            assert not PYTHON.search(own(text.en)), text.en


HOSTS = TEXT | st.sampled_from(
    ["localhost:502", "tcp://127.0.0.1", "[::1]:502", "010.0.0.1", "256.1.1.1", "-", "a" * 300]
)


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(host=HOSTS, port=SCALAR, unit=SCALAR)
def test_read_speaks_plainly_of_any_option(werkverbund, host: str, port: object, unit: object):
    options = [f"--host={host}", f"--port={port}", f"--unit={unit}"]
    answer = werkverbund("--lang", "en", "read", "--template", "sdm630", *options, "--port", "0")
    assert answer.code == 2
    assert answer.err
    said = answer.err.replace(str(port), "").replace(str(unit), "")
    assert not PYTHON.search(said), answer.err


@pytest.mark.parametrize("host", ["localhost:502", "tcp://localhost:502"])
def test_a_port_behind_the_host_is_said_as_options(werkverbund, host: str) -> None:
    answer = werkverbund("--lang", "en", "read", "--template", "sdm630", f"--host={host}")
    assert answer.code == 2
    assert "Write --host localhost and --port 502" in answer.err
