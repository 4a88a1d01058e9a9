"""The connection that the file of a central server asks for, and what is subscribed on it."""

import secrets
import ssl
from collections.abc import Iterator
from pathlib import Path

import aiomqtt
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from tramdo.credentials import secret
from tramdo.errors import PublishRefused
from tramdo.events import topic
from tramdo.mqtt import FIRST_REFUSAL
from tramdo.settings import station
from tramdo_central.intake import Intake
from tramdo_central.settings import ALL_STATIONS, Mqtt

CONNECT_LIMIT = 10.0
KEEPALIVE = 30
SHOWN = ("head", "status")


def intake(settings: Mqtt, folder: Path, context: ssl.SSLContext | None) -> Intake:
    """Return a connection, not opened, under a name of its own: receivers are many.

    Raises `BadCredential` where the password's file cannot be used.
    """
    return Intake(
        settings.host,
        settings.port,
        identifier=f"tramdo-central-{secrets.token_hex(6)}",
        username=settings.user,
        password=secret(settings.password_file, folder) if settings.password_file else None,
        protocol=aiomqtt.ProtocolVersion.V5,
        clean_start=True,
        timeout=CONNECT_LIMIT,
        keepalive=KEEPALIVE,
        tls_context=context,
    )


def as_station(settings: Mqtt) -> station.Mqtt:
    """Return what the station's words for a connection's end are made of."""
    return station.Mqtt(host=settings.host, port=settings.port, tls=settings.tls)


def topics(settings: Mqtt) -> Iterator[str]:
    """Yield what is subscribed: events shared where there is a group, the rest by everyone."""
    group = f"$share/{settings.share}/" if settings.share else ""
    for one in settings.stations or (ALL_STATIONS,):
        yield group + topic(one, "ev", "#")
        yield from (topic(one, what) for what in SHOWN)
        if group:
            yield topic(one, "ack")


async def subscribe(to: Intake, settings: Mqtt) -> None:
    """Subscribe; raises `PublishRefused` with the first topic that the broker denies."""
    for one in topics(settings):
        # noLocal may not stand on a shared subscription (MQTT 5, 3.8.3.1).
        options = SubscribeOptions(qos=1, noLocal=not one.startswith("$share/"))
        for code in await to.subscribe(one, options=options):
            value = code.value if isinstance(code, ReasonCode) else code
            if value >= FIRST_REFUSAL:
                raise PublishRefused(f"the broker denies {one} with reason 0x{value:02X}")
