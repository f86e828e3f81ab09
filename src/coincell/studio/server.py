"""The studio's pages as one application behind its door; nothing of it asks another server."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import PlainTextResponse, RedirectResponse, Response
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.concurrency import run_in_threadpool

from coincell.data import OvertakenError
from coincell.errors import CoincellError, UserError
from coincell.studio.pages import jobs
from coincell.studio.pages.shared import OutsideError, page
from coincell.studio.security import Application, Door, Guard, Receive, Scope, Send, TooLargeError
from coincell.studio.session import Session
from coincell.studio.table_session import TableSession
from coincell.studio.threshold_setting import ChangedError

_STATIC = {
    "studio.css": "text/css",
    "studio.js": "text/javascript",
    "whatif.js": "text/javascript",
    "scatter.js": "text/javascript",
    "performance.js": "text/javascript",
    "points.js": "text/javascript",
}
_HTMX = "htmx-2.0.11.min.js"


def build_application(session: Session | TableSession, door: Door) -> Application:
    """All pages of a session, as ASGI, behind `door`."""
    table = isinstance(session, TableSession)
    inner = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    inner.state.session = session
    inner.state.environment = environment()
    inner.get("/")(_first)
    inner.get("/static/{name}")(_static)
    inner.include_router(jobs.router)
    if not table:
        inner.include_router(_data())
    inner.add_exception_handler(CoincellError, _told)
    inner.add_exception_handler(OutsideError, _outside)
    inner.add_exception_handler(TooLargeError, _too_large)
    inner.add_exception_handler(404, _absent)
    inner.add_exception_handler(405, _absent)
    inner.add_exception_handler(RequestValidationError, _misformed)
    inner.add_exception_handler(Exception, _fault)
    own = {"/points": _table} if table else {"/whatif": _whatif, "/fleet": _fleet, **_RUN_PAGES}
    return Guard(_Later(inner, {"/performance": _performance, **own}), door)


class _Later:
    """Adds a page that imports much when it is first asked for: that takes a second, for which the
    first page need not wait."""

    def __init__(self, inner: FastAPI, pages: Mapping[str, Callable[[], APIRouter]]) -> None:
        self._inner = inner
        self._adding = asyncio.Lock()
        self._waiting = dict(pages)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, after the page that it wants is there."""
        if scope["type"] == "http":
            first = f"/{scope['path'].split('/')[1]}" if "/" in scope["path"] else ""
            if first in self._waiting:
                async with self._adding:
                    if first in self._waiting:
                        self._inner.include_router(await run_in_threadpool(self._waiting[first]))
                        del self._waiting[first]
        await self._inner(scope, receive, send)  # type: ignore[arg-type]


def _data() -> APIRouter:
    from coincell.studio.pages.data import router

    return router


def _whatif() -> APIRouter:
    from coincell.studio.pages.whatif import router

    return router


def _fleet() -> APIRouter:
    from coincell.studio.pages.fleet import router

    return router


def _performance() -> APIRouter:
    from coincell.studio.pages.performance import router

    return router


def _table() -> APIRouter:
    from coincell.studio.pages.table import router

    return router


def _run_page(name: str) -> Callable[[], APIRouter]:
    def router() -> APIRouter:
        from coincell.studio.pages import run_pages

        found: APIRouter = getattr(run_pages, f"{name}_router")
        return found

    return router


_RUN_PAGES = {f"/{name}": _run_page(name) for name in ("board", "runs", "report")}


def environment() -> Environment:
    """The templates; all text is escaped."""
    made = Environment(
        loader=PackageLoader("coincell.studio"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["figure"] = _figure
    made.filters["moment"] = _moment
    return made


def _moment(seconds: float) -> str:
    """Seconds since 1970 by UTC, to the minute; far-off ones of hostile clocks as they are."""
    from datetime import UTC, datetime

    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%MZ")
    except (ValueError, OverflowError, OSError):
        return f"{seconds:.0f} s"


def _figure(value: float) -> str:
    """Four digits; of what is larger all, in groups of three."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def _first(request: Request) -> Response:
    return RedirectResponse(request.app.state.session.pages[0][0], 303)


def _static(name: str) -> Response:
    if name == "report.css":
        from coincell.report import stylesheet

        return _kept(stylesheet().encode(), "text/css")
    if name == "htmx.js":
        return _kept(_resource(f"vendor/{_HTMX}"), "text/javascript")
    if name not in _STATIC:
        return PlainTextResponse("There is no such file.", 404)
    return _kept(_resource(f"static/{name}"), _STATIC[name])


def _kept(content: bytes, kind: str) -> Response:
    """Asked for again by each page: small, from this computer, and never out of date."""
    return Response(content, media_type=f"{kind}; charset=utf-8")


@cache
def _resource(name: str) -> bytes:
    return files("coincell.studio").joinpath(name).read_bytes()


async def _told(request: Request, error: Exception) -> Response:
    """What went wrong, as the terminal would say it."""
    status = 409 if isinstance(error, OvertakenError | ChangedError) else 400
    message, hint = getattr(error, "message", str(error)), getattr(error, "hint", "")
    if request.headers.get("accept", "").startswith("application/json"):
        from fastapi.responses import JSONResponse

        return JSONResponse({"error": message, "hint": hint}, status)
    return _notice(request, status, message, hint)


async def _outside(request: Request, error: Exception) -> Response:
    return _notice(request, 403, str(error), "")


async def _too_large(request: Request, error: Exception) -> Response:
    answer = _notice(request, 413, str(error), "")
    answer.headers["Connection"] = "close"
    return answer


async def _absent(request: Request, error: Exception) -> Response:
    if getattr(error, "status_code", 404) == 405:
        path, method = request.url.path, request.method[:20]
        answer = _notice(request, 405, f"{path} cannot be asked by {method}.", "")
        answer.headers.update(getattr(error, "headers", None) or {})
        return answer
    return _notice(request, 404, f"There is no {request.url.path}.", "")


async def _misformed(request: Request, error: Exception) -> Response:
    """What came in is not of the kind that a page takes, such as a word for a number."""
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    name, given = first["loc"][-1], first.get("input")
    received = "nothing" if given is None else repr(str(given)[:40])
    reason = first["msg"][:1].lower() + first["msg"][1:]
    return await _told(request, UserError(f"{name}: {reason}; received {received}."))


async def _fault(request: Request, error: Exception) -> Response:
    """A fault of ours, in words; the server prints its traceback too."""
    words = f"A fault of ours: {type(error).__name__}: {str(error)[:200]}"
    return _notice(request, 500, words, "The terminal of `coincell studio` tells more.")


def _notice(request: Request, status: int, message: str, hint: str) -> Response:
    """A few words where a page asked for a part of itself; else a page of them."""
    told: dict[str, Any] = {"message": message, "hint": hint}
    name = "notice.html.j2" if request.headers.get("hx-request") else "problem.html.j2"
    return page(request, name, status=status, **told)
