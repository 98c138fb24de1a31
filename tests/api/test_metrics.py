"""Figures for a monitoring system: in its format, for who may, and no more than health says."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.api.metrics import rendered
from gateway.core.figures import Figure, FigureKind
from tests.api.running import RunningGateway, a_workshop, at_work, client, demo_client, until
from tests.peers import need

OPEN = {"accept": "application/openmetrics-text; version=1.0.0"}


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    more = "  metrics_token: ${KEY}\nsinks:\n  - {type: mqtt, broker: 'mqtt://127.0.0.1:1'}\n"
    gateway = a_workshop(tmp_path_factory.mktemp("watched"), demo=True, more=more)
    with at_work(gateway):
        yield gateway


def read(gateway: RunningGateway, **headers: str) -> httpx.Response:
    with client(gateway.base, {"authorization": "Bearer k", **headers}) as asked:
        return asked.get("/metrics")


def figures(text: str) -> dict[str, float]:
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def test_prometheus_own_tool_finds_nothing_to_say(watched: RunningGateway) -> None:
    page = until(lambda: "werkverbund_machine_up" in (text := read(watched).text) and text)
    checked = subprocess.run(
        [need("promtool"), "check", "metrics"],
        input=page,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")


def test_it_counts_what_happens(watched: RunningGateway) -> None:
    before = figures(read(watched).text)
    (polls,) = (name for name in before if name.startswith("werkverbund_polls_total"))
    until(lambda: figures(read(watched).text)[polls] > before[polls] + 5)
    watched.unplug("drill-1")
    (up,) = (name for name in before if name.startswith("werkverbund_machine_up"))
    until(lambda: figures(read(watched).text)[up] == 0)
    watched.replug("drill-1")
    until(lambda: figures(read(watched).text)[up] == 1)
    after = figures(read(watched).text)
    (connects,) = (name for name in after if name.startswith("werkverbund_line_connects_total"))
    assert after[connects] > before[connects]
    assert after['werkverbund_sink_up{sink="mqtt"}'] == 0


def test_open_metrics_is_given_to_who_asks_for_it(watched: RunningGateway) -> None:
    answer = read(watched, **OPEN)
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert answer.text.endswith("# EOF\n")
    assert "# TYPE werkverbund_polls counter" in answer.text
    assert "\nwerkverbund_polls_total{" in answer.text
    plain = read(watched)
    assert plain.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert "# TYPE werkverbund_polls_total counter" in plain.text


@pytest.mark.parametrize("token", ["", "Bearer", "Bearer x", "Bearer kk", "Basic k", "k"])
def test_a_stranger_gets_no_figures(watched: RunningGateway, token: str) -> None:
    answer = read(watched, authorization=token)
    assert answer.status_code == 401
    assert "werkverbund" not in answer.text


@pytest.mark.parametrize(
    ("role", "status"), [("owner", 200), ("foreman", 403), ("customer", 403), ("visitor", 403)]
)
def test_of_the_roles_only_the_owner(watched: RunningGateway, role: str, status: int) -> None:
    with demo_client(watched.base, role) as asked:
        assert asked.get("/metrics").status_code == status


def test_without_a_token_in_the_file_no_token_opens(demo: RunningGateway) -> None:
    for token in ("Bearer", "Bearer None", "Bearer k"):
        assert read(demo, authorization=token).status_code == 401


def test_it_names_nothing_that_health_does_not(watched: RunningGateway) -> None:
    with demo_client(watched.base, "owner") as owner:
        health = owner.get("/api/v1/health").text
    for value in re.findall(r'(?:line|machine|sink|part)="([^"]*)"', read(watched).text):
        assert value in health


TEXT = st.text(max_size=20)


@given(TEXT, TEXT, st.floats(), st.booleans())
def test_whatever_stands_in_a_label_stays_on_its_line(
    means: str, label: str, value: float, openmetrics: bool
) -> None:
    page = rendered(
        [Figure("x", FigureKind.GAUGE, means, value, {"a": label})], openmetrics=openmetrics
    )
    lines = page.split("\n")
    assert len(lines) == 4 + openmetrics
    assert re.fullmatch(r'werkverbund_x\{a="(?:[^"\\\n]|\\["\\n])*"\} \S+', lines[2])


def test_the_machine_s_page_says_how_long_its_line_takes(watched: RunningGateway) -> None:
    def told() -> dict[str, Any] | None:
        with demo_client(watched.base, "owner") as owner:
            [line] = owner.get("/api/v1/machines/drill-1").json()["bus"]
        return line if line["measured_s"] else None

    line = until(told)
    assert line["requests"] > 0
    assert line["values"] > line["requests"]
    assert line["expected_s"] is None  # the speed of a network is not known
    assert line["measured_s"] <= line["shortest_s"] <= line["measured_s"] + 0.01
    assert 0 < line["share"] < 1
    assert f"{line['requests']} Anfrage" in line["told"]["de"]
    assert f"measured {round(1000 * line['measured_s'])} ms" in line["told"]["en"]


def test_the_machine_s_page_says_the_same_in_a_sentence(watched: RunningGateway) -> None:
    def told() -> dict[str, str]:
        with demo_client(watched.base, "owner") as owner:
            (line,) = owner.get("/api/v1/machines/drill-1").json()["polling"]
        return line

    before = int(re.findall(r": (\d+) Abfragen", told()["de"])[0])
    until(lambda: int(re.findall(r": (\d+) polls", told()["en"])[0]) > before)
