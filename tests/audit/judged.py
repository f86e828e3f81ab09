"""Clips of people in groups, judged: drawn, with gaps that are known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coincell.audit import ClassMeasure, People, Place, TaskWords, people_of
from coincell.project import AuditSettings

LABELS = ("yes", "no", "stop")
SOUND = TaskWords("sound")


@dataclass(frozen=True)
class Judged:
    """n clips: truth and decisions int64 [n], scores [n, 3], columns and files of each."""

    truth: NDArray[np.int64]
    decisions: NDArray[np.int64]
    scores: NDArray[np.float64]
    groups: tuple[dict[str, str], ...]
    files: tuple[str, ...]

    def people(self, settings: AuditSettings | None = None) -> People:
        """By speaker."""
        return people_of(
            self.groups,
            self.files,
            settings or AuditSettings(),
            split_by="speaker",
            truth=self.truth,
        )

    def place(
        self, name: str = "int8", decisions: NDArray[np.int64] | None = None, scored: bool = True
    ) -> Place:
        """As it was judged, or with other decisions."""
        made = self.decisions if decisions is None else decisions
        measure = ClassMeasure(LABELS, self.truth, made)
        return Place(name, measure, *((self.truth, self.scores) if scored else ()))


def judged(
    seed: int = 0, people: int = 40, each: int = 12, harm: float = 0.0, accents: int = 3
) -> Judged:
    """Speakers of two genders and some accents; women's clips go wrong `harm` more often."""
    generator = np.random.default_rng(seed)
    speaker = np.repeat(np.arange(people), each)
    truth = generator.integers(0, 3, len(speaker))
    right = generator.random(len(speaker)) < 0.85 - harm * (speaker % 2)
    other = (truth + generator.integers(1, 3, len(speaker))) % 3
    decisions = np.where(right, truth, np.where(generator.random(len(speaker)) < 0.3, -1, other))
    scores = generator.random((len(speaker), 3)) * 0.6
    scores[np.arange(len(speaker)), truth] += generator.random(len(speaker)) * 0.5
    groups = tuple(
        {
            "speaker": f"s{who}",
            "gender": "female" if who % 2 else "male",
            "accent": f"a{who // 2 % accents}",
        }
        for who in speaker.tolist()
    )
    files = tuple(f"{at}.wav" for at in range(len(speaker)))
    return Judged(truth, decisions, scores, groups, files)
