"""Rule sets and tables as files: TOML that names its own source."""

import tomllib
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from tramdo.limits.plate import LimitsError
from tramdo.limits.ratio import Ratio
from tramdo.limits.rulesets import RuleSet, Steps

_SHIPPED = Path(__file__).parents[1] / "rules"
_TABLES = Path(__file__).parent / "tables"

_READER: TypeAdapter[Steps | Ratio] = TypeAdapter(
    Annotated[Steps | Ratio, Field(discriminator="kind")]
)


def load(name: str, folders: Sequence[Path] = ()) -> RuleSet:
    """Return the rule set `<name>.toml`, from the site's folders first, then the shipped ones.

    Raises `LimitsError` naming the file and everything that is wrong in it.
    """
    file = _find(name, folders)
    if file is None:
        raise LimitsError(_unknown(name, folders))
    keys = _keys(file, folders, ())
    try:
        return _READER.validate_python(keys | {"id": file.stem})
    except ValidationError as error:
        raise LimitsError("\n".join(f"{file}: {_say(one)}" for one in error.errors())) from error


def available(folders: Sequence[Path] = ()) -> list[str]:
    """Return the names of all rule sets that `load` finds, sorted."""
    return sorted({file.stem for folder in (*folders, _SHIPPED) for file in folder.glob("*.toml")})


def table(name: str) -> dict[str, Any]:
    """Return a shipped table that is no rule set, `tables/<name>.toml`; floats are decimals."""
    return _parse(_TABLES / f"{name}.toml")


def _find(name: str, folders: Sequence[Path]) -> Path | None:
    files = (folder / f"{name}.toml" for folder in (*folders, _SHIPPED))
    return next((file for file in files if file.is_file()), None)


def _unknown(name: str, folders: Sequence[Path]) -> str:
    return f"no rule set is called {name!r}; there are: {', '.join(available(folders))}"


def _keys(file: Path, folders: Sequence[Path], heirs: tuple[str, ...]) -> dict[str, Any]:
    """Return the keys of a file over those of the set that it is like."""
    keys = _parse(file)
    if "like" not in keys:
        return keys
    like, line = keys.pop("like"), (*heirs, file.stem)
    if like in line:
        raise LimitsError(f"{file}: like: goes round in a circle: {' -> '.join((*line, like))}")
    # A site's file of the same name must not change the numbers under a shipped set's citation.
    among = () if file.parent == _SHIPPED else folders
    other = _find(str(like), among)
    if other is None:
        raise LimitsError(f"{file}: like: {_unknown(like, among)}")
    return _keys(other, among, line) | keys


def _parse(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text("utf-8"), parse_float=Decimal)
    except (OSError, ValueError) as error:
        raise LimitsError(f"{file}: {error}") from error


def _say(problem: ErrorDetails) -> str:
    key = ".".join(str(part) for part in problem["loc"][1:]) or "kind"
    found = "" if problem["type"] == "missing" else f"; it is {problem['input']!r:.60}"
    return f"{key}: {problem['msg']}{found}"
