"""Whether another client is connected as this station: each throws the other one out. No I/O.

MQTT 5 has a reason code for it (0x8E), which mosquitto 2.0.11 does not send. But who comes back
and finds a birth or will of another session than its own has met its double.
"""

import json
from dataclasses import dataclass

TOPIC = ("status",)


@dataclass(slots=True)
class Double:
    """Reads the station's own topic `status`; `met` once somebody else has written there."""

    session: int
    met: bool = False

    def hear(self, payload: bytes, *, retained: bool, born: bool) -> bool:
        """Return whether a message shows a double; `born` once the broker had a birth of ours.

        Before that a retained one may be that of the daemon before this one.
        """
        if retained and not born:
            return False
        try:
            found = json.loads(payload)
            other = found["session"] != self.session and (retained or found["online"])
        except (ValueError, TypeError, KeyError, RecursionError):
            return False
        self.met = self.met or bool(other)
        return bool(other)
