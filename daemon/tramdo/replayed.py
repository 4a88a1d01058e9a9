"""What a driver makes of a recording (`tramdo.wirefile`)."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import accumulate, pairwise

from tramdo.driver import Driver
from tramdo.offline import Decoded, decode
from tramdo.port import CLEAN_START, Exchange
from tramdo.wirefile import Chunk, Recorded, Session


def replayed(driver: Driver, recorded: Recorded) -> Iterator[Decoded]:
    """Yield each reading of a driver; `at` in seconds since the recording's start.

    A listening driver hears all that was heard. A polled one gets what came after each request;
    where the recording has no requests, what was heard answers one question after the other.
    """
    for session in recorded.sessions:
        if hasattr(driver, "listen"):
            yield from _listened(driver, session)
        elif exchanges := _exchanges(session.chunks):
            yield from decode(driver, exchanges)
        else:
            yield from _answers(driver, session.chunks)


def _listened(driver: Driver, session: Session) -> list[Decoded]:
    heard = [Exchange(at, b"", octets, "") for at, sent, octets in session.chunks if not sent]
    clean = bool(heard) and heard[0].at - session.at > CLEAN_START
    return decode(driver, heard, aligned=clean)


def _exchanges(chunks: Sequence[Chunk]) -> list[Exchange]:
    """Return each request with what was heard after it; what came before the first is no answer."""
    begins = [n for n, chunk in enumerate(chunks) if chunk.sent]
    found = []
    for begin, end in pairwise([*begins, len(chunks)]):
        received = b"".join(chunk.octets for chunk in chunks[begin + 1 : end])
        found.append(Exchange(chunks[end - 1].at, chunks[begin].octets, received, ""))
    return found


def _answers(driver: Driver, chunks: Sequence[Chunk]) -> Iterator[Decoded]:
    begins = [0, *accumulate(len(chunk.octets) for chunk in chunks)][:-1]
    for one in decode(driver, b"".join(chunk.octets for chunk in chunks)):
        last = max(one.offset, one.offset + one.used - 1)
        yield replace(one, at=chunks[bisect_right(begins, last) - 1].at)
