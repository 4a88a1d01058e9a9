"""A driver over bytes heard before: what it takes, what it passes over, what it cannot break."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from memory import Peer

from tramdo.driver import About, Kind, Port, Proof
from tramdo.errors import BadFrame, DriverFault, InstrumentError, NoReply
from tramdo.framing import Cut, by_length, by_line
from tramdo.offline import Decoded, Unlike, decode
from tramdo.port import Dialogue, Exchange, Line
from tramdo.reading import Indication
from tramdo_drivers.mt_sics import MtSics
from tramdo_drivers.st_gs import StGs

ONE, TWO = b"ST,GS,   245.6 g\r\n", b"US,GS,     7.9 g\r\n"
ABOUT = About(protocol="x", source="x", kinds=(Kind.SCALE,), proof=Proof.UNVERIFIED)
ASKED, SERIAL = b"SI\r\n", b"I4\r\n"
ANSWER = b"S S     100.00 g\r\n"


@dataclass(frozen=True)
class Asks:
    """A driver that does what a test says."""

    do: Callable[[Port], Awaitable[Any]]
    about: ClassVar[About] = ABOUT

    async def read(self, port: Port) -> Sequence[Indication]:
        found: Sequence[Indication] = await self.do(port)
        return found


@dataclass(frozen=True)
class Hears:
    do: Callable[[Port], Awaitable[Any]]
    about: ClassVar[About] = ABOUT

    async def listen(self, port: Port) -> Sequence[Indication]:
        found: Sequence[Indication] = await self.do(port)
        return found


def values(found: Sequence[Decoded]) -> list[str]:
    return [f"{each.value:f}" for one in found for each in one.indications]


def errors(found: Sequence[Decoded]) -> list[type[InstrumentError] | None]:
    return [type(one.error) if one.error else None for one in found]


def exchange(at: float, sent: bytes, received: bytes) -> Exchange:
    return Exchange(at, sent, received, "")


def test_a_stream_gives_each_value_with_its_place() -> None:
    found = decode(StGs(), ONE + TWO)
    assert values(found) == ["245.6", "7.9"]
    assert [(one.offset, one.used, one.frames) for one in found] == [
        (0, len(ONE), (ONE,)),
        (len(ONE), len(TWO), (TWO,)),
    ]
    assert [one.at for one in found] == [None, None]


def test_nothing_heard_is_nothing() -> None:
    assert decode(StGs(), b"") == decode(MtSics(), []) == decode(MtSics(), b"") == []


def test_a_stream_joined_in_the_middle_begins_with_the_next_frame() -> None:
    assert values(decode(StGs(), b"ST,GS,   5.6 g\r\n" + TWO, aligned=False)) == ["7.9"]


def test_what_cannot_become_a_frame_is_passed_over_with_the_frame_behind_it() -> None:
    noise = b"\x07" * 256
    found = decode(StGs(), ONE + noise + b"x" + TWO + ONE)
    assert errors(found) == [None, BadFrame, None]
    assert values(found) == ["245.6", "245.6"]


def test_no_more_is_thrown_away_than_where_bytes_come_one_by_one() -> None:
    def until(buffer: bytes) -> Cut | None:
        if not b"<abc>".startswith(buffer[:5]):
            raise BadFrame("<abc>", buffer)
        return Cut(buffer[:5], 5) if len(buffer) >= 5 else None

    async def read(port: Port) -> Sequence[Indication]:
        frame = await port.exchange(b"", until)
        return [Indication(value=Decimal(len(frame)), unit=None)]

    found = decode(Asks(read), b"zz<ab!<abc>" + b"<abc>" * 20)
    assert [one.used for one in found[:5]] == [1, 1, 4, 5, 5]
    assert errors(found[:4]) == [BadFrame, BadFrame, BadFrame, None]


def test_a_frame_cut_at_the_end_is_said_to_be() -> None:
    found = decode(StGs(), ONE + TWO[:9])
    assert [one.cut_short for one in found] == [False, True]
    assert isinstance(found[1].error, BadFrame)
    assert found[1].error.frame == TWO[:9]


def test_stray_bytes_are_counted_as_used() -> None:
    async def listen(port: Port) -> Sequence[Indication]:
        await port.listen(by_length(3, b"<"))
        return []

    assert [one.used for one in decode(Hears(listen), b"??<ab<cd")] == [5, 3]


def test_chunks_give_a_stream_its_times_and_its_silences() -> None:
    chunks = [(1.0, ONE[:7]), (1.01, ONE[7:] + TWO[:4]), (1.02, TWO[4:]), (2.0, ONE)]
    heard = [exchange(at, b"", octets) for at, octets in chunks]
    assert [one.at for one in decode(StGs(), heard)] == [1.01, 1.02, 2.0]
    unclean = decode(StGs(), [exchange(0.0, b"", b"6 g\r\n"), *heard], aligned=False)
    assert values(unclean) == ["245.6", "7.9", "245.6"]


def test_a_request_gets_the_answer_that_it_got() -> None:
    heard = [
        exchange(1.0, ASKED, ANSWER),
        exchange(2.0, SERIAL, b'I4 A "1"\r\n'),
        exchange(3.0, ASKED, b""),
        exchange(4.0, ASKED, ANSWER[:6]),
        exchange(5.0, ASKED, ANSWER.replace(b"100", b"101")),
    ]
    found = decode(MtSics(), heard)
    assert [one.at for one in found] == [1.0, 3.0, 4.0, 5.0]
    assert errors(found) == [None, NoReply, BadFrame, None]
    assert values(found) == ["100.00", "101.00"]
    assert all(one.unlike == () for one in found)


def test_a_driver_is_not_given_the_answers_of_others_on_its_line() -> None:
    heard = [exchange(1, b"other", b"S S       9.00 g\r\n"), exchange(2, ASKED, ANSWER)]
    assert values(decode(MtSics(), [*heard, heard[0]])) == ["100.00"]


def test_a_request_that_was_never_recorded_is_told() -> None:
    found = decode(MtSics(), [exchange(1.0, b"S\r\n", ANSWER), exchange(2.0, b"S\r\n", ANSWER)])
    assert values(found) == ["100.00", "100.00"]
    assert found[0].unlike == (Unlike(b"S\r\n", ASKED),)


def test_questions_of_one_read_follow_each_other() -> None:
    async def read(port: Port) -> Sequence[Indication]:
        first = await port.exchange(b"1", by_line())
        second = await port.exchange(b"2", by_line())
        return [Indication(value=Decimal(int(first + second)), unit=None)]

    def both(*pairs: tuple[bytes, bytes]) -> list[Decoded]:
        return decode(Asks(read), [exchange(n, *pair) for n, pair in enumerate(pairs)])

    lone = both((b"1", b"1\r\n"), (b"1", b"3\r\n"), (b"2", b"4\r\n"))
    assert errors(lone) == [NoReply, DriverFault]  # "3\r\n4\r\n" is no number: it was reached
    assert lone[1].offset == 3
    assert [one.frames for one in both((b"", b"1\r\n"), (b"", b"2\r\n"))] == [(b"1\r\n", b"2\r\n")]


async def _wait(_: Port) -> None:
    await asyncio.sleep(0)


async def _end(_: Port) -> None:
    raise SystemExit(3)


async def _cancel(_: Port) -> None:
    raise asyncio.CancelledError


async def _float(port: Port) -> object:
    await port.exchange(b"", by_line())
    return [Indication(value=1.5, unit=None)]  # type: ignore[arg-type]


async def _none(_: Port) -> None:
    return None


async def _bad_framing(port: Port) -> object:
    return await port.exchange(b"", lambda _: 1 / 0)  # type: ignore[arg-type,return-value]


async def _greedy(port: Port) -> object:
    return await port.exchange(b"", lambda buffer: Cut(buffer, len(buffer) + 9))


async def _never_used(port: Port) -> object:
    return await port.exchange(b"", lambda buffer: Cut(buffer, 0))


async def _endless(port: Port) -> None:
    while True:
        await port.exchange(b"", by_length(1))


async def _stubborn(port: Port) -> None:
    while True:
        with suppress(InstrumentError):
            await port.exchange(b"", by_line(b"never", limit=10_000))


@pytest.mark.parametrize(
    "do",
    [_stubborn, _wait, _end, _cancel, _float, _none, _bad_framing, _greedy, _never_used, _endless],
    ids=lambda one: one.__name__,
)
def test_whatever_a_driver_does_is_a_fault_and_ends(do: Callable[[Port], Awaitable[Any]]) -> None:
    found = decode(Asks(do), b"12\r\n" * 100)
    assert found
    assert isinstance(found[0].error, DriverFault)
    assert values(found) == []


def test_a_driver_that_hears_nothing_is_asked_once() -> None:
    async def read(_: Port) -> Sequence[Indication]:
        return ()

    assert len(decode(Asks(read), b"abc")) == 1


async def _live(driver: StGs, octets: bytes, step: int) -> list[str]:
    """Return what the driver reads on a line on which the bytes come `step` at a time."""
    peer, found = Peer(), list[str]()
    line = Line(name="x", opener=peer.open)
    dialogue = Dialogue(line=line, timeout=60, clock=asyncio.get_running_loop().time)
    await line.open()

    async def read() -> None:
        while True:
            with suppress(InstrumentError):
                found.extend(f"{one.value:f}" for one in await driver.listen(dialogue))

    task = asyncio.create_task(read())
    for at in range(0, len(octets), step):
        await asyncio.sleep(0)
        assert peer.hear is not None
        peer.hear(octets[at : at + step], line.last_byte)
    for _ in range(2 * len(octets) // len(TWO) + 5):
        await asyncio.sleep(0)
    task.cancel()
    return found


SOME = st.sampled_from([ONE, TWO, b"\r\n", b"\x00" * 300, b"ST,GS,", b"OL,GS,+\r\n", b"junk"])


@given(st.lists(SOME, max_size=8), st.sampled_from([1, 5]))
def test_it_reads_what_is_read_on_a_line(parts: list[bytes], step: int) -> None:
    octets = b"".join(parts)
    live = asyncio.run(_live(StGs(), octets, step))
    assert values(decode(StGs(), octets, aligned=False)) == live


@given(st.binary(max_size=400), st.booleans())
def test_no_bytes_make_it_raise_or_lose_count(octets: bytes, aligned: bool) -> None:
    for driver in (StGs(), MtSics()):
        found = decode(driver, octets, aligned=aligned)
        assert sum(one.used for one in found) == len(octets)
        assert all(one.used for one in found)
