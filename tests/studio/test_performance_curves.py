"""The rates behind the curves of the page, against scikit-learn's."""

from __future__ import annotations

import numpy as np
import pytest

from coincell.audit import curve_of
from coincell.studio.performance import curves

sk = pytest.importorskip("sklearn.metrics")


@pytest.mark.parametrize("levels", [5, 1000])
def test_det_runs_through_scikit_learns_points(levels: int) -> None:
    """Few levels: many scores are equal, as int8's are."""
    generator = np.random.default_rng(levels)
    truth = generator.random(400) < 0.3
    scores = np.round(np.clip(0.3 * truth + 0.7 * generator.random(400), 0, 1) * levels) / levels
    rates = curves._rates(curve_of(truth, scores))
    ours = np.stack([rates["fpr"], rates["fnr"]], axis=1)
    fpr, fnr, _ = sk.det_curve(truth, scores)
    theirs = np.stack([fpr, fnr], axis=1)
    apart = np.abs(theirs[:, None] - ours[None]).max(2).min(1)
    assert apart.max() < 1e-12, "each of its points is one of ours"
    # It leaves out what is beyond where one rate is 0; ours go from nobody told to all.
    assert {tuple(point) for point in ours[[0, -1]].tolist()} == {(0.0, 1.0), (1.0, 0.0)}
