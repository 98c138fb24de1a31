"""What the demo says on the console: a table for people, one JSON object per line for programs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import webbrowser
from typing import TYPE_CHECKING

import orjson

from gateway.core.text import Text
from simulators.stage.options import Options

if TYPE_CHECKING:
    from simulators.stage.demo import Demo
    from simulators.stage.web import Stage

NO_NETWORK = Text(
    "Dieser Rechner ist in keinem Netz: Die Bühne ist nur hier zu sehen.",
    "This computer is in no network: the stage can be seen here only.",
)
SENTENCES = {
    "preparing": Text("Die Modellfabrik wird aufgebaut …", "Setting up the model factory …"),
    "late": Text(
        "Noch nicht bereit: {firms}. Protokolle: {logs}", "Not ready yet: {firms}. Logs: {logs}"
    ),
    "moved": Text(
        "Im Raum steht die Bühne jetzt unter {lan}", "In the room the stage is now at {lan}"
    ),
    "alone": NO_NETWORK,
    "taken": Text(
        "Im Raum ist {lan} belegt: Die Bühne ist vorerst nur hier zu sehen.",
        "In the room {lan} is taken: for now the stage can be seen here only.",
    ),
    "no serial": Text(
        "Dieser Rechner kann keine seriellen Schnittstellen nachbilden (Pseudo-Terminals): Alle "
        "Maschinen werden über Modbus TCP gelesen.",
        "This computer cannot simulate serial ports (pseudo-terminals): all machines are read over "
        "Modbus TCP.",
    ),
    "stopping": Text("Alles wird beendet …", "Stopping everything …"),
}


def preparing(options: Options) -> None:
    """Tell people to wait a moment; for programs the first line is ``ready``."""
    if not options.json:
        say(options, "preparing")


def say(options: Options, kind: str, **facts: object) -> None:
    """One event."""
    if options.json:
        _line({"schema": 1, "kind": kind, **facts})
        return
    told = {
        name: ", ".join(fact) if isinstance(fact, list) else fact for name, fact in facts.items()
    }
    sys.stdout.write(SENTENCES[kind].in_(options.language).format(**told) + "\n")
    sys.stdout.flush()


def ready(demo: Demo, stage: Stage, *, seconds: float) -> None:
    """Everything runs: all addresses and the demo's credentials."""
    found = addresses(demo, stage)
    if demo.options.json:
        _line({"schema": 1, "kind": "ready", "seconds": round(seconds, 1), **found})
        return
    _table(demo, stage, seconds)


def addresses(demo: Demo, stage: Stage) -> dict[str, object]:
    """All addresses of a running demo."""
    ports = demo.ports
    return {
        "stage": stage.address,
        "lan": stage.public,
        "pin": stage.presenter.pin if stage.public else None,
        "order": stage.show.order,
        "state": str(demo.state),
        "credentials": {"bearer": demo.token},
        "shared_broker": f"mqtt://127.0.0.1:{ports.shared_broker}",
        "simulator_control": f"http://127.0.0.1:{ports.control}",
        "firms": {
            player.id: {
                "name": stage.names[player.id],
                "kind": player.kind,
                "web": f"http://127.0.0.1:{ports.web(index)}/",
                "pages": f"{stage.address}firm/{player.id}/",
                "opcua": f"opc.tcp://127.0.0.1:{ports.opcua(index)}",
                "broker": f"mqtt://127.0.0.1:{ports.broker(index)}",
                "modbus": [
                    {
                        "machine": player.machine,
                        "host": "127.0.0.1",
                        "port": ports.modbus(index),
                        "devices": demo.devices(index),
                    }
                ],
                "pid": stage.supervisor.running[player.id].pid,
            }
            for index, player in enumerate(demo.scenario.firms)
        },
        "pids": {name: entry.pid for name, entry in stage.supervisor.running.items()},
    }


def _table(demo: Demo, stage: Stage, seconds: float) -> None:
    de = demo.options.language == "de"
    ports = demo.ports
    after = f"{'bereit nach' if de else 'ready after'} {seconds:.1f} s"
    width = max(len(name) for name in stage.names.values()) + 2
    lines = [
        "",
        f"  {'Modellfabrik (simuliert)' if de else 'Model factory (simulated)'}: {after}",
        "",
        f"  {'Bühne' if de else 'Stage':<{width}}{stage.address}",
    ]
    if stage.public:
        lines += [
            f"  {'Im Raum' if de else 'In the room':<{width}}{stage.public}",
            f"  {'PIN (Vorführung)' if de else 'PIN (presenter)':<{width}}{stage.presenter.pin}",
        ]
    elif demo.options.lan:
        lines.append(f"  {NO_NETWORK.in_(demo.options.language)}")
    lines += ["", f"  {'Firma' if de else 'Firm':<{width}}{'OPC UA':<28}{'MQTT':<24}Modbus"]
    for index, player in enumerate(demo.scenario.firms):
        lines.append(
            f"  {stage.names[player.id]:<{width}}"
            f"{f'opc.tcp://127.0.0.1:{ports.opcua(index)}':<28}"
            f"{f'127.0.0.1:{ports.broker(index)}':<24}"
            f"{', '.join(demo.places(index))}"
        )
    lines += ["", f"  {'Beenden: Strg-C' if de else 'Stop: Ctrl-C'}", ""]
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


def open_browser(address: str) -> None:
    """Open the stage in a browser, if this computer has one and a screen."""
    if sys.platform == "linux" and not (
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    ):
        return
    opener = shutil.which("xdg-open")
    if opener is None:
        webbrowser.open(address)
        return
    subprocess.Popen(  # noqa: S603 - a fixed program with our own address
        [opener, address],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _line(content: dict[str, object]) -> None:
    sys.stdout.buffer.write(orjson.dumps(content) + b"\n")
    sys.stdout.buffer.flush()
