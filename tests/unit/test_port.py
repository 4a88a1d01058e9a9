"""A line and a dialogue over it, with a peer in memory."""

import asyncio

import pytest
from memory import Peer

from tramdo.errors import BadFrame, DriverFault, NoReply, PortLost
from tramdo.framing import Cut, by_length, by_line
from tramdo.port import KEPT_EXCHANGES, MOST_FRAMES_A_READ, Dialogue, Line

LINE = by_line()


def now() -> float:
    return asyncio.get_running_loop().time()


async def talk(peer: Peer, *, gap: float = 0.0, settle: float = 0.0) -> Dialogue:
    line = Line(name="test", opener=peer.open, gap=gap, settle=settle)
    await line.open()
    return Dialogue(line=line, timeout=0.05, clock=now)


async def test_an_exchange_sends_and_returns_one_frame() -> None:
    peer = Peer(lambda _: [(0, b"S S  1.0 g\r\n")])
    dialogue = await talk(peer)
    assert await dialogue.exchange(b"SI\r\n", LINE) == b"S S  1.0 g\r\n"
    assert peer.asked == [b"SI\r\n"]


async def test_a_frame_that_comes_byte_by_byte_is_put_together() -> None:
    reply = b"S S  1.0 g\r\n"
    peer = Peer(lambda _: [(i * 0.001, reply[i : i + 1]) for i in range(len(reply))])
    assert await (await talk(peer)).exchange(b"SI\r\n", LINE) == reply


async def test_silence_is_no_reply_and_half_a_frame_is_a_bad_frame_with_its_bytes() -> None:
    with pytest.raises(NoReply, match=r"no answer in 0\.05 s"):
        await (await talk(Peer())).exchange(b"SI\r\n", LINE)
    with pytest.raises(BadFrame) as caught:
        await (await talk(Peer(lambda _: [(0, b"S S  1")]))).exchange(b"SI\r\n", LINE)
    assert caught.value.frame == b"S S  1"


async def test_bytes_that_came_before_the_question_are_no_answer_to_it() -> None:
    peer = Peer(lambda _: [(0, b"new\r\n")])
    dialogue = await talk(peer)
    peer.say(b"old\r\n")
    assert await dialogue.exchange(b"?", LINE) == b"new\r\n"
    assert dialogue.line.stray == 5


async def test_after_a_missed_answer_the_line_must_fall_silent_first() -> None:
    """The late answer comes inside the quarantine and is thrown away."""
    answers = iter([[(0.08, b"late\r\n")], [(0, b"right\r\n")]])
    peer = Peer(lambda _: next(answers))
    dialogue = await talk(peer, settle=0.05)
    with pytest.raises(NoReply):
        await dialogue.exchange(b"1", LINE)
    assert await dialogue.exchange(b"2", LINE) == b"right\r\n"


async def test_a_line_that_never_falls_silent_is_an_error_not_a_wait_without_end() -> None:
    peer = Peer()
    dialogue = await talk(peer, gap=0.05)

    async def babble() -> None:
        while True:
            peer.say(b"x")
            await asyncio.sleep(0.01)

    task = asyncio.create_task(babble())
    with pytest.raises(NoReply, match="does not fall silent"):
        await dialogue.exchange(b"?", LINE)
    task.cancel()
    assert peer.asked == []


async def test_the_silence_before_a_request_is_kept_from_the_last_byte() -> None:
    spoken_at = []

    def answer(_: bytes) -> list[tuple[float, bytes]]:
        spoken_at.append(now())
        return [(0, b"ok\r\n")]

    dialogue = await talk(Peer(answer), gap=0.02)
    await dialogue.exchange(b"1", LINE)
    heard_at = dialogue.line.last_byte
    await dialogue.exchange(b"2", LINE)
    assert spoken_at[1] - heard_at >= 0.0199


async def test_an_instrument_gets_the_rest_it_needs() -> None:
    asked_at = []

    def answer(_: bytes) -> list[tuple[float, bytes]]:
        asked_at.append(now())
        return [(0, b"ok\r\n")]

    dialogue = await talk(Peer(answer))
    await dialogue.exchange(b"1", LINE, pause=0.03)
    await dialogue.exchange(b"2", LINE)
    assert asked_at[1] - asked_at[0] >= 0.0299


async def test_a_lost_line_ends_the_wait_at_once_and_says_why() -> None:
    peer = Peer()
    dialogue = await talk(peer)
    dialogue.timeout = 30
    asyncio.get_running_loop().call_later(0.01, peer.unplug)
    with pytest.raises(PortLost, match="unplugged"):
        await dialogue.exchange(b"?", LINE)
    with pytest.raises(PortLost, match="unplugged"):
        await dialogue.exchange(b"?", LINE)


async def test_the_last_exchanges_are_kept_and_no_more() -> None:
    dialogue = await talk(Peer(lambda sent: [(0, b"to " + sent + b"\r\n")]))
    for number in range(30):
        dialogue.begin()
        await dialogue.exchange(b"%d" % number, LINE)
    assert len(dialogue.exchanges) == KEPT_EXCHANGES
    last = dialogue.exchanges[-1]
    assert (last.sent, last.received, last.outcome) == (b"29", b"to 29\r\n", "ok")


async def test_a_driver_that_reads_without_end_is_stopped() -> None:
    dialogue = await talk(Peer(lambda _: [(0, b"ok\r\n")]))
    for _ in range(MOST_FRAMES_A_READ):
        await dialogue.exchange(b"?", LINE)
    with pytest.raises(DriverFault, match="128 frames"):
        await dialogue.exchange(b"?", LINE)


async def test_a_stream_joined_in_the_middle_loses_its_first_piece() -> None:
    peer = Peer()
    dialogue = await talk(peer)
    peer.say(b"45.6 g\r\nST,GS,   245.6 g\r\n")
    assert await dialogue.listen(LINE) == b"ST,GS,   245.6 g\r\n"
    assert peer.asked == []


async def test_a_stream_that_was_silent_at_first_keeps_its_first_frame() -> None:
    peer = Peer()
    dialogue = await talk(peer)
    dialogue.timeout = 5
    asyncio.get_running_loop().call_later(0.05, peer.say, b"ST,GS,   245.6 g\r\n")
    assert await dialogue.listen(LINE) == b"ST,GS,   245.6 g\r\n"


async def test_a_flood_of_bytes_is_bounded() -> None:
    peer = Peer()
    dialogue = await talk(peer)
    for _ in range(40):
        peer.say(bytes(4096))
    with pytest.raises(NoReply):
        await dialogue.exchange(b"?", by_length(8))
    assert dialogue.line.stray == 40 * 4096


async def test_a_framing_that_raises_is_a_fault_of_its_driver_and_the_line_goes_on() -> None:
    def broken(_: bytes) -> None:
        raise IndexError("out of range")

    dialogue = await talk(Peer(lambda _: [(0, b"ok\r\n")]))
    with pytest.raises(DriverFault, match="IndexError: out of range"):
        await dialogue.exchange(b"?", broken)
    assert await dialogue.exchange(b"?", LINE) == b"ok\r\n"


@pytest.mark.parametrize("used", [0, -1, 99])
async def test_a_framing_that_takes_nothing_or_too_much_is_a_fault_of_its_driver(used: int) -> None:
    peer = Peer(lambda _: [(0, b"ok\r\n")])
    dialogue = await talk(peer)
    with pytest.raises(DriverFault, match=f"the framing took {used} bytes"):
        await dialogue.exchange(b"?", lambda buffer: Cut(buffer, used))
    assert await dialogue.exchange(b"?", LINE) == b"ok\r\n"
