"""Records of weighings made by hand: what tests judge, show and rebuild."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from tramdo.check import CheckRecord, Finding, Made, Subject, record
from tramdo.drift import ControlChart, error_of_indication
from tramdo.limits import Characteristics, Stage, load
from tramdo.reading import Indication, Quantity, Unit
from tramdo.reference import ReferenceValue, convert
from tramdo.uncertainty.budget import Budget, Component

AT = datetime(2026, 3, 31, 2, 0, tzinfo=UTC)
SCALE = Characteristics(
    accuracy_class="III", unit=Unit.KG, max=Decimal(60), e=Decimal("0.02"), d=Decimal("0.02")
)
WEIGHT = ReferenceValue(
    id="W20",
    quantity=Quantity.WEIGHT,
    value=Decimal("20000.2"),
    unit=Unit.G,
    expanded_uncertainty=Decimal("0.3"),
    kind="weight",
    certificate="TN-123",
    valid_until=date(2026, 12, 31),
)
CHART = ControlChart(floor=0.006)


EXACT = Budget(
    title="check_weighing",
    unit="kg",
    components=(Component.normal("reference_weights", 0.0003, "kg", 2),),
)


def weigh(shown: str, **other: Any) -> tuple[CheckRecord, ControlChart]:
    """Return the record of one weighing of the 20 kg weight, and the chart after it."""
    settings: dict[str, Any] = {
        "indication": Indication(value=Decimal(shown), unit=Unit.KG, stable=True),
        "reference": WEIGHT,
        "rules": load("oiml-r76-2006"),
        "characteristics": SCALE,
        "stage": Stage.IN_SERVICE,
        "chart": CHART,
        "budget": EXACT,
        "evidence": (),
        **other,
    }
    indication, reference, plate = (
        settings[key] for key in ("indication", "reference", "characteristics")
    )
    error = convert(error_of_indication(indication, reference), indication.unit, plate.unit)
    subject = Subject(
        instrument="S1",
        rules=settings["rules"],
        characteristics=plate,
        stage=settings["stage"],
    )
    finding = Finding(
        check="morning",
        point="morning",
        reference=reference,
        indication=indication,
        error=error,
        budget=settings["budget"],
        evidence=settings["evidence"],
    )
    chart = settings["chart"].add(float(error))
    return record(finding, subject, Made(at=AT, on=AT.date()), chart), chart
