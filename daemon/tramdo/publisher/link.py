"""The connection that the station file asks for: who we are, how it is encrypted, our will."""

import ssl
from pathlib import Path

import aiomqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from tramdo.credentials import secret
from tramdo.mqtt import Connection
from tramdo.publisher.envelope import Letter
from tramdo.settings.station import Mqtt

CONNECT_LIMIT = 10.0
WILL_DELAY = 30


def connection(
    settings: Mqtt, folder: Path, station: str, gone: Letter, context: ssl.SSLContext | None
) -> Connection:
    """Return a connection, not opened; `gone` is what the broker says when it has lost us.

    Raises `BadCredential` where the password's file cannot be used.
    """
    five = settings.version == "5"
    return Connection(
        settings.host,
        settings.port,
        identifier=f"tramdo-{station}",
        username=settings.user,
        password=secret(settings.password_file, folder) if settings.password_file else None,
        protocol=aiomqtt.ProtocolVersion.V5 if five else aiomqtt.ProtocolVersion.V311,
        will=aiomqtt.Will(
            gone.topic,
            gone.payload,
            1,
            retain=True,
            properties=_will_properties() if five else None,
        ),
        properties=_session_properties() if five else None,
        timeout=CONNECT_LIMIT,
        keepalive=settings.keepalive_s,
        tls_context=context,
    )


def _session_properties() -> Properties:
    """Let the session outlive the connection as long as the will waits: both end together."""
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    properties.SessionExpiryInterval = WILL_DELAY
    return properties


def _will_properties() -> Properties:
    properties = Properties(PacketTypes.WILLMESSAGE)  # type: ignore[no-untyped-call]
    properties.WillDelayInterval = WILL_DELAY
    return properties
