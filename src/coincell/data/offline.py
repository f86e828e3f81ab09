"""A data set for each task without a recording of one's own: what is made, and how it is kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

from coincell.data.manifest import Dataset, Sample, Source, Split
from coincell.data.progress import Progress
from coincell.data.store import Store, open_store
from coincell.project import Project


@dataclass(frozen=True)
class Recipe:
    """One recording to be made.

    Attributes:
        file: its name in the data folder; the same recipe always has the same.
        label: its class, or "" with a target.
        split: the side that it is on.
        key: hash of everything that it depends on.
        make: gives `Recording.samples`.
        groups: group columns.
        target: a number to predict.
        unit: of that number.
    """

    file: str
    label: str
    split: Split
    key: str
    make: Callable[[], NDArray[Any]]
    groups: dict[str, str] = field(default_factory=dict)
    target: float | None = None
    unit: str = ""


@dataclass(frozen=True)
class OfflineSummary:
    """What was made.

    Attributes:
        source: where the recordings come from, a sentence for people.
        made: recordings that are new.
        kept: recordings that were there already, made from the same parameters.
        removed: recordings made earlier that are no longer asked for.
        dataset: as it is now.
    """

    source: str
    made: int
    kept: int
    removed: int
    dataset: Dataset


def make_recordings(
    project: Project,
    recipes: Sequence[Recipe],
    kind: str,
    source: str,
    progress: Progress,
    *,
    rate_hz: int = 0,
    channels: int = 0,
) -> OfflineSummary:
    """Make what is missing, keep what is there, remove what is no longer asked for.

    Args:
        project: whose data folder.
        recipes: everything that should be there.
        kind: `Source.format` of all of them, beginning with "synthetic" where it is; what an
            earlier call made of this kind and no recipe asks for is removed.
        source: see `OfflineSummary`.
        progress: hears of each recording.
        rate_hz: `Source.rate_hz`.
        channels: `Source.channels`.

    Returns:
        The summary; imported recordings stay as they are.
    """
    with open_store(project) as store:
        earlier = [sample for sample in store.before.samples if sample.source.format == kind]
        there = {sample.file: sample.source.sha256 for sample in earlier if store.holds(sample)}
        kept = {recipe.file for recipe in recipes if there.get(recipe.file) == recipe.key}
        samples = [sample for sample in earlier if sample.file in kept]
        missing = [recipe for recipe in recipes if recipe.file not in kept]
        for done, recipe in enumerate(missing, start=1):
            origin = Source(kind, rate_hz, channels, recipe.key)
            samples.append(_made(recipe, store, origin))
            progress(done, len(missing), recipe.file)
        files = {sample.file for sample in samples}
        removed = [sample for sample in earlier if sample.file not in files]
        dataset = store.publish(samples, removed)
    return OfflineSummary(source, len(missing), len(kept), len(removed), dataset)


def _made(recipe: Recipe, store: Store, origin: Source) -> Sample:
    clip = store.stage(recipe.file, recipe.make())
    return Sample(
        recipe.file,
        recipe.label,
        recipe.split,
        clip.sha256,
        clip.duration_s,
        recipe.groups,
        recipe.target,
        recipe.unit,
        origin,
    )
