"""What ordinary traffic shows between checks: pure states, no clock. No I/O."""

from tramdo.passive.amount import Amounts
from tramdo.passive.counter import Registered
from tramdo.passive.creep import Creep
from tramdo.passive.frozen import FrozenMotion, FrozenNoise
from tramdo.passive.left import LeftLoad
from tramdo.passive.signal import Part, Signal
from tramdo.passive.stuck import StuckVolume
from tramdo.passive.totals import Totals
from tramdo.passive.watch import Watch
from tramdo.passive.zero import ZeroReturns

__all__ = [
    "Amounts",
    "Creep",
    "FrozenMotion",
    "FrozenNoise",
    "LeftLoad",
    "Part",
    "Registered",
    "Signal",
    "StuckVolume",
    "Totals",
    "Watch",
    "ZeroReturns",
]
