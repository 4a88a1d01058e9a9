"""To the other side: the picture now, every event until somebody has it, and what is heard.

`publisher` keeps one connection (`link`; how it ends is in `endings`). Over it `show` puts what
is true now, and `drain` empties the journal: by `lanes`, in a `window`, at a `pace`, addressed by
`envelope`. What comes back goes through `hearing` to `acknowledgements`, `resends` and `double`;
`unacknowledged` knows what a central has not confirmed yet.
"""

from tramdo.publisher.publisher import Publisher

__all__ = ["Publisher"]
