r"""Units as a digital certificate writes them (D-SI strings) and as we do.

Confirmed in published certificates: \kelvin, \degreecelsius, \metre, \one, \gram, \percent. The
others follow the same rules and are unverified.
"""

from tramdo.reading import Unit

_UNITS = {
    r"\milli\gram": Unit.MG,
    r"\gram": Unit.G,
    r"\kilogram": Unit.KG,
    r"\kilo\gram": Unit.KG,
    r"\mega\gram": Unit.T,
    r"\tonne": Unit.T,
    r"\milli\litre": Unit.ML,
    r"\centi\metre\tothe{3}": Unit.ML,
    r"\litre": Unit.L,
    r"\deci\metre\tothe{3}": Unit.L,
    r"\metre\tothe{3}": Unit.M3,
    r"\kilogram\per\metre\tothe{3}": Unit.KG_PER_M3,
    r"\kilogram\metre\tothe{-3}": Unit.KG_PER_M3,
    r"\degreecelsius": Unit.CELSIUS,
    r"\hertz": Unit.HZ,
    r"\one": Unit.ONE,
}


def unit_of(text: str) -> Unit | None:
    r"""Return our unit for a D-SI string, or None where we have none (\kelvin, \percent)."""
    return _UNITS.get(text)
