"""Drivers that are wrong in one way each, and the kit's tests that must say so.

`WRONG` names for each every test that fails; no other one may. `BAD_LINE` is run only for those
that name it: it takes a second, and ten where a driver never gives what the scale shows.
"""

import asyncio
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from decimal import Decimal

from kit.acme import ABOUT, ASK, LINE, Asks, Hears, Lines, Place, Right, RightStream

from tramdo.driver import Port
from tramdo.errors import BadFrame, InstrumentError, NoReply, OutOfRange
from tramdo.framing import Cut, by_length, by_line
from tramdo.reading import Indication, Unit

frozen = dataclass(frozen=True, kw_only=True)
LENGTH = 20


class RoundsToFloat(Right):
    def parse(self, frame: bytes) -> Indication:
        found = super().parse(frame)
        return replace(found, value=Decimal(float(found.value)))


class LosesZeros(Right):
    def parse(self, frame: bytes) -> Indication:
        found = super().parse(frame)
        return replace(found, value=found.value.normalize())


class LosesTheSign(Right):
    def parse(self, frame: bytes) -> Indication:
        found = super().parse(frame)
        return replace(found, value=abs(found.value))


class CutsWideWeights(Right):
    def parse(self, frame: bytes) -> Indication:
        found = super().parse(frame)
        return replace(found, value=found.value % 10_000)


class ConvertsUnits(Right):
    def parse(self, frame: bytes) -> Indication:
        found = super().parse(frame)
        grams = found.unit is Unit.G
        return replace(found, value=found.value / 1000, unit=Unit.KG) if grams else found


class GivesEverythingInKilograms(Right):
    def parse(self, frame: bytes) -> Indication:
        return replace(super().parse(frame), unit=Unit.KG)


class GivesNoUnit(Right):
    def parse(self, frame: bytes) -> Indication:
        return replace(super().parse(frame), unit=None)


class IsAlwaysStable(Right):
    def parse(self, frame: bytes) -> Indication:
        return replace(super().parse(frame), stable=True)


class TellsNoStability(Right):
    def parse(self, frame: bytes) -> Indication:
        return replace(super().parse(frame), stable=None)


class IsAlwaysGross(Right):
    def parse(self, frame: bytes) -> Indication:
        return replace(super().parse(frame), basis="gross")


class GivesItTwice(Right):
    async def read(self, port: Port) -> Sequence[Indication]:
        return (*await super().read(port),) * 2


class GivesZeroForAnOverload(Right):
    def parse(self, frame: bytes) -> Indication:
        try:
            return super().parse(frame)
        except OutOfRange:
            return Indication(value=Decimal(0), unit=Unit.KG)


class CallsEveryBlankAnOverload(Right):
    def parse(self, frame: bytes) -> Indication:
        try:
            return super().parse(frame)
        except OutOfRange as error:
            raise OutOfRange("overload", frame) from error


class ReadsABanner(Right):
    def parse(self, frame: bytes) -> Indication:
        if banner := re.fullmatch(rb"Acme Ver (\d\.\d\d)\r\n", frame):
            return Indication(value=Decimal(banner[1].decode()), unit=None)
        return super().parse(frame)


class TakesATareForAWeight(Right):
    def parse(self, frame: bytes) -> Indication:
        if frame.startswith(b"T"):
            self.demand_sum(frame)
            return Indication(value=Decimal(frame[4:12].strip().decode()), unit=Unit.KG)
        return super().parse(frame)


class TakesTheEchoForZero(Right):
    def parse(self, frame: bytes) -> Indication:
        if frame == ASK:
            return Indication(value=Decimal(0), unit=Unit.KG, stable=True, basis="gross")
        return super().parse(frame)


class IgnoresTheCheckSum(Right):
    def demand_sum(self, frame: bytes) -> None:
        del frame


class TakesAnyWidth(Right):
    def parse(self, frame: bytes) -> Indication:
        if line := re.fullmatch(rb"S G +(\d+\.\d\d) kg ..\r\n", frame):
            return Indication(
                value=Decimal(line[1].decode()), unit=Unit.KG, stable=True, basis="gross"
            )
        return super().parse(frame)


class TakesHalfALine(Right):
    async def read(self, port: Port) -> Sequence[Indication]:
        frame = await port.exchange(ASK, lambda heard: Cut(heard, len(heard)) if heard else None)
        if len(frame) < LENGTH and (half := re.match(rb"S G +(\d+)", frame)):
            return (Indication(value=Decimal(half[1].decode()), unit=Unit.KG),)
        return (self.parse(frame),)


class WaitsForTheNextLine(RightStream):
    async def listen(self, port: Port) -> Sequence[Indication]:
        return (self.parse((await port.listen(by_length(LENGTH + 1)))[:LENGTH]),)


