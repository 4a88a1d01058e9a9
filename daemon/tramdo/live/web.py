"""The board over HTTP on the loopback: JSON, a stream of server-sent events, and "try now"."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from ipaddress import ip_address

import structlog
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from tramdo.board import Board
from tramdo.live.checks import Checks

log = structlog.get_logger()

STREAM_EVERY = 0.5
COMMENT_AFTER = 20
# A page of a foreign site cannot set this header without asking us first, and we never agree.
OWN_HEADER = "x-tramdo"

Retry = Callable[[str], None]
Answer = Callable[[Request], Awaitable[Response]]


class Live:
    """The routes over one board; a slow client gets fewer pictures and delays nothing."""

    def __init__(self, board: Board, retry: Retry, checks: Checks | None = None) -> None:
        self.board, self.retry = board, retry
        self.stopping = False
        self.app = Starlette(
            routes=[
                Route("/api/board", self._guarded(self.show)),
                Route("/api/stream", self._guarded(self.stream)),
                Route("/api/instruments/{instrument}", self._guarded(self.details)),
                Route(
                    "/api/instruments/{instrument}/retry",
                    self._guarded(self._owned(self.try_now)),
                    methods=["POST"],
                ),
                *(checks.routes(self._guarded, self._owned) if checks else ()),
            ],
        )

    @staticmethod
    def _guarded(answer: Answer) -> Answer:
        async def guarded(request: Request) -> Response:
            if not is_ours(request.url.hostname):
                return JSONResponse({"error": "this is not a name of this station"}, 421)
            return await answer(request)

        return guarded

    @staticmethod
    def _owned(answer: Answer) -> Answer:
        async def owned(request: Request) -> Response:
            if request.headers.get(OWN_HEADER) != "1":
                return JSONResponse({"error": f"the header {OWN_HEADER}: 1 is missing"}, 403)
            return await answer(request)

        return owned

    async def show(self, request: Request) -> Response:  # noqa: ARG002
        """Return the whole board once."""
        return JSONResponse(self.board.picture())

    async def details(self, request: Request) -> Response:
        """Return one instrument with its schedule, counters and last exchanges."""
        row = self.board.rows.get(request.path_params["instrument"])
        return JSONResponse(row.details()) if row else _unknown()

    async def try_now(self, request: Request) -> Response:
        """Forget the back-off of one instrument and ask it now."""
        instrument = request.path_params["instrument"]
        if instrument not in self.board.rows:
            return _unknown()
        self.retry(instrument)
        return JSONResponse({"retried": instrument}, 202)

    async def stream(self, request: Request) -> Response:  # noqa: ARG002
        """Send the board when it changes, at most twice a second; a comment when it does not."""
        return StreamingResponse(self._pictures(), media_type="text/event-stream")

    async def _pictures(self) -> AsyncIterator[bytes]:
        before, quiet = "", 0
        while not self.stopping:
            picture = json.dumps(self.board.picture(), ensure_ascii=False)
            quiet = quiet + 1 if picture == before else 0
            if picture != before:
                before = picture
                yield f"data: {picture}\n\n".encode()
            elif quiet % COMMENT_AFTER == 0:
                yield b": nothing new\n\n"
            await asyncio.sleep(STREAM_EVERY)


def is_ours(host: str | None) -> bool:
    """Say whether a request meant us: an address, or a name of this computer.

    A page of a foreign site can make its own name lead here (DNS rebinding), but not an address.
    """
    name = (host or "").lower()
    own = socket.gethostname().lower()
    if name in ("localhost", own, f"{own}.local"):
        return True
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _unknown() -> Response:
    return JSONResponse({"error": "no instrument has this id"}, 404)


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the daemon."""
        yield


def address(listen: str) -> tuple[str, int]:
    """Return host and port of a setting like "127.0.0.1:8085"."""
    host, _, port = listen.rpartition(":")
    return host.strip("[]"), int(port)


async def serve(live: Live, listen: str) -> None:
    """Serve until cancelled; when the address is taken, say so and go on measuring."""
    host, port = address(listen)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        bound = socket.create_server((host, port), family=family)
    except OSError as error:
        log.warning("live view not served", listen=listen, why=error.strerror)
        return
    config = uvicorn.Config(
        live.app, log_config=None, lifespan="off", timeout_graceful_shutdown=1, access_log=False
    )
    server = _Server(config)
    serving = asyncio.ensure_future(server.serve(sockets=[bound]))
    try:
        await asyncio.shield(serving)
    finally:
        live.stopping = server.should_exit = True
        await asyncio.wait([serving])
