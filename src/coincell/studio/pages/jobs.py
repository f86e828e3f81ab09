"""Long work: how far it is, and a button that stops it."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from coincell.errors import UserError
from coincell.studio.jobs import Job
from coincell.studio.pages.shared import page, session_of

router = APIRouter(prefix="/jobs")


@router.get("/{number}")
def show(request: Request, number: int) -> Response:
    """A job as it stands: a part of a page that asks for itself while the job runs."""
    return job_part(request, _job(request, number))


@router.get("/{number}/state")
def state(request: Request, number: int) -> Response:
    """The same as JSON."""
    return JSONResponse(_job(request, number).to_json())


@router.post("/{number}/stop")
def stop(request: Request, number: int) -> Response:
    """Ask it to stop."""
    session = session_of(request)
    session.jobs.stop(_job(request, number).number)
    session.jobs.wait(number, 0.3)
    return job_part(request, _job(request, number))


def job_part(request: Request, job: Job) -> Response:
    """The part of a page that shows a job; its end is told as an event of that name."""
    answer = page(request, "job.html.j2", job=job)
    if job.state != "running":
        answer.headers["HX-Trigger"] = f"{job.kind}-ended"
    return answer


def _job(request: Request, number: int) -> Job:
    job = session_of(request).jobs.get(number)
    if job is None:
        raise UserError(f"There is no job {number} any more.", "Load the page again.")
    return job