class NeverFindsALineAgain(RightStream):
    async def listen(self, port: Port) -> Sequence[Indication]:
        return (self.parse(await port.listen(by_length(LENGTH))),)


class ThrowsAwayWhatCameWithIt(RightStream):
    async def listen(self, port: Port) -> Sequence[Indication]:
        return (self.parse(await port.listen(_all_of_it)),)


class SendsThoughItListens(RightStream):
    async def listen(self, port: Port) -> Sequence[Indication]:
        found = await super().listen(port)
        with suppress(InstrumentError):
            await port.exchange(ASK, by_line())
        return found


class FailsOnAnUnknownUnit(Right):
    def parse(self, frame: bytes) -> Indication:
        if line := LINE.fullmatch(frame):
            self.demand_sum(frame)
            {b"kg": Unit.KG, b" g": Unit.G, b"  ": None}[line["unit"]]
        return super().parse(frame)


class FailsOnAShortLine(Right):
    def parse(self, frame: bytes) -> Indication:
        if frame[2] not in b"GN":
            raise BadFrame("G or N", frame)
        return super().parse(frame)


class FailsOnGarbage(Right):
    def parse(self, frame: bytes) -> Indication:
        frame.decode("ascii")
        return super().parse(frame)


class AsksForATare(Right):
    async def read(self, port: Port) -> Sequence[Indication]:
        return (self.parse(await port.exchange(b"T\r\n", by_line())),)


class TaresAfterwards(Right):
    async def read(self, port: Port) -> Sequence[Indication]:
        found = await super().read(port)
        with suppress(InstrumentError):
            await port.exchange(b"T\r\n", by_line())
        return found


class AsksTwice(Right):
    async def read(self, port: Port) -> Sequence[Indication]:
        with suppress(NoReply):
            return await super().read(port)
        return await super().read(port)


class Sleeps(Right):
    async def read(self, port: Port) -> Sequence[Indication]:
        await asyncio.sleep(0)
        return await super().read(port)


@frozen
class Remembers(Right):
    """Gives the last weight where there is none."""

    last: list[Indication] = field(
        default_factory=list, compare=False, repr=False, init=False, metadata={"description": "x"}
    )

    def parse(self, frame: bytes) -> Indication:
        try:
            found = super().parse(frame)
        except BadFrame:
            if not self.last:
                raise
            return self.last[-1]
        self.last.append(found)
        return found


@frozen
class Averages(Remembers):
    """Gives the mean of this weight and the last one."""

    def parse(self, frame: bytes) -> Indication:
        found = Right.parse(self, frame)
        self.last.append(found)
        return replace(found, value=(found.value + self.last[max(-2, -len(self.last))].value) / 2)


class HidesTheEvidence(Right):
    def parse(self, frame: bytes) -> Indication:
        try:
            return super().parse(frame)
        except BadFrame as error:
            raise BadFrame(error.expected, b"") from error


class GivesNothingForABadFrame(Right):
    async def read(self, port: Port) -> Sequence[Indication]:
        try:
            return await super().read(port)
        except BadFrame:
            return ()


class GivesNotANumber(Right):
    def parse(self, frame: bytes) -> Indication:
        try:
            return super().parse(frame)
        except BadFrame:
            return Indication(value=Decimal("NaN"), unit=None)


@dataclass(kw_only=True)
class CanBeChanged(Asks):
    place: str = field(default="bench", metadata={"description": "where it stands"})


@frozen
class DoesNotTellItsSetting(Asks):
    place: str = "bench"


class NamesNoSource(Right):
    about = replace(ABOUT, source="")


class NamesNoKind(Right):
    about = replace(ABOUT, kinds=())


class MisspellsItsLine(Right):
    about = replace(ABOUT, lines=("9600,8,n,1",))


class NamesADialectItHasNot(Right):
    about = replace(ABOUT, dialects=({}, {"dialect": "loud"}))


@frozen
class AsksAndListens(Asks, Hears, Place):
    """Does both."""


def _all_of_it(buffer: bytes) -> Cut | None:
    cut = by_line()(buffer)
    return cut and Cut(cut.frame, len(buffer))


