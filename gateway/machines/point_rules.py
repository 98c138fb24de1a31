"""What a point must keep to beyond its shape; each rule says how to mend the file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from gateway.config import Objection
from gateway.core.signals import Kind
from gateway.core.text import Text
from gateway.machines.encodings import Encoding, Shape
from gateway.machines.orders import Order, fitting
from gateway.machines.point import Point
from gateway.machines.raw_values import Sentinel, bits, can_hold


def objections(point: Point) -> Iterator[Objection]:
    """Everything that does not fit together in one point."""
    yield from _order(point)
    yield from _bit(point)
    yield from _text(point)
    yield from _mask(point)
    yield from _numbers(point)
    yield from _sentinels(point)


def _order(point: Point) -> Iterator[Objection]:
    """Several registers need an order, one needs none; letters say for how many they are."""
    name, encoding, words = point.name, point.encoding, point.words
    possible = fitting(words) if encoding.takes_order else ()
    if possible and words > 1 and point.order is None:
        yield Objection(
            Text(
                f"{name}: {encoding} braucht {_COUNT[words].de}, die Wortfolge fehlt",
                f"{name}: {encoding} takes {_COUNT[words].en}, the word order is missing",
            ),
            Text(
                "Ergänzen Sie order: high-word-first oder order: low-word-first.",
                "Add order: high-word-first or order: low-word-first.",
            ),
            ("encoding",),
        )
    elif point.order is not None and point.order not in possible:
        yield _order_does_not_fit(point, possible)


_COUNT = {
    1: Text("ein Register", "one register"),
    2: Text("zwei Register", "two registers"),
    3: Text("drei Register", "three registers"),
    4: Text("vier Register", "four registers"),
}


def _order_does_not_fit(point: Point, possible: Sequence[Order]) -> Objection:
    name, encoding, order = point.name, point.encoding, point.order
    listed = ", ".join(possible)
    if point.words == 1 and order is not None and not order.letters:
        what = Text(
            f"{name}: {encoding} hat nur ein Wort und keine Wortfolge",
            f"{name}: {encoding} has one word and no word order",
        )
    elif not possible:
        what = Text(f"{name}: {encoding} hat keine Folge", f"{name}: {encoding} has no order")
    else:
        count = _COUNT[point.words]
        what = Text(
            f"{name}: {encoding} hat {count.de}, dazu passt {order} nicht",
            f"{name}: {encoding} has {count.en}, which {order} does not fit",
        )
    fix = Text(f"Schreiben Sie eine von: {listed}", f"Write one of: {listed}")
    if point.words == 1 or not possible:
        fix = Text("Löschen Sie order.", "Delete order.")
    return Objection(what, fix, ("order",))


def _bit(point: Point) -> Iterator[Objection]:
    """A bit of a register has its number, a bit of a bit table has none."""
    if point.is_table_bit and (not point.is_bit or point.bit is not None):
        yield Objection(
            Text(
                f"{point.name}: {point.table} enthält einzelne Bits",
                f"{point.name}: {point.table} holds single bits",
            ),
            Text("Schreiben Sie encoding: bit, ohne bit:.", "Write encoding: bit, without bit:."),
            ("encoding",) if not point.is_bit else ("bit",),
        )
    if not point.is_table_bit and point.is_bit != (point.bit is not None):
        yield Objection(
            Text(
                f"{point.name}: encoding: bit und die Nummer des Bits gehören zusammen",
                f"{point.name}: encoding: bit and the number of the bit belong together",
            ),
            Text(
                "Schreiben Sie encoding: bit und bit: 0 bis 15, oder keines von beiden.",
                "Write encoding: bit and bit: 0 to 15, or neither.",
            ),
            ("encoding",) if point.bit is None else ("bit",),
        )


def _text(point: Point) -> Iterator[Objection]:
    """A text has a length and is no number; nothing else is a text."""
    name, encoding, text = point.name, point.encoding, point.encoding.shape is Shape.TEXT
    if text and point.length is None:
        yield Objection(
            Text(
                f"{name}: die Länge des Textes fehlt", f"{name}: the length of the text is missing"
            ),
            Text(
                "Ergänzen Sie length: die Zahl seiner Register.",
                "Add length: the number of its registers.",
            ),
            ("encoding",),
        )
    if text != (point.kind is Kind.TEXT):
        yield Objection(
            Text(
                f"{name}: encoding: {encoding} und kind: {point.kind} passen nicht zusammen",
                f"{name}: encoding: {encoding} and kind: {point.kind} do not fit together",
            ),
            Text("Schreiben Sie kind: text.", "Write kind: text.")
            if text
            else Text("Ein Text hat encoding: text.", "A text has encoding: text."),
            ("kind",) if "kind" in point.model_fields_set else ("encoding",),
        )
    foreign = _NUMBERS_ONLY if text else _TEXTS_ONLY
    for key in sorted(point.model_fields_set & foreign):
        if getattr(point, key) is not None:
            yield _does_not_belong(point, Point.model_fields[key].alias or key)


_NUMBERS_ONLY = frozenset(
    {"scale", "scale_from", "offset", "low", "high", "own_sentinels", "values", "rollover"}
)
_TEXTS_ONLY = frozenset({"length", "charset"})


def _does_not_belong(point: Point, key: str) -> Objection:
    return Objection(
        Text(
            f"{point.name}: zu encoding: {point.encoding} gehört kein {key}",
            f"{point.name}: {key} does not belong to encoding: {point.encoding}",
        ),
        Text(f"Löschen Sie {key}.", f"Delete {key}."),
        (key,),
    )


def _mask(point: Point) -> Iterator[Objection]:
    """A mask takes bits out of an unsigned number; listed meanings are numbers that it can hold."""
    holds = point.encoding.row.holds
    if point.mask is not None:
        if holds is None or not point.encoding.takes_mask:
            yield _does_not_belong(point, "mask")
            return
        if point.mask > holds[-1]:
            yield Objection(
                Text(
                    f"{point.name}: mask {point.mask} reicht über {point.encoding} hinaus",
                    f"{point.name}: mask {point.mask} reaches beyond {point.encoding}",
                ),
                Text(f"Höchstens {holds[-1]} ist möglich.", f"At most {holds[-1]} is possible."),
                ("mask",),
            )
    if point.values is None or point.encoding.shape is Shape.TEXT:
        return
    if point.encoding.shape is Shape.FLOAT:
        yield _does_not_belong(point, "values")
        return
    low, high = (holds[0], point.highest_raw) if holds is not None else (0, 1)
    for number in point.values:
        if high is not None and not low <= number <= high:
            yield Objection(
                Text(
                    f"{point.name}: {number} kann {point.encoding} nicht enthalten",
                    f"{point.name}: {point.encoding} cannot hold {number}",
                ),
                Text(f"Möglich ist {low} bis {high}.", f"Possible is {low} to {high}."),
                ("values", str(number)),
            )


def _numbers(point: Point) -> Iterator[Objection]:
    """Scale, unit, limits and rollover make sense."""
    if point.scale == 0:
        yield Objection(
            Text(f"{point.name}: scale 0 macht jeden Wert zu 0", f"{point.name}: scale is 0"),
            Text("Schreiben Sie zum Beispiel scale: 0.1.", "Write for example scale: 0.1."),
            ("scale",),
        )
    scaled = (point.scale, point.offset) != (1.0, 0.0) or point.scale_from is not None
    if scaled and (point.encoding.shape is Shape.BIT or point.values is not None):
        what = (
            Text("eine Aufzählung", "an enumeration") if point.values else Text("ein Bit", "a bit")
        )
        yield Objection(
            Text(
                f"{point.name}: {what.de} hat weder scale noch offset",
                f"{point.name}: {what.en} has neither scale nor offset",
            ),
            Text("Löschen Sie scale und offset.", "Delete scale and offset."),
            ("scale",) if point.scale != 1.0 else ("offset",),
        )
    if point.scale_from is not None and point.offset != 0.0:
        yield Objection(
            Text(
                f"{point.name}: offset und scale_from zusammen sind nicht eindeutig",
                f"{point.name}: offset and scale_from together are ambiguous",
            ),
            Text("Löschen Sie offset.", "Delete offset."),
            ("offset",),
        )
    if point.low is not None and point.high is not None and point.low > point.high:
        yield Objection(
            Text(
                f"{point.name}: low {point.low} liegt über high {point.high}",
                f"{point.name}: low {point.low} is above high {point.high}",
            ),
            Text("Vertauschen Sie low und high.", "Swap low and high."),
            ("low",),
        )
    if point.rollover is not None and (
        point.highest_raw is None or point.rollover > point.highest_raw
    ):
        yield Objection(
            Text(
                f"{point.name}: rollover {point.rollover} erreicht {point.encoding} nie",
                f"{point.name}: {point.encoding} never reaches rollover {point.rollover}",
            ),
            Text(
                "Nur ganze Zahlen zählen; schreiben Sie den größten Rohwert.",
                "Only whole numbers count; write the highest raw value.",
            ),
            ("rollover",),
        )


def _sentinels(point: Point) -> Iterator[Objection]:
    """Every sentinel can stand in the registers."""
    for index, sentinel in enumerate(point.own_sentinels or ()):
        wrong = unfit(point.encoding, point.mask, sentinel)
        if wrong is not None and point.encoding.shape is not Shape.TEXT:
            what, fix = wrong
            what = Text(f"{point.name}: {what.de}", f"{point.name}: {what.en}")
            yield Objection(what, fix, ("sentinels", index))


def unfit_for_all(
    sentinels: Mapping[Encoding, Sequence[Sentinel]],
) -> Iterator[Objection]:
    """Every sentinel of an encoding can stand in its registers."""
    for encoding, of_it in sentinels.items():
        if encoding.shape is Shape.TEXT:
            yield Objection(
                Text(f"{encoding} hat keine sentinels", f"{encoding} has no sentinels"),
                Text(f"Löschen Sie {encoding}.", f"Delete {encoding}."),
                ("sentinels", str(encoding)),
            )
            continue
        for index, sentinel in enumerate(of_it):
            wrong = unfit(encoding, None, sentinel)
            if wrong is not None:
                yield Objection(*wrong, ("sentinels", str(encoding), index))


def unfit(encoding: Encoding, mask: int | None, sentinel: Sentinel) -> tuple[Text, Text] | None:
    """Why no register of an encoding ever holds a sentinel, and what to write."""
    shown = _plain(sentinel) if isinstance(sentinel, int | float) else sentinel
    if encoding.shape is Shape.FLOAT:
        if not isinstance(sentinel, int | float) or can_hold(
            encoding, encoding.row.words, sentinel
        ):
            return None
        return Text(
            f"{shown} kann {encoding} nicht enthalten", f"{encoding} cannot hold {shown}"
        ), Text("Schreiben Sie die Zahl, wie das Gerät sie meldet.", "Write the device's number.")
    if not isinstance(sentinel, int | float) or not float(sentinel).is_integer():
        return Text(
            f"{encoding} enthält nur ganze Zahlen, nie {shown}",
            f"{encoding} holds whole numbers only, never {shown}",
        ), Text(
            "Schreiben Sie den rohen Registerwert, ohne scale.",
            "Write the raw register value, before scale.",
        )
    width = bits(encoding, encoding.row.words) if mask is None else mask.bit_count()
    if -(1 << (width - 1)) <= sentinel < 1 << width:
        return None
    return Text(
        f"{shown} passt nicht in {width} Bit",
        f"{shown} does not fit {width} bits",
    ), Text("Schreiben Sie den rohen Registerwert.", "Write the raw register value.")


def _plain(number: float) -> str:
    """A number as people write it, without all the digits of an enormous one."""
    if float(number).is_integer() and abs(number) < 2**64:
        return str(int(number))
    return str(float(number))
