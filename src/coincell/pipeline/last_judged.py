"""What the models of the last run said of the test windows: for pages that compare groups."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coincell.audit import Place
from coincell.pipeline.auditing import place_of
from coincell.pipeline.clips import Clips, normal_class, read_clips
from coincell.pipeline.judged import Told, read_told
from coincell.pipeline.runner import Outcome, find_stages
from coincell.pipeline.stages.table import STAGES
from coincell.project import Configuration, Project

_NEEDED = ("dataset", "evaluate", "audit")


@dataclass(frozen=True)
class LastJudged:
    """The n windows of the test split.

    Attributes:
        outcome: of the run, up to the audit at least.
        configuration: of the project, as it was run.
        clips: every window of the data set.
        told: what was said of the test windows, by place, float first.
    """

    outcome: Outcome
    configuration: Configuration
    clips: Clips
    told: Mapping[str, Told]

    @property
    def key(self) -> str:
        """Changes with what was said, and with the windows."""
        return "-".join(self.outcome.artefacts[name].key[:12] for name in _NEEDED)

    @functools.cached_property
    def rows(self) -> NDArray[np.int64]:
        """Positions of the test windows, [n]."""
        return self.clips.rows("test")

    @property
    def truth(self) -> NDArray[np.int64]:
        """Positions in data.labels, [n]; of normality 1 for the strange, else 0."""
        labels: NDArray[np.int64] = self.clips.labels[self.rows]
        if self.configuration.goal == "normality":
            return np.not_equal(labels, normal_class(self.configuration.data)).astype(np.int64)
        return labels

    @property
    def threshold(self) -> float | None:
        """Of the device, in the scores' unit; a number has none."""
        if self.configuration.goal == "normality":
            facts = self.outcome.artefacts["evaluate"].read_json("evaluation.json")
            return float(facts["int8"]["normality"]["threshold"])
        classes = self.configuration.goal == "classes"
        return self.configuration.decision.threshold if classes else None

    @property
    def groups(self) -> Sequence[Mapping[str, str]]:
        """Group columns of each, [n]."""
        return [self.clips.groups[row] for row in self.rows]

    @property
    def files(self) -> Sequence[str]:
        """Names of the recordings, [n]."""
        return [self.clips.files[row] for row in self.rows]

    @functools.cached_property
    def places(self) -> Sequence[Place]:
        """As the audit takes them."""
        return [
            place_of(name, told, self.clips, self.configuration) for name, told in self.told.items()
        ]


def find_judged(project: Project) -> LastJudged | None:
    """Of the project as it stands; None where a run is due. Nothing is made."""
    outcome = find_stages(project, STAGES)
    if any(name not in outcome.artefacts for name in _NEEDED):
        return None
    told = read_told(outcome.artefacts["evaluate"])
    clips = read_clips(outcome.artefacts["dataset"])
    return LastJudged(outcome, project.configuration, clips, told) if told else None
