"""The board from a running daemon, over its HTTP interface."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import Any
from urllib.parse import quote

from tramdo.errors import TramdoError
from tramdo.live.web import OWN_HEADER, address

PATIENCE = 5.0


class NotRunning(TramdoError):
    """No daemon answers at this address."""


@contextmanager
def _asked(
    listen: str, path: str, method: str = "GET", body: dict[str, str] | None = None
) -> Iterator[HTTPResponse]:
    try:
        host, port = address(listen)
    except ValueError:
        raise NotRunning(f"--at: {listen!r} is not HOST:PORT, such as 127.0.0.1:8085") from None
    connection = HTTPConnection(host, port, timeout=PATIENCE)
    try:
        text = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        connection.request(method, path, text, headers={OWN_HEADER: "1"})
        yield connection.getresponse()
    except (OSError, HTTPException) as error:
        raise NotRunning(
            f"no tramdo answers at {listen} ({error}); start one with `tramdo run FILE`, or name "
            "its address with --at"
        ) from error
    finally:
        connection.close()


def board(listen: str) -> dict[str, Any]:
    """Return the board now; raises `NotRunning`."""
    with _asked(listen, "/api/board") as response:
        picture: dict[str, Any] = json.load(response)
    return picture


def instrument(listen: str, name: str) -> tuple[int, dict[str, Any]]:
    """Return HTTP status and details of one instrument; raises `NotRunning`."""
    with _asked(listen, f"/api/instruments/{quote(name)}") as response:
        return response.status, json.load(response)


def retry(listen: str, name: str) -> tuple[int, dict[str, Any]]:
    """Tell the daemon to ask one instrument now; raises `NotRunning`."""
    with _asked(listen, f"/api/instruments/{quote(name)}/retry", "POST") as response:
        return response.status, json.load(response)


def checks(listen: str) -> list[dict[str, Any]]:
    """Return every guided check and where it stands; raises `NotRunning`."""
    with _asked(listen, "/api/checks") as response:
        found: list[dict[str, Any]] = json.load(response)
    return found


def check(listen: str, name: str) -> dict[str, Any]:
    """Return one guided check and where it stands; raises `NotRunning`."""
    with _asked(listen, f"/api/checks/{quote(name)}") as response:
        picture: dict[str, Any] = json.load(response)
    return picture


def say(listen: str, name: str, word: dict[str, str]) -> tuple[int, dict[str, Any]]:
    """Move a guided check on; return HTTP status and where it stands. Raises `NotRunning`."""
    with _asked(listen, f"/api/checks/{quote(name)}", "POST", word) as response:
        return response.status, json.load(response)


def adjusted(listen: str, name: str, facts: dict[str, str]) -> tuple[int, dict[str, Any]]:
    """Record an adjustment; raises `NotRunning`."""
    path = f"/api/instruments/{quote(name)}/adjustment"
    with _asked(listen, path, "POST", facts) as response:
        return response.status, json.load(response)


def boards(listen: str) -> Iterator[dict[str, Any]]:
    """Yield the board as it changes; raises `NotRunning` when the daemon goes away."""
    with _asked(listen, "/api/stream") as response:
        for line in response:
            if line.startswith(b"data: "):
                yield json.loads(line[6:])
    raise NotRunning(f"tramdo at {listen} has stopped")
