"""The commands around the simulated factory: demo, simulate, broker."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.cli.durations import duration_of
from gateway.cli.errors import USAGE_IS_WRONG, CommandError
from gateway.core.text import Language, Text

if TYPE_CHECKING:
    from gateway.config import Endpoint


def play(
    *,
    base_port: int | None,
    browser: bool,
    seed: int,
    duration: str | None,
    lan: bool,
    fresh: bool,
    json: bool,
    folder: Path | None,
    language: Language,
) -> None:
    """Run the demo until it ends."""
    with _demo_packages():
        from simulators.stage.demo import demo  # noqa: PLC0415
        from simulators.stage.options import DEFAULT_BASE_PORT, Options  # noqa: PLC0415
        from simulators.stage.prepare import NotPossibleError  # noqa: PLC0415
    options = Options(
        base_port=DEFAULT_BASE_PORT if base_port is None else base_port,
        browser=browser,
        seed=seed,
        duration=duration_of(duration) if duration else None,
        lan=lan,
        fresh=fresh,
        json=json,
        folder=folder,
        language=language,
    )
    try:
        demo(options)
    except NotPossibleError as error:
        raise CommandError(error.text) from error


def simulate(file: Path, *, control: str, seed: int | None, state: Path | None) -> None:
    """Run the simulated machines of a file until they are stopped."""
    address = _endpoint(control)
    with _demo_packages():
        from simulators.simulation import simulate as run  # noqa: PLC0415

        asyncio.run(run(file, address, os.environ, seed=seed, state=state))


def brokers(ports: Sequence[int]) -> None:
    """Run one embedded broker on each port until they are stopped."""
    with _demo_packages():
        from simulators.broker import serve  # noqa: PLC0415

        serve(ports)


@contextmanager
def _demo_packages() -> Iterator[None]:
    """Say which packages are missing where the demo's own are not installed."""
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name is None or error.name.startswith(("gateway", "simulators")):
            raise
        raise CommandError(
            Text(
                f"Für diesen Befehl fehlt das Paket {error.name}. "
                "Installieren Sie: pip install 'werkverbund[demo]'",
                f"This command lacks the package {error.name}. "
                "Install: pip install 'werkverbund[demo]'",
            )
        ) from error


def _endpoint(text: str) -> Endpoint:
    from pydantic_core import PydanticCustomError  # noqa: PLC0415

    from gateway.config import Endpoint as Address  # noqa: PLC0415

    try:
        endpoint = Address.parse(text)
    except PydanticCustomError as error:
        raise CommandError(
            Text(
                f"{text} ist keine Adresse mit Port. Schreiben Sie zum Beispiel 127.0.0.1:8640.",
                f"{text} is not an address with a port. Write for example 127.0.0.1:8640.",
            ),
            USAGE_IS_WRONG,
        ) from error
    return endpoint
