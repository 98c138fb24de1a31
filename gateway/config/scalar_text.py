"""How a scalar is written so that our strict reader takes it for what it is. Pure."""

from __future__ import annotations

import re
from decimal import Decimal

from gateway.config.scalar_rules import meaning
from gateway.config.tree import Scalar

_PLAIN = re.compile(
    r"[A-Za-z./][A-Za-z0-9._/-]*"  # words, names, paths
    r"|[0-9]+(\.[0-9]+)?(ms|s|min|h|d)"  # durations
    r"|[0-9]+(\.[0-9]+){3}"  # addresses
)
_WORDS = frozenset(["yes", "no", "on", "off", "true", "false", "null", "y", "n"])
"""What YAML, in one version or another, takes for something else than a text."""


def written(value: Scalar) -> str:
    """A scalar as it stands in a file."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, float):
        return format(Decimal(repr(value)), "f")  # an exponent is refused by our own reader
    if not isinstance(value, str) or plain(value):
        return str(value)
    if value.isprintable():
        quoted = value.replace("'", "''")
        return f"'{quoted}'"
    return f'"{"".join(map(_escaped, value))}"'


def plain(text: str) -> bool:
    """Whether a text may stand without quotes: nothing that YAML could turn round."""
    bare = _PLAIN.fullmatch(text) is not None and text.lower() not in _WORDS
    return bare and meaning(text) == (text, None)


def _escaped(sign: str) -> str:
    if sign in '"\\':
        return f"\\{sign}"
    return sign if sign.isprintable() else f"\\U{ord(sign):08x}"
