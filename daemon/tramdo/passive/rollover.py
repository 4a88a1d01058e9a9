"""Where a total begins again at zero. Pure. No I/O."""

from decimal import Decimal

from tramdo.passive.signal import interval

LEAST_MODULUS = Decimal(100_000)
UNSEEN_SHARE = Decimal("0.01")  # of the modulus: more is not believed of a time nobody watched


def moduli(before: Decimal) -> tuple[Decimal, ...]:
    """Return where a total may have rolled over after `before`: all nines, or all 32 bits."""
    nines = Decimal(1).scaleb(before.adjusted() + 1)
    bits = interval(before) * 2**32
    return tuple(one for one in (nines, bits) if one >= LEAST_MODULUS and one > before)


def unwatched(before: Decimal, after: Decimal) -> Decimal | None:
    """Return by how much a total that fell has grown, if a roll-over is plausible; else None."""
    for one in moduli(before):
        if 0 <= after - before + one <= one * UNSEEN_SHARE:
            return after - before + one
    return None
