"""Files that hold secrets: found by path or by systemd's name, refused when others may read them.

What a file holds never stands in an error: only its path, and what to do about it.
"""

import os
import stat
from pathlib import Path

from tramdo.errors import TramdoError

SYSTEMD = "credential:"
LONGEST = 1_048_576
_BEGINS = "-----BEGIN"


class BadCredential(TramdoError):
    """A file that should hold a secret cannot be used; the text says which, why, what to do."""


def path_of(text: str, folder: Path) -> Path:
    """Return the file meant by a path, relative to `folder`, or by "credential:NAME".

    A NAME is a file that systemd put into $CREDENTIALS_DIRECTORY (LoadCredential= of the service).
    Raises `BadCredential`.
    """
    if _BEGINS in text or "\n" in text:
        raise BadCredential(
            "a secret stands where the path of its file is wanted; put it into a file of its own, "
            "run chmod 600 on it and name that file"
        )
    if not text.startswith(SYSTEMD):
        return folder / text
    name = text.removeprefix(SYSTEMD)
    if not name or "/" in name or name in (".", ".."):
        raise BadCredential(f"{text}: no name of a credential; allowed: {SYSTEMD}NAME without a /")
    given = os.environ.get("CREDENTIALS_DIRECTORY")
    if not given:
        raise BadCredential(
            f"{text}: systemd gave this program no credentials; add LoadCredential={name}:/PATH to "
            "the service, or name the file itself"
        )
    return Path(given) / name


def guarded(path: Path) -> Path:
    """Return the path of a file that nobody else may read; raises `BadCredential`."""
    try:
        mode = path.stat().st_mode
    except OSError as error:
        raise BadCredential(_unusable(path, error)) from None
    if not stat.S_ISREG(mode):
        raise BadCredential(f"{path} is {_sort(mode)}; allowed: a file")
    if mode & _forbidden(path):
        shown = f"{stat.S_IMODE(mode):04o}"
        raise BadCredential(f"{path} may be read by others (mode {shown}); run: chmod 600 {path}")
    return path


def content(path: Path) -> bytes:
    """Return what a file holds, at most 1 MiB, whoever may read it; raises `BadCredential`."""
    try:
        with path.open("rb") as file:
            found = file.read(LONGEST + 1)
    except OSError as error:
        raise BadCredential(_unusable(path, error)) from None
    if len(found) > LONGEST:
        raise BadCredential(f"{path} is longer than {LONGEST} bytes: not the file that is meant")
    if not found.strip():
        raise BadCredential(f"{path} is empty")
    return found


def secret(text: str, folder: Path) -> str:
    """Return the one line that a guarded file holds, without its end; raises `BadCredential`."""
    path = guarded(path_of(text, folder))
    try:
        line = content(path).decode("utf-8-sig").strip("\r\n")
    except UnicodeDecodeError:
        raise BadCredential(f"{path} is not UTF-8; save it as UTF-8 text") from None
    if count := line.count("\n"):
        raise BadCredential(f"{path} holds {count + 1} lines; allowed: the secret alone in one")
    return line


def _forbidden(path: Path) -> int:
    """Return the mode bits that may not be set.

    systemd lets the service's user in by an access list, which shows as a right of the group.
    """
    given = os.environ.get("CREDENTIALS_DIRECTORY")
    return stat.S_IRWXO if given and path.parent == Path(given) else stat.S_IRWXG | stat.S_IRWXO


def _unusable(path: Path, error: OSError) -> str:
    match error:
        case FileNotFoundError() if path.is_symlink():
            return f"{path} is a link to a file that does not exist"
        case FileNotFoundError() | NotADirectoryError():
            return f"{path} does not exist"
        case PermissionError():
            return f"{path} cannot be read; it must belong to the user that tramdo runs as"
        case IsADirectoryError():
            return f"{path} is a folder; allowed: a file"
    return f"{path} cannot be read: {error.strerror}"


def _sort(mode: int) -> str:
    return "a folder" if stat.S_ISDIR(mode) else "no plain file"
