"""The station file as pydantic models: the one place where its keys are documented.

Each field's description states unit, range and default; messages, JSON Schema and key table
are made of it.
"""

from typing import Literal, NamedTuple

from pydantic import Field
from pydantic.fields import FieldInfo

from tramdo.settings.instruments import (
    CheckSettings,
    InstrumentSettings,
    Reference,
    WeighingRange,
)
from tramdo.settings.ports import Port, Rfc2217Port, SerialPort, TcpPort
from tramdo.settings.values import Endpoint, Flag, Name, Number, Table, Text, Whole

__all__ = [
    "TABLES",
    "CheckSettings",
    "InstrumentSettings",
    "Journal",
    "Live",
    "Mqtt",
    "Port",
    "Reference",
    "Rfc2217Port",
    "SerialPort",
    "Station",
    "StationInfo",
    "TableOf",
    "TcpPort",
    "Tls",
    "WeighingRange",
    "keys",
]


class StationInfo(Table):
    """The station itself."""

    id: Name = Field(
        description="The station's name in every topic and event: small letters, digits and "
        "hyphens, 1 to 32 of them."
    )
    place: Text = Field(description="Where it stands, for people.")
    language: Literal["vi", "en"] = Field(
        "vi", description="Language of page and terminal: vi or en (default vi)."
    )
    unknown_frames: Whole = Field(
        200,
        ge=0,
        le=10_000,
        description="How many frames that nobody understood are kept for each instrument in the "
        "folder unknown beside the journal, 0 to 10000, 0 for none (default 200).",
    )


class Tls(Table):
    """Encryption towards the broker; a table without keys trusts the system's authorities.

    TLS 1.2 or newer, the broker's name is checked. Relative paths start at the station file's
    folder; "credential:NAME" is the file NAME that systemd gives the service (LoadCredential).
    """

    ca_file: Text | None = Field(
        None,
        description="File with the authority that signed the broker's certificate, in PEM "
        "(default: those of the system).",
    )
    cert_file: Text | None = Field(
        None,
        description="File with the station's own certificate in PEM, those between it and the "
        "authority after it; its common name is the station's id (default: none).",
    )
    key_file: Text | None = Field(
        None,
        description="File with the key of that certificate, readable by its owner only "
        "(chmod 600), without a passphrase (default: it stands in cert_file).",
    )


class Mqtt(Table):
    """The broker; without this table events stay in the journal."""

    host: Text = Field(description="Name or IP address of the broker.")
    port: Whole = Field(
        1883,
        ge=1,
        le=65535,
        description="TCP port of the broker, 1 to 65535 (default 1883; with TLS usually 8883).",
    )
    version: Literal["5", "3.1.1"] = Field(
        "5", description='MQTT version in quotes: "5" or "3.1.1" (default "5").'
    )
    user: Text | None = Field(
        None, description="User name at the broker, usually the station's id (default: none)."
    )
    password_file: Text | None = Field(
        None,
        description="File that holds the password and nothing else; a relative path starts at "
        "the station file's folder (default: none).",
    )
    keepalive_s: Whole = Field(
        30,
        ge=5,
        le=3600,
        description="Keep-alive in whole seconds, 5 to 3600 (default 30).",
    )
    commands: Flag = Field(
        False,
        description="Whether guided checks may be driven by MQTT messages to "
        "tramdo/v1/{station}/cmd/check (default false).",
    )
    max_in_flight: Whole = Field(
        16,
        ge=1,
        le=16,
        description="How many events may wait for the broker's acknowledgement, 1 to 16 "
        "(default 16).",
    )
    state_every_s: Number = Field(
        30,
        gt=0,
        le=86_400,
        description="Longest time between two retained pictures of an instrument in seconds, "
        "above 0 and up to 86400 (default 30).",
    )
    promise: Literal["auto", "central", "broker"] = Field(
        "auto",
        description="Whose word makes an event count as delivered: central (tramdo-central says "
        "what it has stored), broker (its PUBACK, where nobody else acknowledges) or auto, which "
        "is broker until a central has been heard once (default auto).",
    )
    resend_after_s: Number = Field(
        60,
        gt=0,
        le=900,
        description="How long the central may take to acknowledge before events are sent again, "
        "in seconds, above 0 and up to 900; doubled each time in vain, up to 900 (default 60).",
    )
    backlog_per_s: Whole = Field(
        200,
        ge=1,
        le=10_000,
        description="How many events at most are sent in a second, such as after an outage, 1 to "
        "10000 (default 200).",
    )
    tls: Tls | None = Field(
        None, description="Encryption, the table [mqtt.tls] (default: none, sent in the clear)."
    )


