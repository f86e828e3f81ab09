"""Which clip is for training, validation or test: by hash, so that growing data moves nothing.

A *unit* is what never crosses a split: a speaker (any value of the column data.split.by), or a
single clip where that column is empty. A unit's place is a pure function of its key and the
project's seed, so it does not depend on what else there is. Two things override it:

1. A clip whose split the source gives keeps it; a unit that is already in the manifest stays.
2. Small data: when hashing leaves a class without a single unit in training, test or validation
   (in this order), one new unit of that class moves there; from training only when each of its
   classes keeps another unit there. The manifest then holds it, so later imports do not move it
   back; but the same recordings imported into an empty project together with others may fall
   otherwise. We take a test split that exists over one that is a pure function.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from coincell.data.manifest import Split
from coincell.project import SplitSettings

_SCALE = float(2**64)


@dataclass(frozen=True)
class Unit:
    """What must stay on one side: its key and the labels of its clips."""

    key: str
    labels: frozenset[str]


def position(key: str, seed: int) -> float:
    """A number in [0, 1) that depends on nothing but `key` and `seed`."""
    digest = hashlib.sha256(f"split\0{seed}\0{key}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / _SCALE


def split_at(place: float, settings: SplitSettings) -> Split:
    """The split of a position in [0, 1): test first, then validation, then training."""
    if place < settings.test:
        return "test"
    return "validation" if place < settings.test + settings.validation else "train"


def assign_splits(
    units: Sequence[Unit],
    known: Mapping[str, Split],
    settings: SplitSettings,
    seed: int,
    covered: Mapping[Split, frozenset[str]],
) -> dict[str, Split]:
    """key -> split for every unit.

    Args:
        units: all units that need a split.
        known: the splits of units that have one already; they keep it.
        settings: the shares.
        seed: the project's.
        covered: labels that each split has already from clips outside `units`.
    """
    splits: dict[str, Split] = {
        unit.key: known.get(unit.key) or split_at(position(unit.key, seed), settings)
        for unit in units
    }
    movable = sorted(
        (unit for unit in units if unit.key not in known),
        key=lambda unit: (position(unit.key, seed), unit.key),
    )
    counts = Counter((splits[unit.key], label) for unit in units for label in unit.labels)
    counts.update((split, label) for split, labels in covered.items() for label in labels)
    wanted: list[Split] = ["train"]
    wanted += ["test"] if settings.test > 0 else []
    wanted += ["validation"] if settings.validation > 0 else []
    for split in wanted:
        for label in sorted({label for unit in units for label in unit.labels}):
            if not counts[split, label]:
                _cover(label, split, movable, splits, counts)
    return splits


def _cover(
    label: str,
    split: Split,
    movable: Sequence[Unit],
    splits: dict[str, Split],
    counts: Counter[tuple[Split, str]],
) -> None:
    """Move one unit with `label` to `split`: into training from the top of the hash's range,
    into the others from its bottom, and never the last of a class out of training."""
    for unit in reversed(movable) if split == "train" else movable:
        origin = splits[unit.key]
        if label not in unit.labels or (split != "train" and origin != "train"):
            continue
        if origin == "train" and any(counts["train", other] < 2 for other in unit.labels):
            continue
        splits[unit.key] = split
        counts.subtract((origin, other) for other in unit.labels)
        counts.update((split, other) for other in unit.labels)
        return
