"""What pages share: the session, templates, forms, and names of recordings that came in."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

from fastapi import Request
from fastapi.responses import HTMLResponse

from coincell.data import Sample
from coincell.errors import UserError
from coincell.studio.security import is_outside
from coincell.studio.session import Holdings, Session
from coincell.studio.table_session import TableSession

_MOST_FIELDS = 200


class OutsideError(Exception):
    """A name that came in would lead out of the project."""


def session_of(request: Request) -> Session:
    """The open studio."""
    session: Session = request.app.state.session
    return session


def judging_of(request: Request) -> Session | TableSession:
    """What is open and has judged examples: a project, or a table alone."""
    session: Session | TableSession = request.app.state.session
    return session


def page(request: Request, template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """A template, filled."""
    session = request.app.state.session
    made = request.app.state.environment.get_template(template).render(
        name=session.name, pages=session.pages, path=request.url.path, **values
    )
    return HTMLResponse(made, status)


async def form_of(request: Request) -> dict[str, str]:
    """The fields of a form that came in.

    Raises:
        UserError: it is no form.
    """
    body = await request.body()
    try:
        pairs = parse_qsl(
            body.decode(), keep_blank_values=True, strict_parsing=bool(body),
            max_num_fields=_MOST_FIELDS,
        )  # fmt: skip
    except ValueError as error:
        raise UserError(f"Not a form: {error}.", "Load the page again.") from error
    return dict(pairs)


def sample_of(holdings: Holdings, file: str) -> Sample:
    """The recording that a page names.

    Raises:
        OutsideError: the name leads out of the data folder, by itself or by a link on the disk.
        UserError: there is no such recording.
    """
    if is_outside(file) or file.startswith("/"):
        raise OutsideError("A path may not leave the project.")
    sample = holdings.sample(file)
    if sample is None:
        raise UserError(f"There is no recording {file[:200]!r} in the data set.", "Look again.")
    folder = holdings.dataset.directory.resolve()
    if not (folder / sample.file).resolve().is_relative_to(folder):
        raise OutsideError(f"{file}: a link that leads out of the project is not followed.")
    return sample
