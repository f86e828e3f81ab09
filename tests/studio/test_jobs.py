"""Long work that tells how far it is, and stops when asked."""

from __future__ import annotations

import threading

import pytest

from coincell.data import Progress
from coincell.errors import DataError
from coincell.studio.jobs import Jobs


def test_a_job_tells_how_far_it_is_and_what_it_gave() -> None:
    jobs, seen, go = Jobs(), threading.Event(), threading.Event()

    def work(progress: Progress) -> str:
        progress(3, 4, "clips")
        seen.set()
        go.wait(10)
        return "all"

    job = jobs.start("look", "Looking", work)
    assert seen.wait(10)
    now = jobs.get(job.number)
    assert now is not None
    assert (now.state, now.share, now.message) == ("running", 0.75, "clips")
    assert jobs.start("look", "Looking", work).number == job.number, "one of a kind at a time"
    go.set()
    ended = jobs.wait(job.number, 10)
    assert ended is not None
    assert (ended.state, ended.result) == ("done", "all")
    assert "result" not in ended.to_json()


def test_a_job_that_is_stopped_ends_at_its_next_step() -> None:
    jobs, steps, seen = Jobs(), [], threading.Event()

    def work(progress: Progress) -> None:
        for step in range(10**9):
            steps.append(step)
            progress(step, 0)
            seen.set()

    job = jobs.start("count", "Counting", work)
    assert seen.wait(10)
    jobs.stop(job.number)
    ended = jobs.wait(job.number, 10)
    assert ended is not None
    assert ended.state == "stopped"
    assert ended.share is None


@pytest.mark.parametrize(
    ("failure", "said"),
    [(DataError("No clips.", "Record some."), "No clips."), (KeyError("x"), "A fault of ours")],
)
def test_a_job_that_fails_says_why(failure: Exception, said: str) -> None:
    jobs = Jobs()

    def work(progress: Progress) -> None:
        raise failure

    ended = jobs.wait(jobs.start("fail", "Failing", work).number, 10)
    assert ended is not None
    assert ended.state == "failed"
    assert said in ended.message


def test_old_jobs_are_forgotten_but_running_ones_are_not() -> None:
    jobs, go = Jobs(), threading.Event()
    running = jobs.start("long", "Long", lambda progress: go.wait(10))
    for _ in range(60):
        jobs.wait(jobs.start("short", "Short", lambda progress: None).number, 10)
    assert len(jobs.all()) <= 25
    assert jobs.get(running.number) is not None
    go.set()
    jobs.close()
