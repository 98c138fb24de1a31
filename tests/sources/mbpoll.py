"""mbpoll, a Modbus client that is not ours: what stands in a device's registers."""

from __future__ import annotations

import asyncio
import re
import struct

from tests.peers import need

TABLES = {1: "0", 2: "1", 3: "4", 4: "3"}
"""mbpoll's letter for the table that each function code reads."""

KINDS = {"?": "", "h": "", "H": "", "i": ":int", "I": ":int", "f": ":float"}
"""mbpoll's own words for what ``struct`` calls by these letters; of all others it shows words."""

SHOWN = re.compile(r"^\[\d+\]:\s+(\S+)", re.MULTILINE)


async def read(
    port: int, function: int, address: int, code: str, *, high_first: bool = True
) -> float | bool:
    """One raw value of unit 1, whose form is ``code``: ``?`` is an entry of a table of bits."""
    kind = KINDS.get(code, ":hex")
    words = 1 if code == "?" else struct.calcsize(f">{code}") // 2
    swap = ["-B"] if high_first and kind in (":int", ":float") else []
    shown = await _poll(
        port, "-t", TABLES[function] + kind, "-r", str(address),
        "-c", str(words if kind == ":hex" else 1), *swap,
    )  # fmt: skip
    if code == "?":
        return shown[0] == "1"
    if kind != ":hex":
        raw = float(shown[0])
        lowest = -(2 ** (16 * words - 1)) if code in "hi" else 0
        return raw if code == "f" else (raw - lowest) % 2 ** (16 * words) + lowest
    order = shown if high_first else shown[::-1]
    (found,) = struct.unpack(f">{code}", b"".join(bytes.fromhex(word[2:]) for word in order))
    return found


async def _poll(port: int, *what: str) -> list[str]:
    async with asyncio.timeout(20):
        process = await asyncio.create_subprocess_exec(
            need("mbpoll"), "-m", "tcp", "-p", str(port), "-1", "-0", "-a", "1", *what, "127.0.0.1",
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        said, _ = await process.communicate()
    text = said.decode(errors="replace")
    shown = SHOWN.findall(text)
    assert shown, text
    return shown
