"""What a test example is called: a clip only of sound."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from coincell.report.input_schema import Channel, DatasetPart


@dataclass(frozen=True)
class Words:
    """One example and many, and who shares them (the split column's values), in words."""

    one: str
    many: str
    owners: str

    def tell(self, text: str) -> str:
        """A sentence that was written of clips and speakers, of what these examples are."""
        if self.one == "clip":
            return text
        for found, word in (
            ("clips", self.many),
            ("clip", self.one),
            ("speakers", "people or machines"),
            ("speaker", "person or machine"),
        ):
            for spelled in (found, found.capitalize()):
                same = word.capitalize() if spelled[0].isupper() else word
                text = re.sub(rf"\b{spelled}\b", same, text)
        return text


def words_of(dataset: DatasetPart) -> Words:
    """The words for a data set's sense: clips of sound, windows of motion, pictures."""
    one = {"sound": "clip", "motion": "window", "picture": "picture"}[dataset.sense]
    owners = f"{dataset.split_by or 'speaker'}s" if dataset.sense == "sound" else "groups"
    if dataset.sense != "sound" and dataset.split_by:
        owners = f"{dataset.split_by} (values)"
    return Words(one, f"{one}s", owners)


def channels_by_unit(
    channels: Sequence[Channel],
) -> list[tuple[tuple[str, float], tuple[str, ...]]]:
    """((unit, full scale), names) of channels that share both, in their order."""
    found: dict[tuple[str, float], list[str]] = {}
    for channel in channels:
        found.setdefault((channel.unit, channel.full_scale), []).append(channel.name)
    return [(key, tuple(names)) for key, names in found.items()]
