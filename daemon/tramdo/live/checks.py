"""Guided checks and adjustments over HTTP: what the page and the terminal drive them with."""

import json
from collections.abc import Awaitable, Callable
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tramdo.assurance import Assurance, Unknown
from tramdo.commands import MOST_BYTES, Short, Word
from tramdo.errors import JournalError, TramdoError
from tramdo.words import put_into_words

Answer = Callable[[Request], Awaitable[Response]]
Guard = Callable[[Answer], Answer]


class Adjustment(BaseModel):
    """Who adjusted an instrument, why, and the seals before and after."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    by: Annotated[str, Field(min_length=1, max_length=200)]
    why: Short = ""
    seal_before: Short = ""
    seal_after: Short = ""


class Checks:
    """The routes over the station's guided checks; `language` is that of its sentences."""

    def __init__(self, assurance: Assurance, language: str) -> None:
        self.assurance, self.language = assurance, language

    def routes(self, guarded: Guard, owned: Guard) -> list[Route]:
        """Return the routes; `owned` lets only our own pages and programs change something."""
        return [
            Route("/api/checks", guarded(self.show_all)),
            Route("/api/checks/{check}", guarded(self.show)),
            Route("/api/checks/{check}", guarded(owned(self.move)), methods=["POST"]),
            Route(
                "/api/instruments/{instrument}/adjustment",
                guarded(owned(self.adjust)),
                methods=["POST"],
            ),
        ]

    async def show_all(self, request: Request) -> Response:  # noqa: ARG002
        """Return every guided check and where it stands."""
        return JSONResponse([self._picture(one) for one in self.assurance.guides])

    async def show(self, request: Request) -> Response:
        """Return one guided check and where it stands."""
        check = request.path_params["check"]
        if check not in self.assurance.guides:
            return JSONResponse({"error": f"no guided check is called {check!r}"}, 404)
        return JSONResponse(self._picture(check))

    async def move(self, request: Request) -> Response:
        """Move a guided check on; the answer comes when that is on disk."""
        check = request.path_params["check"]

        async def done() -> None:
            word = Word.model_validate(await _body(request))
            await self.assurance.say(check, **word.model_dump())

        return await _answered(done) or JSONResponse(self._picture(check))

    async def adjust(self, request: Request) -> Response:
        """Record that an instrument was adjusted."""
        instrument = request.path_params["instrument"]

        async def done() -> None:
            facts = Adjustment.model_validate(await _body(request)).model_dump()
            await self.assurance.adjusted(instrument, facts)

        return await _answered(done) or JSONResponse({"adjusted": instrument}, 201)

    def _picture(self, check: str) -> dict[str, object]:
        return put_into_words(self.assurance.guides[check].picture(), self.language)


async def _answered(done: Callable[[], Awaitable[None]]) -> Response | None:
    """Do it; return what went wrong as an answer, None when all is well."""
    try:
        await done()
    except ValidationError as error:
        return JSONResponse({"error": _said(error)}, 422)
    except (ValueError, RecursionError) as error:
        return JSONResponse({"error": str(error)}, 422)
    except Unknown as error:
        return JSONResponse({"error": str(error)}, 404)
    except JournalError as error:
        return JSONResponse({"error": f"not recorded: {error}"}, 503)
    except TramdoError as error:
        return JSONResponse({"error": str(error)}, 409)
    return None


def _said(error: ValidationError) -> str:
    return "; ".join(
        f"{'.'.join(map(str, one['loc'])) or 'the body'}: {one['msg']}" for one in error.errors()
    )


async def _body(request: Request) -> object:
    """Return the JSON of a request; raises ValueError for what is too long or no JSON."""
    text = b""
    async for part in request.stream():
        text += part
        if len(text) > MOST_BYTES:
            raise ValueError(f"more than {MOST_BYTES} bytes; allowed: one short JSON object")
    return json.loads(text)
