"""A device's own counter: what its readings say was counted since the reading before.

A step is believed only if the machine could have made it in the time (``Most``). Readings that do
not fit begin a course of their own beside the one they left, and what comes next decides:

1. The first reading is the baseline; it counts nothing. One odd reading alone never counts.
2. Confirmed above: the counter jumped (a module exchanged, days unseen). That counts nothing and
   is a question with both readings; what is counted from there on is counted.
3. Confirmed below, near the top before, and the machine could have made it: rolled over.
4. Confirmed below, by a count, and the machine could have made what it shows: reset; it counts
   what it shows, for a device that lost its power starts at 0. Shown too much: a question.
5. Back at the course that was left: a glitch. What was counted meanwhile is taken off what comes,
   so the larger of both counts, never the sum; a question about it is withdrawn.
6. Fits two courses: the one that counts least holds, and the difference is a question.
7. A course that has held for ``SETTLED`` seconds and ``ENOUGH`` readings ends the one before.
8. A reading that continues a course that was left, beyond all that came since: the machine could
   have made it all, nothing was odd but early. It counts, and a question about it is answered.
9. A device that renews what it shows more rarely than it is read is known by ``LUMPS`` leaps that
   the machine could have made since the value last changed. From then on they are believed.

Nothing that was counted is ever taken back.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from gateway.core.clock import to_ms
from gateway.jobs.evidence.counters.course import (
    LUMPS,
    Counter,
    Course,
    Most,
    Note,
    Read,
)
from gateway.jobs.moments import Moment, passed, vouched

SETTLED = 600.0
"""A device restores itself within seconds to minutes; after so many nobody waits for it."""
ENOUGH = 5
DEEPEST = 3
"""So many courses are weighed at a time: the one believed, another, and one odd reading."""
NEAR = 16
"""A counter is near its top in the last sixteenth of its range."""
LONGEST_LUMP = 900.0
"""No device shows the same for longer than so many seconds while its machine goes on."""


def read(counter: Counter, value: int, now: Moment, *, top: int, most: Most) -> Read:
    """Take a reading of a counter whose highest value is ``top``: counter, counts, notes."""
    courses = counter.courses
    if not courses:
        return Counter((Course(value, value, now, now, sure=True),)), 0, ()
    if courses[-1].lumps and counter.refresh > most.every:
        most = replace(most, every=counter.refresh)
    if len(courses) == 1 and (plain := _plain(courses[0], value, now, top=top, most=most)):
        return plain
    fits = [depth for depth, course in enumerate(courses) if _fits(course, value, now, most)]
    if len(courses) - 2 in fits and courses[-2].value <= courses[-1].value <= value:
        courses = courses if courses[-1].sure else courses[:-1]  # it was not odd, only early
        fits = [depth for depth in fits if depth < len(courses)]
    if not fits:
        return _odd(courses, value, now)
    nets = {depth: _net(courses, depth, value) for depth in fits}
    best = min(fits, key=lambda depth: nets[depth])
    left = courses[best + 1 :]
    if left and max(fits) == best and _early(left, value, courses[best].value):
        return _made(courses, best, value, now)
    if not courses[best].sure:
        return _confirmed(courses, value, now, top=top, most=most)
    later = (net for depth, net in nets.items() if depth >= best)
    stories = [*later, *_others(courses, best, value, now, most)]
    counter, more, notes = _continued(courses, best, value, now, max(stories) - nets[best])
    course = courses[best]
    if most.within(passed(course.seen, now)) > top:
        notes = (*notes, Note("round", course.value, value, course.seen))
    return counter, more, notes


def _plain(course: Course, value: int, now: Moment, *, top: int, most: Most) -> Read | None:
    """As nearly every reading: nothing was in doubt, and nothing is. Says what all rules would."""
    possible = most.within(passed(course.seen, now))
    if possible > top or not 0 <= value - course.value <= possible:
        return None
    if value == course.value:
        return Counter((course.again(now),)), 0, ()
    net = value - course.value - course.ahead
    after = Course(
        course.first,
        value,
        course.began,
        now,
        max(0, -net),
        sure=True,
        lumps=course.lumps,
        refresh=course.refresh,
    )
    return Counter((after,)), max(0, net), ()


def _fits(course: Course, value: int, now: Moment, most: Most) -> bool:
    return course.value <= value <= course.value + most.within(passed(course.seen, now))


def _net(courses: tuple[Course, ...], depth: int, value: int) -> int:
    """What a reading adds, if it continues the course at ``depth``."""
    course = courses[depth]
    reset = not course.sure and course.first < courses[depth - 1].value
    return value - (0 if reset else course.value) - course.ahead


def _early(left: Sequence[Course], value: int, last: int) -> bool:
    """Whether courses are questions about leaps that only rose, up to a reading after ``last``."""
    shown = [last, *(one for course in left for one in (course.first, course.value)), value]
    return shown == sorted(shown) and all(course.question for course in left)


def _made(courses: tuple[Course, ...], depth: int, value: int, now: Moment) -> Read:
    """What had left a course was work, only early."""
    course, left = courses[depth], courses[depth + 1 :]
    net = value - course.value - course.ahead
    after = replace(
        course.at(value, now), ahead=max(0, -net), lumps=left[-1].lumps, refresh=left[-1].refresh
    )
    others = _held(_left(courses[:depth], max(0, net)), now)
    after = after if others else replace(after, question="")
    answered = [
        Note("made", course.value, value, course.seen, question=one.question)
        for one in left
        if one.question
    ]
    return Counter((*others, after)), max(0, net), answered


def _others(
    courses: tuple[Course, ...], depth: int, value: int, now: Moment, most: Most
) -> Iterator[int]:
    """What else a reading may add that seems to be back at the course at ``depth``."""
    if depth == len(courses) - 1:
        return
    last, parent = courses[-1], courses[-2]
    if not last.sure:
        if last.value <= value:
            yield value - parent.value  # it was about to ask for its jump
    elif value < last.value:
        if value <= most.within(passed(last.seen, now)):
            yield value  # it has been reset
    elif not vouched(last.seen, now):
        yield value - last.value  # it went on while nobody looked, for nobody knows how long


def _continued(
    courses: tuple[Course, ...], depth: int, value: int, now: Moment, doubt: int
) -> Read:
    """A reading continues a sure course; whatever had left that one was a glitch."""
    course, left = courses[depth], courses[depth + 1 :]
    if value == course.value and len(courses) == 1:
        return Counter((course.again(now),)), 0, ()
    net = value - course.value - course.ahead
    after = replace(course.at(value, now), ahead=max(0, -net))
    # What is sure may have been right all the same: it stays for a while, beside the present one.
    others = (*courses[:depth], *(replace(one, unlike=not doubt) for one in left if one.sure))
    gone = [one for one in left if not one.sure]
    if not left:
        moved = value > course.value  # a value that is only shown again is not alive
        gone = [one for one in others if one.unlike and (moved or one.missed >= ENOUGH)]
        others = tuple(one for one in others if one not in gone)
    notes = [Note("glitch", one.first, value, course.seen, question=one.question) for one in gone]
    if doubt:
        notes.append(Note("jumped", course.value, value, course.seen, doubt, _name(now)))
    others = _held(_left(others[1 - DEEPEST :], max(0, net)), now)
    after = after if others else replace(after, question="")
    return Counter((*others, after)), max(0, net), notes


def _odd(courses: tuple[Course, ...], value: int, now: Moment) -> Read:
    """A reading that continues nothing; only if it rises on and on something is to be asked."""
    last = courses[-1]
    if not last.sure:
        parent, courses = courses[-2], courses[:-1]
        above = last.value > parent.value
        if last.value < value and above == (value > parent.value):
            went = replace(last.at(value, now), sure=True)
            if above and parent.question:
                return _grown(courses, went)
            return _jumped(courses, went, value, value - parent.value if above else value, 0)
    before = courses[-1]
    odd = Course(value, value, now, now, lumps=before.lumps, refresh=before.refresh)
    kept = (*courses, odd)
    return Counter(kept[-DEEPEST:]), 0, ()


def _confirmed(
    courses: tuple[Course, ...], value: int, now: Moment, *, top: int, most: Most
) -> Read:
    """A second reading agrees that the counter has left its course."""
    parent, course = courses[-2], courses[-1]
    went, since = course.at(value, now), value - course.first
    if course.first > parent.value:
        asked = course.first - parent.value
        went = _lumped(parent, course, went, most)
        if parent.lumps < LUMPS <= went.lumps and _fits(
            parent, course.first, course.began, replace(most, every=went.refresh)
        ):
            return _made((*courses[:-1], went), len(courses) - 2, value, now)
        return _jumped(courses[:-1], went, course.first, asked, since)
    if not value:  # a device that restores itself shows 0, too
        others = _left(courses[:-1], 0)
        if _held(others[-1:], now):
            return Counter((*others, went)), 0, ()
        settled = Counter((replace(went, sure=True),))
        return settled, 0, (Note("reset", parent.value, value, parent.seen),)
    possible = most.within(passed(parent.seen, course.began))
    over = top + 1 - parent.value + course.first
    near = top - parent.value <= (top + 1) // NEAR
    rolled, reset = over <= possible, course.first <= possible
    if not rolled and not reset:
        return _jumped(courses[:-1], went, course.first, over if near else course.first, since)
    after = replace(went, sure=True)
    if rolled and (near or not reset or over < course.first):
        notes = [Note("rollover", parent.value, value, parent.seen)]
        net = over + since - parent.ahead
        kept = (*_left(courses[:-2], max(0, net)), replace(after, ahead=max(0, -net)))
    else:
        notes = [Note("reset", parent.value, value, parent.seen)]
        net, kept = value, (*_left(courses[:-1], value), after)
    unsure = rolled and reset and not near and over != course.first
    if unsure or (near and not rolled and not vouched(parent.seen, course.began)):
        doubt = abs(over - course.first)
        notes.append(Note("jumped", parent.value, value, parent.seen, doubt, _name(now)))
    return Counter(kept), max(0, net), notes


def settled(counter: Counter, question: str) -> Counter:
    """A person has said that a leap was work: what it had left is behind it for good."""
    for depth, course in enumerate(counter.courses):
        if course.question == question:
            return Counter((replace(course, question=""), *counter.courses[depth + 1 :]))
    return counter


def _lumped(parent: Course, odd: Course, went: Course, most: Most) -> Course:
    """Perhaps it was no leap: the value had stood still while the machine went on."""
    still = parent.still + passed(parent.seen, odd.began)
    lump = ENOUGH * most.every <= still <= LONGEST_LUMP
    if not lump or odd.first - parent.value > most.within(still):
        return went
    refresh = min(still, parent.refresh) if parent.lumps else still
    return replace(went, lumps=parent.lumps + 1, refresh=refresh)


def _jumped(before: tuple[Course, ...], course: Course, after: int, asked: int, since: int) -> Read:
    """What cannot be believed is a question; what is counted from there on counts."""
    parent, name = before[-1], _name(course.seen)
    kept = (*_left(before, since), replace(course, sure=True, question=name))
    return Counter(kept), since, (Note("jumped", parent.value, after, parent.seen, asked, name),)


def _grown(before: tuple[Course, ...], course: Course) -> Read:
    """It rises on and on, faster than anybody believes: the question grows."""
    last, asked = before[-1], course.value - before[-1].value
    grown = replace(course, first=last.first, began=last.began, ahead=last.ahead)
    kept = (*before[:-1], replace(grown, question=last.question))
    note = Note("jumped", last.value, course.value, last.seen, asked, last.question)
    return Counter(kept), 0, (note,)


def _left(courses: tuple[Course, ...], more: int) -> tuple[Course, ...]:
    """A reading has continued another course: what it counts is ahead of these."""
    return tuple(
        replace(course, ahead=course.ahead + more, missed=course.missed + 1) for course in courses
    )


def _held(courses: tuple[Course, ...], now: Moment) -> tuple[Course, ...]:
    """Those that the counter may still find back to: they were left not long ago."""
    return tuple(
        course for course in courses if course.missed < ENOUGH or passed(course.seen, now) < SETTLED
    )


def _name(now: Moment) -> str:
    return str(to_ms(now.at))
