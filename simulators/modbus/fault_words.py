"""Faults in words, for the command line, files and tests. Pure.

A fault is one word with its conditions: ``late=3s @5% unit=3``. Several are separated by commas or
stand on lines of their own.
"""

from __future__ import annotations

import re
from dataclasses import replace

from gateway.core.text import Text
from simulators.modbus.fault_kinds import GATEWAY, MANNERS, REBOOT, WORDS, Manner, Word, seconds
from simulators.modbus.faults import Fault, Faults, When
from simulators.modbus.script import GOOD


class WrongFault(Exception):
    """A fault that cannot be understood; ``text`` says which, and what to write."""

    def __init__(self, text: Text) -> None:
        self.text = text
        super().__init__(text.en)


_WORD = re.compile(r"(?P<name>[a-z-]+)(?:=(?P<value>\S+))?(?P<when>(?:\s+\S+)*)")
_SHARE = re.compile(r"@(\d+(?:\.\d+)?)%")
_EVERY = re.compile(r"@1/([1-9]\d*)")
_FROM_TO = re.compile(r"@([1-9]\d*)(-(\d*))?")
_UNIT = re.compile(r"unit=(\d+)")
_CONDITIONS = "@5%, @1/30, @17, @17-20, @17-, unit=3"


def read_faults(text: str) -> Faults:
    """What ``late=300ms @5%, lost @1/30, connections=1`` means. Raises WrongFault.

    Lines that begin with ``#`` are comments.
    """
    lines = (line for line in text.splitlines() if not line.lstrip().startswith("#"))
    words = [word.strip() for line in lines for word in line.split(",")]
    faults: list[Fault] = []
    manners, gateway = GOOD, {}
    for word in filter(None, words):
        found = _WORD.fullmatch(word)
        name, value = (found["name"], found["value"] or "") if found else ("", "")
        conditions = found["when"].split() if found else []
        try:
            if manner := MANNERS.get(name):
                _refuse_conditions(word, conditions)
                manners = replace(manners, **{manner.field: manner.read(value)})
            elif trait := GATEWAY.get(name):
                _refuse_conditions(word, conditions)
                gateway[trait.field] = trait.read(value)
            elif kind := WORDS.get(name):
                lasts = seconds(value) if name == REBOOT else 0.0
                does = kind.make(value)
                faults.append(Fault(_when(word, conditions), does, lasts))
            else:
                raise _unknown(word)
        except ValueError as cause:
            raise _wrong_value(word, name) from cause
    return Faults(tuple(faults), manners, gateway)


def _unknown(word: str) -> WrongFault:
    known = ", ".join((*WORDS, *MANNERS, *GATEWAY))
    return WrongFault(
        Text(
            f"den Fehler »{word}« gibt es nicht; möglich: {known}",
            f"there is no fault “{word}”; possible: {known}",
        )
    )


def _when(word: str, conditions: list[str]) -> When:
    when = When()
    for condition in conditions:
        if share := _SHARE.fullmatch(condition):
            when = replace(when, share=float(share[1]) / 100)
        elif every := _EVERY.fullmatch(condition):
            when = replace(when, every=int(every[1]))
        elif stretch := _FROM_TO.fullmatch(condition):
            first = int(stretch[1])
            last = first if stretch[2] is None else int(stretch[3]) if stretch[3] else None
            when = replace(when, first=first, last=last)
        elif unit := _UNIT.fullmatch(condition):
            when = replace(when, unit=int(unit[1]))
        else:
            raise WrongFault(
                Text(
                    f"»{condition}« in »{word}« ist keine Bedingung; möglich: {_CONDITIONS}",
                    f"“{condition}” in “{word}” is no condition; possible: {_CONDITIONS}",
                )
            )
    return when


def _refuse_conditions(word: str, conditions: list[str]) -> None:
    if conditions:
        raise WrongFault(
            Text(
                f"»{word}« gilt immer: lassen Sie {' '.join(conditions)} weg",
                f"“{word}” is always true: leave {' '.join(conditions)} out",
            )
        )


def _wrong_value(word: str, name: str) -> WrongFault:
    kind: Word | Manner = WORDS.get(name) or {**MANNERS, **GATEWAY}[name]
    example = kind.example
    meant = f"{name}={example}" if example else name
    return WrongFault(
        Text(
            f"»{word}« ist nicht zu verstehen. Schreiben Sie zum Beispiel {meant}.",
            f"“{word}” cannot be understood. Write for example {meant}.",
        )
    )
