"""The tables of a register map's TOML: values, status bits, codes, workarounds. No I/O.

`drivers/README.md` explains each key with an example.
"""

import re
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from tramdo.reading import Quantity, Unit

WordOrder = Literal["ABCD", "CDAB", "BADC", "DCBA"]
Type = Literal["u16", "i16", "u32", "i32", "u64", "i64", "f32", "f64", "bcd16", "bcd32"]
MEANINGS = (
    r"stable|unstable|net|zero|overload|underload|motion|not_zeroed|fault"
    r"|(fault|flag|mark):[a-z0-9][a-z0-9_ -]*"
)
Flag = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_ -]*$")]
Step = Annotated[int, Field(ge=0, le=1000)]


class Table(BaseModel):
    """What all tables of a map share: they do not change, and an unknown key is a problem."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Value(Table):
    """One quantity: where it stands, how it is coded, what it means."""

    quantity: Quantity
    # Not called `register`: every pydantic class has an attribute of that name.
    at: Annotated[int, Field(alias="register", ge=0, le=465535)]
    type: Type
    word_order: WordOrder | None = None
    scale: Decimal | Literal["site"] | None = None
    decimals: Annotated[int, Field(ge=0, le=9)] | None = None
    resolution: Annotated[Decimal, Field(gt=0)] | None = None
    unit: Unit | None = None
    unit_assumed: bool = False
    basis: Literal["gross", "net"] | None = None
    sign: str | None = None
    only_if: str | None = None
    flag: Flag | None = None
    raw: bool = False
    step: Step = 0
    min: Decimal | None = None
    max: Decimal | None = None

    @property
    def width(self) -> int:
        """Return how many registers it takes."""
        return int(self.type.lstrip("uifbcd")) // 16

    @property
    def is_float(self) -> bool:
        """Whether the instrument sends a binary fraction."""
        return self.type.startswith("f")

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.decimals is not None and self.is_float:
            raise ValueError(f"decimals is for whole numbers; {self.type} takes resolution")
        if self.resolution is not None and not self.is_float:
            raise ValueError(f"resolution is for f32 and f64; {self.type} takes decimals")
        if self.sign is not None and not self.type.startswith(("u", "bcd")):
            raise ValueError(f"sign is for magnitudes without one; {self.type} has its own")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min {self.min} is above max {self.max}")
        return self


class Status(Table):
    """One bit of a register, a coil or a discrete input, and what it means when set."""

    means: Annotated[str, Field(pattern=f"^({MEANINGS})$")]
    at: Annotated[int | None, Field(alias="register", ge=0, le=465535)] = None
    type: Literal["u16", "u32"] = "u16"
    bit: Annotated[int, Field(ge=0, le=31)] | None = None
    coil: Annotated[int, Field(ge=0, le=65535)] | None = None
    discrete_input: Annotated[int, Field(ge=0, le=65535)] | None = None
    invert: bool = False
    step: Step = 0

    @property
    def width(self) -> int:
        """Return how many registers, coils or inputs it is read with."""
        return int(self.type[1:]) // 16

    @model_validator(mode="after")
    def _stands_in_one_place(self) -> Self:
        places = [self.at is not None, self.coil is not None, self.discrete_input is not None]
        if sum(places) != 1 or (self.at is None) is not (self.bit is None):
            raise ValueError("give register and bit, or coil, or discrete_input")
        if self.type == "u32" and self.at is None:
            raise ValueError("type is for a register")
        if self.bit is not None and self.bit >= 16 * self.width:
            raise ValueError(f"bit: {self.bit} is outside 0 to {16 * self.width - 1}")
        return self


class Code(Table):
    """A number in some bits of a register that tells the decimals, the unit or a status."""

    tells: Literal["decimals", "unit", "status"]
    at: Annotated[int, Field(alias="register", ge=0, le=465535)]
    type: Literal["u16", "u32"] = "u16"
    bits: tuple[Annotated[int, Field(ge=0)], Annotated[int, Field(le=31)]] | None = None
    codes: dict[int, str] = Field(default_factory=dict)
    otherwise: Annotated[str, Field(pattern=f"^({MEANINGS})$")] | None = None
    step: Step = 0

    @property
    def width(self) -> int:
        """Return how many registers it stands in."""
        return int(self.type[1:]) // 16

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        low, high = self.bits or (0, 16 * self.width - 1)
        if not low <= high < 16 * self.width:
            raise ValueError(f"bits: {low} to {high} is outside 0 to {16 * self.width - 1}")
        if self.otherwise is not None and self.tells != "status":
            raise ValueError("otherwise is for a code that tells a status")
        if not self.codes and self.tells != "decimals":
            raise ValueError("give codes: which number means what")
        allowed = _TOLD[self.tells]
        for number, word in self.codes.items():
            if not re.fullmatch(allowed, word):
                raise ValueError(f"codes: {number} = {word!r} is no {self.tells}")
        return self


_TOLD = {"decimals": "[0-9]", "unit": "|".join(map(re.escape, Unit)), "status": MEANINGS}


class Workarounds(Table):
    """What an instrument needs that a sound one does not."""

    pause_ms: Annotated[int, Field(ge=0, le=5000)] = 0
    one_request_per_value: bool = False
