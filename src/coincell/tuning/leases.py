"""Who works on a trial: a lease that its process renews, so that a dead one's work is done over."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

RENEWED_SECONDS = 5.0
SILENT_SECONDS = 15.0
"""After which a lease of this very host counts as given up, if its process is not there either: two
containers may bear one name."""
STALE_SECONDS = 60.0


def new_lease() -> dict[str, Any]:
    """This process's: host, process id, when the process began (clock ticks), and now."""
    pid = os.getpid()
    return {"host": socket.gethostname(), "pid": pid, "start": _began(pid), "stamp": time.time()}


def is_stale(lease: Mapping[str, Any] | None, began: float, now: float) -> bool:
    """Whether nobody works under the lease any more.

    Args:
        lease: of a running trial; None: it has none yet.
        began: when the trial began, seconds.
        now: seconds.
    """
    if lease is None:
        return now - began > STALE_SECONDS
    if lease["host"] == socket.gethostname():
        silent = now - lease["stamp"] > SILENT_SECONDS
        return bool(silent and _began(lease["pid"]) != lease["start"])
    return float(now - lease["stamp"]) > STALE_SECONDS


@contextmanager
def renewed(renew: Callable[[dict[str, Any]], None]) -> Iterator[None]:
    """Call `renew` with a fresh lease every few seconds while the block runs."""
    over = threading.Event()

    def beat() -> None:
        while not over.wait(RENEWED_SECONDS):
            with suppress(Exception):  # the storage is away: the next beat, or the end, tells
                renew(new_lease())

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _began(pid: int) -> str:
    """When a process began, in the kernel's ticks; "" where there is no such process.

    A number that another process bears by now began at another time. A zombie does no work.
    """
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as stream:
            fields = stream.read().rpartition(")")[2].split()
    except FileNotFoundError:
        return "" if os.path.isdir("/proc/self") else _answers(pid)
    except OSError:
        return ""
    return "" if fields[0] in "ZX" else fields[19]


def _answers(pid: int) -> str:
    """Without /proc: whether there is such a process."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return ""
    except PermissionError:
        pass
    return "there"
