"""A witness in front of a broker: every message that is published through it, and every will.

It reads along on the wire, because a subscriber would change what it hears of: a broker tells the
sender when nobody subscribes (0x10). What is encrypted passes unread.
"""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import NamedTuple

CONNECT, PUBLISH = 1, 3
TLS = 0x16
AT_A_TIME = 65_536


class Heard(NamedTuple):
    """A message as it was published; `attributes` are its user properties, sorted, or None."""

    topic: str
    payload: bytes
    qos: int
    retain: bool
    attributes: tuple[tuple[str, str], ...] | None


# What was published through the brokers of the test under way.
PUBLISHED: list[Heard] = []


@dataclass
class Stream:
    """The bytes of one MQTT connection towards the broker, taken apart into what they publish."""

    five: bool = False
    encrypted: bool = False
    _begun: bool = False
    _rest: bytearray = field(default_factory=bytearray)

    def feed(self, chunk: bytes) -> Iterator[Heard]:
        """Take some bytes; yield what they complete."""
        self.encrypted = self.encrypted or (not self._begun and chunk[0] == TLS)
        self._begun = True
        if self.encrypted:
            return
        self._rest += chunk
        while (cut := self._packet()) is not None:
            flags, body = cut
            if flags >> 4 == CONNECT:
                self.five = body[6] == 5
                yield from self._will(Fields(body))
            elif flags >> 4 == PUBLISH:
                yield self._published(flags, Fields(body))

    def _packet(self) -> tuple[int, bytes] | None:
        length, shift = 0, 0
        for at, octet in enumerate(self._rest[1:5], 2):
            length |= (octet & 0x7F) << shift
            shift += 7
            if octet < 0x80:
                if len(self._rest) < at + length:
                    return None
                packet = self._rest[0], bytes(self._rest[at : at + length])
                del self._rest[: at + length]
                return packet
        return None

    def _published(self, flags: int, fields: "Fields") -> Heard:
        topic, qos = fields.text(), flags >> 1 & 3
        if qos:
            fields.number(2)
        attributes = fields.attributes() if self.five else None
        return Heard(topic, fields.rest(), qos, bool(flags & 1), attributes)

    def _will(self, fields: "Fields") -> Iterator[Heard]:
        fields.text()
        fields.number(1)
        flags = fields.number(1)
        fields.number(2)
        if self.five:
            fields.attributes()
        fields.text()
        if flags & 4:
            attributes = fields.attributes() if self.five else None
            topic, payload = fields.text(), fields.octets(fields.number(2))
            yield Heard(topic, payload, flags >> 3 & 3, bool(flags & 0x20), attributes)


# Shapes of properties by id (MQTT 5, table 2-4): octets, "t" a text, "v" a variable number.
SHAPES = "1:1 2:4 3:t 8:t 9:t 11:v 17:4 21:t 22:t 23:1 24:4 25:1 33:2 34:2 35:2 38:tt 39:4"
SHAPE_OF = {int(number): shape for number, shape in (one.split(":") for one in SHAPES.split())}


class Fields:
    """The fields of a packet, one after the other (MQTT 5, 1.5)."""

    def __init__(self, octets: bytes) -> None:
        self._octets, self._at = octets, 0

    def octets(self, many: int) -> bytes:
        self._at += many
        return self._octets[self._at - many : self._at]

    def number(self, many: int) -> int:
        return int.from_bytes(self.octets(many), "big")

    def text(self) -> str:
        return self.octets(self.number(2)).decode(errors="backslashreplace")

    def rest(self) -> bytes:
        return self._octets[self._at :]

    def attributes(self) -> tuple[tuple[str, str], ...]:
        """Return the user properties among the properties that begin here."""
        length = self._variable()
        end, found = self._at + length, list[tuple[str, str]]()
        while self._at < end:
            shape = SHAPE_OF[self.number(1)]
            if shape == "tt":
                found.append((self.text(), self.text()))
            elif shape == "t":
                self.text()
            elif shape == "v":
                self._variable()
            else:
                self.octets(int(shape))
        return tuple(sorted(found))

    def _variable(self) -> int:
        length = shift = 0
        while (octet := self.number(1)) >= 0x80:
            length, shift = length | (octet & 0x7F) << shift, shift + 7
        return length | octet << shift


@dataclass
class Witness:
    """A relay from one loopback port to a broker's that notes what is published."""

    port: int
    _ends: list[socket.socket] = field(default_factory=list)

    def begin(self, broker: int) -> None:
        """Open the door to the broker that answers at this port of the loopback."""
        door = socket.create_server(("127.0.0.1", self.port))
        self._ends.append(door)
        _in_thread(self._welcome, door, broker)

    def end(self) -> None:
        """Close the door and every connection through it, as if nobody had ever been at home."""
        while self._ends:
            one = self._ends.pop()
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _welcome(self, door: socket.socket, broker: int) -> None:
        with suppress(OSError):
            while True:
                self._relay(door.accept()[0], broker)

    def _relay(self, near: socket.socket, broker: int) -> None:
        try:
            far = socket.create_connection(("127.0.0.1", broker))
        except OSError:
            near.close()
            return
        for one in (near, far):
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._ends.append(one)
        _in_thread(self._pump, near, far, Stream())
        _in_thread(self._pump, far, near, None)

    def _pump(self, source: socket.socket, sink: socket.socket, stream: Stream | None) -> None:
        with suppress(OSError):
            while chunk := source.recv(AT_A_TIME):
                if stream is not None:
                    PUBLISHED.extend(stream.feed(chunk))
                sink.sendall(chunk)
        with suppress(OSError):
            sink.shutdown(socket.SHUT_WR)


def _in_thread(work: Callable[..., None], *words: object) -> None:
    threading.Thread(target=work, args=words, daemon=True).start()