class Journal(Table):
    """The file in which events are recorded."""

    path: Text = Field(
        "tramdo.db",
        description="The journal's file; a relative path starts at the station file's folder "
        "(default tramdo.db).",
    )
    commit_every_s: Number = Field(
        1.0,
        gt=0,
        le=60,
        description="How long readings may wait to be written together, in seconds, above 0 and "
        "up to 60 (default 1.0); checks and alerts never wait.",
    )
    max_mb: Whole = Field(
        256,
        ge=32,
        le=1_000_000,
        description="The most that the journal may take on the disk in megabytes, 32 to 1000000 "
        "(default 256); the oldest readings go first, checks and alerts last.",
    )
    readings_days: Whole | None = Field(
        None,
        ge=1,
        le=36_500,
        description="After how many days readings that the other side has are given up, 1 to "
        "36500 (default: only when max_mb is reached).",
    )
    key_file: Text | None = Field(
        None,
        description="File with the key that signs the record; a relative path starts at the "
        'station file\'s folder, "credential:NAME" is one of systemd (default: beside the '
        "journal with the ending .key; made at the first start).",
    )


class Live(Table):
    """The live page."""

    enabled: Flag = Field(True, description="Whether the page is served (default true).")
    listen: Endpoint = Field(
        "127.0.0.1:8085",
        description='Address and TCP port of the page, "host:port" (default "127.0.0.1:8085", '
        "seen from this computer only).",
    )


class Station(Table):
    """A whole station file; the tables keep the order in which they stand there."""

    station: StationInfo = Field(description="The station itself.")
    ports: tuple[Port, ...] = Field((), alias="port", description="The lines.")
    instruments: tuple[InstrumentSettings, ...] = Field(
        (), alias="instrument", description="The measuring instruments."
    )
    references: tuple[Reference, ...] = Field(
        (), alias="reference", description="The check standards."
    )
    checks: tuple[CheckSettings, ...] = Field((), alias="check", description="The checks.")
    mqtt: Mqtt | None = Field(None, description="The broker (default: none).")
    journal: Journal = Field(Journal(), description="The journal (default: its defaults).")
    live: Live = Field(Live(), description="The live page (default: its defaults).")


class TableOf(NamedTuple):
    """A table's heading as the user types it, and its model."""

    heading: str
    model: type[Table]


TABLES: dict[tuple[str, ...], TableOf] = {
    (): TableOf("the station file", Station),
    ("station",): TableOf("[station]", StationInfo),
    ("port", "serial"): TableOf('[[port]] of kind "serial"', SerialPort),
    ("port", "tcp"): TableOf('[[port]] of kind "tcp"', TcpPort),
    ("port", "rfc2217"): TableOf('[[port]] of kind "rfc2217"', Rfc2217Port),
    ("instrument",): TableOf("[[instrument]]", InstrumentSettings),
    ("instrument", "ranges"): TableOf("ranges of an [[instrument]]", WeighingRange),
    ("reference",): TableOf("[[reference]]", Reference),
    ("check",): TableOf("[[check]]", CheckSettings),
    ("mqtt",): TableOf("[mqtt]", Mqtt),
    ("mqtt", "tls"): TableOf("[mqtt.tls]", Tls),
    ("journal",): TableOf("[journal]", Journal),
    ("live",): TableOf("[live]", Live),
}


def keys(model: type[Table]) -> dict[str, FieldInfo]:
    """Return a table's fields by the key that the user types."""
    return {field.alias or name: field for name, field in model.model_fields.items()}
