"""What the public pages say can be done: links, commands and files on them are right."""

from __future__ import annotations

import asyncio
import re
import shlex
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.cli.kinds import problems_of
from gateway.cli.main import run_command_line
from tests.device_pages import SMALLEST
from tests.sources.fault_line import FaultLine

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([*(ROOT / "docs").glob("??/**/*.md"), *ROOT.glob("README*.md")])
PATIENCE = 20.0
ELSEWHERE = "there is no such path"
"""What a page names is at the reader's: a recording, for example."""
SUBCOMMANDS = re.compile(r"^[a-z]+$")
every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))

FIRM = """\
schema: 1
firm: docs
name: Docs
state: state
machines:
  - name: mill-1
    title: {de: Fräse, en: Mill}
    template: sdm630
    connect: {type: modbus-tcp, host: 127.0.0.1, unit: 1}
"""


def commands(page: Path) -> Iterator[list[str]]:
    """Every command of ours on a page, in words: in blocks, and in the middle of a sentence."""
    text = page.read_text("utf-8")
    fenced = re.findall(r"^```(?:sh|text)\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    lines = [line for block in fenced for line in block.replace("\\\n", " ").splitlines()]
    prose = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    lines += [" ".join(one.split()) for one in re.findall(r"`([^`]+)`", prose)]
    for line in lines:
        found = re.match(r"(?:\$ )?(?:\S*/)?werkverbund (.*)", line.strip())
        if found is not None:
            words = shlex.split(found.group(1), comments=True)
            ends = [at for at, word in enumerate(words) if word in ("|", ">", "&", "&&")]
            yield words[: min(ends, default=len(words))]


def blocks(page: Path) -> list[str]:
    """The YAML on a page."""
    found = re.findall(r"^```yaml\n(.*?)^```", page.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    return [str(one) for one in found]


def subcommand(words: list[str]) -> str | None:
    after = words[2:] if words[:1] == ["--lang"] else words
    return after[0] if after and SUBCOMMANDS.match(after[0]) else None


@every_page
def test_a_link_on_a_page_leads_to_a_file(page: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text("utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


@every_page
def test_every_page_is_named_by_the_index_of_its_folder(page: Path) -> None:
    index = page.parent / "index.md"
    if page == index or not index.exists():
        return
    assert f"({page.name})" in index.read_text("utf-8")


@pytest.mark.parametrize("page", [page for page in PAGES if "docs/de" in str(page)])
def test_a_page_is_there_in_both_languages(page: Path) -> None:
    other = ROOT / "docs" / "en" / page.relative_to(ROOT / "docs" / "de")
    assert other.exists()
    german, english = ([words[:1] for words in commands(one)] for one in (page, other))
    assert german == english


@every_page
def test_every_command_on_a_page_has_the_options_that_it_is_given(page: Path, capsys) -> None:
    for words in commands(page):
        name = subcommand(words)
        if name is None:
            continue
        after = words[2:] if words[:1] == ["--lang"] else words
        asked = after[:2] if name == "machine" else [name]
        assert run_command_line([*asked, "--help"]) == 0, words
        told = capsys.readouterr().out
        given = [word.partition("=")[0] for word in words if word.startswith("--")]
        assert [one for one in given if one not in told and one != "--lang"] == [], words


@pytest.fixture
def line() -> Iterator[FaultLine]:
    """A device that answers whatever is read, served by a thread."""
    loop, line = asyncio.new_event_loop(), FaultLine()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    asyncio.run_coroutine_threadsafe(line.start(), loop).result(PATIENCE)
    yield line
    asyncio.run_coroutine_threadsafe(line.stop(), loop).result(PATIENCE)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(PATIENCE)
    loop.close()


@every_page
def test_a_harmless_command_on_a_page_does_what_it_says(
    page: Path, line: FaultLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What only reads files, literally; ``read`` and ``look`` at the address of a test's device."""
    for name in ("firma.yaml", "firm.yaml"):
        (tmp_path / name).write_text(FIRM, "utf-8")
    sample = (ROOT / "configs" / "machines" / f"{SMALLEST}.yaml").read_text("utf-8")
    for name in ("mein-geraet.yaml", "my-device.yaml", "my-meter.yaml"):
        (tmp_path / name).write_text(sample, "utf-8")
    (tmp_path / "configs").symlink_to(ROOT / "configs")
    monkeypatch.chdir(tmp_path)
    for written in commands(page):
        words = harmless(written, line.port)
        if words is not None:
            assert run_command_line(words) in (0, 1), words


def harmless(words: list[str], port: int) -> list[str] | None:
    """The command as it can be run here; None: it cannot."""
    name = subcommand(words)
    if name in ("check", "schema"):
        return words if len(words) > 1 else None
    if name in ("template", "version"):
        return None if "NAME" in words else words
    if name not in ("read", "look") or "--host" not in words:
        return None
    at = words.index("--host") + 1
    there = [*words[:at], "127.0.0.1", *words[at + 1 :]]
    if "--port" in there:
        there[there.index("--port") + 1] = str(port)
        return there
    return [*there, "--port", str(port)]


def test_the_pages_have_commands_and_files() -> None:
    assert sum(1 for page in PAGES for _ in commands(page)) >= 50
    assert sum(harmless(one, 502) is not None for page in PAGES for one in commands(page)) >= 18
    assert sum(len(blocks(page)) for page in PAGES) >= 10


@every_page
def test_yaml_on_a_page_is_understood(page: Path, tmp_path: Path) -> None:
    """A whole file by itself; a part of a firm's file within one."""
    for number, block in enumerate(blocks(page)):
        file = tmp_path / f"{number}.yaml"
        whole = re.match(r"(#.*\n)*schema:", block) is not None
        own = re.search(r"^machines:", block, re.MULTILINE) is not None
        firm = FIRM.partition("machines:")[0] if own else FIRM
        file.write_text(block if whole else firm + block, "utf-8")
        said = [one.what.en for one in problems_of(file, None, {})]
        assert [one for one in said if not one.endswith(ELSEWHERE)] == []
