"""The folder of enrolled public keys: who may sign as which station."""

import math
import re
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from tramdo.errors import TramdoError
from tramdo.proof import BadKey, Verifier, fingerprint
from tramdo.settings.values import NAME
from tramdo.statelog import log

LOOK_EVERY = 2.0
_LABEL = re.compile(r"[A-Za-z0-9_-]{1,32}")
_STATION = re.compile(NAME)

Look = tuple[tuple[str, int, int], ...]


class NotEnrolled(TramdoError):
    """A key cannot be enrolled as asked."""


class Keyring:
    """Reads `STATION.pub` and `STATION.LABEL.pub`, again within seconds when one changed.

    A file that is no key is logged; the other keys of its station still count.
    """

    def __init__(self, folder: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self.folder, self._clock = folder, clock
        self._looked = -math.inf
        self._looks: dict[str, Look] = {}
        self._known: dict[str, tuple[Look, Verifier | None]] = {}

    def __call__(self, station: str) -> Verifier | None:
        """Return the verifier of a station, None where no key of it is enrolled."""
        if self._clock() >= self._looked + LOOK_EVERY:
            self._looks, self._looked = _looks(self.folder), self._clock()
        look = self._looks.get(station, ())
        known = self._known.get(station)
        if known is None or known[0] != look:
            known = (look, self._read(name for name, _, _ in look))
            if look:
                self._known[station] = known
            else:
                self._known.pop(station, None)
        return known[1]

    def _read(self, names: Iterable[str]) -> Verifier | None:
        keys: list[Ed25519PublicKey] = []
        for name in names:
            try:
                keys += Verifier.of((self.folder / name).read_bytes()).keys
            except (OSError, BadKey) as error:
                log.warning("no key", file=name, why=str(error))
        return Verifier(keys) if keys else None


def _looks(folder: Path) -> dict[str, Look]:
    """Return by station which key files there are, how old and how long."""
    looks: dict[str, list[tuple[str, int, int]]] = defaultdict(list)
    with suppress(OSError):
        for path in folder.glob("*.pub"):
            found = path.stat()
            looks[path.name.split(".", 1)[0]].append((path.name, found.st_mtime_ns, found.st_size))
    return {station: tuple(sorted(some)) for station, some in looks.items()}


def enrol(folder: Path, station: str, pem: bytes, label: str | None = None) -> tuple[Path, str]:
    """Put a public key beside the others; return its file and its fingerprint.

    A file that stands there is never replaced. Raises `NotEnrolled` or `BadKey`.
    """
    if not _STATION.fullmatch(station):
        raise NotEnrolled(
            f"{station!r} is no station id; allowed: small letters, digits and hyphens, 1 to 32"
        )
    if label is not None and not _LABEL.fullmatch(label):
        raise NotEnrolled(f"--label {label!r}: allowed: letters, digits, - and _, 1 to 32 of them")
    if b"PRIVATE KEY" in pem:
        raise BadKey("a private key, which never leaves its station; wanted: its public half")
    (key,) = Verifier.of(pem).keys
    if (other := _holder(folder, key)) not in (None, station):
        raise NotEnrolled(
            f"this key ({fingerprint(key)}) is enrolled for {other}; a station makes its own, so "
            "one of the two runs on a copy of the other's card"
        )
    path = folder / (f"{station}.pub" if label is None else f"{station}.{label}.pub")
    _write(path, pem, station)
    return path, fingerprint(key)


def _holder(folder: Path, key: Ed25519PublicKey) -> str | None:
    """Return the station that a key is enrolled for already."""
    for path in sorted(folder.glob("*.pub")):
        with suppress(OSError, BadKey):
            if key in Verifier.of(path.read_bytes()).keys:
                return path.name.split(".", 1)[0]
    return None


def _write(path: Path, pem: bytes, station: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as out:
            out.write(pem)
    except FileExistsError:
        if path.read_bytes() == pem:
            return
        raise NotEnrolled(
            f"{path} holds another key of {station} already; give this one a name with --label, "
            "as in a change of cards, or move the old file away"
        ) from None
    except OSError as error:
        raise NotEnrolled(f"{path}: cannot be written: {error.strerror}") from None
