"""What a person and the order network may say to a job, and what they are told in return."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gateway.core.events import EventKind
from gateway.core.text import Text
from gateway.core.work import JobState, Origin, Substate
from gateway.jobs.commands import (
    AbovePlan,
    Answer,
    Book,
    CloseOrder,
    ConfirmRate,
    End,
    Hold,
    NotPossible,
    Opening,
)
from tests.jobs.one_machine import Line


def booked(line: Line, good: int, scrap: int = 0, origin: Origin = Origin.ENTERED) -> None:
    line.tell(Book("j-1", good, scrap, origin, line.at(1)))


def refused(line: Line, command: object) -> Text:
    before = line.state
    with pytest.raises(NotPossible) as caught:
        line.tell(command)
    assert line.state == before
    return caught.value.why


@pytest.fixture
def begun(mill: Line) -> Line:
    """700 of 2,400 are booked, 5 are scrap, and the first lot of 600 has left."""
    mill.add()
    booked(mill, 700, 5)
    return mill


def test_a_booking_is_a_sign_of_work_and_says_so(begun: Line) -> None:
    assert begun.job.state is JobState.RUNNING
    started = begun.of(EventKind.JOB)[-1]
    assert started.details == {
        "state": "running",
        "substate": "",
        "because_de": "In Arbeit: 700 Stück sind gebucht.",
        "because_en": "Running: 700 pieces are booked.",
    }
    told = len(begun.of(EventKind.JOB))
    booked(begun, 1)
    assert len(begun.of(EventKind.JOB)) == told, "it runs already"


def test_scrap_alone_begins_no_job(mill: Line) -> None:
    mill.add()
    booked(mill, 0, 3)
    assert (mill.job.state, mill.job.scrap) == (JobState.RELEASED, 3)


def test_a_correction_is_an_entry_of_its_own_and_erases_nothing(begun: Line) -> None:
    booked(begun, -60, -2, Origin.CORRECTED)
    booked(begun, -40, 0, Origin.CORRECTED)
    assert (begun.job.good, begun.job.scrap) == (600, 3)
    assert begun.job.origins == {Origin.ENTERED: 700, Origin.CORRECTED: -100}
    assert [event.details for event in begun.of(EventKind.BOOKED)] == [
        {"good": 700, "scrap": 5, "origin": "entered"},
        {"good": -60, "scrap": -2, "origin": "corrected"},
        {"good": -40, "scrap": 0, "origin": "corrected"},
    ]
    assert {(e.machine, e.job, e.at) for e in begun.of(EventKind.BOOKED)} == {
        ("m-1", "j-1", begun.at(1))
    }


def test_a_correction_of_scrap_alone_is_no_origin_of_good_pieces(begun: Line) -> None:
    booked(begun, 0, -5, Origin.CORRECTED)
    assert (begun.job.scrap, begun.job.origins) == (0, {Origin.ENTERED: 700})


@pytest.mark.parametrize(
    ("good", "scrap", "why"),
    [
        (
            -101,
            0,
            Text(
                "600 Stück haben den Betrieb schon verlassen: Weniger gute Stücke können es nicht "
                "werden. Höchstens 100 lassen sich wegnehmen.",
                "600 pieces have left the firm already: there cannot be fewer good ones. At most "
                "100 can be taken away.",
            ),
        ),
        (
            0,
            -6,
            Text(
                "So viel Ausschuss ist nicht gebucht: Es sind 5.",
                "Not that much scrap is booked: it is 5.",
            ),
        ),
        (
            1,
            0,
            Text(
                "Eine Korrektur nimmt Stücke weg. Mehr Stücke werden gebucht.",
                "A correction takes pieces away. More pieces are booked.",
            ),
        ),
        (
            0,
            1,
            Text(
                "Eine Korrektur nimmt Stücke weg. Mehr Stücke werden gebucht.",
                "A correction takes pieces away. More pieces are booked.",
            ),
        ),
    ],
)
def test_a_correction_takes_away_no_more_than_is_there(
    begun: Line, good: int, scrap: int, why: Text
) -> None:
    assert refused(begun, Book("j-1", good, scrap, Origin.CORRECTED, begun.at(2))) == why


def test_a_correction_up_to_what_is_there_is_taken(begun: Line) -> None:
    booked(begun, -100, -5, Origin.CORRECTED)
    assert (begun.job.good, begun.job.scrap) == (600, 0)


def test_a_job_that_was_ended_by_hand_says_the_corrected_count(begun: Line) -> None:
    begun.tell(End("j-1", begun.at(2)))
    assert begun.job.because == Text(
        "Von Hand beendet: 700 von 2.400 Stück sind gut.",
        "Ended by hand: 700 of 2,400 pieces are good.",
    )
    booked(begun, -100, 0, Origin.CORRECTED)
    assert begun.job.because == Text(
        "Von Hand beendet: 600 von 2.400 Stück sind gut.",
        "Ended by hand: 600 of 2,400 pieces are good.",
    )
    assert begun.job.state is JobState.ENDED


def test_a_finished_job_says_the_corrected_count(mill: Line) -> None:
    mill.add(planned=100, lot=60)
    booked(mill, 100)
    assert mill.job.because == Text(
        "Fertig: 100 von 100 Stück sind gut.", "Completed: 100 of 100 pieces."
    )
    assert refused(mill, Book("j-1", -1, 0, Origin.CORRECTED, mill.at(2))).en.startswith("100 ")
    assert refused(mill, Book("j-1", 1, 0, Origin.ENTERED, mill.at(2))) == Text(
        "Der Auftrag j-1 ist beendet und nimmt nichts mehr an.",
        "The job j-1 has ended and takes nothing more.",
    )


def test_an_order_that_is_closed_is_named_in_each_of_its_jobs(begun: Line) -> None:
    begun.add("j-2")
    begun.tell(CloseOrder("GA-17", begun.at(3)))
    first, second = begun.tracker.jobs(begun.state)
    said = Text("Geschlossen mit dem Auftrag GA-17.", "Closed with the order GA-17.")
    assert (first.state, first.substate, first.because) == (
        JobState.ENDED, Substate.CLOSED, said,
    )  # fmt: skip
    assert (second.state, second.because) == (JobState.ABORTED, said)
    assert begun.tell(CloseOrder("GA-17", begun.at(4))) == ()


def test_a_question_that_is_not_open_is_not_answered(begun: Line) -> None:
    assert refused(begun, Answer("m-1.good-count.9", confirm=True, at=begun.at(2))) == Text(
        "Diese Frage ist nicht mehr offen: Sie wurde schon beantwortet, oder der Zähler "
        "hat sie selbst beantwortet.",
        "This question is not open any more: it has been answered, or the counter has "
        "answered it by itself.",
    )


@pytest.mark.parametrize(
    ("good", "scrap", "why"),
    [
        (0, 0, Text("Null Teile sind keine Buchung.", "No pieces are nothing to be booked.")),
        (
            -701,
            0,
            Text(
                "So viel ist mit dieser Herkunft nicht gebucht.",
                "Not that much is booked with this origin.",
            ),
        ),
        (
            0,
            -6,
            Text(
                "So viel ist mit dieser Herkunft nicht gebucht.",
                "Not that much is booked with this origin.",
            ),
        ),
    ],
)
def test_a_booking_that_cannot_be_says_why(begun: Line, good: int, scrap: int, why: Text) -> None:
    assert refused(begun, Book("j-1", good, scrap, Origin.ENTERED, begun.at(2))) == why


def test_a_machine_draws_the_lines_that_decide(mill: Line, furnace: Line) -> None:
    lines = [(str(of).partition("/")[2], value, text) for of, value, text in
             (*mill.tracker.thresholds(mill.state, "m-1"),
              *furnace.tracker.thresholds(furnace.state, "m-1"))]  # fmt: skip
    assert lines == [
        ("power", 2050, Text("Lauf beginnt", "Run begins")),
        ("power", 1900, Text("Lauf endet", "Run ends")),
        ("power", 900, Text("Bereitschaft", "Standby")),
        ("power", 150, Text("Aus", "Off")),
        ("temperature", 860, Text("Härten", "Hardening")),
        ("temperature", 250, Text("Anlassen", "Tempering")),
        ("temperature", 21.3, Text("Fertig", "Finished")),
        ("current-l1", 1, Text("Phase tot", "Phase dead")),
        ("current-l2", 1, Text("Phase tot", "Phase dead")),
        ("current-l3", 1, Text("Phase tot", "Phase dead")),
    ]


def test_a_job_that_is_held_or_taken_back_by_hand_says_so(begun: Line, press: Line) -> None:
    begun.tell(Hold("j-1", begun.at(2)))
    assert begun.job.because == Text("Von Hand angehalten.", "Held by hand.")
    press.add()
    press.tell(Hold("j-1", press.at(2)))
    assert press.job.because == Text(
        "Freigabe von Hand zurückgenommen.", "Release taken back by hand."
    )


def test_a_job_that_is_complete_by_its_opening_says_so(mill: Line) -> None:
    mill.add(opening=Opening(good=2400))
    assert mill.job.because == Text(
        "Fertig laut Eröffnung: 2.400 Stück.", "Completed by the opening: 2,400 pieces."
    )


def test_more_than_planned_is_booked_once_it_is_confirmed(begun: Line) -> None:
    with pytest.raises(AbovePlan):
        booked(begun, 1701)
    begun.tell(Book("j-1", 1701, 0, Origin.ENTERED, begun.at(2), above_plan=True))
    assert begun.job.good == 2401


def test_a_rate_that_is_confirmed_is_told_with_its_seconds(begun: Line) -> None:
    begun.tell(ConfirmRate("j-1", timedelta(seconds=250), begun.at(2)))
    (told,) = begun.of(EventKind.DEGRADED)
    assert told.details == {"evidence": None, "rate_seconds": 250.0, "confirmed": True}
