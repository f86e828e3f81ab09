"""Equal recordings of which something else is said: one of the two is wrong."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from coincell.data.looking import look
from coincell.data.manifest import Dataset, Sample
from coincell.data.senses import counted
from coincell.project import DataSettings


def same_content(samples: Iterable[Sample]) -> list[list[Sample]]:
    """Those that share their content, by SHA-256, two or more in each list."""
    by_content: defaultdict[str, list[Sample]] = defaultdict(list)
    for sample in samples:
        by_content[sample.sha256].append(sample)
    return [copies for copies in by_content.values() if len(copies) > 1]


def contradict(copies: Sequence[Sample]) -> bool:
    """Whether copies have different labels, or different targets."""
    return len({(sample.label, sample.target) for sample in copies}) > 1


def contradiction_notes(
    dataset: Dataset, new: Iterable[str], settings: DataSettings
) -> tuple[str, ...]:
    """A sentence where files that are `new` contradict others; silence says nothing of its label.

    Args:
        dataset: as it is now.
        new: files of it that came just now.
        settings: of the project.
    """
    came = set(new)
    pairs = []
    for copies in same_content(dataset.samples):
        fresh = [sample for sample in copies if sample.file in came]
        if not fresh or not contradict(copies):
            continue
        if look(dataset, copies[0], settings).loudest_dbfs == float("-inf"):
            continue
        said = (fresh[0].label, fresh[0].target)
        other = next(each for each in copies if (each.label, each.target) != said)
        pairs.append((fresh[0].file, other.file))
    if not pairs:
        return ()
    first, second = pairs[0]
    what = "target" if settings.target else "label"
    told = (
        f"The content of {counted(len(pairs), settings.sense)} is there under another {what}, too: "
        f"{first} is {second}. One is wrong; `coincell data check` lists them."
    )
    return (told,)
