"""``werkverbund simulate``: the machines of a file, or a single one of any type."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, cast

from gateway.cli.errors import USAGE_IS_WRONG, CommandError
from gateway.cli.stage import demo_packages
from gateway.cli.templates import known as template_known
from gateway.cli.templates import parameters as parameters_of
from gateway.core.text import Text

if TYPE_CHECKING:
    from gateway.config import Endpoint
    from gateway.machines.recording import Recording
    from gateway.machines.template import Template
    from simulators.modbus.faults import Faults
    from simulators.modbus.pace import Parity
    from simulators.single import Single, Where

CONTROL = "127.0.0.1:8640"
LISTEN = "127.0.0.1:5020"
PARITIES = ("none", "even", "odd")
BEHIND = ("gateway", "server")


def of_file(file: Path, *, control: str | None, seed: int | None, state: Path | None) -> None:
    """Run the simulated machines of a file until they are stopped."""
    address = _endpoint(control or CONTROL)
    with demo_packages():
        from simulators.simulation import simulate  # noqa: PLC0415

        asyncio.run(simulate(file, address, os.environ, seed=seed, state=state))


def single(
    file: Path | None,
    templates: Sequence[str],
    *,
    parameters: Sequence[str],
    unknown: bool,
    recording: Path | None,
    listen: str | None,
    serial: bool,
    link: Path | None,
    behind: str | None,
    unit: int,
    baud: int,
    parity: str,
    stop_bits: int,
    faults: str | None,
    seed: int | None,
) -> Single:
    """What is to be served: one line with one machine. Raises CommandError."""
    from simulators.modbus.pace import Pace  # noqa: PLC0415
    from simulators.single import Single  # noqa: PLC0415
    from simulators.unknown import unknown as unknown_template  # noqa: PLC0415

    if (file is not None) + bool(templates) + unknown + (recording is not None) != 1:
        _wrong(
            "Nennen Sie entweder die Datei einer Simulation, oder --template, --unknown oder "
            "--recording.",
            "Name either a simulation's file, or --template, --unknown or --recording.",
        )
    if parity not in PARITIES:
        _wrong_choice("--parity", parity, PARITIES)
    if unit + len(templates) > 248:
        _wrong(
            f"Gerätenummern gehen bis 247: --unit {unit} ist zu hoch.",
            f"Units go up to 247: --unit {unit} is too high.",
        )
    known = 17 if seed is None else seed
    where = _where(behind, serial=serial or link is not None)
    return Single(
        (unknown_template(known),) if unknown else _fitted(templates, parameters),
        where,
        _endpoint(listen or LISTEN),
        link,
        Pace(baud, cast("Parity", parity), stop_bits),
        unit,
        _faults(faults or "", where),
        known,
        named=not unknown,
        recording=None if recording is None else _recording(recording),
    )


def _fitted(names: Sequence[str], parameters: Sequence[str]) -> tuple[Template, ...]:
    """The templates as their parameters make them; those that need none stay as they are."""
    found = [template_known(name) for name in names]
    return tuple(one.fitted(parameters_of(one, parameters)) if parameters else one for one in found)


def _recording(file: Path) -> Recording:
    from gateway.machines.recording import NotARecording  # noqa: PLC0415
    from gateway.sources.recordings import read  # noqa: PLC0415

    try:
        return read(file)
    except NotARecording as error:
        raise CommandError(
            Text(f"{file}: {error.text.de}", f"{file}: {error.text.en}"), USAGE_IS_WRONG
        ) from error


def serve(single: Single, say: Callable[[Text], None]) -> None:
    """Serve a single machine until it is stopped."""
    from simulators.single import serve as run  # noqa: PLC0415

    asyncio.run(run(single, say))


def _where(behind: str | None, *, serial: bool) -> Where:
    if behind is None:
        return "serial" if serial else "tcp"
    if behind not in BEHIND:
        _wrong_choice("--behind", behind, BEHIND)
    if serial:
        _wrong(
            "Lassen Sie --serial und --link weg: --behind hat eine Adresse im Netz.",
            "Leave out --serial and --link: --behind has an address in the network.",
        )
    return cast("Where", behind)


def _faults(words_or_file: str, where: Where) -> Faults:
    from simulators.modbus.fault_kinds import MANNERS  # noqa: PLC0415
    from simulators.modbus.fault_words import WrongFault, read_faults  # noqa: PLC0415
    from simulators.modbus.script import GOOD  # noqa: PLC0415

    path = Path(words_or_file)
    try:
        words = path.read_text(encoding="utf-8") if path.is_file() else words_or_file
        found = read_faults(words)
    except WrongFault as wrong:
        raise CommandError(wrong.text, USAGE_IS_WRONG) from wrong
    except (OSError, UnicodeDecodeError) as cause:
        raise CommandError(
            Text(f"{path} ist nicht zu lesen: {cause}", f"{path} cannot be read: {cause}"),
            USAGE_IS_WRONG,
        ) from cause
    if found.gateway and where != "gateway":
        _wrong(
            "waits, keeps-late und says-so gibt es nur mit --behind gateway.",
            "waits, keeps-late and says-so exist with --behind gateway only.",
        )
    if found.manners != GOOD and where == "serial":
        _wrong(
            "An einer seriellen Schnittstelle gibt es keine Verbindungen: lassen Sie "
            f"{', '.join(MANNERS)} weg.",
            f"A serial port has no connections: leave {', '.join(MANNERS)} out.",
        )
    return found


def _wrong(de: str, en: str) -> NoReturn:
    raise CommandError(Text(de, en), USAGE_IS_WRONG)


def _wrong_choice(option: str, given: str, possible: tuple[str, ...]) -> NoReturn:
    _wrong(
        f"{option} {given} gibt es nicht. Möglich: {', '.join(possible)}.",
        f"There is no {option} {given}. Possible: {', '.join(possible)}.",
    )


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
