"""`tramdo export` and `tramdo key`: a station's record, and who signs it, for the other end."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, BinaryIO, NamedTuple

import typer

from tramdo.cli.check import StationFile, load
from tramdo.cli.exits import FAILED, WRONG_SETTINGS, leave
from tramdo.errors import TramdoError

SQLITE = b"SQLite format 3\0"


class _Source(NamedTuple):
    """Whose record, where it is, and where the key is that signs it."""

    journal: Path
    station: str
    key: Path | None


def export(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="The station file, or a journal or its copy.")
    ],
    *,
    kinds: Annotated[
        str | None, typer.Option("--kinds", help="Only these kinds, such as check,alert.")
    ] = None,
    to: Annotated[
        Path | None, typer.Option("-o", "--output", help="A new file (default: standard output).")
    ] = None,
) -> None:
    """Write a station's record as lines that can be proven elsewhere; the daemon may be running."""
    wanted = _kinds(kinds)
    try:
        source = _source(file)
        with _out(to) as out:
            count = _write(out, source, wanted)
    except TramdoError as error:
        leave(str(error), FAILED)
    except BrokenPipeError:
        raise typer.Exit(FAILED) from None
    except OSError as error:
        leave(f"{to or 'standard output'}: cannot be written: {error.strerror}", FAILED)
    typer.echo(f"{count} events of station {source.station}", err=True)
    if wanted:
        typer.echo("A selection: that it is complete cannot be proven from it.", err=True)


def _write(out: BinaryIO, source: _Source, kinds: tuple[str, ...]) -> int:
    from tramdo import __version__  # noqa: PLC0415  other commands start without these
    from tramdo.events import iso  # noqa: PLC0415
    from tramdo.journal.readonly import stored  # noqa: PLC0415
    from tramdo.proof.export import Header, write  # noqa: PLC0415

    header = Header(
        station=source.station,
        made=iso(datetime.now(UTC)),
        version=__version__,
        key=_public(source.key),
        kinds=kinds,
    )
    return write(out, header, stored(source.journal))


def _kinds(text: str | None) -> tuple[str, ...]:
    from tramdo.events import KINDS  # noqa: PLC0415

    if text is None:
        return ()
    kinds = tuple(word.strip() for word in text.split(","))
    if unknown := [kind for kind in kinds if kind not in KINDS]:
        leave(f"--kinds {unknown[0]!r}: allowed: {', '.join(KINDS)}", WRONG_SETTINGS)
    return kinds


def _source(file: Path) -> _Source:
    if not _is_database(file):
        return _of_station(file)
    from tramdo.journal.readonly import stored  # noqa: PLC0415
    from tramdo.proof.record import link_of  # noqa: PLC0415

    for entry in stored(file):
        with suppress(ValueError):
            return _Source(file, link_of(entry.wire).station, None)
    return leave(f"{file}: holds no event of a station", FAILED)


def _of_station(file: Path) -> _Source:
    from tramdo.build import journal  # noqa: PLC0415

    loaded = load(file)
    made = journal(loaded)
    return _Source(made.path, loaded.station.station.id, made.key)


def _is_database(file: Path) -> bool:
    try:
        with file.open("rb") as start:
            return start.read(len(SQLITE)) == SQLITE
    except OSError as error:
        leave(f"{file}: cannot be read: {error.strerror}", WRONG_SETTINGS)


def _public(key: Path | None) -> str:
    """Return the public key that the header names, "" where the key file is not for us to read."""
    from tramdo.proof import BadKey, Signer  # noqa: PLC0415

    with suppress(BadKey):
        return Signer.of(key).public_text() if key else ""
    return ""


@contextmanager
def _out(to: Path | None) -> Iterator[BinaryIO]:
    """Give what to write to; a file has its name only when it is whole."""
    if to is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    if to.exists():
        from tramdo.proof.export import exists  # noqa: PLC0415

        leave(exists(to), FAILED)
    draft = to.with_name(f"{to.name}.new")
    try:
        with draft.open("wb") as out:
            yield out
        draft.replace(to)
    finally:
        draft.unlink(missing_ok=True)


def key(file: StationFile) -> None:
    """Print the station's public key, its fingerprint and what to do with it at the central."""
    from tramdo.proof import Signer  # noqa: PLC0415

    source = _of_station(file)
    if source.key is None or not source.key.exists():
        leave(f"{source.key}: no key yet; it is made when `tramdo run` first starts", FAILED)
    try:
        signer = Signer.of(source.key)
    except TramdoError as error:
        leave(str(error), FAILED)
    station = source.station
    typer.echo(signer.public_pem().decode(), nl=False)
    typer.echo(
        f"\nThis is the public key of station {station}, fingerprint {signer.fingerprint}.\n"
        f"Keep it at the central as {station}.pub and enrol it there:\n"
        f"    tramdo key {file} > {station}.pub\n"
        f"    tramdo-central enrol central.toml {station} {station}.pub\n"
        "Compare the fingerprint that it shows with this one, by telephone or on paper: who\n"
        "changes the key on the way could sign in the station's name.",
        err=True,
    )
