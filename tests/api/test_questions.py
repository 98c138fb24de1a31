"""A counter that jumps: asked on a page, answered once, counted in health; and corrected counts."""

from __future__ import annotations

import socketserver
import struct
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect, sync_playwright

from gateway.cli.rooms import variants
from gateway.config import load
from tests.api.running import API, TOKEN, RunningGateway, at_work, demo_client, free_port, until
from tests.peers import need

TEMPLATE = """
schema: 1
template: punch-counter
title: {de: Zähler der Stanze, en: Counter of the punch}
identification: {manufacturer: our own, model: punch-counter}
points:
  - name: shots
    means: {de: Hübe, en: Strokes}
    table: holding-registers
    address: 0
    encoding: uint32
    order: high-word-first
    kind: counter
    role: good-count
"""
SITE = """
schema: 1
firm: punchers
name: Stanzerei Am Bach
state: {folder}/state
simulated: true
machines:
  - name: punch-1
    title: {{de: Stanze, en: Punch}}
    template: punch.yaml
    connect: {{type: modbus-tcp, host: 127.0.0.1, port: {modbus}, unit: 1, timeout: 500ms}}
    every: 50ms
    evidence: {{type: counters, idle_after: 20s}}
web:
  listen: "127.0.0.1:{web}"
  demo_token: ${{DEMO_TOKEN}}
jobs:
  - id: P-1
    machine: punch-1
    item: {{de: Winkel, en: Bracket}}
    quantity: 6000
    lot: 10
    per_piece: 1s
"""


class Device(socketserver.ThreadingTCPServer):
    """A Modbus device with one 32 bit counter in registers 0 and 1."""

    allow_reuse_address = True
    daemon_threads = True
    shots = 1000


