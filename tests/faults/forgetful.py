"""A file system that forgets, mounted by FUSE: what was not synced is gone when it is killed.

Run as a program of its own by `powercut.py`, which is the side that tests use. One flat folder.
"""

import argparse
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from errno import EIO, ENOENT, EROFS
from pathlib import Path
from random import Random
from stat import S_IFDIR, S_IFREG
from typing import Any

import mfusepy

SECTOR = 512


@dataclass(eq=False)
class Node:
    """A file as programs see it; `unsynced` and `shortest` say what the disk lacks of it."""

    at: Path
    seen: bytearray
    mode: int = 0o600
    unsynced: list[tuple[int, int]] = field(default_factory=list)
    shortest: int = 0

    def sync(self) -> None:
        with self.at.open("r+b", buffering=0) as disk:
            disk.truncate(min(self.shortest, os.fstat(disk.fileno()).st_size))
            for offset, size in self.unsynced:
                disk.seek(offset)
                disk.write(self.seen[offset : offset + size])
            disk.truncate(len(self.seen))
        self.unsynced, self.shortest = [], len(self.seen)


class Forgetful:
    """The operations; each that changes something is two steps towards the cut.

    `strict`: a new name, a rename or a removal is on the disk only when the folder was synced.
    `early`: the share of writes of which some sectors reach the disk unasked.
    `eio_at`: which call of fsync fails, and what it should have written never is.
    While there is a file `read-only` beside the disk, nothing may be changed.
    """

    use_ns = True

    def __init__(
        self, disk: Path, *, cut_at: int, eio_at: int, strict: bool, early: float, seed: int
    ) -> None:
        self.disk, self.strict, self.early = disk, strict, early
        self.steps_left, self.syncs_left, self.chance = cut_at, eio_at, Random(seed)
        self.nodes = {one.name: _found(one) for one in disk.iterdir()}
        self.opened: dict[int, Node] = {}
        self.entries: list[Callable[[], None]] = []
        self.numbers = 0
        self.read_only = disk.with_name("read-only")

    def _step(self) -> None:
        if self.read_only.exists():
            raise mfusepy.FuseOSError(EROFS)
        self.steps_left -= 1
        if self.steps_left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def _number(self) -> int:
        self.numbers += 1
        return self.numbers

    def _node(self, path: str) -> Node:
        try:
            return self.nodes[path[1:]]
        except KeyError:
            raise mfusepy.FuseOSError(ENOENT) from None

    def _entry(self, change: Callable[[], None]) -> int:
        self._step()
        self.entries.append(change)
        if not self.strict:
            self._sync_entries()
        self._step()
        return 0

    def _sync_entries(self) -> None:
        while self.entries:
            self.entries.pop(0)()

    def _move(self, node: Node, to: Path) -> None:
        node.at = node.at.replace(to)

    def getattr(self, path: str, fh: int | None = None) -> dict[str, Any]:
        if path == "/":
            return {"st_mode": S_IFDIR | 0o755, "st_nlink": 2}
        node = self.opened[fh] if fh else self._node(path)
        return {"st_mode": S_IFREG | node.mode, "st_nlink": 1, "st_size": len(node.seen)}

    def readdir(self, path: str, fh: int) -> list[str]:
        return [".", "..", *self.nodes]

    def statfs(self, path: str) -> dict[str, int]:
        below = os.statvfs(self.disk)
        names = ("f_bavail", "f_bfree", "f_blocks", "f_bsize", "f_frsize", "f_namemax")
        return {name: getattr(below, name) for name in names}

    def chmod(self, path: str, mode: int) -> int:
        self._node(path).mode = mode & 0o777
        return 0

    def open(self, path: str, flags: int) -> int:
        number = self._number()
        self.opened[number] = self._node(path)
        return number

    def create(self, path: str, mode: int, flags: int) -> int:
        node = Node(self.disk / f".nameless-{self._number()}", bytearray(), mode & 0o777)
        node.at.touch(node.mode)
        self.nodes[path[1:]] = node
        self._entry(lambda: self._move(node, self.disk / path[1:]))
        return self.open(path, flags)

    def rename(self, old: str, new: str) -> int:
        node = self._node(old)
        del self.nodes[old[1:]]
        self.nodes[new[1:]] = node
        return self._entry(lambda: self._move(node, self.disk / new[1:]))

    def unlink(self, path: str) -> int:
        node = self._node(path)
        del self.nodes[path[1:]]
        return self._entry(lambda: self._move(node, self.disk / f".removed-{self._number()}"))

    def release(self, path: str, fh: int) -> int:
        del self.opened[fh]
        return 0

    def read(self, path: str, size: int, offset: int, fh: int) -> bytes:
        return bytes(self.opened[fh].seen[offset : offset + size])

    def write(self, path: str, octets: bytes, offset: int, fh: int) -> int:
        self._step()
        node = self.opened[fh]
        node.seen.extend(bytes(max(0, offset - len(node.seen))))
        node.seen[offset : offset + len(octets)] = octets
        node.unsynced.append((offset, len(octets)))
        if self.chance.random() < self.early:
            self._write_back(node, offset, octets)
        self._step()
        return len(octets)

    def _write_back(self, node: Node, offset: int, octets: bytes) -> None:
        """Let some sectors of a write reach the disk, as a kernel may at any time."""
        with node.at.open("r+b", buffering=0) as disk:
            for begin in range(0, len(octets), SECTOR):
                if self.chance.random() < 0.5:
                    disk.seek(offset + begin)
                    disk.write(octets[begin : begin + SECTOR])

    def truncate(self, path: str, length: int) -> int:
        self._step()
        node = self._node(path)
        node.shortest = min(node.shortest, length)
        del node.seen[length:]
        node.seen.extend(bytes(length - len(node.seen)))
        self._step()
        return 0

    def fallocate(self, path: str, mode: int, offset: int, size: int, fh: int) -> int:
        node = self.opened[fh]
        node.seen.extend(bytes(max(0, offset + size - len(node.seen))))
        return 0

    def fsync(self, path: str, datasync: int, fh: int) -> int:
        self._step()
        self.syncs_left -= 1
        if self.syncs_left == 0:
            # As Linux does: told once, and what was not written is held to be written.
            node = self.opened[fh]
            node.unsynced, node.shortest = [], len(node.seen)
            raise mfusepy.FuseOSError(EIO)
        self.opened[fh].sync()
        self._step()
        return 0

    def fsyncdir(self, path: str, datasync: int, fh: int) -> int:
        self._step()
        self._sync_entries()
        self._step()
        return 0


def _found(path: Path) -> Node:
    octets = bytearray(path.read_bytes())
    return Node(path, octets, path.stat().st_mode & 0o777, shortest=len(octets))


def main() -> None:
    words = argparse.ArgumentParser()
    words.add_argument("disk", type=Path)
    words.add_argument("mount")
    words.add_argument("--cut-at", type=int, default=0)
    words.add_argument("--eio-at", type=int, default=0)
    words.add_argument("--strict", action="store_true")
    words.add_argument("--early", type=float, default=0.0)
    words.add_argument("--seed", type=int, default=0)
    given = vars(words.parse_args())
    mount = given.pop("mount")
    operations = Forgetful(given.pop("disk"), **given)
    mfusepy.FUSE(operations, mount, foreground=True, nothreads=True, hard_remove=True)


if __name__ == "__main__":
    main()
