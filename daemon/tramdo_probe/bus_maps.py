"""Which register maps fit a unit: all they need can be read, and the values are likely ones."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from tramdo.errors import InstrumentError, OutOfRange, Refused, SettingsError
from tramdo.port import Line
from tramdo.reading import Indication
from tramdo_drivers.mapfiles import MAPS
from tramdo_drivers.modbus.pdu import Span
from tramdo_drivers.modbus_map import ModbusMap
from tramdo_drivers.registers.decoding import Decoder
from tramdo_probe.bus_asking import Way, ask
from tramdo_probe.words_side_by_side import mark

_MOST_POINTS = 4
# A map of one value fits by chance; one of seven does not.
_DOUBT = 4
# A status that says "fault" may be any number with that bit set.
_NO_VALUE_SCORE = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """How well a map fits: a score of 0 to 100, what it would show, why it does not fit.

    `registers` is how many were read for it: of two equal scores the one that asks more wins.
    """

    map: str
    fits: bool
    score: int
    registers: int = 0
    shown: tuple[str, ...] = ()
    why: str = ""


def shipped() -> tuple[str, ...]:
    """Return the names of the maps that come with tramdo."""
    return tuple(sorted(path.stem for path in MAPS.glob("*.toml")))


async def fitting(
    line: Line,
    way: Way,
    unit: int,
    maps: Sequence[str],
    tell: Callable[[str], None] = lambda _: None,
) -> tuple[Fit, ...]:
    """Return how each map fits a unit, the best first; raises `PortLost`.

    `maps` are names or paths as a station file has them. A map is given up at the first read that
    fails, so each costs one wait at most.
    """
    fits = []
    for name in maps:
        tell(f"unit {unit}: does the map {name} fit?")
        try:
            driver = ModbusMap(map=name, address=unit, wire=way.wire)
        except (SettingsError, ValueError) as error:
            fits.append(Fit(map=name, fits=False, score=0, why=str(error)))
        else:
            fits.append(await _tried(line, way, driver))
    return tuple(sorted(fits, key=lambda fit: (-fit.score, -fit.registers, fit.map)))


async def _tried(line: Line, way: Way, driver: ModbusMap) -> Fit:
    polls: list[list[int]] = []
    for _ in range(2):
        words: list[int] = []
        for span in driver.spans:
            answer = await ask(line, way, driver.address, span)
            if not answer.words:
                return Fit(map=driver.map, fits=False, score=0, why=_unread(span, answer.kind))
            words += answer.words
        polls.append(words)
    return weighed(driver.map, driver.decoder, *polls)


def _unread(span: Span, kind: str) -> str:
    last = span.address + span.size - 1
    return f"function {span.function}, wire addresses {span.address} to {last}: {kind}"


def weighed(name: str, by: Decoder, first: Sequence[int], again: Sequence[int]) -> Fit:
    """Return how well a map's decoder fits the words of two polls; pure."""
    try:
        shown = by.decode(first)
    except (OutOfRange, Refused) as error:
        why = f"its status says: {error}"
        read = len(first)
        return Fit(map=name, fits=True, score=_NO_VALUE_SCORE, registers=read, why=why)
    except InstrumentError as error:
        why = str(error).removesuffix("; got nothing")
        return Fit(map=name, fits=False, score=0, why=why)
    later = _later(by, again, len(shown))
    points = sum(1 + _mark(one, then) for one, then in zip(shown, later, strict=True))
    score = round(100 * points / (_MOST_POINTS * len(shown) + _DOUBT))
    texts = tuple(map(_text, shown))
    return Fit(map=name, fits=True, score=score, registers=len(first), shown=texts)


def _later(by: Decoder, again: Sequence[int], count: int) -> list[Decimal | None]:
    try:
        found: list[Decimal | None] = [one.value for one in by.decode(again)]
    except InstrumentError:
        found = []
    return found if len(found) == count else [None] * count


def _mark(one: Indication, then: Decimal | None) -> int:
    whole = one.value.as_tuple().exponent == 0
    return mark("i32" if whole else "f32", one.value, then)


def _text(one: Indication) -> str:
    return " ".join(filter(None, (one.quantity, f"{one.value:f}", one.unit)))
