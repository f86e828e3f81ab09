"""The one threshold of the device, written into coincell.toml: of two writers the later is told."""

from __future__ import annotations

from coincell.errors import UserError
from coincell.files import locked
from coincell.project import Project, change_settings, load_project

_DIGITS = 4


class ChangedError(UserError):
    """Somebody else set the threshold since it was looked at."""


def set_threshold(project: Project, value: float, expected: float) -> float:
    """Write `decision.threshold`; gives what was written, to four digits.

    Args:
        project: whose.
        value: a score, 0 to 1.
        expected: what it was when the writer looked.

    Raises:
        ChangedError: it is something else by now; nothing is written.
        UserError: the project is gone, has no such threshold, or the number is none.
        ConfigurationError: coincell.toml says it in a way that cannot be changed.
    """
    if not 0 <= value <= 1:
        raise UserError(f"A threshold is a score, 0 to 1; received {value:g}.")
    load_project(project.directory)  # before a lock makes a folder where a project was deleted
    with locked(project.build_directory / "settings.lock"):
        configuration = load_project(project.directory).configuration
        if configuration.goal != "classes":
            raise UserError(
                "Only a project that tells classes has a threshold to set.",
                "A detector's follows from decision.false_alarm_rate.",
            )
        now = configuration.decision.threshold
        if not abs(now - expected) <= 1e-9:  # so that NaN is no way around
            raise ChangedError(
                f"decision.threshold was {expected:g} when you looked, and is {now:g} by now: "
                "somebody else changed it. Nothing of yours was written.",
                "Load the page again, and choose from there.",
            )
        written = round(value, _DIGITS)
        if written != now:
            change_settings(project.directory, {"decision.threshold": written})
    return written
