"""The `[[instrument]]`, `[[reference]]` and `[[check]]` tables."""

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import Field

from tramdo.driver import Kind
from tramdo.reading import Unit
from tramdo.settings.values import Day, Digits, Duration, Flag, Name, Number, Table, Text, Whole

_UNITS = ", ".join(Unit)
_NAME = "small letters, digits and hyphens, 1 to 32 of them"


class WeighingRange(Table):
    """One partial weighing range of a multi-interval scale."""

    max: Digits = Field(gt=0, description="Where the range ends in the instrument's unit, above 0.")
    e: Digits = Field(gt=0, description="Its verification scale interval e in that unit, above 0.")


class InstrumentSettings(Table):
    """One measuring instrument: how it is reached, what its plate says, what is recorded."""

    id: Name = Field(description=f"The instrument's name everywhere: {_NAME}.")
    driver: Text = Field(
        description="The driver's name, one of those that `tramdo drivers` prints."
    )
    port: Name = Field(description="The name of the [[port]] it hangs on.")
    kind: Kind = Field(description=f"What it is: {', '.join(Kind)}.")
    address: Whole | None = Field(
        None,
        ge=0,
        le=255,
        description="Unit id on the line, 0 to 255 (default: the driver's own).",
    )
    label: str = Field("", description='Free text for people, such as "Pump 2, left" (default "").')
    unit: Unit = Field(
        description=f"Unit of its indications and of max, min, e, d and mmq: {_UNITS}."
    )
    accuracy_class: Text | None = Field(
        None, description='Accuracy class on the plate, such as "III" or "0.5" (default: none).'
    )
    max: Digits | None = Field(
        None, gt=0, description="Maximum capacity Max in `unit`, above 0 (default: none)."
    )
    min: Digits | None = Field(
        None, ge=0, description="Minimum capacity Min in `unit`, 0 or more (default: none)."
    )
    e: Digits | None = Field(
        None, gt=0, description="Verification scale interval e in `unit`, above 0 (default: none)."
    )
    d: Digits | None = Field(
        None, gt=0, description="Scale interval d in `unit`, above 0 (default: none)."
    )
    ranges: tuple[WeighingRange, ...] = Field(
        (),
        description="Ranges of a multi-interval scale, rising, such as [{ max = 3, e = 0.001 }, "
        "{ max = 6, e = 0.002 }]; they win over e (default: one range, with e).",
    )
    mmq: Digits | None = Field(
        None,
        gt=0,
        description="Minimum measured quantity MMQ in `unit`, above 0 (default: none).",
    )
    serial_number: Text | None = Field(
        None, description="Serial number on the plate (default: none)."
    )
    certificate: Text | None = Field(
        None, description="Number of the verification certificate (default: none)."
    )
    verified_until: Day | None = Field(
        None,
        description="Last day on which the verification is valid, year-month-day without quotes "
        "(default: none).",
    )
    seal: Text | None = Field(None, description="Number of the seal (default: none).")
    registered: dict[str, str] = Field(
        {},
        description="Values written down at verification, by mark: event_count, adjustment_count, "
        "serial, software, "
        'such as { event_count = "12" }; a different one is an alert (default: the first seen).',
    )
    rules: Text | None = Field(
        None,
        description='Rule set with the maximum permissible errors, such as "oiml-r76-2006" '
        "(default: none, then nothing can be checked).",
    )
    stage: Literal["initial", "in_service"] = Field(
        "in_service",
        description="Which maximum permissible errors hold: initial or in_service "
        "(default in_service).",
    )
    period_s: Number = Field(
        1.0,
        gt=0.02,
        le=86_400,
        description="Poll period in seconds, above 0.02 and up to 86400 (default 1.0).",
    )
    timeout_s: Number = Field(
        0.5,
        gt=0,
        le=60,
        description="How long an answer is waited for in seconds, above 0 and up to 60 "
        "(default 0.5).",
    )
    silence_s: Number = Field(
        5,
        gt=0,
        le=86_400,
        description="How long an instrument that talks by itself may say nothing, in seconds, "
        "above 0 and up to 86400 (default 5).",
    )
    rest_s: Number = Field(
        1,
        gt=0,
        le=60,
        description="Where the protocol tells no stability: a weight rests when it stays within d "
        "for so many seconds, above 0 and up to 60 (default 1).",
    )
    backoff_max_s: Number = Field(
        60,
        ge=1,
        le=86_400,
        description="Longest pause between attempts while it does not answer, in seconds, 1 to "
        "86400 (default 60).",
    )
    record: Literal["change", "every", "none"] = Field(
        "change",
        description="Which readings are recorded: change, every or none (default change).",
    )
    record_every_s: Number = Field(
        60,
        gt=0,
        le=86_400,
        description="With record = change, how long an unchanged reading may go unrecorded, in "
        "seconds, above 0 and up to 86400 (default 60).",
    )
    settings: dict[str, Any] = Field(
        default_factory=dict,
        description="The driver's own keys, under [instrument.settings] (default: none).",
    )


