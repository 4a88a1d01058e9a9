"""Why a connection ended or never began, as a named state and a sentence; how long to stay away."""

import random
import ssl
from collections.abc import Iterator
from pathlib import Path

import aiomqtt
from paho.mqtt.reasoncodes import ReasonCode

from tramdo import tls
from tramdo.credentials import BadCredential
from tramdo.errors import BrokerAway
from tramdo.plan import BackOff
from tramdo.settings.station import Mqtt

TAKEN = (
    "client_id_taken",
    "another client connects as this station: an id in [station] is used twice, or tramdo is",
)
TAKEN_OVER = 0x8E
NOT_AUTHORISED = {0x86, 0x87}
# Longer than two stations of one name leave each other alone.
STEADY = 60.0
STEADY_AFTER_TAKEN = 900.0


async def named(
    error: BaseException,
    settings: Mqtt,
    folder: Path,
    context: ssl.SSLContext | None,
) -> tuple[str, str]:
    """Return the state and the cause of the end of a connection."""
    first = telling(error)
    match first:
        case aiomqtt.exceptions.MqttConnectError() if _code(first) in NOT_AUTHORISED:
            found = "not_authorised", f"{first}; see user and password_file in [mqtt]"
        case tls.TlsFault():
            found = first.state, str(first)
        case aiomqtt.MqttError() | BrokerAway() | OSError():
            own = tls.own_certificate(settings.tls, folder) if settings.tls else None
            found = await tls.why(first, settings.host, settings.port, context, own)
        case UnicodeError():
            found = "away", f"{settings.host!r} is no name of a host: {first}"
        case BadCredential():
            found = "fault", str(first)
        case _:
            found = "fault", f"{type(first).__name__}: {first}"
    return found


def telling(error: BaseException) -> BaseException:
    """Return the error that says most of those that came together: a fault before an end."""
    found = list(_leaves(error))
    ends = (aiomqtt.MqttError, BrokerAway)
    return next((one for one in found if not isinstance(one, ends)), found[0])


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for one in error.exceptions:
            yield from _leaves(one)
    else:
        yield error


def _code(error: aiomqtt.exceptions.MqttConnectError) -> int:
    return error.rc.value if isinstance(error.rc, ReasonCode) else error.rc or 0


class Patience:
    """How long to stay away: doubled with each failure, begun anew after real progress only.

    A broker that takes connections and nothing else is no progress; and where two clients have
    one id, each gets something through before the other one throws it out.
    """

    def __init__(self) -> None:
        self._away = BackOff(first=1.0, limit=60.0)
        self._taken = BackOff(first=10.0, limit=300.0)

    def progress(self) -> None:
        """Note that the other side has more than before."""
        self._away = self._away.reset()

    def after(self, state: str, lasted: float) -> float:
        """Return the seconds to wait after a connection that lasted so long ended in a state."""
        if lasted > STEADY:
            self._away = self._away.reset()
        if lasted > STEADY_AFTER_TAKEN:
            self._taken = self._taken.reset()
        if state == TAKEN[0]:
            self._taken = self._taken.failed()
            delay = self._taken.delay
        else:
            self._away = self._away.failed()
            delay = self._away.delay
        # Stations that lost one broker together do not come back together.
        return delay * random.uniform(0.75, 1.25)
