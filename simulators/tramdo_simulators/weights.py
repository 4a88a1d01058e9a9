"""Check weights with true errors of their own, and the certificates written about them. No I/O.

The maximum permissible errors are those of OIML R 111-1, Table 1, from memory and unverified.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from random import Random

M1 = {
    "20": "0.001",
    "10": "0.0005",
    "5": "0.00025",
    "2": "0.0001",
    "1": "0.00005",
    "0.5": "0.000025",
    "0.2": "0.00001",
    "0.1": "0.000005",
    "0.05": "0.000003",
    "0.02": "0.0000025",
    "0.01": "0.000002",
    "0.005": "0.0000016",
    "0.002": "0.0000012",
    "0.001": "0.000001",
}
CLASSES = {"F2": Decimal("0.3"), "M1": Decimal(1), "M2": Decimal(3), "M3": Decimal(10)}
USUAL = ("20", "10", "5", "2", "2", "1", "0.5", "0.2", "0.2", "0.1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Weight:
    """A weight in kg: what it says, what it truly is, what its certificate says of it.

    `expanded_uncertainty` is U at k = 2 of `certified`.
    """

    nominal: Decimal
    true: float
    certified: Decimal
    expanded_uncertainty: Decimal


def permissible(nominal: Decimal, accuracy_class: str) -> Decimal:
    """Return the maximum permissible error in kg; raises `ValueError` for what is no weight."""
    key = f"{nominal.normalize():f}"
    if key not in M1 or accuracy_class not in CLASSES:
        raise ValueError(
            f"{key} kg of class {accuracy_class} is no weight we have; allowed: "
            f"{', '.join(M1)} kg in {', '.join(CLASSES)}"
        )
    return Decimal(M1[key]) * CLASSES[accuracy_class]


def weight_set(
    nominals: Sequence[str] = USUAL, *, accuracy_class: str = "M1", seed: int = 0
) -> tuple[Weight, ...]:
    """Return a set whose true errors lie within the class; equal seeds give equal sets.

    U is a third of the maximum permissible error; the certificate is wrong by about half of U.
    """
    chance = Random(seed)
    return tuple(_weight(Decimal(nominal), accuracy_class, chance) for nominal in nominals)


def stack(weights: Sequence[Weight], load: Decimal) -> tuple[Weight, ...]:
    """Return weights of this nominal total in kg, the heaviest first; raises `ValueError`."""
    chosen: list[Weight] = []
    left = load
    for one in sorted(weights, key=lambda weight: weight.nominal, reverse=True):
        if one.nominal <= left:
            chosen.append(one)
            left -= one.nominal
    if left:
        there = ", ".join(f"{one.nominal}" for one in weights)
        raise ValueError(f"{load} kg cannot be stacked: {left} kg is missing; there are: {there}")
    return tuple(chosen)


def _weight(nominal: Decimal, accuracy_class: str, chance: Random) -> Weight:
    mpe = permissible(nominal, accuracy_class)
    uncertainty = (mpe / 3).quantize(mpe / 10)
    true = float(nominal) + float(mpe) * chance.uniform(-2 / 3, 2 / 3)
    found = Decimal(true + chance.gauss(0, float(uncertainty) / 2))
    return Weight(
        nominal=nominal,
        true=true,
        certified=found.quantize(uncertainty),
        expanded_uncertainty=uncertainty,
    )
