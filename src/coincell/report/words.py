"""What a test example is called: a clip only of sound."""

from __future__ import annotations

from dataclasses import dataclass

from coincell.report.input_schema import DatasetPart


@dataclass(frozen=True)
class Words:
    """One example and many, and who shares them (the split column's values), in words."""

    one: str
    many: str
    owners: str


def words_of(dataset: DatasetPart) -> Words:
    """The words for a data set's sense: clips of sound, windows of motion, pictures."""
    one = {"sound": "clip", "motion": "window", "picture": "picture"}[dataset.sense]
    owners = f"{dataset.split_by or 'speaker'}s" if dataset.sense == "sound" else "groups"
    if dataset.sense != "sound" and dataset.split_by:
        owners = f"{dataset.split_by} (values)"
    return Words(one, f"{one}s", owners)
