"""Groups of training samples and their weights, against the definition counted by hand."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coincell.audit import UNTOLD, copies_for, reweighed, strata_of
from coincell.errors import DataError

Samples = st.lists(st.tuples(st.integers(0, 3), st.integers(UNTOLD, 2)), min_size=1, max_size=60)


@given(samples=Samples)
def test_weights_are_what_independence_expects(samples: list[tuple[int, int]]) -> None:
    labels, groups = (np.array(each) for each in zip(*samples, strict=True))
    told = [pair for pair in samples if pair[1] != UNTOLD]
    for (label, group), weight in zip(samples, reweighed(labels, groups), strict=True):
        if group == UNTOLD:
            assert weight == 1
            continue
        of_group = sum(each[1] == group for each in told)
        of_label = sum(each[0] == label for each in told)
        expected = Fraction(of_group * of_label, len(told) * told.count((label, group)))
        assert weight == pytest.approx(float(expected), rel=1e-6)


@given(samples=Samples)
def test_weighed_groups_and_classes_are_independent(samples: list[tuple[int, int]]) -> None:
    """Wherever each group has each class: weighed, every group has the same share of it."""
    labels, groups = (np.array(each) for each in zip(*samples, strict=True))
    weights = reweighed(labels, groups).astype(np.float64)
    tables = [
        [weights[(groups == group) & (labels == label)].sum() for label in np.unique(labels)]
        for group in np.unique(groups[groups != UNTOLD])
    ]
    if tables and all(min(row) > 0 for row in tables):
        shares = [np.array(row) / sum(row) for row in tables]
        for share in shares[1:]:
            np.testing.assert_allclose(share, shares[0], rtol=1e-5)


def test_columns_cross_and_the_silent_are_apart() -> None:
    rows = [
        {"gender": "f", "accent": "uk"},
        {"gender": "m", "accent": "us"},
        {"gender": "f", "accent": ""},
        {"gender": "f", "accent": "us"},
        {},
    ]
    names, codes = strata_of(rows, ("gender", "accent"), 50)
    assert names == ("f, uk", "f, us", "m, us")
    assert codes.tolist() == [0, 2, UNTOLD, 1, UNTOLD]


@pytest.mark.parametrize(
    ("column", "told"),
    [
        ("age", "names 'age', which the training data do not have"),
        ("who", "'who' is no group: it has 60 values"),
        ("same", "make 1 group"),
        ("silent", "make 0 group"),
    ],
)
def test_what_is_no_group_is_told(column: str, told: str) -> None:
    rows = [{"who": str(at), "same": "x", "silent": ""} for at in range(60)]
    with pytest.raises(DataError, match=told):
        strata_of(rows, (column,), 50)


@given(samples=Samples, most=st.integers(0, 5), seed=st.integers(0, 99), times=st.integers(1, 4))
def test_copies_even_out_groups(
    samples: list[tuple[int, int]], most: int, seed: int, times: int
) -> None:
    """Counted by hand: a group reaches the largest of its class, or the most that is allowed."""
    labels, groups = (np.array(each) for each in zip(*samples, strict=True))
    copies = copies_for(labels, groups, most, np.random.default_rng(seed), times)
    assert not copies[groups == UNTOLD].any()
    for label in set(labels.tolist()):
        sizes = {group: samples.count((label, group)) for group in set(groups.tolist()) - {UNTOLD}}
        for group, size in sizes.items():
            made = copies[(labels == label) & (groups == group)]
            wished = times * max(sizes.values())
            assert times * size + made.sum() == min(wished, (times + most) * size)
            assert not size or made.max() - made.min() <= 1
