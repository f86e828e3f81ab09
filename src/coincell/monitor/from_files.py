"""Reports from files, and from folders to which more of them come."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import BinaryIO

from coincell.monitor.admission import Batch, read_batch
from coincell.monitor.database import patiently
from coincell.monitor.receiving import BATCH
from coincell.monitor.splitting import read_reports
from coincell.monitor.store import KEPT_REFUSALS, Outcome, Store

_EARLIEST_S = 1_577_836_800
"""2020-01-01: no file of reports is older."""


def ingest_file(store: Store, path: Path, received: float | None = None) -> Outcome:
    """Add the reports that stand behind each other in a file.

    Args:
        store: where to.
        path: of the file.
        received: seconds since 1970; unless told, when the file was written last, or now where
            that lies in the future or before 2020, as of a computer whose clock was not set.

    Raises:
        StoreError: the store is away and did not come back; what was added before stays.
        OSError: the file cannot be read.
    """
    moment = _written(path) if received is None else received
    whole = Outcome(0, 0, 0, ())
    with path.open("rb") as stream:
        for batch in _read_ahead(_batches(stream)):
            whole = joined(whole, patiently(partial(store.add, batch, moment)))
    return whole


def _written(path: Path) -> float:
    now, written = time.time(), path.stat().st_mtime
    return written if _EARLIEST_S <= written <= now else now


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
    unread: Callable[[Path, OSError], None] = lambda _, __: None,
) -> None:
    """Add the files of a folder, and those that come, until `again` says no.

    A file is read once it has not changed for a round, and again when it changes: repeats count
    once, so that a file may grow. One that cannot be read is tried again when it changes.

    Raises:
        StoreError: as `ingest_file`.
        OSError: the folder cannot be read.
    """
    waiting: dict[Path, tuple[int, int]] = {}
    done: dict[Path, tuple[int, int]] = {}
    while True:
        # What was taken away is forgotten: a folder through which files pass is watched for years.
        states = _states(folder)
        done = {path: state for path, state in done.items() if path in states}
        for path, state in states.items():
            if waiting.get(path) == state != done.get(path):
                try:
                    told(path, ingest_file(store, path))
                except FileNotFoundError:  # who wrote it may take it away
                    continue
                except OSError as error:
                    unread(path, error)
                done[path] = state
        waiting = states
        if not again():
            return
        time.sleep(every_s)


def _states(folder: Path) -> dict[Path, tuple[int, int]]:
    """Files of a folder that are not hidden -> when they were changed, and their bytes."""
    states = {}
    for path in sorted(folder.iterdir()):
        with suppress(FileNotFoundError):
            if not path.name.startswith(".") and path.is_file():
                facts = path.stat()
                states[path] = (facts.st_mtime_ns, facts.st_size)
    return states
