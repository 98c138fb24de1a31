"""Numbers and durations in sentences for people: German with comma, English with point."""

from __future__ import annotations

from gateway.core.text import Text


def number(value: float, digits: int = 0) -> Text:
    """A number with ``digits`` decimals and grouped thousands."""
    english = f"{value:,.{digits}f}"
    return Text(english.translate(str.maketrans(",.", ".,")), english)


def power(watts: float) -> Text:
    """A power: watts below one kilowatt, kilowatts with two decimals above."""
    if abs(watts) < 1000:
        text = number(watts)
        return Text(f"{text.de} W", f"{text.en} W")
    text = number(watts / 1000, 2)
    return Text(f"{text.de} kW", f"{text.en} kW")


def degrees(celsius: float) -> Text:
    """A temperature: one decimal below 100 °C, none above."""
    text = number(celsius, 1 if abs(celsius) < 100 else 0)
    return Text(f"{text.de} °C", f"{text.en} °C")


def amperes(amps: float) -> Text:
    """A current: one decimal below 10 A, none above."""
    text = number(amps, 1 if abs(amps) < 10 else 0)
    return Text(f"{text.de} A", f"{text.en} A")


def span(seconds: float) -> Text:
    """A duration of order time in at most two units: 0,6 s, 35 s, 2 min 10 s, 4 h 30 min."""
    if seconds < 0.05:
        return Text("weniger als 1 s", "less than 1 s")
    if seconds < 9.95:
        text = number(seconds, 1)
        return Text(f"{text.de} s", f"{text.en} s")
    whole = round(seconds)
    days, rest = divmod(whole, 86400)
    hours, rest = divmod(rest, 3600)
    minutes, secs = divmod(rest, 60)
    if days:
        return Text(f"{days} Tg. {hours} h", f"{days} d {hours} h")
    if hours:
        same = f"{hours} h {minutes} min" if minutes else f"{hours} h"
    elif minutes >= 10 or (minutes and not secs):
        same = f"{minutes} min"
    elif minutes:
        same = f"{minutes} min {secs} s"
    else:
        same = f"{secs} s"
    return Text(same, same)


def pieces(count: int) -> Text:
    """A count of pieces."""
    text = number(count)
    return Text(f"{text.de} Stück", f"{text.en} piece" if count == 1 else f"{text.en} pieces")
