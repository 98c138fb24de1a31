"""Real brokers on free ports: Mosquitto (MQTT 5 and 3.1.1) and the embedded one (3.1.1)."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.peers import need

ROOT = Path(__file__).parents[2]


class RunningBroker:
    """A broker process that forgets everything when it is killed."""

    def __init__(self, *command: str, port: int, speaks: str) -> None:
        self._command = command
        self.port = port
        self.speaks = speaks
        self._process: asyncio.subprocess.Process | None = None

    @property
    def url(self) -> str:
        return f"mqtt://127.0.0.1:{self.port}"

    async def start(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            *self._command,
            cwd=ROOT,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        async with asyncio.timeout(20):
            while not await self._listens():
                assert self._process.returncode is None, "the broker has ended"
                await asyncio.sleep(0.05)

    async def kill(self) -> None:
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            process.kill()
            await process.wait()

    async def _listens(self) -> bool:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:
            return False
        writer.close()
        await writer.wait_closed()
        return True


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def running(broker: RunningBroker) -> AsyncIterator[RunningBroker]:
    await broker.start()
    try:
        yield broker
    finally:
        await broker.kill()


def mosquitto(folder: Path, *lines: str) -> RunningBroker:
    """Mosquitto with an empty memory; ``lines`` replace "everybody may"."""
    port = free_port()
    config = folder / f"mosquitto-{port}.conf"
    settings = lines or ("allow_anonymous true",)
    config.write_text(
        "\n".join([f"listener {port} 127.0.0.1", "persistence false", "user root", *settings, ""])
    )
    return RunningBroker(need("mosquitto"), "-c", str(config), port=port, speaks="5")


def embedded() -> RunningBroker:
    """The broker that ships with the demo."""
    port = free_port()
    code = f"from simulators.broker import serve; serve([{port}])"
    return RunningBroker(sys.executable, "-W", "error", "-c", code, port=port, speaks="3.1.1")
