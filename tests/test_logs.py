"""The log speaks the language of whoever started the program."""

from __future__ import annotations

import io
import logging
import re
import signal
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway import logs
from gateway.core.errors import ExchangeError, NotConnected, WerkverbundError
from gateway.core.text import Language, Text
from gateway.database import sqlite_errors
from gateway.flow.line_log import LineLog
from gateway.flow.sink_health import SinkWatch
from simulators.stage.demo import Demo
from simulators.stage.options import Options
from simulators.stage.ports import Ports
from simulators.stage.scenario import load
from tests.api.running import free_port
from tests.test_service import Place, until

OURS = logging.getLogger("gateway.flow.sink_health")


class Heard:
    """What is written to logs in both languages at once."""

    def __init__(self) -> None:
        self.logger = logging.getLogger("gateway")
        self.written: dict[Language, io.StringIO] = {"de": io.StringIO(), "en": io.StringIO()}
        self.handlers = [self.handler(language) for language in self.written]

    def handler(self, language: Language) -> logging.Handler:
        one = logging.StreamHandler(self.written[language])
        one.setFormatter(logs.Spoken(language, "%(levelname)s %(message)s"))
        return one

    @property
    def lines(self) -> tuple[str, str]:
        """German and English."""
        return self.written["de"].getvalue().strip(), self.written["en"].getvalue().strip()


@pytest.fixture
def heard() -> Iterator[Heard]:
    one = Heard()
    root, level = logging.getLogger(), logging.getLogger().level
    root.setLevel(logging.INFO)
    for handler in one.handlers:
        root.addHandler(handler)
    yield one
    for handler in one.handlers:
        root.removeHandler(handler)
    root.setLevel(level)


def test_a_line_is_told_in_the_logs_language(heard: Heard) -> None:
    OURS.warning("Journal is written again")
    assert heard.lines == (
        "WARNING Journal wird wieder geschrieben",
        "WARNING Journal is written again",
    )


def test_what_a_driver_says_is_told_in_the_same_words_as_on_the_page(heard: Heard) -> None:
    watch = SinkWatch("influx")
    watch.lost(NotConnected("http://influx:8086: [Errno 111] Connection refused"), 4.0)
    german, english = heard.lines
    assert german == (
        "WARNING influx ist nicht erreichbar: http://influx:8086: "
        "dort nimmt niemand Verbindungen an, nächster Versuch in 4 s"
    )
    assert english == (
        "WARNING influx cannot be reached: http://influx:8086: "
        "nobody listens there, next try in 4 s"
    )


@pytest.mark.parametrize(
    ("error", "german"),
    [
        (ExchangeError(Text("Das gilt nicht.", "That does not hold.")), "Das gilt nicht."),
        (
            WerkverbundError("no pages at 127.0.0.1:80: it is not permitted"),
            "keine Seiten unter 127.0.0.1:80: es ist nicht erlaubt",
        ),
        (
            ExchangeError("the signature is not that of weber"),
            "die Unterschrift ist nicht die von weber",
        ),
        (OSError(28, "No space left on device"), "der Datenträger ist voll"),
        (MemoryError("what nobody knows"), "what nobody knows"),
    ],
)
def test_an_error_is_told_in_german(heard: Heard, error: Exception, german: str) -> None:
    OURS.warning("%s failed; it starts again: %s", "mqtt", error)
    assert heard.lines[0] == f"WARNING mqtt ausgefallen; startet neu: {german}"


def test_what_quotes_an_error_quotes_it_in_german_too(heard: Heard, tmp_path: Path) -> None:
    full = sqlite3.OperationalError("database or disk is full")
    full.sqlite_errorcode = sqlite3.SQLITE_FULL
    place = tmp_path / "journal.db"
    try:
        with sqlite_errors(place):
            raise full
    except WerkverbundError as error:
        OURS.warning("Retention could not run: %s", error)
    assert heard.lines[0] == (
        f"WARNING Altes konnte nicht gelöscht werden: {place} ist jetzt nicht benutzbar: "
        "der Datenträger ist voll"
    )


