"""How a manual counts its addresses; on the wire they always count from 0. Pure."""

from __future__ import annotations

from enum import StrEnum

from gateway.core.text import Text

LAST = 65535
"""The last address on the wire."""


class Table(StrEnum):
    """The four tables of the Modbus data model; the function code that reads each."""

    COILS = "coils"  # 1
    DISCRETE_INPUTS = "discrete-inputs"  # 2
    HOLDING_REGISTERS = "holding-registers"  # 3
    INPUT_REGISTERS = "input-registers"  # 4


BIT_TABLES = frozenset({Table.COILS, Table.DISCRETE_INPUTS})
FUNCTIONS: dict[Table, int] = {
    Table.COILS: 1,
    Table.DISCRETE_INPUTS: 2,
    Table.HOLDING_REGISTERS: 3,
    Table.INPUT_REGISTERS: 4,
}
"""The function code that reads each table. No other function code is ever sent."""

_LEADING = {
    Table.COILS: 0,
    Table.DISCRETE_INPUTS: 1,
    Table.INPUT_REGISTERS: 3,
    Table.HOLDING_REGISTERS: 4,
}
"""The digit with which the numbers of a table begin where it says the table, too."""


class Numbering(StrEnum):
    """Where a manual begins to count: at 0, at 1, or at 40001 (30001, 10001, 1) or 400001."""

    ZERO = "from-zero"
    ONE = "from-one"
    FIVE_DIGITS = "40001"
    SIX_DIGITS = "400001"

    def first(self, table: Table) -> int:
        """The number of the address 0 of a table."""
        if self is Numbering.ZERO:
            return 0
        if self is Numbering.ONE:
            return 1
        return _LEADING[table] * (10_000 if self is Numbering.FIVE_DIGITS else 100_000) + 1

    def last(self, table: Table) -> int:
        """The highest number of a table: five digits name 9999 addresses only."""
        most = 9998 if self is Numbering.FIVE_DIGITS else LAST
        return self.first(table) + most

    def table(self, number: int) -> Table | None:
        """The table that a number names by its first digit; None: it names none."""
        if self in (Numbering.ZERO, Numbering.ONE):
            return None
        named = (one for one, digit in _LEADING.items() if digit)
        return next((one for one in named if self.first(one) <= number <= self.last(one)), None)


def shown(written: int, on_wire: int) -> Text:
    """An address as it is written, and on the wire where that is another number."""
    if written == on_wire:
        return Text(str(written), str(written))
    return Text(f"{written}, auf der Leitung {on_wire}", f"{written}, {on_wire} on the wire")
