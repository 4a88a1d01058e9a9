"""What all models of messages share, and the sorts of value that messages are made of. No I/O.

The models are exact: an unknown key is an error, so that none is published unsaid. The JSON
Schemas made of them are open, because version 1 may gain keys: see `schemas`.
"""

from collections.abc import Iterable, Sequence
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

from tramdo.settings.values import NAME

# For a key that may be left out and is never null: the default is not checked, so null is refused.
ABSENT: Any = None


class Shape(BaseModel):
    """An object of a message; types are not converted and unknown keys are refused."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        frozen=True,
        allow_inf_nan=False,
        use_attribute_docstrings=True,
    )


def growing(words: Iterable[str], but: Sequence[str] = ()) -> WithJsonSchema:
    """Return what marks words that version 1 may add to.

    The model takes these only; consumers are told any text, with these as examples. `but` are
    words that have a meaning elsewhere.
    """
    other = {"not": {"enum": sorted(but)}} if but else {}
    return WithJsonSchema({"type": "string", "examples": list(map(str, words)), **other})


Name = Annotated[str, Field(pattern=NAME)]
"""A name of the station file: of a station, an instrument, a check, a check standard."""

Digits = Annotated[str, Field(pattern=r"^-?[0-9]+(\.[0-9]+)?$")]
"""A number as text, so that its digits survive: 20.00 and 20.0 say different things."""

Number = Annotated[str, Field(pattern=r"^-?[0-9]+(\.[0-9]+)?(E[+-]?[0-9]+)?$")]
"""A number as text that may have an exponent (IEEE 754 decimal, as in 2E+4)."""

Instant = Annotated[
    str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z$")
]
"""ISO 8601 in UTC with milliseconds."""

Day = Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
"""A calendar day where the station stands."""

Octets = Annotated[str, Field(pattern=r"^([0-9a-f]{2}( [0-9a-f]{2})*)?$")]
"""Raw bytes in hex, a blank between them."""

Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
"""SHA-256 in hex."""

Signature = Annotated[str, Field(pattern=r"^[A-Za-z0-9+/]{86}==$")]
"""An Ed25519 signature: base64 of its 64 bytes."""

Epoch = Annotated[str, Field(pattern=r"^[0-9A-Za-z]{1,64}$")]
"""The id of one life of a journal file; sequence numbers are unique within it."""

Boot = Annotated[str, Field(pattern=r"^[0-9A-Za-z]{0,64}$")]
"""The id of one boot of the station's computer, "" where that is not known."""

Seq = Annotated[int, Field(ge=1)]
"""A sequence number: it orders the events of a station."""

Count = Annotated[int, Field(ge=0)]
