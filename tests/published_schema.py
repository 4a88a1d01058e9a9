"""`python3 tests/published_schema.py`: the published JSON Schema of AsyncAPI 3.0.0, not ours.

It comes out of the npm package @asyncapi/specs, pinned by its integrity hash, and is kept below
.venv; needs nothing but Python and a registry.
"""

import base64
import hashlib
import io
import json
import os
import re
import sys
import tarfile
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

PACKAGE = "@asyncapi/specs/-/specs-6.11.1.tgz"
INTEGRITY = (
    "A3WBLqAKGoJ2+6FWFtpjBlCQ1oFCcs4GxF7zsIGvNqp/klGUHjlA3aAcZ9XMMpLGE8zPeYDz2x9FmO6DSuKraQ=="
)
MEMBER = "package/schemas/3.0.0.json"
KEPT = Path(__file__).parents[1] / ".venv" / "asyncapi-3.0.0.json"
PUBLIC = "https://registry.npmjs.org"


def registry() -> str:
    """Return the npm registry of this computer."""
    for given in ("npm_config_registry", "NPM_CONFIG_REGISTRY"):
        if url := os.environ.get(given):
            return url.rstrip("/")
    npmrc = Path.home() / ".npmrc"
    found = npmrc.is_file() and re.search(r"(?m)^\s*registry\s*=\s*(\S+)", npmrc.read_text())
    return found[1].rstrip("/") if found else PUBLIC


def fetched() -> bytes:
    """Return the schema out of the package; exits with what to do where that fails."""
    url = f"{registry()}/{PACKAGE}"
    try:
        with urllib.request.urlopen(url, timeout=60) as answer:  # noqa: S310  https or a mirror's
            package = answer.read()
    except (urllib.error.URLError, TimeoutError) as error:
        sys.exit(f"{url}: {error}\nA mirror of npm is set by the variable npm_config_registry.")
    if base64.b64encode(hashlib.sha512(package).digest()).decode() != INTEGRITY:
        sys.exit(f"{url} is not the package that was pinned")
    with tarfile.open(fileobj=io.BytesIO(package)) as archive:
        member = archive.extractfile(MEMBER)
        if member is None:
            sys.exit(f"{url} has no {MEMBER}")
        return member.read()


def schema() -> dict[str, Any]:
    """Return the schema, fetched once."""
    if not KEPT.is_file():
        octets = fetched()
        KEPT.parent.mkdir(exist_ok=True)
        draft = KEPT.with_suffix(f".{os.getpid()}")
        draft.write_bytes(octets)
        draft.rename(KEPT)
    found: dict[str, Any] = json.loads(KEPT.read_bytes())
    return found


if __name__ == "__main__":
    schema()