EXACT = "test_a_frame_is_read_exactly"
SIMULATED = "test_it_reads_its_simulated_instrument"
BLANK = "test_it_gives_no_number_where_the_instrument_shows_none"
HARMLESS = "test_it_changes_nothing_at_its_simulated_instrument"
ASKS = "test_it_asks_only_what_its_table_says"
PART = "test_part_of_a_frame_gives_no_value"
LOST_BYTE = "test_a_lost_byte_is_seen"
TURNED_BIT = "test_a_turned_bit_is_seen_by_the_check_sum"
STREAM = "test_a_stream_is_read_frame_by_frame"
ANY_BYTES = "test_any_bytes_give_a_value_or_an_error_of_ours"
MEMORY = "test_it_remembers_nothing"
DECLARED = "test_it_declares_itself"
TABLES = "test_its_tables_say_whence_each_frame_comes"
BAD_LINE = "test_no_wrong_number_on_a_bad_line"
READING = (EXACT, SIMULATED, BLANK, HARMLESS, ASKS, PART, LOST_BYTE, TURNED_BIT, ANY_BYTES, MEMORY)

WRONG: dict[type[Lines], tuple[str, ...]] = {
    RoundsToFloat: (EXACT, SIMULATED, ANY_BYTES),
    LosesZeros: (EXACT, SIMULATED),
    LosesTheSign: (EXACT, SIMULATED),
    CutsWideWeights: (EXACT,),
    ConvertsUnits: (EXACT,),
    GivesEverythingInKilograms: (EXACT,),
    GivesNoUnit: (EXACT, SIMULATED),
    IsAlwaysStable: (EXACT, SIMULATED),
    TellsNoStability: (EXACT, SIMULATED),
    IsAlwaysGross: (EXACT, SIMULATED),
    GivesItTwice: (EXACT,),
    GivesZeroForAnOverload: (EXACT, BLANK),
    CallsEveryBlankAnOverload: (EXACT,),
    ReadsABanner: (EXACT,),
    TakesATareForAWeight: (EXACT, ANY_BYTES, BAD_LINE),
    TakesTheEchoForZero: (BAD_LINE,),
    IgnoresTheCheckSum: (EXACT, TURNED_BIT),
    TakesAnyWidth: (EXACT, LOST_BYTE, TURNED_BIT),
    TakesHalfALine: (EXACT, PART),
    WaitsForTheNextLine: (EXACT, STREAM, SIMULATED),
    NeverFindsALineAgain: (STREAM,),
    ThrowsAwayWhatCameWithIt: (STREAM,),
    SendsThoughItListens: (ASKS,),
    FailsOnAnUnknownUnit: (EXACT, MEMORY, ANY_BYTES),
    FailsOnAShortLine: (EXACT, MEMORY, PART, ANY_BYTES),
    FailsOnGarbage: (TURNED_BIT, ANY_BYTES, MEMORY, BAD_LINE),
    AsksForATare: (ASKS, HARMLESS, SIMULATED),
    TaresAfterwards: (ASKS, HARMLESS),
    AsksTwice: (ASKS,),
    Sleeps: READING,
    Remembers: (MEMORY, ANY_BYTES),
    Averages: (MEMORY, SIMULATED, ANY_BYTES),
    HidesTheEvidence: (EXACT,),
    GivesNothingForABadFrame: (EXACT, LOST_BYTE, TURNED_BIT, PART),
    GivesNotANumber: (EXACT, LOST_BYTE, TURNED_BIT, PART, ANY_BYTES),
    CanBeChanged: (DECLARED,),
    DoesNotTellItsSetting: (DECLARED,),
    NamesNoSource: (DECLARED,),
    NamesNoKind: (DECLARED,),
    MisspellsItsLine: (DECLARED,),
    NamesADialectItHasNot: (DECLARED,),
    AsksAndListens: (DECLARED,),
}

_FROM = 'source = "tests/kit/acme.py"\n'
_HOW = 'provenance = "constructed"\n'
# (what stands in the right table, what stands there instead, which tests fail)
WRONG_TABLES: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "no source": (_FROM, 'source = ""\n', (TABLES,)),
    "hearsay": (_HOW, 'provenance = "hearsay"\n', (TABLES,)),
    "no meaning": ('means = "weight"', 'means = ""', (TABLES,)),
    "two of one id": ('id = "moving"', 'id = "stable"', (TABLES,)),
    "neither check nor weakness": ('check = "xor"\n', "", (TABLES,)),
    "value and error": ('basis = "net"', 'basis = "net"\nerror = "BadFrame"', (TABLES,)),
    "another value": ('value = "12.50"', 'value = "12.5"', (EXACT,)),
    "another unit": ('unit = "g"', 'unit = "kg"', (EXACT,)),
    "another error": ('state = "fault"', 'state = "underload"', (EXACT,)),
    "another question": ('asks = ["57 0d 0a"]', 'asks = ["58 0d 0a"]', (ASKS,)),
}
# What cannot be read at all: the message names the file, and what is missing or wrong.
UNREADABLE = {
    "source": (_FROM, ""),
    "provenance": (_HOW, ""),
    "fromhex": ('bytes = "53 ', 'bytes = "5x '),
    "stone": ('unit = "kg"', 'unit = "stone"'),
}
