"""The file of a central server as pydantic models: the one place where its keys are documented."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from tramdo.settings.station import TableOf, Tls
from tramdo.settings.values import Flag, Name, Number, Table, Text, Whole

ALL_STATIONS = "+"
Kind = Literal["alert", "finding", "silence", "gap", "security"]
DEFAULT_KINDS: tuple[Kind, ...] = ("alert", "finding", "silence")


def _several(value: Any) -> Any:
    """Take "+" for no names at all, which is every station."""
    if value == ALL_STATIONS:
        return ()
    if not isinstance(value, list) or not value:
        raise PydanticCustomError("stations", 'is empty, or neither "+" nor a list of station ids')
    return tuple(value)


def _listed(value: Any) -> Any:
    if not isinstance(value, list | tuple) or not value:
        raise PydanticCustomError("words", "is empty, or no list")
    return tuple(value)


Stations = Annotated[tuple[Name, ...], BeforeValidator(_several)]
Words = Annotated[tuple[Text, ...], BeforeValidator(_listed)]
Kinds = Annotated[tuple[Kind, ...], BeforeValidator(_listed)]


class Mqtt(Table):
    """The broker that the stations publish to; it must speak MQTT 5."""

    host: Text = Field(description="Name or IP address of the broker.")
    port: Whole = Field(
        1883,
        ge=1,
        le=65535,
        description="TCP port of the broker, 1 to 65535 (default 1883; with TLS usually 8883).",
    )
    user: Text | None = Field(None, description="User name at the broker (default: none).")
    password_file: Text | None = Field(
        None,
        description="File that holds the password and nothing else, readable by its owner only; "
        'a relative path starts at this file\'s folder, and "credential:NAME" is a systemd '
        "credential (default: none).",
    )
    share: Name | None = Field(
        None,
        description="Name of the group of receivers that share the events, each on the same "
        "ledger: small letters, digits and hyphens, 1 to 32 of them (default: none, one receiver).",
    )
    stations: Stations = Field(
        (),
        description='Which stations to receive: "+" for all, or a list of station ids, each of '
        'small letters, digits and hyphens (default "+").',
    )
    tls: Tls | None = Field(
        None, description="Encryption, the table [mqtt.tls] (default: none, sent in the clear)."
    )


class LedgerSettings(Table):
    """Where events are kept."""

    url: Text = Field(
        "central.db",
        description="A file for SQLite, a relative path starting at this file's folder, or "
        "postgresql://user@host/database without a password (default central.db).",
    )
    password_file: Text | None = Field(
        None,
        description="File that holds the PostgreSQL user's password and nothing else, readable "
        "by its owner only (default: none).",
    )


class KeySettings(Table):
    """The enrolled public keys of stations."""

    folder: Text = Field(
        "keys",
        description="Folder of public keys, STATION.pub or STATION.LABEL.pub, looked at again "
        "when it changes; a relative path starts at this file's folder (default keys).",
    )
    only_enrolled: Flag = Field(
        True,
        description="Whether events of stations without an enrolled key are turned away, neither "
        "kept nor acknowledged (default true).",
    )


class Forward(Table):
    """Where alerts go; what is not taken is offered again until it is."""

    kind: Literal["stdout", "webhook", "command"] = Field(
        description="How they go: stdout (a line each), webhook (a POST of JSON to url) or "
        "command (a program with JSON on its standard input)."
    )
    url: Text | None = Field(
        None, description="Address of a webhook, http:// or https:// (default: none)."
    )
    command: Words | None = Field(
        None,
        description="The program of a command and its arguments in a list, without a shell "
        "(default: none).",
    )
    kinds: Kinds = Field(
        DEFAULT_KINDS,
        description="What goes there, in a list: alert, finding (a record that is wrong), silence, "
        "gap and security (default alert, finding, silence).",
    )
    timeout_s: Number = Field(
        10,
        ge=1,
        le=300,
        description="How long one delivery may take in seconds, 1 to 300 (default 10).",
    )


class Silence(Table):
    """When a station counts as silent."""

    after_s: Number = Field(
        900,
        ge=1,
        le=31_536_000,
        description="How long nothing may be heard of a station in seconds, 1 to 31536000 "
        "(default 900); one that is said to be offline is silent at once.",
    )


class Central(Table):
    """A whole file of a central server."""

    mqtt: Mqtt = Field(description="The broker.")
    ledger: LedgerSettings = Field(
        LedgerSettings(), description="Where events are kept (default: its defaults)."
    )
    keys: KeySettings = Field(KeySettings(), description="Enrolled keys (default: its defaults).")
    forwards: tuple[Forward, ...] = Field((), alias="forward", description="Where alerts go.")
    silence: Silence = Field(
        Silence(), description="When a station is silent (default: its defaults)."
    )


TABLES: dict[tuple[str, ...], TableOf] = {
    (): TableOf("the file", Central),
    ("mqtt",): TableOf("[mqtt]", Mqtt),
    ("mqtt", "tls"): TableOf("[mqtt.tls]", Tls),
    ("ledger",): TableOf("[ledger]", LedgerSettings),
    ("keys",): TableOf("[keys]", KeySettings),
    ("forward",): TableOf("[[forward]]", Forward),
    ("silence",): TableOf("[silence]", Silence),
}
