"""A serial port for a client on this computer: a pseudo-terminal with a simulated line behind it.

The system's pseudo-terminals know no pace; the line keeps it. What they keep of a port's settings
is compared with the line's: a client with another baud rate or other stop bits is not understood,
as on a real line. Parity they do not keep.
"""

from __future__ import annotations

import asyncio
import errno
import os
from contextlib import suppress
from pathlib import Path
from typing import Self

from gateway.core.errors import WerkverbundError
from simulators.modbus.bus import Bus

AT_ONCE = 4096


class SerialPort:
    """The port. With ``link``, a path, it is found there each time it is plugged in."""

    def __init__(self, bus: Bus, link: Path | None = None) -> None:
        self.bus = bus
        self.link = link
        self._line = -1
        self._client = -1

    @property
    def plugged(self) -> bool:
        """Whether the port is there."""
        return self._line >= 0

    @property
    def device(self) -> str:
        """The device file of the pseudo-terminal; another one after each ``open``."""
        if not self.plugged:
            raise WerkverbundError("the serial port is not plugged in")
        return os.ttyname(self._client)

    @property
    def path(self) -> str:
        """Where a client finds the port: the link, where there is one."""
        return self.device if self.link is None else str(self.link)

    async def open(self) -> None:
        """Plug it in. Raises WerkverbundError where the system has no pseudo-terminals."""
        if self.plugged:
            return
        try:
            import tty  # noqa: PLC0415 - not on every system

            self._line, self._client = os.openpty()
        except (ImportError, AttributeError, OSError) as cause:
            raise WerkverbundError(
                f"a simulated serial port needs a pseudo-terminal: {cause}"
            ) from cause
        tty.setraw(self._client)
        self._set_pace()
        os.set_blocking(self._line, False)
        if self.link is not None:
            try:
                _point(self.link, self.device)
            except WerkverbundError:
                self._let_go()
                raise
        self.bus.hear = self._hear
        asyncio.get_running_loop().add_reader(self._line, self._said)

    def close(self) -> None:
        """Pull it out: a client that has it open is hung up. Safe twice and before ``open``."""
        if not self.plugged:
            return
        asyncio.get_running_loop().remove_reader(self._line)
        self.bus.hear = None
        self.bus.close()
        if self.link is not None:
            with suppress(OSError):
                if str(self.link.readlink()) == self.device:
                    self.link.unlink()
        self._let_go()

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()

    def _let_go(self) -> None:
        os.close(self._client)
        os.close(self._line)
        self._line = self._client = -1

    def _said(self) -> None:
        try:
            said = os.read(self._line, AT_ONCE)
        except BlockingIOError:
            return
        if not said:
            return
        if self._understood():
            self.bus.say(said)
        else:
            self.bus.tally.garbled += 1

    def _hear(self, characters: bytes) -> None:
        with suppress(BlockingIOError):  # nobody reads: what does not fit is lost
            os.write(self._line, characters)

    def _set_pace(self) -> None:
        """Begin with the line's settings, for clients that set none."""
        import termios  # noqa: PLC0415

        settings = termios.tcgetattr(self._client)
        speed = getattr(termios, f"B{self.bus.pace.baud}", None)
        if speed is not None:
            settings[4] = settings[5] = speed
        if self.bus.pace.stop_bits == 2:
            settings[2] |= termios.CSTOPB
        termios.tcsetattr(self._client, termios.TCSANOW, settings)

    def _understood(self) -> bool:
        """Whether the client's settings are those of the line, as far as one can see."""
        import termios  # noqa: PLC0415

        _, _, flags, _, _, speed, _ = termios.tcgetattr(self._client)
        right = getattr(termios, f"B{self.bus.pace.baud}", speed)
        stop_bits = 2 if flags & termios.CSTOPB else 1
        return bool(speed == right and stop_bits == self.bus.pace.stop_bits)


def _point(link: Path, device: str) -> None:
    """Let ``link`` point to the device: at no moment is there none where there was one."""
    if link.exists() and not link.is_symlink():
        raise WerkverbundError(f"{link} cannot be made: {os.strerror(errno.EEXIST)}")
    fresh = link.with_name(f".{link.name}.new")
    try:
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(device)
        fresh.replace(link)
    except OSError as cause:
        raise WerkverbundError(f"{link} cannot be made: {cause.strerror}") from cause
