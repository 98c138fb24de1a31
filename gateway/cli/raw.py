"""``werkverbund read`` without a template: some registers, as they are, and how long each took."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.cli.errors import USAGE_IS_WRONG, CommandError
from gateway.cli.printing import complain, json_line, number, say
from gateway.cli.reading import frames
from gateway.core.errors import Unreachable
from gateway.core.text import Language, Text
from gateway.machines.encodings import Encoding, Shape
from gateway.machines.numbering import BIT_TABLES, FUNCTIONS, Table
from gateway.machines.orders import Order, fitting

if TYPE_CHECKING:
    from gateway.assistant.question import Asker, Heard
    from gateway.sources.line.base import Exchange, ModbusConnect

MOST, MOST_BITS = 125, 2000
"""Registers or bits in one request (Modbus application protocol 1.1b3, chapter 6)."""


@dataclass(frozen=True, slots=True)
class Raw:
    """What is read; ``encoding`` is what each stretch of words is shown as, if anything."""

    table: Table
    first: int
    count: int
    units: Sequence[int]
    encoding: Encoding | None
    order: Order | None
    every: float | None
    as_hex: bool = False

    def blocks(self) -> Iterator[tuple[int, int]]:
        """First addresses and counts of the requests."""
        most = MOST_BITS if self.table in BIT_TABLES else MOST
        for first in range(self.first, self.first + self.count, most):
            yield first, min(most, self.first + self.count - first)


def shown_as(encoding: str | None, order: str | None) -> tuple[Encoding | None, Order | None]:
    """The encoding and order of these names. Raises CommandError."""
    if encoding is None:
        return None, None
    by_name = {one.value: one for one in Encoding if one.shape is not Shape.TEXT}
    found = by_name.get(encoding)
    if found is None:
        raise _unknown(encoding, by_name)
    if not found.takes_order or found.row.words == 1:
        return found, None
    orders = {one.value: one for one in fitting(found.row.words)}
    name = order or Order.HIGH_FIRST.value
    if name not in orders:
        raise _unknown(name, orders)
    return found, orders[name]


def _unknown(name: str, known: dict[str, Encoding] | dict[str, Order]) -> CommandError:
    from gateway.config import one_of  # noqa: PLC0415

    fix = one_of(name, list(known))
    return CommandError(
        Text(f"{name} gibt es nicht. {fix.de}", f"There is no {name}. {fix.en}"), USAGE_IS_WRONG
    )


def read_raw(connect: ModbusConnect, raw: Raw, language: Language, *, as_json: bool) -> bool:
    """Read and print, again and again where that is wanted; True where everything came."""
    try:
        return asyncio.run(_read(connect, raw, language, as_json=as_json))
    except KeyboardInterrupt:
        return True


async def _read(connect: ModbusConnect, raw: Raw, language: Language, *, as_json: bool) -> bool:
    from gateway.assistant.question import Asker, Turns  # noqa: PLC0415

    heard: list[Exchange] = []
    asker = Asker(connect, Turns(0.0), heard.append)
    try:
        while True:
            whole = True
            for unit in raw.units:
                whole &= await _unit(asker, unit, raw, language, heard, as_json=as_json)
            if raw.every is None:
                return whole
            await asyncio.sleep(raw.every)
    finally:
        asker.close()


async def _unit(
    asker: Asker,
    unit: int,
    raw: Raw,
    language: Language,
    exchanges: list[Exchange],
    *,
    as_json: bool,
) -> bool:
    whole = True
    for first, count in raw.blocks():
        exchanges.clear()
        try:
            heard = await asker.ask(raw.table, first, count, unit)
        except Unreachable as error:
            why = error.found.text or Text("keine Verbindung", "no connection")
            complain(f"{asker.connect.key}: {why.in_(language)}")
            return False
        whole &= heard.words is not None
        shown = exchanges[-1:] if raw.as_hex else []
        if as_json:
            bytes_of = [{"sent": one.sent.hex(), "received": one.received.hex()} for one in shown]
            json_line(_as_json(unit, heard) | (bytes_of[0] if bytes_of else {}))
            continue
        say(_head(asker.connect, unit, heard).in_(language))
        for line in (line for one in shown for line in frames(one)):
            say(line)
        if heard.words is None:
            say(f"  → {(await _advice(asker, unit, heard)).in_(language)}")
        else:
            for line in _lines(raw, first, heard.words, language):
                say(f"  {line}")
    return whole


def _head(connect: ModbusConnect, unit: int, heard: Heard) -> Text:
    block, took = heard.block, f"{heard.seconds * 1000:.0f} ms"
    function = FUNCTIONS[block.table]
    place = f"{connect.key}, {block.table}"
    end = Text("", "")
    if heard.words is None:
        why = (heard.found.text if heard.found else None) or Text("keine Antwort", "no answer")
        code = f" ({heard.exception})" if heard.exception is not None else ""
        end = Text(f": {why.de}{code}", f": {why.en}{code}")
    return Text(
        f"{place} {block.first} bis {block.last}, Gerätenummer {unit}, Funktion {function}, "
        f"{took}{end.de}",
        f"{place} {block.first} to {block.last}, unit {unit}, function {function}, {took}{end.en}",
    )


async def _advice(asker: Asker, unit: int, heard: Heard) -> Text:
    """What fits what has come back; a refusal is asked once more without its last address."""
    block = heard.block
    if heard.exception in (2, 3) and block.count > 1:
        shorter = await asker.ask(block.table, block.first, block.count - 1, unit)
        if shorter.words is not None and block.count % 2:
            return Text(
                "Eine gerade Zahl von Registern beantwortet es: Manche Geräte verlangen das.",
                "It answers an even number of registers: some devices want that.",
            )
        if shorter.words is not None:
            return Text(
                f"Nur {block.last} wird abgelehnt: Zählt die Liste die Adressen ab 1? Dann ist "
                "jede um eins kleiner.",
                f"Only {block.last} is refused: does the list count addresses from 1? Then each is "
                "one less.",
            )
    if heard.refused:
        return Text(
            "Versuchen Sie eine andere Tabelle (--table) oder weniger Register (--count).",
            "Try another table (--table) or fewer registers (--count).",
        )
    wait = f"{asker.connect.within(block) * 1000:.0f} ms"
    return Text(
        f"Niemand hat als Gerät {unit} binnen {wait} geantwortet: Gerätenummer, Baudrate und "
        "Parität prüfen, oder --timeout verlängern.",
        f"Nobody has answered as unit {unit} within {wait}: check unit, baud rate and parity, or "
        "give it longer with --timeout.",
    )


def _lines(raw: Raw, first: int, words: Sequence[int], language: Language) -> Iterator[str]:
    from gateway.assistant.looking import read_as  # noqa: PLC0415

    if raw.table in BIT_TABLES:
        for offset in range(0, len(words), 16):
            bits = " ".join(str(bit) for bit in words[offset : offset + 16])
            yield f"{first + offset:>6}  {bits}"
        return
    step = 1 if raw.encoding is None else raw.encoding.row.words
    for offset in range(0, len(words) - step + 1, step):
        own = words[offset : offset + step]
        line = f"{first + offset:>6}  {' '.join(f'{word:04X}' for word in own)}"
        if raw.encoding is None:
            yield f"{line}  {own[0]}"
            continue
        value = read_as(raw.encoding, raw.order, own)
        digits = 9 if step < 4 else None  # as many as the format holds
        yield f"{line}  {'-' if value is None else number(value, language, digits)}"


def _as_json(unit: int, heard: Heard) -> dict[str, object]:
    return {
        "unit": unit,
        "function": FUNCTIONS[heard.block.table],
        "first": heard.block.first,
        "count": heard.block.count,
        "words": None if heard.words is None else list(heard.words),
        "exception": heard.exception,
        "reason": None if heard.found is None else str(heard.found),
        "answer_ms": round(heard.seconds * 1000, 1),
    }
