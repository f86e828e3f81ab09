"""[intended] and [audit]: whom a model is for, and what must hold for each group of them."""

from __future__ import annotations

import unicodedata
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from coincell.project.section import Fraction, Section


def _without_control_characters(text: str) -> str:
    if any(unicodedata.category(letter) == "Cc" and letter not in "\n\t" for letter in text):
        raise ValueError("text must not hold control characters")
    return text


Sentence = Annotated[str, Field(max_length=2000), AfterValidator(_without_control_characters)]
"""A person's own words: some lines of text, shown as they are."""
Sentences = Annotated[
    tuple[Annotated[Sentence, Field(min_length=1)], ...], Field(strict=False, max_length=50)
]
ColumnName = Annotated[str, Field(max_length=100)]
ColumnNames = Annotated[
    tuple[Annotated[ColumnName, Field(min_length=1)], ...], Field(strict=False, max_length=100)
]


PEOPLE_SECTIONS = frozenset({"intended", "card", "audit"})
"""Sections of coincell.toml that change no model and no image: words for cards, and limits."""


class IntendedSettings(Section):
    """[intended]: what the model is for, whom it meets, and what its errors do to them"""

    use: Sentence = Field(
        "",
        description="What the device does with the model's answer. Empty, as every text of this "
        "table: the model card marks that a person must add it.",
    )
    users: Sentence = Field(
        "", description="Who meets the device, also those who did not choose to."
    )
    place: Sentence = Field("", description="Where it stands, and what is around it.")
    not_for: Sentences = Field((), description="Uses that it was not made or tested for.")
    false_positive: Sentence = Field(
        "", description="What it does to a person when something is told that was not there."
    )
    false_negative: Sentence = Field(
        "", description="What it does to a person when something that was there is not told."
    )
    false_positive_cost: float = Field(
        1.0,
        gt=0,
        le=1e6,
        description="What a false positive costs; only the ratio to the other cost counts, where "
        "thresholds are chosen.",
    )
    false_negative_cost: float = Field(
        1.0, gt=0, le=1e6, description="What a false negative costs."
    )


class AuditSettings(Section):
    """[audit]: groups of people that are compared, and limits at which `coincell run` fails"""

    person: ColumnName = Field(
        "",
        description="Column of the data that tells people, or machines, apart: they are what "
        "intervals count, not clips. Empty: data.split.by, else the recording.",
    )
    columns: ColumnNames = Field(
        (),
        description="Columns that are compared; empty: every one but the person's and those with "
        "more than most_values values.",
    )
    smallest_group: int = Field(
        5, ge=2, le=100_000, description="People a group needs before anything is claimed of it."
    )
    most_values: int = Field(
        50,
        ge=2,
        le=1000,
        description="A column with more values is no group: almost every sample has its own.",
    )
    rounds: int = Field(
        1000,
        ge=100,
        le=100_000,
        description="Rounds of the bootstrap over people; with 1000 an interval's end moves by a "
        "few percent of its width.",
    )
    intersections: bool = Field(
        True,
        description="Compare groups of all columns together too, such as young women: an average "
        "over either column can hide them.",
    )
    worst_group_recall: Fraction | None = Field(
        None,
        description="Least recall, over the classes, that any group of the int8 model may have; "
        "not given, as the limits below: no limit.",
    )
    equalized_odds_difference: Fraction | None = Field(
        None,
        description="Most that groups may differ in true-positive or false-positive rate, "
        "whichever differs more.",
    )
    accuracy_difference: Fraction | None = Field(
        None, description="Most that the accuracy of two groups may differ."
    )
    int8_added_gap: Fraction | None = Field(
        None,
        description="Most that quantization may add to the difference in accuracy between groups.",
    )

    @model_validator(mode="after")
    def _columns_are_told_once(self) -> Self:
        if len(set(self.columns)) != len(self.columns):
            raise ValueError(f"columns must be unique; received {list(self.columns)}")
        if self.person and self.person in self.columns:
            raise ValueError(
                f"columns must not hold the person's ({self.person!r}): each is a group of one"
            )
        return self