def test_a_name_stays_a_name_whatever_it_means(heard: Heard) -> None:
    OURS.info("%s connected", "clock")
    assert heard.lines == ("INFO clock verbunden", "INFO clock connected")


def test_the_lines_of_a_library_stay_as_they_are(heard: Heard) -> None:
    logging.getLogger("some.library").warning("%s connected", "it is not permitted")
    assert heard.lines == ("WARNING it is not permitted connected",) * 2


def test_a_traceback_stands_below_its_line(heard: Heard) -> None:
    try:
        raise ValueError("what nobody thought of")
    except ValueError:
        OURS.exception("%s failed; it starts again, everything else goes on", Text("Seiten", "p"))
    line, traceback, *rest = heard.lines[0].splitlines()
    assert line == "ERROR Seiten ausgefallen; startet neu, alles andere läuft weiter"
    assert traceback.startswith("Traceback")
    assert rest[-1] == "ValueError: what nobody thought of"


def test_one_record_serves_every_log(heard: Heard, caplog: pytest.LogCaptureFixture) -> None:
    OURS.warning("%s: not kept: %s", "weber", Text("zu lang", "too long"))
    [record] = caplog.records
    assert record.getMessage() == "weber: not kept: too long"
    assert heard.lines[0].endswith("zu lang")


def test_a_record_of_one_mapping_is_told(heard: Heard) -> None:
    OURS.warning("the gateway is stopping; not in the security log: %s", {"what": "log-in"})
    assert heard.lines[0].endswith("nicht im Sicherheitsprotokoll: {'what': 'log-in'}")


def test_lines_that_were_held_back_are_counted_in_german(heard: Heard) -> None:
    seconds = iter(range(10_000))
    lines = LineLog(OURS, lambda: float(next(seconds)))
    for _ in range(200):
        lines.line("mill-1", Text("mill-1 verloren", "mill-1 lost"))
    german, english = heard.lines
    assert re.search(
        r"^WARNING mill-1 verloren \(\d+ Änderungen nicht gezeigt\)$", german, re.MULTILINE
    )
    assert re.search(r"\nWARNING mill-1 lost \(\d+ changes not shown\)\n", english)


TOLD: dict[str, tuple[str, ...]] = {
    "de": (
        "drill-1 verloren: keine Verbindung bei 127.0.0.1:",
        "mqtt ist nicht erreichbar: mqtt://127.0.0.1:",
        "dort nimmt niemand Verbindungen an, nächster Versuch in",
        "Die Dateien sind neu gelesen; an den Maschinen ist nichts anders",
    ),
    "en": (
        "drill-1 lost: no connection at 127.0.0.1:",
        "mqtt cannot be reached: mqtt://127.0.0.1:",
        "nobody listens there, next try in",
        "The files have been read again; nothing about the machines is different",
    ),
}


@pytest.mark.parametrize(("lang", "computer"), [("de", "en_GB.UTF-8"), ("en", "de_DE.UTF-8")])
def test_a_gateway_logs_in_the_language_that_it_is_asked_for(
    tmp_path: Path, lang: str, computer: str
) -> None:
    away = f"sinks:\n  - {{type: mqtt, broker: 'mqtt://127.0.0.1:{free_port()}'}}\n"
    place = Place(tmp_path, away, lang)
    with place.running(LANG=computer, LC_ALL=computer) as process:
        until(lambda: all(told in place.log for told in TOLD[lang][:3]), process)
        process.send_signal(signal.SIGHUP)
        until(lambda: TOLD[lang][3] in place.log, process)
        process.send_signal(signal.SIGTERM)
        process.wait(60)
    other = TOLD["en" if lang == "de" else "de"]
    assert [told for told in other if told in place.log] == []


@pytest.mark.parametrize("lang", ["de", "en"])
def test_what_the_demo_starts_speaks_its_language(tmp_path: Path, lang: Language) -> None:
    folder = Path(__file__).parent.parent / "configs" / "demo"
    demo = Demo(
        Options(language=lang), folder, tmp_path, load(folder / "scenario.yaml"), Ports(8600)
    )
    broker, simulators, gateways = demo.programs()
    for program in (broker, simulators, *gateways):
        assert list(program.arguments[:2]) == ["--lang", lang]
