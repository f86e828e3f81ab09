"""[mitigation]: what training does for groups of people that it would serve worse."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from coincell.project.audit_settings import ColumnNames
from coincell.project.section import Fraction, Section


class MitigationSettings(Section):
    """[mitigation]: what training does for groups that have few people, or few of a class"""

    columns: ColumnNames = Field(
        (),
        description="Columns of the data whose groups are meant, such as gender; of several their "
        "intersections. Samples that do not tell theirs are learned from as ever.",
    )
    weights: Literal["none", "reweigh"] = Field(
        "none",
        description="reweigh: samples count as much as if groups and classes were independent "
        "(Kamiran and Calders 2012), those of a group that lacks a class more.",
    )
    batches: Literal["none", "balanced"] = Field(
        "none",
        description="balanced: in each epoch every class draws as many samples of each of its "
        "groups, of small groups the same ones several times.",
    )
    copies: int = Field(
        0,
        ge=0,
        le=64,
        description="Most further altered copies of a window, so that in each class every group "
        "has as many samples as the largest; beside [augmentation], which alters them too.",
    )
    pitch_semitones: float = Field(
        2.0, ge=0, le=12, description="Sound: most that those copies' pitch moves, either way."
    )
    formant_percent: float = Field(
        10.0,
        ge=0,
        le=50,
        description="Sound: most that their formants move, either way; pitch leaves them in place.",
    )
    lighting: Fraction = Field(
        0.4,
        description="Pictures: most that their exposure and gamma grow, as a share, or fall by; a "
        "cast of colour half as far.",
    )

    @property
    def in_training(self) -> bool:
        """Whether training goes another way on the same samples."""
        return self.weights != "none" or self.batches != "none"

    @property
    def wanted(self) -> bool:
        """Whether training is another one with it."""
        return self.in_training or self.copies > 0

    @model_validator(mode="after")
    def _groups_are_named(self) -> Self:
        if len(set(self.columns)) != len(self.columns):
            raise ValueError(f"columns must be unique; received {list(self.columns)}")
        if self.wanted and not self.columns:
            raise ValueError(
                "weights, batches and copies need columns, whose groups are meant; none given"
            )
        return self
