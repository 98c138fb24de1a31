"""Units: UCUM text, and the numbers by which OPC UA clients know them."""

from __future__ import annotations

import pytest

from gateway.core.units import SPELLINGS, UNITS, unit

PUBLISHED = {
    "V": 5655636, "mV": 12890, "kV": 4937300, "A": 4279632, "mA": 13387, "kA": 4338226,
    "W": 5723220, "kW": 4937556, "MW": 5062999, "V.A": 4469814, "kV.A": 4937281, "MV.A": 5068353,
    "var": 4469812, "kvar": 4937298, "Mvar": 5062994, "W.h": 5720146, "kW.h": 4937544,
    "MW.h": 5068616, "GW.h": 4675400, "A.h": 4279624, "Hz": 4740186, "kHz": 4933722,
    "Ohm": 5195853, "kOhm": 4338745, "MOhm": 4339509, "uF": 13391, "mT": 4403769,
    "{pieces}": 4404786, "[pH]": 5321520, "dB": 12878, "Cel": 4408652, "K": 4932940,
    "[degF]": 4604232, "J": 4869973, "kJ": 4934223, "MJ": 13122, "Pa": 5259596, "hPa": 4274487,
    "kPa": 4935745, "MPa": 5066817, "mbar": 5063250, "bar": 4342098, "[psi]": 20563, "N": 5129559,
    "kN": 4338743, "N.m": 20053, "um": 13384, "mm": 5066068, "cm": 4410708, "m": 5067858,
    "km": 4934996, "m2": 5067851, "l": 5002322, "ml": 5065812, "m3": 5067857, "l/s": 4666673,
    "l/min": 19506, "m3/s": 5067091, "m3/min": 4666675, "m3/h": 5067080, "mg": 5064525,
    "g": 4674125, "kg": 4933453, "t": 5525061, "kg/s": 4933459, "kg/h": 4536627, "t/h": 4534584,
    "g/m3": 4274483, "mg/m3": 18256, "uS/cm": 4666418, "mS/cm": 4732465, "mm/s": 4403510,
    "m/s": 5067859, "m/min": 12888, "km/h": 4934984, "m/s2": 5067595, "{rev}/min": 5394509,
    "{rev}/s": 5394515, "/min": 4405556, "/s": 4405559, "deg": 17476, "rad": 4405297,
    "ms": 4403766, "s": 5457219, "min": 5065038, "h": 4740434, "d": 4473177, "lx": 5002584,
    "W/m2": 4470068,
}  # fmt: skip
"""UnitIds of the OPC Foundation's table for UNECE codes (Schema/UNECE_to_OPCUA.csv)."""


def test_at_least_sixty_units_are_known():
    assert len(UNITS) >= 60


@pytest.mark.parametrize("ucum", PUBLISHED)
def test_a_unit_has_the_number_that_is_published_for_it(ucum):
    assert UNITS[ucum].opcua == PUBLISHED[ucum]


def test_no_two_units_share_a_number():
    numbers = [one.opcua for one in UNITS.values() if one.opcua != -1]
    assert len(numbers) == len(set(numbers))


def test_every_spelling_means_a_unit():
    assert set(SPELLINGS.values()) <= set(UNITS)


def test_an_unknown_unit_is_shown_as_it_is_written():
    furlong = unit("[fur_us]")
    assert (furlong.ucum, furlong.display, furlong.opcua) == ("[fur_us]", "[fur_us]", -1)
