"""The `[[port]]` tables: a serial line, a TCP connection, a serial line behind RFC 2217."""

from typing import Annotated, Literal

from pydantic import Field

from tramdo.settings.values import Flag, Name, Number, Table, Text, Whole

Format = Literal["8N1", "7E1", "8E1", "8O1", "7E2", "7O1", "7N2", "8N2"]


class _Port(Table):
    name: Name = Field(
        description="What instruments call this port: small letters, digits and hyphens, "
        "1 to 32 of them."
    )
    settle_ms: Number = Field(
        50,
        ge=0,
        le=10_000,
        description="Silence wanted after a missed answer in milliseconds, 0 to 10000 "
        "(default 50).",
    )
    record: Text | None = Field(
        None,
        description="File in which every byte on this line is recorded, for `tramdo replay`; a "
        "relative path starts at the journal's folder (default: none).",
    )
    record_max_mb: Whole = Field(
        10,
        ge=1,
        le=10_000,
        description="The most that the recording may take in megabytes, its oldest half given up "
        "when it is full, 1 to 10000 (default 10).",
    )


class _Line(_Port):
    baud: Whole = Field(
        9600,
        ge=50,
        le=4_000_000,
        description="Line speed in baud, any whole number from 50 to 4000000 (default 9600).",
    )
    format: Format = Field(
        "8N1",
        description="Data bits, parity and stop bits: 8N1, 7E1, 8E1, 8O1, 7E2, 7O1, 7N2 or 8N2 "
        "(default 8N1).",
    )
    gap_ms: Number | None = Field(
        None,
        ge=0,
        le=10_000,
        description="Silence before a request in milliseconds, 0 to 10000 (default: the time of "
        "3.5 characters, 1.75 above 19200 baud).",
    )


class SerialPort(_Line):
    """A serial line of this computer; it is locked, so no other program can use it meanwhile."""

    kind: Literal["serial"] = Field(
        description='How it is reached: serial, tcp or rfc2217 (here "serial").'
    )
    path: str = Field(
        pattern=r"^/",
        description="The line's file, best the one under /dev/serial/by-id or "
        "/dev/serial/by-path, whose name survives unplugging.",
    )
    xonxoff: Flag = Field(
        False, description="Software flow control, true or false (default false)."
    )
    dtr_low: Flag = Field(
        False,
        description="Whether DTR and RTS stay low, for indicators that restart when the port is "
        "opened, true or false (default false).",
    )


class _Remote(Table):
    host: Text = Field(description="Name or IP address of the converter or instrument.")
    tcp_port: Whole = Field(ge=1, le=65535, description="TCP port, 1 to 65535.")


class TcpPort(_Remote, _Port):
    """A raw TCP connection to an instrument or a converter."""

    kind: Literal["tcp"] = Field(
        description='How it is reached: serial, tcp or rfc2217 (here "tcp").'
    )
    gap_ms: Number = Field(
        0,
        ge=0,
        le=10_000,
        description="Silence before a request in milliseconds, 0 to 10000 (default 0).",
    )


class Rfc2217Port(_Remote, _Line):
    """A serial line behind a converter that speaks RFC 2217 and sets the line itself."""

    kind: Literal["rfc2217"] = Field(
        description='How it is reached: serial, tcp or rfc2217 (here "rfc2217").'
    )


Port = Annotated[SerialPort | TcpPort | Rfc2217Port, Field(discriminator="kind")]
