"""The server side of Modbus, read-only: functions 1, 3 and 4, RTU and TCP frames.

Sources: Modbus Application Protocol 1.1b3 (PDUs, exception codes), Modbus over Serial Line 1.02
(CRC), Messaging on TCP/IP 1.0b (MBAP); edition numbers from memory, unverified.
"""

import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tramdo_simulators.witness import Served, Witness

Bank = Callable[[int, float], int | None]
"""The 16-bit register at a wire address (from 0) and a simulated second, None where none is.

Coils stand beyond the registers: coil n at `COILS` + n.
"""

COILS = 0x10000

ILLEGAL_FUNCTION, ILLEGAL_ADDRESS, ILLEGAL_VALUE, BUSY, NO_TARGET = 1, 2, 3, 6, 11
WRITES = frozenset({5, 6, 15, 16, 21, 22, 23})
_LENGTHS = dict.fromkeys(range(1, 7), 8)


@dataclass(slots=True)
class Unit:
    """One server on a line: its registers, the most it reads at once, seconds to answer.

    Set `exception` to make it answer every request with that code (6 busy, 11 no target).
    """

    bank: Bank
    most: int = 125
    delay: float = 0.0
    exception: int | None = None


def crc16(octets: bytes) -> bytes:
    """Return the CRC-16 of an RTU frame, low byte first."""
    crc = 0xFFFF
    for octet in octets:
        crc ^= octet
        for _ in range(8):
            crc = (crc >> 1) ^ (0xA001 if crc & 1 else 0)
    return struct.pack("<H", crc)


def rtu_frame(unit: int, pdu: bytes) -> bytes:
    """Return a PDU as an RTU frame."""
    body = bytes([unit]) + pdu
    return body + crc16(body)


def coils_pdu(coils: Sequence[int]) -> bytes:
    """Return the PDU that carries coils as an answer."""
    size = (len(coils) + 7) // 8
    bits = sum(coil << index for index, coil in enumerate(coils))
    return bytes((1, size)) + bits.to_bytes(size, "little")


def registers_pdu(registers: Sequence[int], function: int = 3) -> bytes:
    """Return the PDU that carries registers as an answer."""
    return struct.pack(f">BB{len(registers)}H", function, 2 * len(registers), *registers)


class Modbus:
    """Several units behind one line: PDU in, PDU out; writing is refused and counted."""

    def __init__(self, units: Mapping[int, Unit]) -> None:
        self.units = dict(units)
        self.witness = Witness()

    def wait(self, unit: int) -> float:
        """Return the simulated seconds this unit takes to answer."""
        return self.units[unit].delay if unit in self.units else 0.0

    def reply(self, unit: int, pdu: bytes, at: float) -> bytes:
        """Return the answering PDU; b"" for a unit that is not here."""
        self.witness.writes += pdu[0] in WRITES
        if unit not in self.units:
            return b""
        registers, exception = self._read(self.units[unit], pdu, at)
        answer = coils_pdu(registers) if pdu[0] == 1 else registers_pdu(registers, pdu[0])
        if exception:
            answer = bytes([pdu[0] | 0x80, exception])
        address, count = struct.unpack(">HH", pdu[1:5]) if len(pdu) >= 5 else (None, None)
        served = Served(at, pdu, answer, unit, address, count, registers)
        self.witness.note(served, value=not exception)
        return answer

    def _read(self, unit: Unit, pdu: bytes, at: float) -> tuple[tuple[int, ...], int]:
        if pdu[0] not in (1, 3, 4):
            return (), ILLEGAL_FUNCTION
        if unit.exception is not None:
            return (), unit.exception
        if len(pdu) != 5:
            return (), ILLEGAL_VALUE
        first, count = struct.unpack(">HH", pdu[1:])
        if not 1 <= count <= unit.most:
            return (), ILLEGAL_VALUE
        first += COILS if pdu[0] == 1 else 0
        read = [unit.bank(address, at) for address in range(first, first + count)]
        found = tuple(word for word in read if word is not None)
        return (found, 0) if len(found) == count else ((), ILLEGAL_ADDRESS)


class Rtu:
    """Modbus in RTU frames, for serial lines and for RTU over TCP."""

    def __init__(self, modbus: Modbus) -> None:
        self.modbus = modbus
        self.witness = modbus.witness

    def take(self, buffer: bytes) -> tuple[bytes, bytes]:
        """Cut the first request whose CRC is right, dropping what stands before it."""
        for start in range(len(buffer) - 3):
            end = start + _length(buffer[start:])
            frame = buffer[start:end]
            if end <= len(buffer) and crc16(frame[:-2]) == frame[-2:]:
                return frame, buffer[end:]
        return b"", buffer[-256:]

    def wait(self, request: bytes, _at: float) -> float:
        """Return the seconds the addressed unit takes to answer."""
        return self.modbus.wait(request[0])

    def answer(self, request: bytes, at: float) -> bytes:
        """Return the answering frame; b"" where no unit of this line is meant."""
        pdu = self.modbus.reply(request[0], request[1:-2], at)
        return rtu_frame(request[0], pdu) if pdu else b""


class Tcp:
    """Modbus in MBAP frames; an unknown unit is answered with exception 11, as gateways do."""

    def __init__(self, modbus: Modbus) -> None:
        self.modbus = modbus
        self.witness = modbus.witness

    def take(self, buffer: bytes) -> tuple[bytes, bytes]:
        """Cut one request; what cannot be MBAP is thrown away whole."""
        if len(buffer) < 8:
            return b"", buffer
        _, protocol, length = struct.unpack(">HHH", buffer[:6])
        if protocol or not 2 <= length <= 254:
            return b"", b""
        whole = len(buffer) >= 6 + length
        return (buffer[: 6 + length], buffer[6 + length :]) if whole else (b"", buffer)

    def wait(self, request: bytes, _at: float) -> float:
        """Return the seconds the addressed unit takes to answer."""
        return self.modbus.wait(request[6])

    def answer(self, request: bytes, at: float) -> bytes:
        """Return the answering frame."""
        unit, pdu = request[6], request[7:]
        answer = self.modbus.reply(unit, pdu, at) or bytes([pdu[0] | 0x80, NO_TARGET])
        return request[:4] + struct.pack(">HB", len(answer) + 1, unit) + answer


def _length(buffer: bytes) -> int:
    """Return how long the request at the start of the buffer is, if it is one."""
    function = buffer[1]
    if function in (15, 16):
        return 9 + buffer[6] if len(buffer) > 6 else 9
    return _LENGTHS.get(function, len(buffer))