class Reference(Table):
    """A check standard: a weight, a proving can, a master meter."""

    id: Name = Field(description=f"The check standard's name everywhere: {_NAME}.")
    kind: Literal["weight", "proving_can", "master_meter", "balance"] = Field(
        description="What it is: weight, proving_can, master_meter or balance (a scale on which "
        "deliveries are weighed; value is a load, with U there)."
    )
    value: Digits = Field(gt=0, description="Certified value in `unit`, above 0.")
    nominal: Digits | None = Field(
        None, gt=0, description="Nominal value in `unit`, above 0 (default: none)."
    )
    unit: Unit = Field(description=f"Unit of value, nominal and uncertainty: {_UNITS}.")
    expanded_uncertainty: Digits = Field(
        ge=0, description="Expanded uncertainty U with k = 2 in `unit`, 0 or more."
    )
    certificate: Text = Field(description="Number of the calibration certificate.")
    valid_until: Day = Field(
        description="Last day on which the certificate is valid, year-month-day without quotes."
    )
    traceability: str = Field(
        "", description='Who calibrated it and against what, in free text (default "").'
    )


class CheckSettings(Table):
    """One check: which reference on which instrument, how, how often."""

    id: Name = Field(description=f"The check's name everywhere: {_NAME}.")
    instrument: Name = Field(description="The id of the [[instrument]] that is checked.")
    how: Literal[
        "span",
        "zero",
        "delivery",
        "weighing",
        "substitution",
        "prover",
        "master_meter",
        "gravimetric",
    ] = Field(
        description="The way: by itself span (a weight is put on), zero (nothing is on) or "
        "delivery (a proving can is filled to its mark); guided step by step weighing or "
        "substitution of a scale, prover, master_meter or gravimetric of a dispenser."
    )
    reference: Name | None = Field(
        None,
        description="The id of the [[reference]] compared with (default: none, right only for "
        "how = zero, or for weighing with loads).",
    )
    loads: tuple[Annotated[tuple[Name, ...], Field(min_length=1)], ...] = Field(
        (),
        description="For weighing: the loads, ascending, each the list of the ids of the weights "
        'put on together, such as [["w5"], ["w20"], ["w20", "w20-b"]] (default: the reference).',
    )
    window: Digits = Field(
        gt=0,
        description="How far an indication may be from the reference value and still be taken, in "
        "the reference's unit (for zero and guided checks the instrument's), a number above 0.",
    )
    readings: Whole = Field(
        5,
        ge=1,
        le=1000,
        description="How many stable readings make the plateau, 1 to 1000 (default 5).",
    )
    tests: tuple[Literal["zero", "loads", "repeatability", "eccentricity"], ...] = Field(
        ("zero", "loads", "repeatability", "eccentricity"),
        min_length=1,
        description="For weighing: the tests to make, in this order (default: zero, loads, "
        "repeatability, eccentricity).",
    )
    supports: Whole = Field(
        4,
        ge=1,
        le=24,
        description="For weighing: corners or supports where eccentricity is tested, 1 to 24 "
        "(default 4).",
    )
    repeats: Whole = Field(
        3,
        ge=2,
        le=20,
        description="For weighing: weighings of the repeatability test, 2 to 20 (default 3).",
    )
    change_over: Flag = Field(
        False,
        description="For weighing: small weights of e/10 are added until the indication steps, as "
        "one must where d = e (default false).",
    )
    substitutions: Whole = Field(
        2,
        ge=1,
        le=10,
        description="For substitution: how many times the weights are replaced by other load, 1 to "
        "10 (default 2).",
    )
    flows: tuple[Literal["fast", "slow"], ...] = Field(
        ("fast", "slow"),
        min_length=1,
        description="For guided checks of a dispenser: at which flows (default fast, slow).",
    )
    runs: Whole = Field(
        3,
        ge=1,
        le=10,
        description="For guided checks of a dispenser: deliveries at each flow, 1 to 10 "
        "(default 3).",
    )
    volume: Digits = Field(
        Decimal(20),
        gt=0,
        description="For gravimetric: how much is delivered into the vessel in L, above 0 "
        "(default 20).",
    )
    product: Literal["petrol", "diesel"] = Field(
        "petrol",
        description="For guided checks of a dispenser: what flows, petrol or diesel, for its "
        "thermal expansion (default petrol).",
    )
    density_15: Digits | None = Field(
        None,
        ge=653,
        lt=1075,
        description="For guided checks of a dispenser: density at 15 °C in kg/m3, from 653 and "
        "below 1075; the thermal expansion then follows Table 54B (default: that of the product).",
    )
    can_material: Literal["stainless-304", "mild-steel"] = Field(
        "stainless-304",
        description="For prover: what the can is made of, stainless-304 or mild-steel (default "
        "stainless-304).",
    )
    chart: Literal["ewma", "cusum", "shewhart"] = Field(
        "ewma",
        description="Which chart decides on control: ewma, cusum or shewhart, the chart of single "
        "errors (default ewma).",
    )
    every_s: Duration | None = Field(
        None,
        alias="every",
        description="How often an unguided check is due: a number and s, min, h or d in quotes, "
        'such as "7 d" (default: none, armed all the time).',
    )
