"""Words of other products and of manuals that mean something here, but under no single name."""

from __future__ import annotations

import re
from collections.abc import Collection

from gateway.core.text import Text

_FUNCTIONS = {
    1: "coils",
    2: "discrete-inputs",
    3: "holding-registers",
    4: "input-registers",
}
_NUMBERS = {1: "discrete-inputs", 3: "input-registers", 4: "holding-registers"}
"""The tables of the numbers that begin with a digit: 3xxxx are input registers."""
_FUNCTION = re.compile(r"(fc|fn|f|function|funktion)?[ _-]?0?([1-4])", re.IGNORECASE)
_ORDERED = re.compile(
    r"(float(?:32|64)|u?int(?:16|32|64))[-_ ]?"
    r"(le|be|sw|swap|swapped|abcd|cdab|badc|dcba|big[-_ ]endian|little[-_ ]endian)"
)
"""An encoding and its order in one word."""

_EXPLAINED: tuple[tuple[str, str, Text], ...] = (
    (
        "byte_order word_order endian endianness byteorder wordorder swap word_swap",
        "order",
        Text(
            "order nennt die Folge der Wörter und Bytes zusammen: high-word-first oder "
            "low-word-first, oder wie im Handbuch ABCD, CDAB, BADC, DCBA.",
            "order names the word order and the byte order together: high-word-first or "
            "low-word-first, or as in the manual ABCD, CDAB, BADC, DCBA.",
        ),
    ),
    (
        "little-endian little",
        "low-word-first",
        Text(
            "Sind nur die Wörter vertauscht, schreiben Sie low-word-first; sind es auch die Bytes, "
            "DCBA (vier Register: HGFEDCBA).",
            "If only the words are swapped write low-word-first; if each word is turned around in "
            "itself, too, DCBA (four registers: HGFEDCBA).",
        ),
    ),
    (
        "scale_register scale_factor scaling_register scale_address exponent sf sunssf",
        "scale_from",
        Text(
            "Ein fester Faktor heißt scale: 0.1. Steht die Zehnerpotenz in einem Register, legen "
            "Sie dafür einen Punkt an und nennen Sie ihn mit scale_from: name.",
            "A fixed factor is scale: 0.1. If a register holds the power of ten, make it a point "
            "and name that with scale_from: name.",
        ),
    ),
    (
        "divisor divider divide",
        "scale",
        Text(
            "Schreiben Sie den Kehrwert: scale: 0.1 für geteilt durch 10.",
            "Write the reciprocal: scale: 0.1 for divided by 10.",
        ),
    ),
    (
        "function function_code functioncode fc fn register_type input_type funktion",
        "table",
        Text(
            "Schreiben Sie table: coils (Funktion 1), discrete-inputs (2), holding-registers (3) "
            "oder input-registers (4).",
            "Write table: coils (function 1), discrete-inputs (2), holding-registers (3) or "
            "input-registers (4).",
        ),
    ),
    (
        "count quantity registers num_registers register_count words",
        "encoding",
        Text(
            "Wie viele Register es sind, sagt encoding (bei Texten length); löschen Sie die Zeile.",
            "encoding says how many registers there are (length for texts); delete the line.",
        ),
    ),
    (
        "signed unsigned",
        "encoding",
        Text(
            "Das sagt encoding: int16 hat ein Vorzeichen, uint16 keines.",
            "encoding says it: int16 has a sign, uint16 has none.",
        ),
    ),
    (
        "bytesize byte_size data_bits databits bits",
        "stop_bits",
        Text("Es sind immer 8 Datenbits; löschen Sie es.", "It is always 8 data bits; delete it."),
    ),
    (
        "pause_after_connect timeout reconnect ignore_unit ignore_transaction behind delay",
        "even_only",
        Text(
            "Das gehört zur Verbindung der Maschine: in der Datei der Firma unter connect.",
            "That belongs to the machine's connection: in the firm's file, under connect.",
        ),
    ),
)
"""Words, the word of ours that must be possible where they stand, and what to write."""


_STANDS_FOR_TABLE = next(words for words, ours, _ in _EXPLAINED if ours == "table").split()


def replaced(name: str, known: Collection[str]) -> str | None:
    """The key of ours that a foreign one stands for, so that it is not missing as well."""
    return "table" if name.lower() in _STANDS_FOR_TABLE and "table" in known else None


def explained(name: str, known: Collection[str]) -> Text | None:
    """What to write instead of a foreign word; None for one that says nothing here."""
    lower = name.lower()
    for words, ours, fix in _EXPLAINED:
        if ours in known and lower in words.split():
            return fix
    ordered = _ORDERED.fullmatch(lower)
    if ordered is not None and ordered.group(1) in known:
        encoding = ordered.group(1)
        return Text(
            f"Schreiben Sie encoding: {encoding}; die Folge sagt order.",
            f"Write encoding: {encoding}; order says the order.",
        )
    number = _FUNCTION.fullmatch(name)
    if number is not None and "holding-registers" in known:
        return _table_of(int(number.group(2)), bare=name in "1234")
    return None


def _table_of(digit: int, *, bare: bool) -> Text:
    """A function code, which a lone digit may be or the beginning of a manual's numbers."""
    table = _FUNCTIONS[digit]
    de, en = f"Funktion {digit} liest {table}", f"Function {digit} reads {table}"
    other = _NUMBERS.get(digit)
    if not bare or other is None:
        return Text(f"{de}: schreiben Sie table: {table}", f"{en}: write table: {table}")
    return Text(
        f"{de}; Nummern wie {digit}0001 im Handbuch sind {other}.",
        f"{en}; numbers like {digit}0001 in the manual are {other}.",
    )
