"""A bare client at a serial port: sends what it is told, even what no client should send."""

from __future__ import annotations

import asyncio
import os
import termios
import tty


class Terminal:
    """A client at a serial port: bytes out, bytes in."""

    def __init__(self, path, baud=termios.B115200, stop_bits=1):
        self.file = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        tty.setraw(self.file)
        settings = termios.tcgetattr(self.file)
        settings[4] = settings[5] = baud
        flags = settings[2] & ~termios.CSTOPB
        settings[2] = flags | (termios.CSTOPB if stop_bits == 2 else 0)
        termios.tcsetattr(self.file, termios.TCSANOW, settings)

    def write(self, frame):
        os.write(self.file, frame)

    async def read(self, count, patience=5.0):
        """So many bytes; OSError where the port was pulled out."""
        came, news = bytearray(), asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.add_reader(self.file, news.set)
        try:
            async with asyncio.timeout(patience):
                while len(came) < count:
                    await news.wait()
                    news.clear()
                    try:
                        said = os.read(self.file, count - len(came))
                    except BlockingIOError:
                        continue
                    if not said:
                        raise ConnectionError("the port was pulled out")
                    came += said
        finally:
            loop.remove_reader(self.file)
        return bytes(came)

    def close(self):
        os.close(self.file)
