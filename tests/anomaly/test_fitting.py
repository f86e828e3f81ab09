"""Fits held against scikit-learn and SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import multivariate_normal
from sklearn.cluster import KMeans
from sklearn.mixture import GaussianMixture

from anomaly.made_detectors import GIVEN, KINDS, detector_named, normal_windows
from coincell.anomaly import DetectorSettings, fit_detector
from coincell.anomaly.clusters import find_clusters
from coincell.anomaly.mixture import find_mixture
from coincell.errors import ConfigurationError, DataError, InternalError


def test_clusters_are_as_tight_as_scikit_learns() -> None:
    windows = normal_windows().astype(np.float64)
    ours = find_clusters(windows, 7, 5, np.random.default_rng(1))
    theirs = KMeans(7, n_init=5, random_state=1).fit(windows)
    assert ours.inertia < 1.02 * theirs.inertia_
    again = KMeans(7, init=ours.centres, n_init=1).fit(windows)
    assert again.inertia_ == pytest.approx(ours.inertia, rel=1e-6), "Lloyd's steps have ended"


def test_no_cluster_is_empty_even_where_windows_repeat() -> None:
    windows = np.repeat(np.arange(4.0)[:, None], 10, axis=0)
    found = find_clusters(windows, 6, 3, np.random.default_rng(1))
    assert np.bincount(found.nearest, minlength=6).min() >= 1
    assert found.inertia == 0


@pytest.mark.parametrize("full", [False, True])
def test_mixtures_are_as_likely_as_scikit_learns(full: bool) -> None:
    windows = normal_windows().astype(np.float64)
    ours = find_mixture(windows, 3, full, 0.5, 3, np.random.default_rng(1))
    theirs = GaussianMixture(
        3, covariance_type="full" if full else "diag", reg_covar=0.5, n_init=3, random_state=1
    ).fit(windows)
    assert ours.likelihood == pytest.approx(theirs.score(windows), abs=0.05)


@pytest.mark.parametrize("name", ["diagonal", "full", "sharp"])
def test_scores_are_the_negative_log_likelihood_of_features_in_their_unit(name: str) -> None:
    detector = detector_named(name)
    forms = detector.forms
    windows = GIVEN.dequantize(normal_windows()).astype(np.float64)
    count, columns = forms.centres.shape
    theirs = GaussianMixture(count, covariance_type="full")
    theirs.means_ = (forms.centres - GIVEN.zero_point) * GIVEN.scale
    if forms.factors is not None:
        precisions = np.stack([factor.T @ factor for factor in forms.factors])
    else:
        assert forms.precisions is not None
        precisions = np.stack([np.diag(row) for row in forms.precisions])
    theirs.precisions_cholesky_ = np.linalg.cholesky(precisions) / GIVEN.scale
    # what the constants hold beside the Gaussians' own: the weights
    own = np.linalg.slogdet(precisions)[1] / 2 - columns * np.log(2 * np.pi) / 2
    theirs.weights_ = np.exp(-forms.constants - own + columns * np.log(GIVEN.scale))
    assert theirs.weights_.sum() == pytest.approx(1)
    expected = -theirs.score_samples(windows)
    assert detector.score_float(normal_windows()) == pytest.approx(expected, abs=1e-6)


def test_mahalanobis_is_that_of_one_gaussian() -> None:
    windows = normal_windows().astype(np.float64)
    added = 0.01 * windows.var(axis=0).mean() + 1 / 12
    covariance = np.cov(windows.T, bias=True) + added * np.eye(windows.shape[1])
    gaussian = multivariate_normal(windows.mean(axis=0), covariance)
    expected = np.sqrt(2 * (gaussian.logpdf(windows.mean(axis=0)) - gaussian.logpdf(windows)))
    found = detector_named("distance").score_float(normal_windows())
    assert found == pytest.approx(expected, abs=1e-8)


def test_k_means_counts_distance_in_spreads() -> None:
    detector = detector_named("clusters")
    scores = detector.score_float(normal_windows())
    assert np.sqrt((scores**2).mean()) == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("name", KINDS)
def test_a_seed_gives_one_detector(name: str) -> None:
    kind, settings = KINDS[name]
    again = fit_detector(kind, normal_windows().reshape(-1, 2, 12), GIVEN, settings, seed=3)
    assert again.to_json() == detector_named(name).to_json()


def test_a_column_that_never_varied_does_not_rule() -> None:
    """One step off in a constant column is a rounding, not an alarm."""
    detector = detector_named("sharp")
    windows = normal_windows().copy()
    windows[:, 0] += 1
    moved = detector.score_float(windows) - detector.score_float(normal_windows())
    assert moved.max() <= 6 + 1e-9  # 1 / (2 / 12) nats


def test_bad_input_is_refused() -> None:
    few = normal_windows()[:9]
    settings = DetectorSettings(centres=5)
    with pytest.raises(DataError, match="two normal windows a centre, 10; received 9"):
        fit_detector("k-means", few, GIVEN, settings, 1)
    with pytest.raises(DataError, match="the same"):
        fit_detector("mahalanobis", np.full((20, 3), 7, np.int8), GIVEN, settings, 1)
    with pytest.raises(DataError, match="4096"):
        fit_detector("k-means", np.zeros((20, 5000), np.int8), GIVEN, settings, 1)
    with pytest.raises(InternalError, match="no detector"):
        fit_detector("reconstruction", few, GIVEN, settings, 1)
    with pytest.raises(InternalError, match="int8"):
        fit_detector("k-means", few.astype(np.float64), GIVEN, settings, 1)


@pytest.mark.parametrize(
    "wrong",
    [
        {"centres": 0},
        {"centres": 65},
        {"covariance": "tied"},
        {"regularization": -1.0},
        {"regularization": float("nan")},
        {"restarts": 0},
    ],
)
def test_settings_are_checked(wrong: dict[str, float]) -> None:
    with pytest.raises(ConfigurationError, match="received"):
        DetectorSettings(**wrong)
