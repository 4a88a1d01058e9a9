"""Where alerts go: a line on standard output, a POST to a web address, a program of the user's."""

import asyncio
import json
import os
import signal
import tempfile
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import IO, Any, Protocol

from tramdo.errors import TramdoError
from tramdo_central.settings import Forward

Alert = Mapping[str, Any]
STANDARD_OUTPUT = 1


class NotTold(TramdoError):
    """A target did not take an alert; it is offered again."""


class Target(Protocol):
    """Takes one alert at a time."""

    async def tell(self, alert: Alert) -> None:
        """Return when it was taken; raises `NotTold`."""


def target(forward: Forward) -> Target:
    """Return the target that a [[forward]] speaks of."""
    if forward.kind == "webhook":
        return Webhook(str(forward.url), forward.timeout_s)
    if forward.kind == "command":
        return Command(forward.command or (), forward.timeout_s)
    return Lines()


class Lines:
    """Standard output, a line an alert."""

    async def tell(self, alert: Alert) -> None:
        """Write a line; a reader who does not read keeps back only this target."""
        line = f"{alert['at']} {alert['text']}\n".encode(errors="backslashreplace")
        await _apart(partial(_write, line))


def _write(line: bytes) -> None:
    # Not by sys.stdout, whose lock a stuck thread would keep beyond the end of the program.
    try:
        while line:
            line = line[os.write(STANDARD_OUTPUT, line) :]
    except OSError as error:
        raise NotTold(f"standard output: {error.strerror}") from None


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirected POST would arrive without its body and count as told."""

    def redirect_request(self, *_: Any) -> None:
        """Follow nothing: the answer counts as it is."""


class Webhook:
    """A POST of JSON; told when the answer is 2xx."""

    def __init__(self, url: str, timeout: float) -> None:
        self.url, self.timeout = url, timeout
        self._opener = urllib.request.build_opener(_NoRedirect)

    async def tell(self, alert: Alert) -> None:
        """Post the alert and wait for the answer."""
        await _apart(partial(self._post, _body(alert)))

    def _post(self, body: bytes) -> None:
        request = urllib.request.Request(  # noqa: S310  centralfile lets only http and https in
            self.url, body, {"Content-Type": "application/json", "User-Agent": "tramdo-central"}
        )
        try:
            with self._opener.open(request, timeout=self.timeout):
                pass
        except urllib.error.HTTPError as error:
            error.close()
            raise NotTold(f"answered {error.code} {error.reason}") from None
        except (OSError, ValueError) as error:
            raise NotTold(str(getattr(error, "reason", error)) or type(error).__name__) from None


class Command:
    """A program with the alert as JSON on its standard input; told when it ends with 0."""

    def __init__(self, words: tuple[str, ...], timeout: float) -> None:
        self.words, self.timeout = words, timeout

    async def tell(self, alert: Alert) -> None:
        """Run the program and wait for its end; one that takes too long is killed."""
        # A file, not a pipe: what the program leaves running may keep it open.
        with tempfile.TemporaryFile() as said:
            process = await self._begin(said)
            try:
                async with asyncio.timeout(self.timeout):
                    await _give(process.stdin, _body(alert))
                    code = await process.wait()
            except TimeoutError:
                raise NotTold(f"did not end in {self.timeout:g} s") from None
            finally:
                await _end(process)
            if code:
                raise NotTold(f"ended with {code}{_last_line(said)}")

    async def _begin(self, said: IO[bytes]) -> asyncio.subprocess.Process:
        try:
            return await asyncio.create_subprocess_exec(
                *self.words,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=said,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            raise NotTold(f"cannot be run: {error}") from None


async def _give(to: asyncio.StreamWriter | None, body: bytes) -> None:
    if to is None:
        return
    with suppress(BrokenPipeError, ConnectionResetError):
        to.write(body)
        await to.drain()
    to.close()


async def _end(process: asyncio.subprocess.Process) -> None:
    """Kill a program that has not ended, and what it started."""
    if process.returncode is None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


def _last_line(said: IO[bytes]) -> str:
    said.seek(max(0, said.seek(0, os.SEEK_END) - 200))
    line = said.read().decode(errors="replace").strip().rsplit("\n", 1)[-1]
    return f": {line}" if line else ""


async def _apart(work: Callable[[], None]) -> None:
    """Work in a thread of its own: a slow one holds up no other, nor the end of the program."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[None] = loop.create_future()

    def settle(error: Exception | None) -> None:
        if done.done():
            return
        if error is None:
            done.set_result(None)
        else:
            done.set_exception(error)

    def run() -> None:
        outcome: Exception | None = None
        try:
            work()
        except Exception as error:  # noqa: BLE001  it is raised where it is awaited
            outcome = error
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(settle, outcome)

    threading.Thread(target=run, daemon=True).start()
    await done


def _body(alert: Alert) -> bytes:
    return json.dumps(alert, ensure_ascii=False).encode(errors="backslashreplace")
