"""What a station's gap events declare about its record: numbers gone, new epochs. No I/O."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from tramdo.proof.chain import Link
from tramdo.proof.keys import Verifier

GAP = "gap"
_MARK = b'"kind":"gap"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Numbers `first` to `last`, said to be gone, with the chain values before and after them.

    `after` None: it is not declared; `by` is the number of the event that says so.
    """

    first: int
    last: int
    before: bytes
    after: bytes | None
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """Why an epoch began; `parent` is the epoch that it goes on from after number `upto`."""

    why: str
    parent: str = ""
    upto: int = 0

    @property
    def afresh(self) -> bool:
        """Whether it began in a new file, with number 1."""
        return not self.parent


@dataclass(frozen=True, slots=True, kw_only=True)
class _Said:
    proven: bool | None
    runs: tuple[Run, ...]
    begun: Begun | None


class Declared:
    """What signed gap events say, each taken once; what a bad signature says does not count."""

    def __init__(self, verifier: Verifier | None) -> None:
        self.verifier = verifier
        self._said: dict[tuple[str, int], _Said] = {}

    def survey(self, wires: Iterable[bytes]) -> "Declared":
        """Take the gap events among these, quickly passing by all others."""
        for wire in wires:
            if isinstance(wire, bytes) and _MARK in wire:
                try:
                    self.take(Link.of(wire))
                except ValueError:
                    continue
        return self

    def take(self, link: Link) -> None:
        """Take what an event declares, where it is a signed gap event that names its place."""
        if link.kind != GAP or link.signature is None or link.previous is None:
            return
        if (link.epoch, link.seq) in self._said:
            return
        said = _Said(
            proven=self._proven(link, link.signature, link.value(link.previous)),
            runs=tuple(_runs(link)),
            begun=_begun(link.body),
        )
        if said.runs or said.begun:
            self._said[link.epoch, link.seq] = said

    def _proven(self, link: Link, signature: bytes, value: bytes) -> bool | None:
        if self.verifier is None:
            return None
        try:
            return self.verifier.proves(link.station, link.epoch, link.seq, value, signature)
        except ValueError:  # a name that has no UTF-8
            return False

    def trust(self) -> None:
        """Take every signed declaration at its word: there is no key that could prove one."""
        for key, said in self._said.items():
            self._said[key] = _Said(proven=None, runs=said.runs, begun=said.begun)

    def begun(self, epoch: str) -> Begun | None:
        """Return why an epoch began; None where nothing proven says so."""
        return next((s.begun for e, s in self._believed() if e == epoch and s.begun), None)

    def parents(self) -> Iterator[Begun]:
        """Yield how each epoch began that goes on from another one."""
        return (s.begun for _, s in self._believed() if s.begun and s.begun.parent)

    def runs(self) -> Iterator[tuple[str, Run]]:
        """Yield the runs said to be gone, each with the epoch of the event that says so."""
        return ((epoch, run) for epoch, said in self._believed() for run in said.runs)

    def value_after(self, epoch: str, seq: int) -> bytes | None:
        """Return the chain value that a run ending with this number is said to leave."""
        return next((r.after for e, r in self.runs() if (e, r.last) == (epoch, seq)), None)

    def _believed(self) -> Iterator[tuple[str, _Said]]:
        return ((key[0], said) for key, said in self._said.items() if said.proven is not False)


def _runs(link: Link) -> Iterator[Run]:
    """Yield what a gap event says is gone; what is not written as we write it is left out."""
    listed = link.body.get("shed")
    for one in listed if isinstance(listed, list) else []:
        try:
            first, last = one["from"], one["to"]
            before, after = bytes.fromhex(one["before"]), bytes.fromhex(one["after"])
        except (KeyError, TypeError, ValueError):
            continue
        if _number(first) and _number(last) and first <= last:
            by = f"{link.epoch}.{link.seq}"
            yield Run(first=first, last=last, before=before, after=after, by=by)


def _begun(body: dict[str, Any]) -> Begun | None:
    if isinstance(name := body.get("damaged_file_kept_as"), str):
        return Begun(why=f"the file before it was damaged and is kept as {name!a}")
    try:
        why, before = body["began"]["why"], body["began"]["before"]
        parent, upto = before["epoch"], before["upto"]
    except (KeyError, TypeError):
        return None
    if not (isinstance(parent, str) and parent and (_number(upto) or upto == 0)):
        return None
    return Begun(
        why=f"{why!s:.100}".encode("ascii", "backslashreplace").decode(),
        parent=parent,
        upto=int(upto),
    )


def _number(value: Any) -> bool:
    return type(value) is int and value >= 1
