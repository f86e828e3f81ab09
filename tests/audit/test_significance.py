"""Paired differences over people, against SciPy's t-test and by drawing where nothing differs."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats

from coincell.audit import paired_p


@pytest.mark.parametrize("seed", range(6))
def test_of_equal_numbers_it_is_scipys_paired_test(seed: int) -> None:
    generator = np.random.default_rng(seed)
    people, clips = int(generator.integers(2, 15)), int(generator.integers(1, 9))
    before, after = generator.integers(0, 2, (2, people, clips)).astype(float)
    after[0, 0] = 1 - before[0, 0]
    expected = scipy.stats.ttest_rel(after.mean(axis=1), before.mean(axis=1)).pvalue
    person = np.repeat(generator.permutation(people), clips)
    assert paired_p((after - before).ravel(), person) == pytest.approx(expected, abs=1e-9)


def test_one_person_and_no_spread_tell_nothing() -> None:
    assert paired_p(np.ones(50), np.zeros(50, np.int64)) == 1.0
    assert paired_p(np.ones(6), np.arange(6)) == 1.0
    assert paired_p(np.zeros(6), np.arange(6)) == 1.0


def test_where_nothing_differs_five_of_a_hundred_are_called_clear() -> None:
    """People of unlike numbers of clips, each with a leaning of their own."""
    generator = np.random.default_rng(1)
    person = np.repeat(np.arange(12), generator.integers(3, 20, 12))
    found = []
    for _ in range(1500):
        leaning = generator.normal(0, 0.3, 12)[person]
        found.append(paired_p(leaning + generator.normal(0, 0.5, len(person)), person) < 0.05)
    assert 0.03 < np.mean(found) < 0.085
