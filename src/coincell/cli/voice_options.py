"""Options of `coincell data synthesize` on groups of voices, which become settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from coincell.errors import CoincellError, UserError

if TYPE_CHECKING:
    from coincell.project import GroupNumber, Project


def voice_settings(
    project: Project, voices: int | None, shares: Sequence[str], add_for: Sequence[str]
) -> dict[str, Any]:
    """Options -> settings of [synthesis] that repeat them.

    Args:
        project: whose settings the options change.
        voices: --voices: of the whole set, or with `add_for` how many each group gets.
        shares: "gender=female:0.1", in place of what is told of the same group.
        add_for: "gender=female".

    Raises:
        UserError: an option is no group, or needs another.
    """
    settings = project.configuration.synthesis
    changes: dict[str, Any] = {}
    if shares:
        changes["synthesis.training_shares"] = _merged(settings.shares(), shares)
    if add_for:
        if voices is None:
            raise UserError(
                "--add-for tells whom, --voices how many; received no --voices.",
                hint="coincell data synthesize --add-for gender=female --voices 10",
            )
        added = [f"{group}:{voices}" for group in add_for]
        changes["synthesis.training_added"] = _merged(settings.added(), added)
    elif voices is not None:
        changes["synthesis.voices"] = voices
    return changes


@contextmanager
def written_settings(project: Project, changes: Mapping[str, Any]) -> Iterator[Project]:
    """The project with `changes` in its coincell.toml, which is as before if what follows fails."""
    from coincell.files import write_atomic
    from coincell.project import CONFIGURATION_FILE, change_settings, load_project

    if not changes:
        yield project
        return
    path = project.directory / CONFIGURATION_FILE
    before = path.read_bytes()
    change_settings(project.directory, changes)
    try:
        yield load_project(project.directory)
    except CoincellError:
        write_atomic(path, before)
        raise


def _merged(before: Sequence[GroupNumber], texts: Sequence[str]) -> tuple[str, ...]:
    """What was told before, and what is told now instead of it or beside it."""
    from coincell.project import read_group

    try:
        now = [read_group(text) for text in texts]
    except ValueError as error:
        raise UserError(f"{error}.", hint="coincell data synthesize --help") from error
    told = {(each.column, each.value) for each in now}
    kept = [each for each in before if (each.column, each.value) not in told]
    return tuple(each.text for each in (*kept, *now))
