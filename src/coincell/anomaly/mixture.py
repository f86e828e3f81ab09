"""Gaussian mixtures by expectation and maximisation (Dempster, Laird and Rubin 1977)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coincell.anomaly.clusters import Float, find_clusters
from coincell.anomaly.forms import Forms, negative_log_sum

_MOST_STEPS = 300
_ENOUGH = 1e-5  # nats a window: smaller gains stop a run


@dataclass(frozen=True)
class Mixture:
    """weights [k], centres [k, columns], covariances [k, columns] (diagonal) or
    [k, columns, columns]; likelihood: mean log likelihood of a training window, in nats.
    """

    weights: Float
    centres: Float
    covariances: Float
    likelihood: float


def find_mixture(
    windows: Float,
    count: int,
    full: bool,
    added: float,
    restarts: int,
    generator: np.random.Generator,
) -> Mixture:
    """The likeliest of `restarts` runs over windows [n, columns].

    Args:
        windows: float64 [n, columns], n >= count.
        count: components.
        full: full covariances; else diagonal ones.
        added: variance added to every column of every component in each step.
        restarts: runs, each from clusters of its own.
        generator: of k-means++.
    """
    runs = [_run(windows, count, full, added, generator) for _ in range(restarts)]
    return max(runs, key=lambda run: run.likelihood)


def forms_of(mixture: Mixture, scale: float) -> Forms:
    """The negative log likelihood of features in their unit, a step being `scale` of it."""
    columns = mixture.centres.shape[1]
    factors, precisions = None, None
    if mixture.covariances.ndim == 3:
        factors = np.stack([precision_factor(each) for each in mixture.covariances])
        determinants = np.log(np.diagonal(factors, axis1=1, axis2=2)).sum(axis=1)
    else:
        precisions = 1 / mixture.covariances
        determinants = np.log(precisions).sum(axis=1) / 2
    constants = columns * (np.log(2 * np.pi) / 2 + np.log(scale)) - determinants
    return Forms(True, mixture.centres, precisions, factors, constants - np.log(mixture.weights))


def precision_factor(covariance: Float) -> Float:
    """Lower triangular f with f.T f = the inverse of `covariance` [columns, columns]."""
    factor = np.linalg.solve(np.linalg.cholesky(covariance), np.eye(len(covariance)))
    return np.tril(factor)


def covariance_of(windows: Float, shares: Float, centre: Float, full: bool) -> Float:
    """Of windows [n, columns] with shares [n] that sum to 1, round `centre`."""
    apart = windows - centre
    found: Float = (apart.T * shares) @ apart if full else shares @ apart**2
    return found


def _run(
    windows: Float, count: int, full: bool, added: float, generator: np.random.Generator
) -> Mixture:
    clusters = find_clusters(windows, count, 1, generator)
    shares = np.eye(count)[clusters.nearest]
    mixture = _maximise(windows, shares, full, added, -np.inf)
    for _ in range(_MOST_STEPS):
        forms = forms_of(mixture, 1.0)
        energies = forms.values(windows) / 2 + forms.constants
        surprise = negative_log_sum(energies)
        likelihood = float(-surprise.mean())
        if likelihood - mixture.likelihood < _ENOUGH and mixture.likelihood > -np.inf:
            break
        shares = np.exp(surprise[:, None] - energies)
        mixture = _maximise(windows, shares, full, added, likelihood)
    return mixture


def _maximise(
    windows: Float, shares: Float, full: bool, added: float, likelihood: float
) -> Mixture:
    """The mixture that is likeliest, given each window's share of each component [n, k]."""
    sizes = shares.sum(axis=0) + 10 * np.finfo(np.float64).eps
    centres = shares.T @ windows / sizes[:, None]
    covariances = np.stack(
        [
            covariance_of(windows, share / size, centre, full)
            for share, size, centre in zip(shares.T, sizes, centres, strict=True)
        ]
    )
    covariances += added * np.eye(windows.shape[1]) if full else added
    return Mixture(sizes / sizes.sum(), centres, covariances, likelihood)
