"""Reports over HTTP; what is acknowledged is on the disk."""

from __future__ import annotations

import asyncio
import gc
import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coincell.monitor.admission import Batch, Refusal, read_batch, together
from coincell.monitor.database import StoreError
from coincell.monitor.overview import METRICS_TYPE, metrics
from coincell.monitor.splitting import split_reports
from coincell.monitor.store import Store

if TYPE_CHECKING:
    import socket

    from fastapi import FastAPI

MOST_BODY_BYTES = 1 << 20
MOST_REPORTS = 1 << 14
"""In one request; a mebibyte of reports of usual size holds less than half as many."""

BODY_S = 30.0
"""A request's body must have come so long after its head."""

BATCH = 2000
"""Reports in one commit, of a file or of requests that wait together."""

_RETRY_S = 5
_REFUSED = 400


def collect_seldom() -> None:
    """Let Python look for cycles less often in a process that only receives.

    Each report makes some dozen objects and no cycle; looking through all of them as often as
    usual takes a quarter of the time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(200_000, 20, 20)


@dataclass(frozen=True)
class _Member:
    """A request's reports, how many they are, and who waits for what was refused of them."""

    batch: Batch
    count: int
    answer: asyncio.Future[list[Refusal]]


class Gatherer:
    """Adds what several requests bring in one transaction, and answers each when it is kept.

    A commit waits for the disk; while it does, requests are read and gather, and the next commit
    is theirs.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: asyncio.Queue[_Member] = asyncio.Queue(maxsize=16)

    async def add(self, reports: list[bytes]) -> list[Refusal]:
        """Those of these reports that were refused; all others are kept.

        Raises:
            StoreError: nothing of them was kept.
        """
        answer: asyncio.Future[list[Refusal]] = asyncio.get_running_loop().create_future()
        batch = await asyncio.to_thread(read_batch, reports)
        await self._waiting.put(_Member(batch, len(reports), answer))
        return await answer

    async def work(self) -> None:
        """Add until cancelled."""
        while True:
            members = [await self._waiting.get()]
            while not self._waiting.empty() and sum(one.count for one in members) < BATCH:
                members.append(self._waiting.get_nowait())
            batch = together([(one.batch, one.count) for one in members])
            try:
                outcome = await asyncio.to_thread(self._store.add, batch)
            except Exception as error:
                for one in members:
                    if not one.answer.done():
                        one.answer.set_exception(error)
            else:
                _answer(members, outcome.refusals)


def _answer(members: list[_Member], refusals: tuple[Refusal, ...]) -> None:
    begin = 0
    for one in members:
        own = [
            replace(refusal, place=refusal.place - begin)
            for refusal in refusals
            if begin <= refusal.place < begin + one.count
        ]
        begin += one.count
        if not one.answer.done():
            one.answer.set_result(own)


def build_receiver(
    place: Path | str, token: str, enrolled_only: bool = False, body_s: float = BODY_S
) -> FastAPI:
    """The HTTP application: POST /v1/reports, GET /metrics and /healthz.

    Args:
        place: the store's, see `Store`.
        token: what reports and questions carry as `Authorization: Bearer TOKEN`; at least 16
            characters.
        enrolled_only: see `Store`.
        body_s: see `BODY_S`.

    Raises:
        StoreError: the store cannot be opened.
    """
    from fastapi import FastAPI
    from starlette.routing import Route

    store, reader = Store(place, enrolled_only), Store(place)
    gatherer = Gatherer(store)

    @asynccontextmanager
    async def lifespan(application: FastAPI) -> AsyncIterator[None]:
        del application
        task = asyncio.create_task(gatherer.work())
        yield
        task.cancel()
        store.close()
        reader.close()

    application = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)
    pages = _Pages(gatherer, reader, token, body_s)
    application.router.routes += [
        Route("/v1/reports", pages.reports, methods=["POST"]),
        Route("/metrics", pages.metrics, methods=["GET"]),
        Route("/healthz", pages.health, methods=["GET"]),
    ]
    return application


def run_receiver(application: FastAPI, listening: socket.socket) -> None:
    """Serve `build_receiver`'s application until Ctrl-C, with little patience for strangers."""
    from uvicorn import Server

    from coincell.monitor.serving import server_settings

    collect_seldom()
    Server(server_settings(application)).run(sockets=[listening])


class _Pages:
    """What is answered."""

    def __init__(self, gatherer: Gatherer, reader: Store, token: str, body_s: float) -> None:
        self._gatherer = gatherer
        self._reader = reader
        self._wanted = f"Bearer {token}".encode()
        self._body_s = body_s
        self._asking = asyncio.Lock()

    async def reports(self, request: Any) -> Any:
        """Add the body's reports; answers when they are on the disk."""
        from starlette.requests import ClientDisconnect

        if not self._may(request):
            return _said(401, "Reports carry the token: Authorization: Bearer TOKEN.")
        try:
            async with asyncio.timeout(self._body_s):
                data = await _body(request)
        except TimeoutError:
            return _said(408, f"A body comes within {self._body_s:g} s.")
        except ClientDisconnect:  # nothing came whole, and nobody hears the answer
            return _said(400, "The body did not come whole.")
        parts = [] if data is None else split_reports(data)
        if data is None or len(parts) > MOST_REPORTS:
            return _said(
                413, f"At most {MOST_BODY_BYTES:,} bytes and {MOST_REPORTS:,} reports at once."
            )
        try:
            refusals = await self._gatherer.add(parts)
        except StoreError as error:
            return _said(503, error.message, {"retry-after": str(_RETRY_S)})
        from starlette.responses import JSONResponse

        return JSONResponse(
            {
                "kept": len(parts) - len(refusals),
                "refused": [
                    {"place": one.place, "reason": one.reason, "message": one.message}
                    for one in refusals
                ],
            }
        )

    async def metrics(self, request: Any) -> Any:
        """The store's counters for Prometheus."""
        from starlette.responses import Response

        if not self._may(request):
            return _said(401, "Metrics are told to who carries the token.")
        try:
            async with self._asking:
                text = await asyncio.to_thread(metrics, self._reader.database)
        except StoreError as error:
            return _said(503, error.message)
        return Response(text, headers={"content-type": METRICS_TYPE})

    async def health(self, request: Any) -> Any:
        """That the server answers; asks the store nothing."""
        del request
        return _said(200, "The monitor answers.")

    def _may(self, request: Any) -> bool:
        given = request.headers.get("authorization", "").encode()
        return hmac.compare_digest(given, self._wanted)


async def _body(request: Any) -> bytes | None:
    """The request's body; None as soon as it is too long."""
    length = request.headers.get("content-length", "0")
    if not length.isdigit() or int(length) > MOST_BODY_BYTES:
        return None
    data = bytearray()
    async for part in request.stream():
        data += part
        if len(data) > MOST_BODY_BYTES:
            return None
    return bytes(data)


def _said(status: int, message: str, headers: dict[str, str] | None = None) -> Any:
    from starlette.responses import JSONResponse

    # What is refused may still be sending its body: nobody waits for the rest.
    closing = {"connection": "close"} if status >= _REFUSED else {}
    return JSONResponse({"message": message}, status_code=status, headers=closing | (headers or {}))
