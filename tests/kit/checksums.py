"""The check sums of the protocols whose frame tables have one, computed without the drivers."""

from collections.abc import Callable, Mapping
from functools import reduce
from operator import xor
from typing import Any

Settings = Mapping[str, Any]


def _cas_ecr(frame: bytes, _: Settings) -> bool:
    return len(frame) == 15 and reduce(xor, frame[2:13]) == 0


def _dibal(frame: bytes, _: Settings) -> bool:
    return reduce(xor, frame[:-2]) == 0


def _toledo(frame: bytes, settings: Settings) -> bool:
    dialect = settings.get("dialect", "auto")
    if dialect == "flintec":
        return sum(frame) % 256 == 0
    has_sum = dialect == "mettler" or (dialect == "auto" and len(frame) == 18)
    return not has_sum or sum(frame) % 128 == 0


def _yaohua(frame: bytes, _: Settings) -> bool:
    high, low = (octet - (0x30 if octet < 0x40 else 0x37) for octet in frame[-3:-1])
    return reduce(xor, frame[1:-3]) == 16 * high + low


def _yaohua_a12(frame: bytes, _: Settings) -> bool:
    return frame.startswith(b"w") or f"{reduce(xor, frame[:11]):02X}" == frame[11:13].decode()


RIGHT: dict[str, Callable[[bytes, Settings], bool]] = {
    "cas-ecr": _cas_ecr,
    "dibal": _dibal,
    "toledo-continuous": _toledo,
    "yaohua-a12": _yaohua_a12,
    "yaohua-command": _yaohua,
    "yaohua-tf0": _yaohua,
}