class Answer(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        while len(head := self.rfile.read(7)) == 7:
            number, _, length, unit = struct.unpack(">HHHB", head)
            function, address, count = struct.unpack(">BHH", self.rfile.read(length - 1))
            assert isinstance(self.server, Device)
            words = struct.pack(">I", self.server.shots)[2 * address : 2 * (address + count)]
            body = struct.pack(">BBB", unit, function, len(words)) + words
            self.wfile.write(struct.pack(">HHH", number, 0, len(body)) + body)


@pytest.fixture
def device() -> Iterator[Device]:
    with Device(("127.0.0.1", 0), Answer) as found:
        thread = threading.Thread(target=found.serve_forever, args=(0.05,))
        thread.start()
        yield found
        found.shutdown()
        thread.join()


@pytest.fixture
def punch(device: Device, tmp_path: Path) -> Iterator[RunningGateway]:
    (tmp_path / "punch.yaml").write_text(TEMPLATE, "utf-8")
    ports = {"modbus": device.server_address[1], "web": free_port()}
    file = tmp_path / "punchers.yaml"
    file.write_text(SITE.format(folder=tmp_path, **ports), "utf-8")
    with at_work(RunningGateway(load(file, variants(), {"DEMO_TOKEN": TOKEN}), None)) as running:
        yield running


def counter(web: httpx.Client) -> int:
    (machine,) = web.get(f"{API}/machines").json()
    return int(machine["signals"][0]["value"] or 0)


def show(device: Device, web: httpx.Client, shots: int) -> None:
    """Another reading, and until the gateway has read it twice."""
    device.shots = shots
    until(lambda: counter(web) == shots)


def jump(device: Device, web: httpx.Client, after: int = 5000) -> dict[str, object]:
    until(lambda: counter(web) == 1000)
    show(device, web, 1001)
    show(device, web, after)
    (question,) = until(lambda: web.get(f"{API}/questions").json())
    return dict(question)


def good(web: httpx.Client) -> int:
    return int(web.get(f"{API}/jobs/P-1").json()["good"])


def about_questions(web: httpx.Client) -> tuple[str, str]:
    parts = web.get(f"{API}/health").json()["parts"]
    (part,) = (entry for entry in parts if entry["name"] == "questions")
    return part["state"], part["text"]["en"].split(":")[0]


def test_a_jump_is_asked_and_the_answer_counts_once(device: Device, punch: RunningGateway) -> None:
    with demo_client(punch.base, "foreman") as web, demo_client(punch.base, "visitor") as guest:
        assert about_questions(web) == ("ok", "none")
        question = jump(device, web)
        asked = (question["before"], question["after"], question["counts"], question["good"])
        assert asked == (1001, 5000, 3999, 3999)
        assert question["signal"] == "punch-1/shots"
        assert about_questions(web) == ("waiting", "1 open")
        assert guest.get(f"{API}/questions").json() == [question]
        answer = f"{API}/questions/{question['id']}/answer"
        assert guest.post(answer, json={"confirm": True}).status_code == 403
        assert good(web) == 1
        assert web.post(answer, json={"confirm": True}).json() == []
        assert good(web) == 4000
        assert web.get(f"{API}/jobs/P-1").json()["origins"] == {"counted": 1, "entered": 3999}
        again = web.post(answer, json={"confirm": True})
        assert again.status_code == 409
        assert again.json()["detail"]["de"].startswith("Diese Frage ist nicht mehr offen")
        assert good(web) == 4000
    with demo_client(punch.base, "owner") as owner:
        noted = owner.get(f"{API}/audit").json()
    told = [(one["event"], one["role"], one["what"]) for one in noted if "questions" in one["what"]]
    route = f"POST {API}/questions/{{question}}/answer"
    assert ("changed", "foreman", route) in told
    assert ("refused", "visitor", route) in told


def test_more_than_planned_is_asked_back_and_what_was_wrong_is_corrected(
    device: Device, punch: RunningGateway
) -> None:
    with demo_client(punch.base, "foreman") as web:
        until(lambda: counter(web) == 1000)
        book, correct = f"{API}/jobs/P-1/bookings", f"{API}/jobs/P-1/corrections"
        assert web.post(book, json={"good": 41}).status_code == 200
        back = web.post(book, json={"good": 5960})
        assert (back.status_code, back.json()["ask"]) == (409, "above_plan")
        assert back.json()["detail"]["en"].startswith(
            "With 5,960 pieces it would be 6,001 of 6,000"
        )
        assert good(web) == 41
        gone = web.post(correct, json={"good": 2})
        assert gone.status_code == 409
        assert gone.json()["detail"]["de"].startswith("40 Stück haben den Betrieb schon verlassen")
        job = web.post(correct, json={"good": 1}).json()
        assert job["origins"] == {"entered": 41, "corrected": -1}
        assert job["good"] == 40
        job = web.post(book, json={"good": 5965, "above_plan": True}).json()
        assert (job["good"], job["state"]) == (6005, "ended")
        job = web.post(correct, json={"good": 5}).json()
        assert (job["good"], job["because"]["en"]) == (6000, "Completed: 6,000 of 6,000 pieces.")


@pytest.fixture
def page() -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=need("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        yield browser.new_context(
            extra_http_headers={
                "authorization": f"Bearer {TOKEN}",
                "x-werkverbund-role": "foreman",
            },
            locale="de-DE",
        ).new_page()
        browser.close()


def test_the_page_shows_both_readings_the_curve_and_two_buttons(
    device: Device, punch: RunningGateway, page: Page, tmp_path: Path
) -> None:
    with demo_client(punch.base, "foreman") as web:
        jump(device, web)
        page.goto(f"{punch.base}/#/questions")
        expect(page.get_by_role("heading", name="Offene Fragen")).to_be_visible()
        card = page.get_by_role("region", name="Offene Frage: Stanze")
        expect(card.get_by_role("definition").nth(0)).to_have_text("1.001")
        expect(card.get_by_role("definition").nth(1)).to_have_text("5.000")
        expect(card.get_by_role("img")).to_be_visible()
        page.screenshot(path=tmp_path / "questions-de.png")
        page.goto(f"{punch.base}/#/machine/punch-1")
        expect(page.get_by_role("region", name="Offene Frage: Stanze")).to_be_visible()
        page.goto(f"{punch.base}/#/questions")
        page.get_by_role("button", name="English").click()
        page.get_by_role("button", name="No, do not count it").click()
        page.get_by_role("button", name="Do not count", exact=True).click()
        expect(page.get_by_text("No open question")).to_be_visible()
        assert web.get(f"{API}/questions").json() == []
        assert good(web) == 1
