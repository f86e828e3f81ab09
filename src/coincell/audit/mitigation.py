"""Groups of training samples: what each sample weighs so that groups and classes are independent,
and how often it is copied so that groups are alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from coincell.audit.people import NOT_TOLD, codes_of
from coincell.errors import DataError

UNTOLD = -1
"""The code of a sample that does not tell its group."""


def strata_of(
    groups: Sequence[Mapping[str, str]], columns: Sequence[str], most_values: int
) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """Intersections of columns: their names, and each of n samples' position among them or UNTOLD.

    Args:
        groups: each sample's columns.
        columns: which are meant.
        most_values: a column with more is no group, as in the audit.

    Raises:
        DataError: a column is not there, has too many values, or all samples are of one group.
    """
    known = sorted({column for row in groups for column in row})
    for column in columns:
        if column not in known:
            raise DataError(
                f"mitigation.columns names {column!r}, which the training data do not have.",
                hint=f"They have {', '.join(known) or 'no column beside the label'}.",
            )
        count = len({row.get(column, "") for row in groups} - {""})
        if count > most_values:
            raise DataError(
                f"{column!r} is no group: it has {count:,} values in the training split, more than "
                f"audit.most_values, {most_values}.",
                hint="Put them into a few ranges, or name another column.",
            )
    told = [[row.get(column, "").strip() for column in columns] for row in groups]
    names, codes = codes_of([", ".join(words) if all(words) else "" for words in told])
    kept = tuple(name for name in names if name != NOT_TOLD)
    if len(kept) < 2:
        raise DataError(
            f"mitigation.columns, {', '.join(columns)}, make {len(kept)} group of the training "
            "split: there is nothing to even out.",
            hint="Name a column in which training people differ.",
        )
    return kept, np.where(codes < len(kept), codes, UNTOLD)


def reweighed(labels: NDArray[np.int64], strata: NDArray[np.int64]) -> NDArray[np.float32]:
    """What each sample weighs, float32 [n], 1 where the group is not told:

        n(group) * n(class) / (n * n(group, class))

    counted over the samples that tell theirs. Source: Kamiran and Calders 2012, "Data preprocessing
    techniques for classification without discrimination", section 4.2.

    Args:
        labels: int64 [n], classes.
        strata: int64 [n], groups or UNTOLD.
    """
    weights = np.ones(len(labels), np.float32)
    told = strata != UNTOLD
    if not told.any():
        return weights
    group, label = strata[told], labels[told]
    counts = np.zeros((group.max() + 1, label.max() + 1))
    np.add.at(counts, (group, label), 1)
    expected = counts.sum(axis=1)[group] * counts.sum(axis=0)[label] / len(group)
    weights[told] = expected / counts[group, label]
    return weights


def copies_for(
    labels: NDArray[np.int64],
    strata: NDArray[np.int64],
    most: int,
    generator: np.random.Generator,
    times: int = 1,
) -> NDArray[np.int64]:
    """How many further copies of each sample even out the groups of each class, int64 [n].

    Every group of a class is brought to as many samples as its largest group has, or as near as
    `most` copies of each reach; samples of a group differ by one copy at most. A group without any
    sample of a class gets none: there is nothing to copy.

    Args:
        labels: int64 [n], classes.
        strata: int64 [n], groups or UNTOLD; of the latter no copies are made.
        most: copies of one sample.
        generator: chooses who is copied once more.
        times: how many samples are learned from each of the n beside these copies.
    """
    counts = np.zeros(len(labels), np.int64)
    for label in np.unique(labels):
        own = np.flatnonzero((labels == label) & (strata != UNTOLD))
        groups = [own[strata[own] == group] for group in np.unique(strata[own])]
        largest = max(map(len, groups), default=0)
        for group in groups:
            lacking = min((largest - len(group)) * times, most * len(group))
            counts[group] = lacking // len(group)
            counts[generator.permutation(group)[: lacking % len(group)]] += 1
    return counts
