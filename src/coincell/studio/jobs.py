"""Long work behind the pages: each a thread that tells how far it is and can be stopped."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from coincell.data import Progress
from coincell.errors import CoincellError

State = Literal["running", "done", "failed", "stopped"]
Work = Callable[[Progress], Any]
_KEPT = 20


class StoppedError(Exception):
    """Raised in a job's thread, by its progress function, after someone stopped it."""


@dataclass(frozen=True)
class Job:
    """One piece of long work as it stands.

    Attributes:
        number: which, from 1.
        kind: of what kind; only one of a kind runs at a time.
        title: what it does, for a person.
        state: "running", "done", "failed" or "stopped".
        done: steps behind it.
        total: of how many; 0 where it does not know.
        message: what it is doing, or how it ended.
        hint: what to try where it failed.
        seconds: how long it took, or has taken.
        result: what it gave; None until it is done.
    """

    number: int
    kind: str
    title: str
    state: State = "running"
    done: int = 0
    total: int = 0
    message: str = ""
    hint: str = ""
    seconds: float = 0.0
    result: Any = field(default=None, repr=False)

    @property
    def share(self) -> float | None:
        """How far it is, 0 to 1; None where it does not know."""
        return min(1.0, self.done / self.total) if self.total else None

    def to_json(self) -> dict[str, Any]:
        """Plain data, without the result."""
        names = ("number", "kind", "title", "state", "done", "total", "message", "hint")
        return {name: getattr(self, name) for name in names} | {"seconds": round(self.seconds, 2)}


class Jobs:
    """All jobs of a studio. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._jobs: dict[int, Job] = {}
        self._stops: dict[int, threading.Event] = {}
        self._threads: dict[int, threading.Thread] = {}
        self._numbers = itertools.count(1)

    def start(self, kind: str, title: str, work: Work) -> Job:
        """Begin `work` in a thread of its own; one of the same kind that still runs is given back.

        Args:
            kind: of the job.
            title: for a person.
            work: called with a progress function, which it calls often: that is where a stop
                reaches it. What it returns is the job's result.
        """
        with self._lock:
            for job in self._jobs.values():
                if job.kind == kind and job.state == "running":
                    return job
            job = Job(next(self._numbers), kind, title)
            self._jobs[job.number] = job
            self._stops[job.number] = threading.Event()
            thread = threading.Thread(
                target=self._run, args=(job.number, work), name=f"studio-{kind}", daemon=True
            )
            self._threads[job.number] = thread
            self._forget()
        thread.start()
        return job

    def get(self, number: int) -> Job | None:
        """A job by its number."""
        with self._lock:
            return self._jobs.get(number)

    def latest(self, kind: str) -> Job | None:
        """The last one of a kind."""
        with self._lock:
            return next((j for j in reversed(self._jobs.values()) if j.kind == kind), None)

    def all(self) -> list[Job]:
        """Those that are remembered, the newest first."""
        with self._lock:
            return list(reversed(self._jobs.values()))

    def stop(self, number: int) -> None:
        """Ask a job to stop; it ends at its next step."""
        with self._lock:
            if number in self._stops:
                self._stops[number].set()

    def wait(self, number: int, seconds: float) -> Job | None:
        """The job, after its end or `seconds`."""
        with self._lock:
            thread = self._threads.get(number)
        if thread is not None:
            thread.join(seconds)
        return self.get(number)

    def close(self) -> None:
        """Stop all of them and wait a moment for their ends."""
        with self._lock:
            threads = list(self._threads.values())
            for stop in self._stops.values():
                stop.set()
        for thread in threads:
            thread.join(2.0)

    def _forget(self) -> None:
        """Old jobs that have ended, beyond what is worth remembering."""
        ended = [number for number, job in self._jobs.items() if job.state != "running"]
        for number in ended[: max(0, len(self._jobs) - _KEPT)]:
            del self._jobs[number], self._stops[number], self._threads[number]

    def _run(self, number: int, work: Work) -> None:
        began = time.monotonic()
        stop = self._stops[number]

        def change(**values: Any) -> None:
            with self._lock:
                seconds = time.monotonic() - began
                self._jobs[number] = replace(self._jobs[number], seconds=seconds, **values)

        def progress(done: int, total: int, message: str = "") -> None:
            change(done=done, total=total, message=message)
            if stop.is_set():
                raise StoppedError

        try:
            result = work(progress)
        except StoppedError:
            change(state="stopped", message="Stopped; nothing half-made stays.")
        except CoincellError as error:
            change(state="failed", message=error.message, hint=error.hint)
        except Exception as error:  # shown on the page, as the terminal would show it
            change(state="failed", message=f"A fault of ours: {type(error).__name__}: {error}")
        else:
            change(state="done", message="", result=result)
