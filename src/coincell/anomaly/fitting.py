"""From the features of normal windows to a detector; deterministic by its seed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from coincell.anomaly.clusters import Float, find_clusters
from coincell.anomaly.detector import KINDS, FormDetector, detector_of
from coincell.anomaly.fixed import MOST_CENTRES, MOST_COLUMNS
from coincell.anomaly.forms import Forms
from coincell.anomaly.mixture import covariance_of, find_mixture, forms_of, precision_factor
from coincell.errors import ConfigurationError, DataError, InternalError
from coincell.features import InputQuantization

_STEP_VARIANCE = 1 / 12
"""Of what rounding to int8 takes from a feature, in steps: no feature varies less."""


@dataclass(frozen=True)
class DetectorSettings:
    """How a detector is fitted.

    Attributes:
        centres: clusters of k-means, components of a Gaussian mixture.
        covariance: of a mixture's components.
        regularization: this share of the features' mean variance is added to every variance, so
            that what hardly varied in training does not outweigh all else.
        restarts: runs, of which the best is kept.
    """

    centres: int = 8
    covariance: Literal["diagonal", "full"] = "diagonal"
    regularization: float = 0.01
    restarts: int = 5

    def __post_init__(self) -> None:
        if not 1 <= self.centres <= MOST_CENTRES:
            raise ConfigurationError(
                f"A detector has 1 to {MOST_CENTRES} centres; received {self.centres}."
            )
        if self.covariance not in ("diagonal", "full"):
            raise ConfigurationError(
                f'A covariance is "diagonal" or "full"; received {self.covariance!r}.'
            )
        if not (math.isfinite(self.regularization) and 0 <= self.regularization <= 10):
            raise ConfigurationError(
                f"A regularization lies in 0 to 10; received {self.regularization!r}."
            )
        if not 1 <= self.restarts <= 100:
            raise ConfigurationError(f"Restarts are 1 to 100; received {self.restarts}.")


def fit_detector(
    kind: str,
    features: NDArray[np.int8],
    quantization: InputQuantization,
    settings: DetectorSettings,
    seed: int,
) -> FormDetector:
    """A detector of what differs from `features`, int8 [n, columns] or [n, *shape], all normal.

    Args:
        kind: "k-means", "mahalanobis" or "gaussian-mixture"; a reconstruction needs a network
            and is made by `reconstruction_detector`.
        features: of the training split, normal windows only.
        quantization: that of the features.
        settings: see there.
        seed: of the start of each run.

    Raises:
        DataError: too few windows for so many centres, or no feature ever varies.
    """
    if kind not in KINDS[:-1]:
        raise InternalError(f"no detector {kind!r} is fitted here; there are {list(KINDS[:-1])}")
    if features.dtype != np.int8 or features.ndim < 2:
        raise InternalError(f"features must be int8 [n, columns]; received {features.dtype}")
    features = features.reshape(len(features), math.prod(features.shape[1:]))
    _check_size(features, 1 if kind == "mahalanobis" else settings.centres)
    windows = features.astype(np.float64)
    variance = float(windows.var(axis=0).mean())
    if variance == 0:
        raise DataError(
            "The features of all normal windows are the same: there is nothing to learn.",
            hint="Check the recordings with `coincell data check`; are they silent?",
        )
    added = settings.regularization * variance + _STEP_VARIANCE
    generator = np.random.default_rng(seed)
    if kind == "mahalanobis":
        forms = _mahalanobis(windows, added)
    elif kind == "k-means":
        forms = _k_means(windows, added, settings, generator)
    else:
        full = settings.covariance == "full"
        mixture = find_mixture(windows, settings.centres, full, added, settings.restarts, generator)
        forms = forms_of(mixture, quantization.scale)
    return detector_of(kind, forms)


def _check_size(features: NDArray[np.int8], centres: int) -> None:
    windows, columns = features.shape
    if not 1 <= columns <= MOST_COLUMNS:
        raise DataError(f"A detector takes 1 to {MOST_COLUMNS} features; received {columns}.")
    if windows < 2 * centres:
        raise DataError(
            f"A detector needs at least two normal windows a centre, {2 * centres}; "
            f"received {windows}.",
            hint="Record more, or ask for fewer centres.",
        )


def _mahalanobis(windows: Float, added: float) -> Forms:
    """Distance to the mean by the inverse of the covariance (Mahalanobis 1936)."""
    count, columns = windows.shape
    centre = windows.mean(axis=0)
    covariance = covariance_of(windows, np.full(count, 1 / count), centre, full=True)
    covariance += added * np.eye(columns)
    factor = precision_factor(covariance)
    return Forms(False, centre[None], None, factor[None], np.zeros(1))


def _k_means(
    windows: Float, added: float, settings: DetectorSettings, generator: np.random.Generator
) -> Forms:
    """Least distance to a centre, each counted in its cluster's spread."""
    clusters = find_clusters(windows, settings.centres, settings.restarts, generator)
    squares = ((windows - clusters.centres[clusters.nearest]) ** 2).sum(axis=1)
    sizes = np.bincount(clusters.nearest, minlength=settings.centres)
    spreads = np.bincount(clusters.nearest, squares, settings.centres) / sizes
    spreads += added * windows.shape[1]
    return Forms(False, clusters.centres, 1 / spreads, None, np.zeros(settings.centres))
