"""[mitigation]: what training does for groups of people that it would serve worse."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from coincell.project.audit_settings import ColumnNames
from coincell.project.section import Section


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

    @property
    def wanted(self) -> bool:
        """Whether training is another one with it."""
        return self.weights != "none" or self.batches != "none"

    @model_validator(mode="after")
    def _groups_are_named(self) -> Self:
        if self.wanted and not self.columns:
            raise ValueError("weights and batches need columns, whose groups are meant; none given")
        return self
