"""What registers may mean: every encoding and order side by side, the likeliest first. Pure.

Nobody can know the meaning of a register from its content. What is ranked is plausibility, with its
reason: a mains voltage, a frequency, a number that trembles a little or only grows, letters.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from gateway.core.text import Text
from gateway.machines.encodings import Encoding, Shape
from gateway.machines.orders import Order
from gateway.machines.raw_values import unpack

NUMBERS = (
    Encoding.FLOAT32,
    Encoding.UINT32,
    Encoding.INT32,
    Encoding.UINT16,
    Encoding.INT16,
    Encoding.FLOAT64,
    Encoding.UINT64,
)
ORDERS = {1: (None,), 2: (Order.ABCD, Order.CDAB, Order.BADC, Order.DCBA)}
LONG = (Order.ABCDEFGH, Order.GHEFCDAB, Order.BADCFEHG, Order.HGFEDCBA)
SCALES = (1.0, 0.1, 0.01, 0.001)
"""By which whole numbers are usually multiplied, the simplest first."""
MAINS = (
    ((49.5, 50.5), "Hz", Text("Netzfrequenz", "mains frequency")),
    ((59.5, 60.5), "Hz", Text("Netzfrequenz", "mains frequency")),
    ((215, 245), "V", Text("Netzspannung", "mains voltage")),
    ((108, 127), "V", Text("Netzspannung", "mains voltage")),
    ((380, 420), "V", Text("Spannung zwischen zwei Phasen", "voltage between two phases")),
)
MOST_WHOLE = 1e9
STEADY = 0.1
"""A measured value trembles by no more than this share of itself."""
TREMBLES = Text("schwankt ein wenig, wie ein Messwert", "trembles a little, like a measured value")
GROWS = Text("wächst nur, wie ein Zähler", "only grows, like a counter")
STANDS = Text("steht still", "stands still")
SIZE = Text("Zahl von üblicher Größe", "number of a usual size")


@dataclass(frozen=True, slots=True)
class Meaning:
    """One way to read a register: ``score`` is 0 (hardly) to 1 (very likely), ``why`` its reason.

    ``value`` is the newest, times ``scale``, in ``unit`` where that can be guessed.
    """

    address: int
    encoding: Encoding
    order: Order | None
    value: float
    scale: float
    unit: str
    score: float
    why: Text


def meanings(first: int, samples: Sequence[Sequence[int]]) -> list[Meaning]:
    """Every reading of every register of a stretch that begins at ``first``, likeliest first.

    ``samples`` are its words, read one after the other, oldest first. A register that has always
    been 0 means nothing yet.
    """
    found: list[Meaning] = []
    for offset in range(len(samples[0])):
        for encoding in NUMBERS:
            words = encoding.row.words
            if offset + words > len(samples[0]):
                continue
            stretch = [sample[offset : offset + words] for sample in samples]
            if any(map(any, stretch)):
                found += _ways(first + offset, encoding, stretch)
    return sorted(found, key=lambda meaning: (-meaning.score, meaning.address))


def distinct(found: Sequence[Meaning]) -> list[Meaning]:
    """Without those that say the same number as a likelier one of their register."""
    said: set[tuple[int, float]] = set()
    kept = []
    for meaning in found:
        if (meaning.address, meaning.value) not in said:
            said.add((meaning.address, meaning.value))
            kept.append(meaning)
    return kept


def read_as(encoding: Encoding, order: Order | None, words: Sequence[int]) -> float | None:
    """The number that the words hold; None where they hold none."""
    if order is not None:
        if order.low_byte_first:
            words = [(word & 0xFF) << 8 | word >> 8 for word in words]
        words = [words[place] for place in order.places(len(words))]
    packed = b"".join(word.to_bytes(2) for word in words)
    value = encoding.row.decode(unpack(encoding, len(words), packed))
    return value if isinstance(value, (int, float)) and math.isfinite(value) else None


def _ways(address: int, encoding: Encoding, stretch: list[Sequence[int]]) -> Iterator[Meaning]:
    for order in ORDERS.get(encoding.row.words, LONG):
        values = [read_as(encoding, order, words) for words in stretch]
        numbers = [value for value in values if value is not None]
        if len(numbers) == len(values):
            short = order is not None and _ends_in_zeros(order, stretch)
            yield _judged(address, encoding, order, numbers, short=short)


def _ends_in_zeros(order: Order, stretch: list[Sequence[int]]) -> bool:
    """Whether the lowest word is always 0, or the highest: hardly a long number then."""
    places = order.places(len(stretch[0]))
    return any(all(words[place] == 0 for words in stretch) for place in (places[0], places[-1]))


def _judged(
    address: int, encoding: Encoding, order: Order | None, values: list[float], *, short: bool
) -> Meaning:
    is_float = encoding.shape is Shape.FLOAT
    rare = encoding.row.words == 4 or (order is not None and order.low_byte_first)
    mains = None
    if is_float or not (rare or short):
        mains = _mains(values, (1.0,) if is_float else SCALES)
    score, why = 0.0, SIZE
    scale, unit = 1.0, "1"
    if _usual(values, encoding):
        score = 0.6 if is_float else 0.3
        score -= 0.15 * rare + 0.25 * short
    if mains is not None:
        scale, unit, why = mains
        score += 0.3 if is_float else 0.25 if scale < 1 else 0.1
    if score and len(values) > 1:
        more, manner = _manner(values)
        score += more
        why = manner if mains is None and more > 0 else why
    return Meaning(
        address, encoding, order, values[-1] * scale, scale, unit, max(0.0, min(score, 1.0)), why
    )


def _usual(values: Sequence[float], encoding: Encoding) -> bool:
    """Whether every value is of a size that machines speak of."""
    biggest = max(map(abs, values))
    if encoding.shape is Shape.FLOAT:
        return all(value == 0 or 1e-4 <= abs(value) <= 1e8 for value in values) and biggest > 0
    return biggest <= MOST_WHOLE


def _mains(values: Sequence[float], scales: Sequence[float]) -> tuple[float, str, Text] | None:
    for scale in scales:
        for (low, high), unit, means in MAINS:
            if all(low <= value * scale <= high for value in values):
                return scale, unit, means
    return None


def _manner(values: Sequence[float]) -> tuple[float, Text]:
    if len(set(values)) == 1:
        return 0.0, STANDS
    steps = [after - before for before, after in pairwise(values)]
    middle = abs(statistics.fmean(values))
    if all(step >= 0 for step in steps) and sum(steps) <= max(1.0, 0.05 * middle):
        return 0.1, GROWS
    if middle and statistics.pstdev(values) <= STEADY * middle:
        return 0.1, TREMBLES
    return -0.2, SIZE


def letters(first: int, words: Sequence[int]) -> list[tuple[int, str]]:
    """Texts of at least four letters, digits or signs, with the address at which they begin."""
    found: list[tuple[int, str]] = []
    begin, text = 0, ""
    for offset, word in enumerate((*words, 0)):
        pair = word.to_bytes(2)
        if all(0x20 <= byte < 0x7F for byte in pair):
            begin = begin if text else first + offset
            text += pair.decode("ascii")
        else:
            if len(text) >= 4:
                found.append((begin, text))
            text = ""
    return found


@dataclass(frozen=True, slots=True)
class Change:
    """A register that is another one since something happened.

    ``strength`` is the distance of both means, in units of what the register trembles by itself,
    then or now, whichever is less: a machine at work is less steady than one at rest.
    """

    address: int
    before: float
    after: float
    strength: float


def changes(
    first: int, before: Sequence[Sequence[int]], after: Sequence[Sequence[int]]
) -> list[Change]:
    """Which registers changed between two sets of samples, the clearest first.

    A register that goes on as it did (trembling, or growing at the same pace) has not changed.
    """
    found = []
    for offset in range(len(before[0])):
        old = [float(sample[offset]) for sample in before]
        new = [float(sample[offset]) for sample in after]
        gap = abs(statistics.fmean(new) - statistics.fmean(old))
        spread = min(max(old) - min(old), max(new) - min(new)) / 2 + 0.5
        if min(old) <= max(new) and min(new) <= max(old):
            continue  # they overlap
        drift = abs(old[-1] - old[0]) + abs(new[-1] - new[0])
        if old[-1] != old[0] and gap <= 2 * drift:
            continue  # it was on its way before
        found.append(
            Change(first + offset, statistics.fmean(old), statistics.fmean(new), gap / spread)
        )
    return sorted(found, key=lambda change: -change.strength)
