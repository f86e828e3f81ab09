"""Which data set a task starts with, before there is one of one's own."""

from __future__ import annotations

from collections.abc import Callable

from coincell.data.basic_motions import take_basic_motions
from coincell.data.faces import face_pictures, masked_faces
from coincell.data.offline import OfflineSummary
from coincell.data.progress import Progress, silent
from coincell.data.vibration import synthesize_vibration
from coincell.errors import UserError
from coincell.project import Project, TaskName

_DEFAULTS: dict[TaskName, Callable[[Project, Progress], OfflineSummary]] = {
    "visual-wake-word": face_pictures,
    "mask-detection": masked_faces,
    "anomaly-detection": synthesize_vibration,
    "gesture": take_basic_motions,
    "regression": synthesize_vibration,
}


def make_default_data(project: Project, progress: Progress = silent) -> OfflineSummary:
    """Fill the project's data folder with what `coincell data synthesize` has for its task.

    Spoken words, the default of keyword spotting, are `synthesize`'s.

    Raises:
        DataError: the project's settings do not fit what can be made.
        MissingExtraError: a package that carries the data is not installed.
        UserError: there is nothing for the task.
    """
    task = project.configuration.project.task
    if task not in _DEFAULTS:
        raise UserError(
            f"There is no data set to start with for {task}.",
            "Bring recordings in with `coincell data import DIR`.",
        )
    return _DEFAULTS[task](project, progress)
