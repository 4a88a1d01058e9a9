"""An event between its neighbours, while it is not yet known which of them is right. No I/O."""

from dataclasses import dataclass

from tramdo.proof.chain import GENESIS


@dataclass(slots=True, kw_only=True)
class Event:
    """What is remembered of an event until its neighbours have been seen.

    `signed`: its signature fits, does not, or None: cannot be judged; `kept`: the same for the
    chain value stored beside it; `fits`: the same for what the next event names. `since` is the
    first number from which a change would show here only.
    """

    epoch: str
    seq: int
    since: int
    previous: bytes | None
    value: bytes | None
    stored: bytes | None = None
    signed: bool | None = None
    bare: bool = False
    virtual: bool = False
    blamed: str = ""
    fits: bool | None = None

    @property
    def kept(self) -> bool | None:
        """Whether the stored chain value is that of its bytes."""
        if self.stored is None or self.value is None:
            return None
        return self.stored == self.value

    @property
    def shown_bad(self) -> bool:
        """Whether something other than a neighbour's word is against it."""
        return self.signed is False or self.kept is False


def start(epoch: str, seq: int = 0, value: bytes | None = GENESIS) -> Event:
    """Return what stands before the first event: nothing, or the end of another epoch."""
    return Event(
        epoch=epoch, seq=seq, since=seq, previous=None, value=value, signed=True, virtual=True
    )
