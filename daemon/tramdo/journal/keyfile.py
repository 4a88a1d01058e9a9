"""The key that signs the record: loaded, or made at the first start."""

from pathlib import Path
from typing import NamedTuple

from tramdo.journal.store import journal_error
from tramdo.proof import BadKey, Signer


class Found(NamedTuple):
    """The signer, and whether its key was made just now."""

    signer: Signer
    made: bool


def found(path: Path) -> Found:
    """Return the signer of a key file, made where there is none.

    Raises `BadKey` where the file may not be used, `JournalError` where the disk fails.
    """
    try:
        if path.exists():
            return Found(Signer.of(path), made=False)
        return Found(Signer.made(path), made=True)
    except (PermissionError, FileNotFoundError, NotADirectoryError) as error:
        raise BadKey(f"{path}: cannot be made: {error.strerror}") from None
    except OSError as error:
        raise journal_error(path, error) from error
