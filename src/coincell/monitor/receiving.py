"""Reports from files and folders, and over HTTP; what is acknowledged is on the disk."""

from __future__ import annotations

import asyncio
import gc
import hmac
import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from coincell.monitor.admission import Batch, Refusal, read_batch, together
from coincell.monitor.database import StoreError, patiently
from coincell.monitor.overview import METRICS_TYPE, metrics
from coincell.monitor.splitting import read_reports, split_reports
from coincell.monitor.store import KEPT_REFUSALS, Outcome, Store

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


def ingest_file(store: Store, path: Path, received: float | None = None) -> Outcome:
    """Add the reports that stand behind each other in a file.

    Args:
        store: where to.
        path: of the file.
        received: seconds since 1970; unless told, when the file was written last.

    Raises:
        StoreError: the store is away and did not come back; what was added before stays.
        OSError: the file cannot be read.
    """
    moment = path.stat().st_mtime if received is None else received
    whole = Outcome(0, 0, 0, ())
    with path.open("rb") as stream:
        for batch in _read_ahead(_batches(stream)):
            whole = joined(whole, patiently(partial(store.add, batch, moment)))
    return whole


def _read_ahead(batches: Iterator[list[bytes]]) -> Iterator[Batch]:
    """Each read while the disk is waited for, on which the one before is written."""
    with ThreadPoolExecutor(1) as reader:
        waiting: Future[Batch] | None = None
        for batch in batches:
            coming = reader.submit(read_batch, batch)
            if waiting is not None:
                yield waiting.result()
            waiting = coming
        if waiting is not None:
            yield waiting.result()


def joined(whole: Outcome, part: Outcome) -> Outcome:
    """Outcomes of two parts as one; places of refusals stay those of their part."""
    return Outcome(
        whole.added + part.added,
        whole.repeated + part.repeated,
        whole.refused + part.refused,
        (whole.refusals + part.refusals)[:KEPT_REFUSALS],
    )


def _batches(stream: BinaryIO) -> Iterator[list[bytes]]:
    waiting: list[bytes] = []
    for parts in read_reports(stream):
        waiting += parts
        while len(waiting) >= BATCH:
            yield waiting[:BATCH]
            del waiting[:BATCH]
    if waiting:
        yield waiting


def watch_folder(
    store: Store,
    folder: Path,
    told: Callable[[Path, Outcome], None],
    again: Callable[[], bool] = lambda: True,
    every_s: float = 2.0,
) -> None:
    """Add the files of a folder, and those that come, until `again` says no.

    A file is read once it has not changed for a round, and again when it changes: repeats count
    once, so that a file may grow.

    Raises:
        StoreError: as `ingest_file`.
    """
    waiting: dict[Path, tuple[int, int]] = {}
    done: dict[Path, tuple[int, int]] = {}
    while True:
        for path in sorted(folder.iterdir()):
            if path.name.startswith("."):
                continue
            with suppress(FileNotFoundError):  # who wrote it may take it away
                if not path.is_file():
                    continue
                facts = path.stat()
                state = (facts.st_mtime_ns, facts.st_size)
                if waiting.get(path) == state != done.get(path):
                    told(path, ingest_file(store, path))
                    done[path] = state
                waiting[path] = state
        if not again():
            return
        time.sleep(every_s)


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
        if not self._may(request):
            return _said(401, "Reports carry the token: Authorization: Bearer TOKEN.")
        try:
            async with asyncio.timeout(self._body_s):
                data = await _body(request)
        except TimeoutError:
            return _said(408, f"A body comes within {self._body_s:g} s.")
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
