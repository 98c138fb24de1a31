"""Before the curtain: is there room, are the ports free, do the firms have keys."""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os
import shutil
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
import orjson
import yaml

from gateway import logs
from gateway.core.errors import Unwritable
from gateway.core.text import Language, Text
from gateway.private_files import usable
from simulators.stage import asking
from simulators.stage.ports import Ports, taken
from simulators.stage.processes import WERKVERBUND
from simulators.stage.scenario import Scenario

NEEDED_MEMORY = 1300
"""Megabytes that the gateways, brokers and simulators of a whole demo take (measured)."""


MACHINES = "machines.json"
"""What the simulated machines remember, in the demo's state folder."""


class NotPossibleError(Exception):
    """The demo cannot start; one clear sentence in both languages."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text


def check_memory() -> None:
    """Refuse a computer with too little free memory. Raises NotPossibleError."""
    facts = dict(
        line.split(":", 1) for line in Path("/proc/meminfo").read_text("ascii").splitlines()
    )
    free = int(facts["MemAvailable"].split()[0]) // 1024
    if free < NEEDED_MEMORY:
        raise NotPossibleError(
            Text(
                f"Die Demo braucht {NEEDED_MEMORY} MB freien Arbeitsspeicher, hier sind es "
                f"{free} MB. Bitte schließen Sie andere Programme.",
                f"The demo needs {NEEDED_MEMORY} MB of free memory, there are {free} MB. "
                "Please close other programs.",
            )
        )


def check_loopback() -> None:
    """Refuse a computer that does not reach itself. Raises NotPossibleError."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("127.0.0.1", 9))  # only asks the routing table
        except OSError as error:
            raise NotPossibleError(
                Text(
                    "Dieser Rechner erreicht sich selbst nicht (127.0.0.1): Die Demo braucht das "
                    "Loopback-Netz. Bitte schalten Sie es ein: sudo ip link set lo up",
                    "This computer does not reach itself (127.0.0.1): the demo needs the loopback "
                    "network. Please switch it on: sudo ip link set lo up",
                )
            ) from error


async def check_ports(ports: Ports, firms: int, *, room: str | None) -> None:
    """Refuse when a port is taken, naming it; the stage's at ``room`` too. Raises NotPossibleError.

    ``room`` is this computer's address in the local network, if the stage opens there.
    """
    busy = taken(ports.used(firms))
    if room is not None and ports.stage not in busy:
        busy += taken([ports.stage], room)
    if not busy:
        return
    if ports.stage in busy and await _is_stage(ports.stage):
        raise NotPossibleError(
            Text(
                f"Die Demo läuft schon: http://127.0.0.1:{ports.stage}/ (beenden: dort Strg-C).",
                f"The demo runs already: http://127.0.0.1:{ports.stage}/ (stop it with Ctrl-C).",
            )
        )
    raise taken_ports(busy, ports)


def taken_ports(busy: Sequence[int], ports: Ports) -> NotPossibleError:
    """Which ports somebody else uses, and what to do."""
    numbers = ", ".join(map(str, busy))
    return NotPossibleError(
        Text(
            f"Auf diesem Rechner ist schon belegt: Port {numbers}. Bitte wählen Sie andere: "
            f'make demo ARGS="--base-port {ports.base + 1000}"',
            f"Already in use on this computer: port {numbers}. Please choose others: "
            f'make demo ARGS="--base-port {ports.base + 1000}"',
        )
    )


@contextmanager
def alone(state: Path) -> Iterator[None]:
    """Nobody else uses the state folder meanwhile. Raises NotPossibleError."""
    try:
        for folder in (state, state / "firms", state / "logs"):
            usable(folder)
        state.chmod(0o700)  # whoever has made it: keys and passwords lie in it
    except Unwritable as error:
        raise NotPossibleError(error.text) from error
    except OSError as error:
        raise NotPossibleError(Unwritable(state, error).text) from error
    with (state / "demo.lock").open("wb") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise NotPossibleError(
                Text(
                    f"Eine Demo mit diesem Stand läuft schon ({state}). Bitte beenden Sie sie "
                    "zuerst: dort Strg-C.",
                    f"A demo with this state runs already ({state}). Please stop it first: "
                    "Ctrl-C there.",
                )
            ) from error
        yield


def log_to(file: Path, language: Language) -> None:
    """The stage's own log: like those of its processes, not on the console."""
    file.parent.mkdir(parents=True, exist_ok=True)
    logs.speak(language, file=file)
    logging.getLogger("httpx").setLevel(logging.WARNING)


async def _is_stage(port: int) -> bool:
    try:
        async with asking.client(2.0) as web:
            answer = await web.get(f"http://127.0.0.1:{port}/stage/v1/state")
            return answer.is_success and "keyframes" in answer.json()
    except (httpx.HTTPError, ValueError):
        return False


def clear(state: Path) -> None:
    """Forget an earlier demo (``--fresh``); only what a demo has made."""
    for name in ("firms", "logs", "serial", "without-serial", "consortium.yaml", MACHINES):
        target = state / name
        if target.is_dir():
            shutil.rmtree(target)
        elif target.exists():
            target.unlink()


async def consortium(
    scenario: Scenario, folder: Path, state: Path, envs: Mapping[str, Mapping[str, str]]
) -> Path:
    """The scenario's consortium with every firm's public keys, which are gathered once.

    In earnest the firms exchange their keys when they join; here the stage gathers them.
    """
    file = state / "consortium.yaml"
    if file.exists():
        kept = yaml.safe_load(file.read_text("utf-8"))
        keys = {entry["id"]: entry for entry in kept["firms"]}
    else:
        members = [player for player in scenario.firms if player.kind != "retrofit"]
        found = await asyncio.gather(
            *(_identity(folder / player.file, envs[player.id]) for player in members)
        )
        keys = {entry["firm"]: entry for entry in found}
    content = yaml.safe_load((folder / scenario.consortium).read_text("utf-8"))
    for entry in content["firms"]:
        entry["sign"], entry["seal"] = keys[entry["id"]]["sign"], keys[entry["id"]]["seal"]
    _write(file, yaml.safe_dump(content, allow_unicode=True, sort_keys=False))
    return file


def _write(file: Path, text: str) -> None:
    """Write it whole, or not at all: a start that was broken off leaves no half file."""
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_suffix(".new")
    fresh.write_text(text, "utf-8")
    fresh.replace(file)


async def _identity(file: Path, env: Mapping[str, str]) -> dict[str, str]:
    process = await asyncio.create_subprocess_exec(
        *WERKVERBUND,
        *("--lang", logs.spoken()),
        "identity",
        str(file),
        "--json",
        env={**os.environ, **env},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    if process.returncode != 0:
        reason = err.decode("utf-8", "replace").strip().splitlines()
        last = reason[-1] if reason else f"exit {process.returncode}"
        raise NotPossibleError(
            Text(
                f"{file.name}: Die Schlüssel konnten nicht angelegt werden. {last}",
                f"{file.name}: the keys could not be made. {last}",
            )
        )
    found: dict[str, str] = orjson.loads(out)
    return found
