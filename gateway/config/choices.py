"""What to write instead of a word that is not known: another one, or all that are possible."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from gateway.config.foreign_words import explained
from gateway.config.hints import alike, closest
from gateway.core.text import Text

ALL_TEMPLATES = Text(
    "Alle Vorlagen nennt: werkverbund template", "All templates: werkverbund template"
)
"""Where the templates are named: too many for a sentence."""


def choice(name: str, known: Sequence[str], named: Text | None = None) -> Text:
    """What to write instead of ``name``: the closest known word, or all of them.

    ``named`` says where they are named if they are many.
    """
    meant = closest(name, known)
    if meant is not None:
        return Text(f"Meinten Sie {meant}?", f"Did you mean {meant}?")
    told = explained(name, known)
    if told is not None:
        return told
    if named is not None:
        near = ", ".join(sorted(get_close_matches(name, known, 2, 0.6)))
        like = Text(f"Ähnlich heißen: {near}. ", f"Alike: {near}. ") if near else Text("", "")
        return Text(f"{like.de}{named.de}", f"{like.en}{named.en}")
    listed = ", ".join(known) or "-"
    return Text(f"Möglich sind: {listed}", f"Possible are: {listed}")


def one_of(word: str, known: Sequence[str]) -> Text:
    """What to write instead of a fixed word: as ``choice``, or the few of which it is a part."""
    near = alike(word, known)
    if explained(word, known) is None and closest(word, known) is None and 0 < len(near) <= _FEW:
        return Text(f"Meinten Sie {either(near, 'oder')}?", f"Did you mean {either(near, 'or')}?")
    return choice(word, known)


_FEW = 6
"""So many words are still a question, and no list."""


def either(words: Sequence[str], word: str) -> str:
    """A list with ``word`` (or, oder) before the last."""
    *before, last = words
    return f"{', '.join(before)} {word} {last}" if before else last
