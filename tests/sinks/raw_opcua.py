"""OPC UA by hand: a client that sends what no library would."""

from __future__ import annotations

import asyncio
import struct
from typing import Any

from asyncua import ua
from asyncua.common.utils import Buffer
from asyncua.ua.ua_binary import nodeid_from_binary, struct_from_binary, struct_to_binary

NONE = b"http://opcfoundation.org/UA/SecurityPolicy#None"
NO_HEADER = b"\x00\x00\x00"


def text(content: bytes | None) -> bytes:
    return struct.pack("<i", -1 if content is None else len(content)) + (content or b"")


def header(additional: bytes = NO_HEADER, token: bytes = b"\x00\x00") -> bytes:
    """A request header: token, time, handle, diagnostics, audit id, time limit, and the rest."""
    return token + struct.pack("<qII", 0, 1, 0) + text(None) + struct.pack("<I", 5000) + additional


class Raw:
    """One connection with an open channel, if it was let in."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.channel = self.token = 0
        self.number = 1

    @classmethod
    async def connect(cls, endpoint: str, policy: bytes = NONE, mode: int = 1) -> Raw:
        host, port = endpoint.removeprefix("opc.tcp://").split(":")
        made = cls(*await asyncio.open_connection(host, int(port)))
        hello = struct.pack("<IIIII", 0, 65535, 65535, 0, 0) + text(endpoint.encode())
        made.writer.write(b"HELF" + struct.pack("<I", 8 + len(hello)) + hello)
        kind, _ = await made.hear()
        assert kind == b"ACK"
        made.open(policy, mode)
        return made

    def open(self, policy: bytes, mode: int) -> None:
        """Ask for a channel; ``opened`` hears the answer."""
        asked = struct.pack("<III", 0, 0, mode) + text(b"") + struct.pack("<I", 3_600_000)
        body = b"\x01\x00" + struct.pack("<H", 446) + header() + asked
        rest = struct.pack("<I", 0) + text(policy) + text(None) + text(None)
        rest += struct.pack("<II", 1, 1) + body
        self.writer.write(b"OPNF" + struct.pack("<I", 8 + len(rest)) + rest)

    async def opened(self) -> Raw:
        kind, body = await self.hear()
        assert kind == b"OPN"
        (self.channel,) = struct.unpack("<I", body[:4])
        at = body.find(body[:4], 4)
        (self.token,) = struct.unpack("<I", body[at + 4 : at + 8])
        return self

    def send(
        self, service: int, body: bytes, head: bytes | None = None, chunk: bytes = b"F"
    ) -> None:
        self.number += 1
        head = header() if head is None else head
        rest = struct.pack("<IIII", self.channel, self.token, self.number, self.number)
        rest += b"\x01\x00" + struct.pack("<H", service) + head + body
        self.writer.write(b"MSG" + chunk + struct.pack("<I", 8 + len(rest)) + rest)

    def send_raw(self, content: bytes, chunk: bytes = b"F") -> None:
        """Any bytes as the content of a message."""
        self.number += 1
        rest = struct.pack("<IIII", self.channel, self.token, self.number, self.number) + content
        self.writer.write(b"MSG" + chunk + struct.pack("<I", 8 + len(rest)) + rest)

    async def hear(self) -> tuple[bytes, bytes]:
        """The next message: its kind and its body."""
        async with asyncio.timeout(10):
            head = await self.reader.readexactly(8)
            return head[:3], await self.reader.readexactly(struct.unpack("<I", head[4:])[0] - 8)

    async def refused(self) -> str:
        """The code with which the connection is ended."""
        kind, body = await self.hear()
        assert kind == b"ERR"
        code = ua.StatusCode(struct.unpack("<I", body[:4])[0]).name
        async with asyncio.timeout(10):
            assert await self.reader.read() == b""
        self.close()
        return code

    async def result(self) -> str:
        """The service result of the next answer."""
        kind, body = await self.hear()
        assert kind == b"MSG"
        content = Buffer(body[16:])
        nodeid_from_binary(content)
        answer: Any = struct_from_binary(ua.ResponseHeader, content)
        return str(answer.ServiceResult.name)

    def close(self) -> None:
        self.writer.close()


__all__ = ["NONE", "NO_HEADER", "Raw", "header", "struct_to_binary", "text"]
