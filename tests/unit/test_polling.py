"""One task per line: schedule, isolation, back-off, loss and return of the line."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import ClassVar

from memory import Peer
from waiting import until

from tramdo.driver import About, Driver, Kind, Port, Proof
from tramdo.errors import BadFrame, DriverFault, NoReply, OutOfRange, PortLost
from tramdo.framing import by_line
from tramdo.plan import BackOff
from tramdo.polling import Poller, Seat
from tramdo.port import Dialogue, Line
from tramdo.reading import Indication, Reading, Unit
from tramdo.transport import Hear, Lost, Transport

ABOUT = About(protocol="test", source="this file", kinds=(Kind.SCALE,), proof=Proof.UNVERIFIED)


@dataclass(frozen=True)
class Asking:
    """Asks by name; the answer must bear the name."""

    name: bytes
    about: ClassVar[About] = ABOUT

    async def read(self, port: Port) -> Sequence[Indication]:
        frame = await port.exchange(self.name + b"?\r\n", by_line())
        name, _, digits = frame.strip().partition(b"=")
        if name != self.name:
            raise BadFrame(f"an answer of {self.name!r}", frame)
        return [Indication(value=Decimal(digits.decode()), unit=Unit.KG)]


@dataclass(frozen=True)
class Hearing:
    about: ClassVar[About] = ABOUT

    async def listen(self, port: Port) -> Sequence[Indication]:
        return [Indication(value=Decimal((await port.listen(by_line())).decode()), unit=Unit.KG)]


@dataclass
class Bench:
    peer: Peer
    poller: Poller
    readings: list[Reading] = field(default_factory=list)

    def of(self, instrument: str) -> list[Reading]:
        return [one for one in self.readings if one.instrument == instrument]


def now() -> float:
    return asyncio.get_running_loop().time()


@asynccontextmanager
async def polled(
    peer: Peer, *drivers: Driver, period: float = 0.02, limit: float = 0.2
) -> AsyncIterator[Bench]:
    line = Line(name="line", opener=peer.open)
    kept: list[Reading] = []
    seats = [
        Seat(
            instrument=getattr(driver, "name", b"heard").decode(),
            driver=driver,
            dialogue=Dialogue(line=line, timeout=0.01, clock=now),
            period=period,
            back_off=BackOff(first=period, limit=limit),
        )
        for driver in drivers
    ]
    poller = Poller(
        line=line,
        seats=seats,
        sink=kept.append,
        origin=now(),
        back_off=BackOff(first=0.02, limit=0.05),
    )
    task = asyncio.create_task(poller.run())
    yield Bench(peer, poller, kept)
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()


def all_but(*dead: bytes) -> Peer:
    def answer(request: bytes) -> list[tuple[float, bytes]]:
        name = request.split(b"?")[0]
        return [] if name in dead else [(0, name + b"=1.0\r\n")]

    return Peer(answer)


async def test_every_instrument_is_asked_in_its_own_slot() -> None:
    async with polled(all_but(), Asking(b"a"), Asking(b"b")) as bench:
        await until(lambda: len(bench.of("a")) >= 5 and len(bench.of("b")) >= 5)
        gaps = {round(seat.offset, 3) for seat in bench.poller.seats}
    assert gaps == {0.0, 0.01}
    assert [one.sequence for one in bench.of("a")] == list(range(1, len(bench.of("a")) + 1))


async def test_a_dead_instrument_backs_off_and_the_others_keep_their_schedule() -> None:
    async with polled(all_but(b"dead"), Asking(b"dead"), Asking(b"b"), period=0.05) as bench:
        await until(lambda: len(bench.of("b")) >= 20)
        dead, alive = bench.poller.seats
        assert alive.skipped == 0
        assert dead.back_off.delay == 0.2
    assert len(bench.of("dead")) < len(bench.of("b")) / 2
    assert all(isinstance(one.error, NoReply) for one in bench.of("dead"))


async def test_try_now_forgets_the_back_off() -> None:
    peer = all_but(b"dead")
    async with polled(peer, Asking(b"dead"), period=0.02, limit=3600) as bench:
        seat = bench.poller.seats[0]
        await until(lambda: seat.back_off.delay > 0.3)
        before = len(bench.readings)
        peer.answer = all_but().answer
        bench.poller.retry("dead")
        await until(lambda: len(bench.readings) > before + 3, bound=0.3)
        assert seat.back_off.delay == 0


async def test_a_missing_answer_is_a_reading_with_its_error_and_time() -> None:
    async with polled(all_but(b"dead"), Asking(b"dead")) as bench:
        await until(lambda: bench.readings)
    first = bench.readings[0]
    assert isinstance(first.error, NoReply)
    assert first.indications == ()
    assert abs(first.monotonic - now()) < 5


async def test_a_driver_that_raises_is_a_fault_of_that_instrument_only() -> None:
    @dataclass(frozen=True)
    class Broken:
        name: bytes = b"broken"
        about: ClassVar[About] = ABOUT

        async def read(self, port: Port) -> Sequence[Indication]:
            raise ZeroDivisionError("one over nothing")

    async with polled(all_but(), Broken(), Asking(b"b")) as bench:
        await until(lambda: bench.of("broken") and len(bench.of("b")) > 5)
    error = bench.of("broken")[0].error
    assert isinstance(error, DriverFault)
    assert "ZeroDivisionError: one over nothing" in str(error)


async def test_a_driver_that_never_returns_is_stopped() -> None:
    @dataclass(frozen=True)
    class Stuck:
        name: bytes = b"stuck"
        about: ClassVar[About] = ABOUT

        async def read(self, port: Port) -> Sequence[Indication]:
            await asyncio.Event().wait()
            return []

    async with polled(all_but(), Stuck(), Asking(b"b")) as bench:
        await until(lambda: bench.of("stuck") and bench.of("b"))
    assert isinstance(bench.of("stuck")[0].error, DriverFault)


async def test_overload_is_an_answer_and_not_a_reason_to_back_off() -> None:
    @dataclass(frozen=True)
    class Full:
        name: bytes = b"full"
        about: ClassVar[About] = ABOUT

        async def read(self, port: Port) -> Sequence[Indication]:
            raise OutOfRange("overload")

    async with polled(all_but(), Full()) as bench:
        await until(lambda: len(bench.readings) >= 5)
        assert bench.poller.seats[0].back_off.delay == 0


async def test_an_instrument_that_can_be_is_resynchronised_at_first_and_after_a_miss() -> None:
    asked = Counter[str]()

    @dataclass(frozen=True)
    class Resyncs(Asking):
        async def resync(self, port: Port) -> None:
            asked["resync"] += 1

    def answer(request: bytes) -> list[tuple[float, bytes]]:
        asked["read"] += 1
        return [] if asked["read"] == 2 else [(0, b"a=1.0\r\n")]

    async with polled(Peer(answer), Resyncs(b"a")) as bench:
        await until(lambda: len(bench.readings) >= 6)
    assert asked["resync"] == 2


async def test_an_unplugged_line_is_a_state_and_its_return_is_found() -> None:
    peer = all_but()
    async with polled(peer, Asking(b"a"), Asking(b"b")) as bench:
        await until(lambda: bench.of("a") and bench.of("b"))
        peer.refusing = "not there"
        peer.unplug()
        await until(lambda: [one for one in bench.of("b") if isinstance(one.error, PortLost)])
        peer.refusing = ""
        healed = len(bench.readings)
        await until(lambda: any(one.error is None for one in bench.readings[healed:]))


async def test_a_port_that_stays_away_is_tried_with_back_off_and_without_spinning() -> None:
    peer = Peer(refusing="nobody listens")
    async with polled(peer, Asking(b"a")) as bench:
        await until(lambda: bench.poller.back_off.failures >= 4)
        assert bench.poller.back_off.delay <= 0.05
        assert len(bench.readings) <= bench.poller.back_off.failures + 1
    assert {str(one.error) for one in bench.readings} == {"nobody listens"}


async def test_a_port_that_opens_and_falls_at_once_is_not_a_spin() -> None:
    peer = Peer()

    async def open_and_fall(hear: Hear, lost: Lost) -> Transport:
        transport = await Peer.open(peer, hear, lost)
        asyncio.get_running_loop().call_soon(peer.unplug)
        return transport

    peer.open = open_and_fall  # type: ignore[method-assign]
    async with polled(peer, Asking(b"a")):
        start = now()
        await until(lambda: peer.openings >= 5)
        assert now() - start >= 0.1


async def test_a_stream_is_heard_and_nothing_is_sent() -> None:
    peer = Peer()
    async with polled(peer, Hearing()) as bench:
        await until(lambda: peer.openings)
        await asyncio.sleep(0)
        for weight in (b"1.0", b"2.0", b"3.0"):
            peer.say(weight + b"\r\n")
        await until(lambda: [one for one in bench.readings if one.error is None])
    shown = [str(one.indications[0].value) for one in bench.readings if one.error is None]
    assert shown[-1] == "3.0"
    assert peer.asked == []


def failing(name: bytes, error: BaseException) -> Driver:
    @dataclass(frozen=True)
    class Fails(Asking):
        async def read(self, port: Port) -> Sequence[Indication]:
            raise error

    return Fails(name)


async def test_a_driver_that_cancels_itself_ends_nothing() -> None:
    bad = failing(b"bad", asyncio.CancelledError())
    async with polled(all_but(), bad, Asking(b"b")) as bench:
        await until(lambda: len(bench.of("bad")) >= 2 and len(bench.of("b")) > 3)
    assert isinstance(bench.of("bad")[0].error, DriverFault)


async def test_a_line_that_a_driver_calls_lost_is_opened_again_with_back_off() -> None:
    peer = all_but()
    async with polled(peer, failing(b"bad", PortLost("gone")), Asking(b"b")) as bench:
        start = now()
        await until(lambda: peer.openings >= 4)
        assert now() - start >= 0.04
    told = [one.error for one in bench.of("b")]
    assert None in told
    assert any(isinstance(error, PortLost) for error in told)


async def test_a_value_that_is_no_decimal_is_a_fault_of_the_driver() -> None:
    @dataclass(frozen=True)
    class Floats(Asking):
        async def read(self, port: Port) -> Sequence[Indication]:
            return [Indication(value=20.0, unit=Unit.KG)]  # type: ignore[arg-type]

    async with polled(all_but(), Floats(b"a")) as bench:
        await until(lambda: bench.readings)
    assert "weight is 20.0; allowed: a finite Decimal" in str(bench.readings[0].error)


async def test_a_listener_that_fails_at_once_leaves_the_loop_to_others() -> None:
    @dataclass(frozen=True)
    class Deaf(Hearing):
        async def listen(self, port: Port) -> Sequence[Indication]:
            raise BadFrame("a line", b"?")

    turns = 0
    async with polled(Peer(), Deaf()) as bench:
        await until(lambda: bench.readings)
        start = now()
        while now() - start < 0.2:
            await asyncio.sleep(0)
            turns += 1
    assert turns > 100
    assert len(bench.readings) < 20


async def test_a_burst_that_waits_in_the_buffer_leaves_the_loop_to_others() -> None:
    peer, turns = Peer(), 0
    async with polled(peer, Hearing()) as bench:
        await until(lambda: peer.openings)
        await asyncio.sleep(0)
        peer.say(b"1.0\r\n" * 2000)
        while len([one for one in bench.readings if one.error is None]) < 1000:
            await asyncio.sleep(0)
            turns += 1
    assert turns > 500
