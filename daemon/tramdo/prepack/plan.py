"""Sampling plans of lots of packs, read from plans/*.toml or a site's own folder."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from tramdo.prepack.deficiency import PrepackError

_SHIPPED = Path(__file__).with_name("plans")
_STRICT = ConfigDict(extra="forbid")

Count = Annotated[int, Field(ge=0)]
Packs = Annotated[int, Field(gt=0)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """A sample of `packs` (earlier ones counted in): accept up to, reject from so many T1 errors.

    Between `accept` and `reject` the next sampling of the plan is drawn.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    packs: Packs
    accept: Count
    reject: Count


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """The plan for lots up to `up_to` packs (None: all above).

    The mean of the first `mean_of` packs must reach Qn - k s.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    up_to: Packs | None = None
    mean_of: Packs
    k: Annotated[Decimal, Field(ge=0)]
    samples: Annotated[tuple[Sampling, ...], Field(min_length=1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A sampling plan; `id` is its file's name, `certainty` how its numbers were come by.

    Lots below `whole_lot_below` are weighed whole; a lot weighed whole may have T1 errors in
    `whole_lot_t1_percent` of its packs.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    id: str
    title: str
    source: str
    country: str
    certainty: Literal["certain", "likely", "unsure"]
    whole_lot_below: Count
    whole_lot_t1_percent: Annotated[Decimal, Field(ge=0, le=100)]
    rows: Annotated[tuple[Row, ...], Field(min_length=1)]

    def row(self, lot: int) -> Row:
        """Return the row for a lot of so many packs; raises `PrepackError` when it has none."""
        for row in self.rows:
            if row.up_to is None or lot <= row.up_to:
                return row
        raise PrepackError(f"{self.id}: lot is {lot} packs; allowed: up to {self.rows[-1].up_to}")


_READER = TypeAdapter(Plan)


def load(name: str, folders: Sequence[Path] = ()) -> Plan:
    """Return the plan `<name>.toml`, from the site's folders first, then the shipped ones.

    Raises `PrepackError` naming the file and what is wrong in it.
    """
    for folder in (*folders, _SHIPPED):
        file = folder / f"{name}.toml"
        if file.is_file():
            return _read(file)
    known = ", ".join(available(folders))
    raise PrepackError(f"no sampling plan is called {name!r}; there are: {known}")


def available(folders: Sequence[Path] = ()) -> list[str]:
    """Return the names of all plans that `load` finds, sorted."""
    return sorted({file.stem for folder in (*folders, _SHIPPED) for file in folder.glob("*.toml")})


def _read(file: Path) -> Plan:
    try:
        table: dict[str, Any] = tomllib.loads(file.read_text("utf-8"), parse_float=Decimal)
        return _READER.validate_python(table | {"id": file.stem})
    except ValidationError as error:
        lines = (f"{file}: {'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise PrepackError("\n".join(lines)) from error
    except (OSError, ValueError) as error:
        raise PrepackError(f"{file}: {error}") from error
