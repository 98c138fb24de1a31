"""Which known word was probably meant. A hint must never change a meaning.

``uint64`` is no ``uint16`` and ``byte_order`` no ``order``: a word is only taken for another where
it has the same numbers and as many parts, each part begins alike and hardly differs, and no second
word is as near. Where that does not hold the caller lists what is possible.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher

_OTHERS_SAY = {
    word: ours
    for ours, words in {
        "holding-registers": "holding halteregister hr 4x 4xxxx",
        "input-registers": "input eingangsregister ir 3x 3xxxx",
        "unit": "slave slave_id slaveid device_id unit_id unitid",
        "every": "scan_interval interval poll_interval cycle",
        "host": "ip ip_address ipaddress hostname address server",
        "baud": "baudrate baud_rate bitrate",
        "none": "n keine",
        "even": "e gerade",
        "odd": "o ungerade",
        "address": "register reg adresse",
        "encoding": "data_type datatype value_type type",
        "scale": "factor multiplier gain faktor",
        "means": "title label description",
        "low": "min minimum",
        "high": "max maximum",
        "bool": "boolean",
        "text": "string str ascii",
        "int16": "s16 i16",
        "uint16": "u16 word",
        "int32": "s32 i32 dint",
        "uint32": "u32 dword udint",
        "int64": "s64 i64 lint",
        "uint64": "u64 qword lword ulint",
        "float32": "f32 real ieee754 single",
        "float64": "f64 lreal double",
        "high-word-first": "msw-first msw_first big-endian big",
        "low-word-first": "lsw-first lsw_first",
        "ABCD": "1234",
        "CDAB": "3412",
        "BADC": "2143",
        "DCBA": "4321",
        "from-zero": "0",
        "from-one": "1",
        "40001": "30001 10001",
        "400001": "300001 100001",
        "counter": "total_increasing total zähler",
        "gauge": "measurement messwert",
        "state": "zustand",
    }.items()
    for word in words.split()
}
"""The same thing in the words of other products, of manuals, and of control engineers."""
_NEAR = 0.7
"""So many letters do two parts share that may be one word misspelled; tcp and rtu share a third."""
_CLEARER = 0.1
"""So much nearer than the next word must the nearest be."""


def closest(name: str, known: Iterable[str]) -> str | None:
    """The one known word of which ``name`` is another spelling, or None."""
    known = tuple(known)
    if (ours := _OTHERS_SAY.get(name.lower())) in known:
        return ours
    rated = sorted(((_likeness(name, word), word) for word in set(known)), reverse=True)
    if not rated or rated[0][0] < _NEAR:
        return None
    if rated[0][0] < 1 and len(rated) > 1 and rated[0][0] - rated[1][0] < _CLEARER:
        return None
    return rated[0][1]


def alike(name: str, known: Iterable[str]) -> Sequence[str]:
    """The known words of which ``name`` is a part: float is one of float32 and float64."""
    parts = list(_parts(name))
    return [
        word
        for word in known
        if name
        and (re.match(rf"{re.escape(name.lower())}[\d-]", word) or _stretch(parts, _parts(word)))
    ]


def _stretch(parts: Sequence[str], word: Sequence[str]) -> bool:
    starts = range(len(word) - len(parts) + 1) if parts else ()
    return any(list(word[start : start + len(parts)]) == parts for start in starts)


def _likeness(name: str, word: str) -> float:
    """From 0 to 1: 1 is the same but for case and dividers, 0 another meaning."""
    if word.isupper():
        return float(name.upper() == word)  # a code, and no word: every letter counts
    mine, theirs = _parts(name), _parts(word)
    if "".join(mine) == "".join(theirs):
        return 1.0
    if _digits(mine) != _digits(theirs):
        return 0.9 if len(mine) == 1 and re.fullmatch(re.escape(mine[0]) + r"\d+", word) else 0.0
    if [part[0] for part in mine] != [part[0] for part in theirs]:
        return (
            0.0  # other parts; and int16 is no uint16 misspelled: nobody errs in the first letter
        )
    return min(
        SequenceMatcher(None, one, other).ratio() for one, other in zip(mine, theirs, strict=True)
    )


def _parts(word: str) -> Sequence[str]:
    """``lowWord_first`` is low, word, first."""
    spaced = re.sub(r"([a-z])([A-Z])", r"\1-\2", word)
    return [part for part in re.split(r"[\W_]+", spaced.lower()) if part]


def _digits(parts: Sequence[str]) -> str:
    return re.sub(r"\D+", " ", " ".join(parts)).strip()
