"""The verdict on a lot of packs: mean, T1 and T2 against a sampling plan. No I/O.

Circular 21/2014/TT-BKHCN Art. 4-5 and OIML R 87:2004; Directive 76/211/EEC with its own plans.
"""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from tramdo.prepack.deficiency import Deficiency, PrepackError
from tramdo.prepack.plan import Plan, Row, Sampling


class LotDecision(StrEnum):
    """What a sample says of its lot."""

    ACCEPT = "accept"
    REJECT = "reject"
    SECOND_SAMPLE = "second_sample"
    NOT_DECIDABLE = "not_decidable"


@dataclass(frozen=True, slots=True, kw_only=True)
class LotVerdict:
    """The decision, its reasons, and the figures behind it, in the packs' unit.

    `required` is how many packs the plan wants next, `criterion` what the mean had to reach and
    `allowed_t1` how many T1 errors would have been allowed; None where the sample is of a size
    that the plan does not know.
    """

    decision: LotDecision
    why: tuple[str, ...]
    packs: int
    required: int
    mean: Decimal
    sd: Decimal | None
    criterion: Decimal | None
    mean_ok: bool | None
    t1_count: int
    t2_count: int
    allowed_t1: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rule:
    """What applies to a sample of its size: k for the mean of the first packs, T1 numbers."""

    mean_of: int
    k: Decimal
    sampling: Sampling
    following: Sampling | None = None


def judge(
    quantities: Sequence[Decimal], *, lot: int, deficiency: Deficiency, plan: Plan
) -> LotVerdict:
    """Judge a lot of `lot` packs by the packs weighed, in the order in which they were drawn.

    A sample of another size than the plan's decides nothing, except that findings which no
    further pack could mend (T2, too many T1) reject the lot. Raises `PrepackError`.
    """
    packs = len(quantities)
    if not 0 < packs <= lot:
        raise PrepackError(f"{packs} packs weighed of a lot of {lot}; allowed: 1 to {lot}")
    if unusable := [one for one in quantities if not one.is_finite()]:
        raise PrepackError(f"a quantity is {unusable[0]}; allowed: finite numbers")
    rule = _rule(packs, lot, plan)
    return _fixed(quantities, rule, deficiency) if rule else _odd(quantities, lot, deficiency, plan)


def _rule(packs: int, lot: int, plan: Plan) -> _Rule | None:
    if packs == lot:
        allowed = int(lot * plan.whole_lot_t1_percent / 100)
        sampling = Sampling(packs=lot, accept=allowed, reject=allowed + 1)
        return _Rule(mean_of=lot, k=Decimal(0), sampling=sampling)
    if lot < plan.whole_lot_below:
        return None
    row = plan.row(lot)
    for sampling, following in zip(row.samples, (*row.samples[1:], None), strict=True):
        if packs == sampling.packs:
            return _Rule(mean_of=row.mean_of, k=row.k, sampling=sampling, following=following)
    return None


def _fixed(quantities: Sequence[Decimal], rule: _Rule, deficiency: Deficiency) -> LotVerdict:
    """Judge a sample of a size that the plan knows."""
    t1, t2 = _counts(quantities, deficiency)
    mean, sd = _statistics(quantities[: rule.mean_of])
    criterion = deficiency.nominal - rule.k * (sd or 0)
    accept = rule.sampling.accept
    faults = _faults(t1, t2, rule.sampling.reject, accept)
    if mean < criterion:
        faults += (f"mean {mean:.7g} is below {criterion:.7g}",)
    decision, why = LotDecision.ACCEPT, "mean and every count keep to the plan"
    if faults:
        decision = LotDecision.REJECT
    elif t1 > accept and rule.following:
        decision, why = LotDecision.SECOND_SAMPLE, f"{t1} T1 errors: draw the second sample"
    more = rule.following if decision is LotDecision.SECOND_SAMPLE else None
    return LotVerdict(
        decision=decision,
        why=faults or (why,),
        packs=len(quantities),
        required=(more or rule.sampling).packs,
        mean=mean,
        sd=sd,
        criterion=criterion,
        mean_ok=mean >= criterion,
        t1_count=t1,
        t2_count=t2,
        allowed_t1=accept,
    )


def _odd(quantities: Sequence[Decimal], lot: int, deficiency: Deficiency, plan: Plan) -> LotVerdict:
    """Say of a sample of another size what may be said of it."""
    packs, samples = len(quantities), _samples(lot, plan)
    required = next((one for one in samples if one.packs > packs), samples[-1])
    small = packs < required.packs
    t1, t2 = _counts(quantities, deficiency)
    mean, sd = _statistics(quantities)
    # A sample larger than the plan's may well hold more T1 errors than the plan allows.
    faults = _faults(t1 if small else 0, t2, required.reject, required.accept)
    size = "small" if small else "large"
    odd = f"not decidable: sample too {size} ({packs} packs; the plan wants {required.packs})"
    return LotVerdict(
        decision=LotDecision.REJECT if faults else LotDecision.NOT_DECIDABLE,
        why=faults or (odd,),
        packs=packs,
        required=required.packs,
        mean=mean,
        sd=sd,
        criterion=None,
        mean_ok=None,
        t1_count=t1,
        t2_count=t2,
        allowed_t1=None,
    )


def _samples(lot: int, plan: Plan) -> tuple[Sampling, ...]:
    if lot < plan.whole_lot_below:
        whole = int(lot * plan.whole_lot_t1_percent / 100)
        return (Sampling(packs=lot, accept=whole, reject=whole + 1),)
    row: Row = plan.row(lot)
    return row.samples


def _faults(t1: int, t2: int, reject: int, accept: int) -> tuple[str, ...]:
    faults = []
    if t1 >= reject:
        faults.append(f"{t1} packs are short by more than T; allowed: {accept}")
    if t2:
        faults.append(f"{t2} packs are short by more than 2T; allowed: 0")
    return tuple(faults)


def _counts(quantities: Sequence[Decimal], deficiency: Deficiency) -> tuple[int, int]:
    t1 = sum(one < deficiency.t1_limit for one in quantities)
    return t1, sum(one < deficiency.t2_limit for one in quantities)


def _statistics(quantities: Sequence[Decimal]) -> tuple[Decimal, Decimal | None]:
    several = len(quantities) > 1
    return statistics.mean(quantities), statistics.stdev(quantities) if several else None
