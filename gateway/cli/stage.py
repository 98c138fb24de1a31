"""The commands around the simulated factory: demo, broker."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from gateway.cli.durations import duration_of
from gateway.cli.errors import CommandError
from gateway.core.text import Language, Text


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
    with demo_packages():
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


def brokers(ports: Sequence[int]) -> None:
    """Run one embedded broker on each port until they are stopped."""
    with demo_packages():
        from simulators.broker import serve  # noqa: PLC0415

        serve(ports)


@contextmanager
def demo_packages() -> Iterator[None]:
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
