"""The station's own record: queued, committed by one writer, chained, signed, bounded.

`recorder` brings an event from `queue` to `store` (`schema`, `sealing`); `marks` say who has it;
`housekeeping` gives up what is too much (`bounds`, `shedding`, `ballast`) and counts the `wear`.
"""

from tramdo.journal.journal import Journal
from tramdo.journal.rows import URGENT, Row, Stored, Stream
from tramdo.journal.store import Store

__all__ = ["URGENT", "Journal", "Row", "Store", "Stored", "Stream"]
