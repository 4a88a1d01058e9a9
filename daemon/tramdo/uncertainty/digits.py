"""Numbers of a budget as text: as many digits as they deserve, and never an exponent. No I/O."""

from decimal import ROUND_HALF_EVEN, ROUND_UP, Decimal

# Sums of floats end in noise: beyond these digits nothing is meant.
_MEANT = 12


def meant(value: float) -> Decimal:
    """Return a float as a number without the noise of binary arithmetic."""
    return Decimal(f"{value:.{_MEANT}g}")


def upwards(value: float, digits: int = 2) -> Decimal:
    """Return a number rounded away from zero to so many significant digits."""
    return _significant(meant(value), digits, ROUND_UP)


def significant(value: float, digits: int) -> str:
    """Return a number with so many significant digits, zeros at the end left out."""
    return f"{_significant(meant(value), digits, ROUND_HALF_EVEN).normalize():f}"


def at_place(value: float, exponent: int) -> str:
    """Return a number rounded at a power of ten."""
    # "+ 0" turns a minus zero into a zero.
    return f"{meant(value).quantize(Decimal(1).scaleb(exponent)) + 0:f}"


def _significant(number: Decimal, digits: int, rounding: str) -> Decimal:
    if not number:
        return Decimal(0)
    for _ in range(2):  # 0.0996 becomes 0.100, which has a digit too many
        number = number.quantize(_place(number, digits), rounding)
    return number


def _place(number: Decimal, digits: int) -> Decimal:
    return Decimal(1).scaleb(number.adjusted() - digits + 1)
