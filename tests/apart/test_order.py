"""What a sink's process is told at its start: its own sink, the firm, its machines; no secret."""

from __future__ import annotations

import pickle
from pathlib import Path

from pydantic import SecretStr

from gateway.apart.order import order
from gateway.cli.rooms import variants
from gateway.config import load
from tests.apart.sinks import NotesConfig
from tests.sinks.small_firm import SIGNALS

FIRM = """
schema: 1
firm: workshop
name: Werkstatt am Markt
simulated: true
state: {state}
machines:
  - name: drill-1
    title: {{de: Ständerbohrmaschine, en: Bench drill}}
    built: 1979
    template: sdm630
    connect: {{type: modbus-tcp, host: 10.1.2.3}}
    evidence: {{type: power-runs, off_below: 20, standby_below: 120, run_above: 400,
      run_below: 300, pieces_per_run: 1, min_run: 5s, min_pause: 1s, settle: 5s}}
web: {{demo_token: ${{TOKEN}}}}
sinks:
  - {{type: mqtt, broker: "mqtt://127.0.0.1", user: foreman, password: "${{BROKER}}"}}
  - {{type: influx, url: "http://127.0.0.1:8086", org: o, bucket: b, token: "${{INFLUX}}"}}
"""
SECRETS = {"TOKEN": "Tannenzapfen-am-Hang", "BROKER": "Fichtennadel", "INFLUX": "Birkenrinde"}


def test_it_knows_its_own_secrets_and_no_others(tmp_path: Path) -> None:
    file = tmp_path / "firm.yaml"
    file.write_text(FIRM.format(state=tmp_path), "utf-8")
    site = load(file, variants(), SECRETS)
    config = NotesConfig(secret=SecretStr("Herbst-in-Jena"))
    told = pickle.dumps(order("notes", config, site, SIGNALS, tmp_path))
    assert b"Herbst-in-Jena" in told
    for secret in (*SECRETS.values(), "10.1.2.3"):
        assert secret.encode() not in told
    got = pickle.loads(told)
    [machine] = got.site.machines
    assert (got.site.firm, got.site.name, got.site.simulated) == (
        "workshop", "Werkstatt am Markt", True
    )  # fmt: skip
    assert (machine.name, machine.built, machine.title.en) == ("drill-1", 1979, "Bench drill")
    assert machine.devices[0].template == "sdm630"
    assert machine.evidence is not None
    assert machine.evidence.type == "power-runs"
