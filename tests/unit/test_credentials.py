"""Files that hold secrets: found, guarded, read, and never shown."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tramdo.credentials import LONGEST, BadCredential, guarded, path_of, secret

WORD = "S3cret-wörd"


def keep(folder: Path, content: bytes, mode: int = 0o600) -> Path:
    path = folder / "mqtt.password"
    path.write_bytes(content)
    path.chmod(mode)
    return path


def refusal(folder: Path, text: str = "mqtt.password") -> str:
    with pytest.raises(BadCredential) as raised:
        secret(text, folder)
    said = str(raised.value)
    assert WORD not in said
    assert raised.value.__suppress_context__ or raised.value.__context__ is None
    return said


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[Path]:
    """Return the folder that systemd would name to the service."""
    before = os.environ.get("CREDENTIALS_DIRECTORY")
    given = tmp_path / "given"
    given.mkdir()
    os.environ["CREDENTIALS_DIRECTORY"] = str(given)
    yield given
    os.environ.pop("CREDENTIALS_DIRECTORY")
    if before is not None:
        os.environ["CREDENTIALS_DIRECTORY"] = before


@pytest.mark.parametrize("end", ["", "\n", "\r\n", "\n\n"])
def test_the_end_of_the_line_is_no_part_of_the_secret(tmp_path: Path, end: str) -> None:
    keep(tmp_path, f" {WORD} {end}".encode())
    assert secret("mqtt.password", tmp_path) == f" {WORD} "


def test_the_mark_that_windows_puts_first_is_no_part_of_the_secret(tmp_path: Path) -> None:
    keep(tmp_path, WORD.encode("utf-8-sig"))
    assert secret("mqtt.password", tmp_path) == WORD


@pytest.mark.parametrize("mode", [0o400, 0o600, 0o700])
def test_its_owner_may_read_it(tmp_path: Path, mode: int) -> None:
    keep(tmp_path, WORD.encode(), mode)
    assert secret("mqtt.password", tmp_path) == WORD


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o644, 0o666])
def test_nobody_else_may(tmp_path: Path, mode: int) -> None:
    path = keep(tmp_path, WORD.encode(), mode)
    said = f"{path} may be read by others (mode {mode:04o}); run: chmod 600 {path}"
    assert refusal(tmp_path) == said


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "is empty"),
        (b"\r\n", "is empty"),
        (WORD.encode("latin-1"), "is not UTF-8; save it as UTF-8 text"),
        (f"{WORD}\n{WORD}\n".encode(), "holds 2 lines; allowed: the secret alone in one"),
        (b"x" * (LONGEST + 1), f"is longer than {LONGEST} bytes: not the file that is meant"),
    ],
    ids=["empty", "blank", "latin-1", "two lines", "long"],
)
def test_what_no_secret_is(tmp_path: Path, content: bytes, why: str) -> None:
    path = keep(tmp_path, content)
    assert refusal(tmp_path) == f"{path} {why}"


def test_a_file_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "astray").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "pipe", 0o600)
    assert refusal(tmp_path, "missing") == f"{tmp_path}/missing does not exist"
    assert refusal(tmp_path, "folder") == f"{tmp_path}/folder is a folder; allowed: a file"
    assert refusal(tmp_path, "pipe") == f"{tmp_path}/pipe is no plain file; allowed: a file"
    astray = f"{tmp_path}/astray is a link to a file that does not exist"
    assert refusal(tmp_path, "astray") == astray


def test_a_link_is_judged_by_the_file_it_leads_to(tmp_path: Path) -> None:
    path = keep(tmp_path, WORD.encode())
    link = tmp_path / "link"
    link.symlink_to(path)
    assert secret("link", tmp_path) == WORD
    path.chmod(0o644)
    assert refusal(tmp_path, "link").endswith(f"run: chmod 600 {link}")


def test_a_path_starts_at_the_folder_unless_it_is_absolute(tmp_path: Path) -> None:
    assert path_of("keys/a.key", tmp_path) == tmp_path / "keys/a.key"
    assert path_of("/etc/a.key", tmp_path) == Path("/etc/a.key")


def test_a_credential_of_systemd(tmp_path: Path, systemd: Path) -> None:
    # Its user may read it by an access list, which stat shows as a right of the group.
    keep(systemd, WORD.encode(), 0o440)
    assert secret("credential:mqtt.password", tmp_path) == WORD
    assert secret(str(systemd / "mqtt.password"), tmp_path) == WORD
    keep(systemd, WORD.encode(), 0o444)
    assert "chmod 600" in refusal(tmp_path, "credential:mqtt.password")


@pytest.mark.parametrize("name", ["", ".", "..", "../mqtt.password", "/etc/passwd"])
def test_a_credential_stays_in_its_folder(tmp_path: Path, systemd: Path, name: str) -> None:
    assert "allowed: credential:NAME without a /" in refusal(tmp_path, f"credential:{name}")


def test_a_credential_without_systemd(tmp_path: Path) -> None:
    assert "LoadCredential=mqtt.password:" in refusal(tmp_path, "credential:mqtt.password")


@pytest.mark.parametrize("text", [f"-----BEGIN PRIVATE KEY-----{WORD}", f"{WORD}\nmore"])
def test_a_secret_where_a_path_is_wanted_is_not_repeated(tmp_path: Path, text: str) -> None:
    assert refusal(tmp_path, text).startswith("a secret stands where the path of its file")


def test_a_guarded_file_is_handed_back_as_its_path(tmp_path: Path) -> None:
    path = keep(tmp_path, b"")
    assert guarded(path) == path
