"""Who is measured: the product, a naive gateway, a plain polling loop."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.reference import ROOT
from tests.yard.scene import Yard

Command = Callable[[Yard], Sequence[str]]


@dataclass(frozen=True)
class Contender:
    """How it is started. ``silent``: it publishes nothing, and prints how many values it has."""

    name: str
    command: Command
    silent: bool = False
    ready: tuple[str, ...] = ()
    """What it has printed once it is wholly there."""
    checkout: Path = ROOT


def ours(name: str, *, opcua: bool = False, uvloop: bool = False) -> Contender:
    """The product as ``run`` starts it: journal, history, MQTT, pages; perhaps OPC UA."""
    ready = ("http://", "mqtt connected", *(["opcua connected"] if opcua else []))

    def command(yard: Yard) -> Sequence[str]:
        module = "tests.yard.on_uvloop" if uvloop else "gateway"
        return (sys.executable, "-m", module, "--lang", "en", "run", str(yard.site(opcua=opcua)))

    return Contender(name, command, ready=ready)


def _naive(yard: Yard) -> Sequence[str]:
    told = yard.told() | {"mqtt": yard.mqtt, "one_line": yard.work.one_line}
    return (sys.executable, "-m", "tests.yard.naive", json.dumps(told))


def _plain(yard: Yard) -> Sequence[str]:
    return (sys.executable, "-m", "tests.yard.plain_loop", json.dumps(yard.told()))


NAIVE = Contender("naive", _naive)
PLAIN = Contender("plain loop", _plain, silent=True)
