"""What a central was sent and has not said that it has. Pure: the time is given, in seconds."""

from dataclasses import dataclass, field

from tramdo.plan import BackOff

# Of what is urgent and of the rest each: neither may keep back the one that the central waits for.
MOST_OF_A_LANE = 500
LONGEST_WAIT = 900.0
MOST_COUNTED = 10_000


@dataclass(slots=True, kw_only=True)
class Unacknowledged:
    """How much may still be sent, and when to begin again: after `first`, then doubled each time.

    An acknowledgement says "all up to a number", and what is urgent is sent before older events:
    it stays unacknowledged until they have arrived. So whatever was sent before something that is
    now acknowledged counts as under way no more.

    A central that goes on to speak, and says the same after everything was sent again, waits for
    what is not to be had. Then sending again helps nobody, and new events go on at its pace.
    """

    first: float
    numbers: set[int] = field(default_factory=set)
    since: float = 0.0
    _under_way: dict[int, tuple[int, bool]] = field(default_factory=dict)
    _turn: int = 0
    _turn_heard: int = 0
    _in_vain: bool = False
    _speaks: bool = False
    _again: BackOff = field(init=False)

    def __post_init__(self) -> None:
        self._again = BackOff(first=self.first, limit=LONGEST_WAIT).failed()

    def room(self, *, urgent: bool) -> int:
        """Return how many more may be sent of what is urgent, or of the rest."""
        taken = sum(lane is urgent for _, lane in self._under_way.values())
        return max(0, MOST_OF_A_LANE - taken)

    def sent(self, seq: int, now: float, *, urgent: bool) -> None:
        """Note that the broker took an event."""
        if not self.numbers:
            self.since = now
        if len(self.numbers) < MOST_COUNTED:
            self.numbers.add(seq)
        self._turn += 1
        self._under_way[seq] = self._turn, urgent

    def covered(self, upto: int, now: float) -> None:
        """Note that the central has more than before, all up to a number."""
        turns = (turn for seq, (turn, _) in self._under_way.items() if seq <= upto)
        latest = max(turns, default=0)
        self._under_way = {
            seq: (turn, urgent)
            for seq, (turn, urgent) in self._under_way.items()
            if turn > latest and seq > upto
        }
        self.numbers = {one for one in self.numbers if one > upto}
        self._again = self._again.reset().failed()
        self._in_vain = self._speaks = False
        self.since = now

    def heard(self) -> None:
        """Note that the central says the same as before: it is there."""
        if self._in_vain:
            self._under_way = {
                seq: one for seq, one in self._under_way.items() if one[0] > self._turn_heard
            }
        self._turn_heard, self._speaks = self._turn, True

    def due(self, now: float) -> bool:
        """Return whether it is time to send again what was sent."""
        return self.wait_until is not None and now >= self.wait_until

    @property
    def wait_until(self) -> float | None:
        """When it will be due, None when nothing is unacknowledged or sending again is no use."""
        if not self.numbers or (self._in_vain and self._speaks):
            return None
        return self.since + self._again.delay

    def again(self, now: float) -> None:
        """Note that it is sent again."""
        self.numbers.clear()
        self._under_way.clear()
        self._again = self._again.failed()
        self._in_vain, self._speaks = True, False
        self.since = now

    def forget(self) -> None:
        """Begin afresh: another connection."""
        self.again(0.0)
        self._again = self._again.reset().failed()
        self._in_vain = False
