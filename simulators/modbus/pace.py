"""How fast a serial line is: from its settings to seconds. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Parity = Literal["none", "even", "odd"]

FAST = 19_200
"""Above this rate the silence between frames is fixed."""


@dataclass(frozen=True, slots=True)
class Pace:
    """A line's settings. The standard asks for 11 bits a character: parity, or a second stop bit.

    Durations are seconds of the line.
    """

    baud: int = 9600
    parity: Parity = "even"
    stop_bits: int = 1

    @property
    def bits(self) -> int:
        """Bits of one character: start, eight of data, parity, stop."""
        return 9 + (self.parity != "none") + self.stop_bits

    @property
    def short(self) -> str:
        """Bits, parity and stop bits as people write them: 8N1."""
        return f"8{self.parity[0].upper()}{self.stop_bits}"

    @property
    def character(self) -> float:
        """How long one character takes."""
        return self.bits / self.baud

    @property
    def silence(self) -> float:
        """The silence that ends a frame: 3.5 characters, above 19,200 baud 1.75 ms."""
        return 0.00175 if self.baud > FAST else 3.5 * self.character

    def lasts(self, characters: int) -> float:
        """How long so many characters take."""
        return characters * self.character

    def exchange(self, asked: int, answered: int, takes: float = 0.0) -> float:
        """A question and its answer, each with the silence after it.

        ``asked`` and ``answered`` are bytes of the whole frames, ``takes`` is what the unit needs.
        """
        return self.lasts(asked + answered) + 2 * self.silence + takes
