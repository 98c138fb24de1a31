"""Which template fits a device, by what it says: evidence in bits, with the values it rests on.

A device of another type also answers, with other numbers. So a value counts by how unlikely it
would be by chance: with p the share of all patterns of its registers that mean something a mains
voltage, a frequency, a temperature may be, it brings -log2(p) bits. A zero brings none, for it
stands everywhere; a value outside of what the template calls possible rules the template out. Pure.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from gateway.core.signals import Value
from gateway.core.text import Text
from gateway.core.units import UNITS
from gateway.machines.encodings import Shape
from gateway.machines.template import PointSpec, Template

USUAL: Mapping[str, tuple[tuple[float, float], ...]] = {
    "V": ((90, 130), (200, 260), (370, 440)),
    "Hz": ((49, 51), (59, 61)),
    "Cel": ((5, 95),),
    "W": ((1, 200_000), (-200_000, -1)),
    "kW": ((0.01, 500), (-500, -0.01)),
    "V.A": ((1, 200_000),),
    "A": ((0.01, 2_000),),
    "W.h": ((100, 10_000_000_000),),
    "kW.h": ((0.1, 10_000_000),),
    "%": ((1, 100),),
    "bar": ((0.2, 400),),
}
"""What is usual on a shop floor, by unit; the mains of Europe and of North America."""
TELLING = 6
"""So many points are asked for at most before a template is judged."""
MOST = 16.0
"""Bits that one value brings at most: two devices may have the same register by design."""
MODEL, MAKER = 24.0, 4.0
"""Bits that it brings where a device names the model, or the maker, of a template."""
_WORDS = re.compile(r"[a-z0-9äöüß]+")
LIKELY, POSSIBLE = 24.0, 10.0
"""Bits from which a template is likely, or at least possible."""


@dataclass(frozen=True, slots=True)
class Sign:
    """One value that speaks for a template, with the bits that it brings."""

    point: PointSpec
    value: float
    bits: float

    def text(self) -> Text:
        """Value and address, for people."""
        unit = UNITS.get(self.point.unit)
        shown = f"{self.value:.5g} {unit.display if unit else self.point.unit}".rstrip()
        at = self.point.address
        return Text(
            f"{self.point.means.de} {shown.replace('.', ',')} bei {at}",
            f"{self.point.means.en} {shown} at {at}",
        )


@dataclass(frozen=True, slots=True)
class Match:
    """A template that may be the device's. ``silent``: how many points were asked in vain.

    ``says``: what the device has said that it is, where that is what the template says.
    """

    template: Template
    signs: tuple[Sign, ...]
    silent: int
    says: str = ""
    said: float = 0.0

    @property
    def bits(self) -> float:
        """How much speaks for it."""
        return self.said + sum(sign.bits for sign in self.signs)

    @property
    def likely(self) -> bool:
        """Whether so much would not come by chance."""
        return self.bits >= LIKELY

    def text(self) -> Text:
        """What speaks for it, strongest first."""
        title = self.template.title
        if self.says and not self.signs:
            return Text(f"sagt, es sei {self.says}", f"says that it is {self.says}")
        says = Text(f"sagt, es sei {self.says}; ", f"says that it is {self.says}; ")
        before = says if self.says else Text("", "")
        told = [sign.text() for sign in sorted(self.signs, key=lambda s: -s.bits)[:3]]
        return Text(
            f"{before.de}antwortet wie {title.de}: {', '.join(one.de for one in told)}",
            f"{before.en}answers like {title.en}: {', '.join(one.en for one in told)}",
        )


def telling(template: Template) -> tuple[PointSpec, ...]:
    """The points whose values say most about the type of a device, strongest first.

    Of each unit two: the phases of a meter are alike, and one that is not wired is no evidence.
    """
    found: dict[str, list[tuple[float, PointSpec]]] = {}
    for point in template.points:
        bits = evidence(point, None)
        if bits:
            found.setdefault(point.unit, []).append((bits, point))
    best = [
        pair for group in found.values() for pair in sorted(group, key=lambda pair: -pair[0])[:2]
    ]
    return tuple(point for _, point in sorted(best, key=lambda pair: -pair[0])[:TELLING])


def named(template: Template, told: Sequence[str]) -> float:
    """The bits that it brings what a device has ``told`` that it is: its model, and its maker.

    Of the model count the words with a digit: SDM630 in "SDM630-Modbus".
    """
    said = _WORDS.findall(" ".join(told).lower())
    model = _WORDS.findall(template.identification.model.lower())
    models = [word for word in model if any(letter.isdigit() for letter in word)] or model
    makers = _WORDS.findall(template.identification.manufacturer.lower())[:1]
    is_model = bool(models) and all(any(_begins(one, word) for one in said) for word in models)
    return MODEL * is_model + MAKER * any(maker in said for maker in makers)


def _begins(said: str, word: str) -> bool:
    """Whether a word is the same, or the same with more letters: SDM630MCT is an SDM630."""
    return said.startswith(word) and not said[len(word) :][:1].isdigit()


def judge(
    template: Template, values: Mapping[str, Value | None], told: Sequence[str] = ()
) -> Match | None:
    """How far the ``values`` of some points speak for a template; None where they speak against.

    A point that is missing or None was asked in vain. ``told`` is what the device says that it is:
    of one that names itself, values speak against nothing (nothing is wired to it yet).
    """
    said = named(template, told)
    says = " ".join(told) if said >= MODEL else ""
    signs: list[Sign] = []
    silent = 0
    for point in template.points:
        if point.name not in values:
            continue
        value = values[point.name]
        if value is None:
            silent += 1
            continue
        if isinstance(value, (bool, str)):
            continue
        if not _possible(point, value):
            if not says:
                return None
            continue
        bits = evidence(point, value)
        if bits:
            signs.append(Sign(point, float(value), bits))
    return Match(template, tuple(signs), silent, says, said) if signs or says else None


def ranked(matches: Iterable[Match]) -> list[Match]:
    """The possible ones, best first: much evidence, then few points that did not answer."""
    possible = [match for match in matches if match.bits >= POSSIBLE]
    return sorted(possible, key=lambda match: (-round(match.bits), match.silent))


def evidence(point: PointSpec, value: float | None) -> float:
    """The bits that ``value`` brings for ``point``; of None, what a usual value would bring."""
    usual = USUAL.get(point.unit, ())
    if point.scale_from is not None or not usual:
        return 0.0  # a number without its power of ten says nothing yet
    if value is not None and (value == 0 or not any(a <= value <= b for a, b in usual)):
        return 0.0
    share = sum(_share(point, low, high) for low, high in usual)
    return min(-math.log2(share), MOST) if 0 < share < 1 else 0.0


def _possible(point: PointSpec, value: float) -> bool:
    low = -math.inf if point.low is None else point.low
    high = math.inf if point.high is None else point.high
    return low <= value <= high


def _share(point: PointSpec, low: float, high: float) -> float:
    """The share of all patterns of the point's registers that mean ``low`` to ``high``."""
    patterns = 2.0 ** (16 * point.words)
    ends = sorted((end - point.offset) / point.scale for end in (low, high))
    if point.encoding.shape is Shape.FLOAT:
        layout = point.encoding.row.layout
        return sum(_floats(*part, layout) for part in _signs(*ends)) / patterns
    holds = point.encoding.row.holds
    if holds is None:
        return 0.0
    first, last = max(holds[0], math.ceil(ends[0])), min(holds[-1], math.floor(ends[1]))
    return max(0, last - first + 1) / patterns


def _signs(low: float, high: float) -> Iterator[tuple[float, float]]:
    """The amounts below and above zero."""
    if low < 0:
        yield max(-high, 0.0), -low
    if high > 0:
        yield max(low, 0.0), high


def _floats(low: float, high: float, layout: str) -> int:
    """How many floating point numbers lie between two amounts: their patterns are in order."""
    return _pattern(high, layout) - _pattern(low, layout) + 1


def _pattern(amount: float, layout: str) -> int:
    return int.from_bytes(struct.pack(f">{layout}", amount))
