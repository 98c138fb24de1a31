"""The ledger's file and the witness beside it: opened only where both agree, counted as it grows.

What is counted (whatever leaves, and every withdrawal) is known to the witness before anything
follows from it. A withdrawal is noted there even before the ledger has it: a gateway that ends in
between carries it out when it starts.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from gateway.core.clock import to_ms
from gateway.core.errors import ExchangeError, JournalError
from gateway.database import (
    Corrupt,
    TooNew,
    Unwritable,
    open_writer,
    put_aside,
    sqlite_errors,
    transaction,
)
from gateway.network.knowledge import Agreed
from gateway.partners.state import ExchangeState
from gateway.partners.store.aside import Aside, put_aside_in
from gateway.partners.store.rows import restored
from gateway.partners.store.trust import (
    ANOTHER,
    DAMAGED,
    GONE,
    TOO_NEW,
    UNREADABLE,
    Distrusted,
    Three,
    adopt,
    doubt,
    narrowings,
    next_number,
    outdated,
    standing_of,
)
from gateway.witness import Seen, Witness

CHECK_UP_TO = 64 * 2**20
COLUMNS = (
    "order_id, partner, chain, sequence, kind, package, version, level, at_ms, order_s, fields, "
    "text, hash, prev, bytes, state"
)


class Behind(Unwritable):
    """It is committed, but the witness does not know: open the ledger again, to read what holds."""


class LedgerFile:
    """Opens, counts and begins anew; what stands in it is the ledger's matter."""

    def __init__(self, folder: Path, firm: str) -> None:
        self.path = folder / "exchange.db"
        self.narrowed: dict[Three, Agreed] = {}
        """Every withdrawal in force that the witness knows, also where the ledger is lost."""
        self._firm = firm
        self._witness = Witness(folder)
        self._connection: sqlite3.Connection | None = None
        self._name = ""
        self._behind = False
        self.trouble: str | None = None
        """Why nothing can be kept now (a full disk); None: the last write was kept."""

    def open(self) -> ExchangeState:
        """Open the file and read what decides.

        Raises Distrusted where it must not be used, and Unwritable where it cannot be used now.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        seen = self._seen()
        if seen.number and not (self.path.exists() and self.path.stat().st_size):
            raise Distrusted(GONE)
        try:
            return self._opened(seen)
        except TooNew as error:
            raise Distrusted(TOO_NEW) from error
        except Corrupt as error:
            raise Distrusted(DAMAGED) from error
        except BaseException:  # however it failed: the next attempt finds the file free
            self.close()
            raise

    def _opened(self, seen: Seen) -> ExchangeState:
        db = self._connect()
        with sqlite_errors(self.path, opening=True):
            standing = standing_of(db)
            if (why := doubt(standing, seen, self._firm)) is not None:
                raise Distrusted(why)
            if standing is None and (standing := adopt(db, self._firm)) is None:
                raise Distrusted(ANOTHER)
            try:
                state = restored(db, COLUMNS)
            except (ValueError, KeyError, TypeError, OverflowError, ExchangeError) as error:
                raise Corrupt(f"{self.path} is damaged: {error!r}") from error
        state.anew, self._name = standing.anew, standing.ledger
        self._proven(state, standing.ledger, seen)
        self.narrowed = narrowings(seen)
        for key, agreed in state.agreements.items():  # a witness that was lost is told again
            if agreed.withdrawn is not None:
                self._note(key, agreed)
        if (standing.ledger, standing.number) != (seen.ledger, seen.number) and standing.number:
            self._tell(standing.ledger, standing.number)
        return state

    def _connect(self) -> sqlite3.Connection:
        self._connection = open_writer(
            self.path, "gateway.partners.store", synchronous="FULL", check_up_to=CHECK_UP_TO
        )
        # What is erased is overwritten, not only forgotten.
        self._connection.execute("PRAGMA secure_delete=ON")
        return self._connection

    def _seen(self) -> Seen:
        try:
            return self._witness.read()
        except OSError as error:
            raise Distrusted(UNREADABLE) from error

    def _proven(self, state: ExchangeState, ledger: str, seen: Seen) -> None:
        """What a partner has proven before must be in the ledger by now."""
        for note in seen.notes:
            of, partner, order, chain, sequence = note.get("proven", (None, "", "", "", 0))
            known = state.numbers.get(partner, {}).get((order, chain), 0)
            if of == ledger and known < sequence:
                raise Distrusted(outdated(partner, order, sequence))

    def begin_anew(self, at: datetime) -> None:
        """Put what is there aside for a person to look at, and begin an empty ledger.

        Raises Unwritable.
        """
        self.close()
        with _witnessed(self._witness.path):
            number = self._witness.read().number + 1
        put_aside(self.path, at)
        try:
            db = self._connect()
            with transaction(db, self.path):
                standing = adopt(db, self._firm, number, at)
                db.execute(
                    "INSERT INTO audit (at_ms, firm, what, detail) VALUES (?, ?, ?, ?)",
                    (to_ms(at), self._firm, "begun anew", "every agreement at L0"),
                )
            if standing is not None:
                self._tell(standing.ledger, standing.number)
        finally:
            self.close()

    def aside(self) -> list[Aside]:
        """The ledgers that were put aside here, the oldest first."""
        return put_aside_in(self.path.parent)

    def erase_aside(self, aside: Iterable[Aside]) -> None:
        """Erase ledgers that were put aside. Raises Unwritable."""
        for each in aside:
            try:
                each.erase()
            except OSError as error:
                raise Unwritable(f"{each.path} cannot be erased: {error}") from error

    def prove(self, partner: str, order: str, chain: str, sequence: int) -> None:
        """A partner has shown a message of ours that is not here; after a restart we still know."""
        with _witnessed(self._witness.path):
            self._witness.note({"proven": [self._name, partner, order, chain, sequence]})

    def close(self) -> None:
        """Close the file; safe twice and before ``open``."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        self._behind = False

    @contextmanager
    def _writing(self, *, counting: bool = False) -> Iterator[sqlite3.Connection]:
        if self._connection is None:
            raise JournalError(f"{self.path} is not open")
        if self._behind:
            raise Behind(f"{self.path} must be opened again")
        told: tuple[str, int] | None = None
        try:
            with transaction(self._connection, self.path):
                yield self._connection
                if counting:
                    told = next_number(self._connection)
        except Unwritable as error:
            self.trouble = str(error)
            raise
        if told is not None:
            with self._committed():
                self._tell(*told)
        self.trouble = None

    @contextmanager
    def _committed(self) -> Iterator[None]:
        """What the witness is told after a commit; until it knows, nothing more is written."""
        try:
            yield
        except Unwritable as error:
            self._behind, self.trouble = True, str(error)
            raise Behind(str(error)) from error

    def try_again(self) -> None:
        """Write something that changes nothing, to know whether there is room again."""
        with self._writing() as db:
            (schema,) = db.execute("PRAGMA user_version").fetchone()
            db.execute(f"PRAGMA user_version={schema}")

    def _tell(self, ledger: str, number: int) -> None:
        with _witnessed(self._witness.path):
            self._witness.keep_number(ledger, number)

    def _note(self, key: Three, agreed: Agreed) -> None:
        """Let the witness know of a withdrawal, before the ledger does."""
        known = self.narrowed.get(key)
        if agreed.withdrawn is None or (known is not None and known.level <= agreed.level):
            return
        with _witnessed(self._witness.path):
            level, at = agreed.level.value, to_ms(agreed.withdrawn)
            self._witness.note({"narrowed": [*key, level, at]})
        self.narrowed[key] = agreed

    def _note_given(self, key: Three) -> None:
        """Let the witness know that a withdrawal holds no more, after the ledger does.

        A gateway that ends in between takes it back once more when it starts.
        """
        if key in self.narrowed:
            with self._committed(), _witnessed(self._witness.path):
                self._witness.note({"given": list(key)})
            del self.narrowed[key]


@contextmanager
def _witnessed(path: Path) -> Iterator[None]:
    """Without the witness nothing leaves: its errors are those of the ledger."""
    try:
        yield
    except OSError as error:
        raise Unwritable(f"{path} cannot be written: {error}") from error
