"""What a person should know of the exchange, in a sentence: how it is connected, and what to do."""

from __future__ import annotations

from functools import reduce

from gateway.core.text import Text
from gateway.partners.clocks import clocks_apart
from gateway.partners.context import Context
from gateway.partners.start_check import StartCheck

CONNECTED = Text("verbunden", "connected")
UNPLUGGED = Text("Verbindung gezogen", "unplugged")


def with_note(clocks_apart: Text, note: Text) -> Text:
    """Two sentences in one."""
    return Text(f"{clocks_apart.de}; {note.de}", f"{clocks_apart.en}; {note.en}")


def not_stored(trouble: str) -> Text:
    """Nothing can be written now."""
    return Text(
        f"kann nicht speichern: {trouble}. Nichts geht verloren: Was nicht gespeichert "
        "ist, wird weder gesendet noch bestätigt. Machen Sie Platz; es geht von selbst "
        "weiter",
        f"cannot store: {trouble}. Nothing is lost: what is not stored is neither sent "
        "nor acknowledged. Make room; it goes on by itself",
    )


def no_way(broker: str) -> Text:
    """The shared broker is not reached."""
    return Text(
        f"kein Weg zum gemeinsamen Broker {broker}, versucht es weiter",
        f"no way to the shared broker {broker}, keeps trying",
    )


def connected(context: Context, start_check: StartCheck, file: str) -> Text:
    """How an exchange that is connected does; ``file`` is the consortium's."""
    notes = [unanswered(start_check), without_keys(context, file)]
    present = [note for note in notes if note is not None]
    how = reduce(with_note, present) if present else CONNECTED
    names = {member.id: member.name for member in context.side.consortium.members}
    if (wrong := clocks_apart(dict(context.state.clocks), names)) is not None:
        how = Text(f"{how.de}. {wrong.de}", f"{how.en}; {wrong.en}")
    if (note := context.transport.trouble()) is None:
        return how
    return with_note(how, note) if context.transport.heard else note


def without_keys(context: Context, file: str) -> Text | None:
    """Whose keys the consortium's file lacks, or has wrong; then nothing goes there."""
    side, keys = context.side, context.keys
    own = side.consortium.member(side.firm)
    if own is None or (own.sign, own.seal) != (keys.sign_public, keys.seal_public):
        return Text(
            f"mit niemandem verbunden: {file} hat nicht die Schlüssel dieser Firma. Tragen "
            "Sie dort ein, was »werkverbund identity« zeigt, bei allen Firmen",
            f"connected to nobody: {file} does not have this firm's keys. Enter there what "
            '"werkverbund identity" shows, at every firm',
        )
    if not (lacking := side.keyless()):
        return None
    who, all_of = ", ".join(lacking), len(lacking) == len(side.consortium.others(side.firm))
    return Text(
        f"{'mit niemandem verbunden' if all_of else 'zum Teil verbunden'}: In {file} fehlen "
        f"die Schlüssel von {who}. Sie kommen dort von »werkverbund identity«",
        f"{'connected to nobody' if all_of else 'connected in part'}: {file} lacks the keys "
        f'of {who}. They come from "werkverbund identity" there',
    )


def unanswered(start_check: StartCheck) -> Text | None:
    """To whom nothing goes, because it has not said since the start what it has of us."""
    if unproven := ", ".join(sorted(start_check.unproven)):
        return Text(
            f"verbunden. Nichts geht an {unproven}: Die Firma nennt Nachrichten von hier, die "
            "sie nicht zeigt und exchange.db nicht kennt. Vergleichen Sie mit ihr",
            f"connected. Nothing goes to {unproven}: that firm names messages from here that "
            "it does not show and exchange.db does not know. Please compare with it",
        )
    if waiting := ", ".join(start_check.waiting):
        return Text(
            f"verbunden; seit dem Start noch ohne Antwort, bis dahin geht nichts an: {waiting}",
            f"connected; not answered yet since the start, nothing goes to: {waiting}",
        )
    return None
