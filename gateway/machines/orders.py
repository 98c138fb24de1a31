"""The orders in which bytes and words of a value stand in registers, by the names of manuals. Pure.

Letters name the bytes in the order in which they are sent; ``A`` is the highest byte of the value.
"""

from __future__ import annotations

from enum import StrEnum
from functools import cache


class Order(StrEnum):
    """Byte and word order: in words, where bytes stand high first; or in the letters of manuals."""

    HIGH_FIRST = "high-word-first"
    LOW_FIRST = "low-word-first"
    AB = "AB"
    BA = "BA"
    ABCD = "ABCD"
    CDAB = "CDAB"
    BADC = "BADC"
    DCBA = "DCBA"
    ABCDEF = "ABCDEF"
    EFCDAB = "EFCDAB"
    BADCFE = "BADCFE"
    FEDCBA = "FEDCBA"
    ABCDEFGH = "ABCDEFGH"
    GHEFCDAB = "GHEFCDAB"
    BADCFEHG = "BADCFEHG"
    HGFEDCBA = "HGFEDCBA"
    CDABGHEF = "CDABGHEF"
    EFGHABCD = "EFGHABCD"

    @property
    def letters(self) -> bool:
        """True where it is named by letters, and so says for how many registers it is."""
        return self.value.isupper()

    @property
    def low_byte_first(self) -> bool:
        """True where the low byte of each word is sent first."""
        return self.letters and self.value[0] > self.value[1]

    def fits(self, words: int) -> bool:
        """Whether a value of so many registers can have it."""
        return len(self.value) == 2 * words if self.letters else words > 1

    def places(self, words: int) -> tuple[int, ...]:
        """Where the words of a value stand, counted from its first register, highest first."""
        if self is Order.LOW_FIRST:
            return tuple(range(words))[::-1]
        if self is Order.HIGH_FIRST:
            return tuple(range(words))
        sent = [min(self.value[at : at + 2]) for at in range(0, 2 * words, 2)]
        return tuple(sent.index(highest) for highest in sorted(sent))


@cache
def fitting(words: int) -> tuple[Order, ...]:
    """The orders that a value of so many registers can have."""
    return tuple(order for order in Order if order.fits(words))
