"""The public driver contract under mypy --strict: what is right passes, what is wrong is named."""

import subprocess
import sys
from pathlib import Path

import pytest

PLUGIN = Path(__file__).parents[1] / "typing" / "plugin.py"
# One worker runs them all: they share the cache and one run of mypy.
pytestmark = pytest.mark.xdist_group("mypy")

WRONG = {
    "a number in place of indications": (
        "async def read(self, port: Port) -> Sequence[Indication]:",
        "async def read(self, port: Port) -> float:",
        '(expression has type "Asking", variable has type "Polled")',
    ),
    "a read that is not async": (
        "async def listen(self, port: Port) -> tuple[Indication, ...]:",
        "def listen(self, port: Port) -> tuple[Indication, ...]:",
        '(expression has type "Hearing", variable has type "Listening")',
    ),
    "no about": (
        "about: ClassVar[About] = ABOUT\n    width",
        "width",
        'variable has type "Polled"',
    ),
    "a proof that is not one of ours": (
        "Proof.UNVERIFIED",
        '"hearsay"',
        'Argument "proof" to "About" has incompatible type "str"; expected "Proof"',
    ),
    "a float in place of the digits": (
        "value=Decimal(1)",
        "value=1.0",
        'Argument "value" to "Indication" has incompatible type "float"; expected "Decimal"',
    ),
    "text in place of bytes": (
        'port.exchange(b"N\\r\\n"',
        'port.exchange("N\\r\\n"',
        'Argument 1 to "exchange" of "Port" has incompatible type "str"; expected "bytes"',
    ),
    "a framing that returns the frame": (
        "return Cut(buffer[:2], used=2, stray=0)",
        "return buffer[:2]",
        "Incompatible return value type",
    ),
    "a setting that is not there": (
        "Asking(width=8",
        "Asking(widht=8",
        'Unexpected keyword argument "widht" for "Asking"',
    ),
    "a write to the line, which a port does not offer": (
        'await port.exchange(b"N',
        'await port.write(b"N',
        '"Port" has no attribute "write"',
    ),
}


def mypy(cache: Path, *files: Path) -> subprocess.CompletedProcess[str]:
    """Run mypy; a crash of its own (seen once, on a cold cache) says nothing of our types."""
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", "--show-traceback"]
    for _ in range(2):
        done = subprocess.run(
            [*command, "--cache-dir", str(cache), *map(str, files)],
            capture_output=True,
            text=True,
            check=False,
        )
        if "INTERNAL ERROR" not in done.stderr:
            break
    return done


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("mypy")


@pytest.fixture(scope="module")
def complaints(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> str:
    """Return what mypy says of all the wrong variants, told apart by file name."""
    folder, text = tmp_path_factory.mktemp("wrong"), PLUGIN.read_text()
    for number, (before, after, _) in enumerate(WRONG.values()):
        assert before in text
        (folder / f"wrong_{number}.py").write_text(text.replace(before, after, 1))
    return mypy(cache, *sorted(folder.iterdir())).stdout


def test_a_plug_in_fits_the_contract(cache: Path) -> None:
    done = mypy(cache, PLUGIN)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_named(what: str, complaints: str) -> None:
    file = f"wrong_{list(WRONG).index(what)}.py:"
    said = [line for line in complaints.splitlines() if file in line]
    assert any(WRONG[what][2] in line for line in said), said
