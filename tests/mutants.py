"""Breaks the code in small ways, and counts how often the tests notice: ``make mutants``.

mutmut makes the mutants of the rooms where a mistake is silent (jobs, network, flow, sealing); of
these a seeded sample is tried. Whether a mutant is drawn hangs on its name and the seed alone, so a
change of one function leaves the rest of the sample as it was. mutmut works on copies in
``mutants/``; ``[tool.mutmut]`` of pyproject.toml says which tests judge. ``docs/mutants.md`` holds
what came out.

usage: mutants.py [--sample 300] [--seed 1] [--only gateway.network ...] [--again]
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).parent.parent
MUTANTS = ROOT / "mutants"
FIRST = "gateway.flow.backoff*"
"""A small module: the run that tries it also makes all mutants and times all tests."""

NOTICED = ("killed", "timeout")
"""A test has failed, or did not come to its end."""


def outcomes() -> Mapping[str, int | None]:
    """Each mutant's name, with the exit code of its tests as far as it has been tried."""
    found: dict[str, int | None] = {}
    for meta in sorted(MUTANTS.rglob("*.meta")):
        found |= json.loads(meta.read_text())["exit_code_by_key"]
    return found


def mutmut(*names: str) -> None:
    """Try mutants; what it shows meanwhile goes to its own log."""
    log = MUTANTS.with_suffix(".log")
    with log.open("a") as out:
        command = [sys.executable, "-m", "mutmut", "run", "--max-children", "1", *names]
        if subprocess.run(command, cwd=ROOT, stdout=out, stderr=out, check=False).returncode:
            sys.exit(f"mutmut has failed: {log.name} says why")


def draw(every: Iterable[str], size: int, seed: int) -> Sequence[str]:
    """The sample: of all names those whose lots come first."""
    return sorted(every, key=lambda name: hashlib.sha256(f"{seed} {name}".encode()).digest())[:size]


def main(arguments: Sequence[str] | None = None) -> None:
    """Draw, try, tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sample", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", action="append", help="a room: tries what was drawn there alone")
    parser.add_argument(
        "--again", action="store_true", help="tries only what no test has noticed so far"
    )
    asked = parser.parse_args(arguments)
    from mutmut.stats import status_by_exit_code  # noqa: PLC0415 - installed for this alone

    mutmut(FIRST)
    every = sorted(outcomes())
    rooms = tuple(asked.only or ["gateway."])
    drawn = [name for name in draw(every, asked.sample, asked.seed) if name.startswith(rooms)]
    found = outcomes()
    noticed = {name for name in drawn if status_by_exit_code[found[name]] in NOTICED}
    todo = [name for name in drawn if not (asked.again and name in noticed)]
    if todo:
        mutmut(*todo)
    found = outcomes()
    words = {name: status_by_exit_code[found[name]] for name in drawn}
    for name in sorted(drawn):
        if words[name] not in NOTICED:
            print(json.dumps({"mutant": name, "verdict": words[name]}))
    count = Counter(words.values())
    print(
        json.dumps(
            {
                "mutants": len(every),
                "sample": len(drawn),
                "seed": asked.seed,
                **count,
                "score": round(sum(count[word] for word in NOTICED) / len(drawn), 3),
            }
        )
    )


if __name__ == "__main__":
    main()
