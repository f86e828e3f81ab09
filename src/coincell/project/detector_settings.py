"""[model.detector]: how what tells the strange from the normal is fitted."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from coincell.project.section import Section

AUTOENCODERS = ("autoencoder-dense", "autoencoder-conv")
FITTED_DETECTORS = ("k-means", "mahalanobis", "gaussian-mixture")
NORMALITY_METHODS = (*AUTOENCODERS, *FITTED_DETECTORS)
"""What model.architecture may be for anomaly detection."""


class DetectorFitSettings(Section):
    """[model.detector]: for anomaly detection; docs/detectors.md compares the methods"""

    centres: int = Field(
        8,
        ge=1,
        le=64,
        description="Clusters of k-means, components of a Gaussian mixture: at least as many as "
        "the machine has states.",
    )
    covariance: Literal["diagonal", "full"] = Field(
        "diagonal",
        description="Of a mixture's components; full also knows which features go together, and "
        "takes some columns' times the memory.",
    )
    regularization: float = Field(
        0.01,
        ge=0,
        le=10,
        description="This share of the features' mean variance is added to every variance, so that "
        "what hardly varied in training does not outweigh all else.",
    )
    restarts: int = Field(
        5, ge=1, le=100, description="Runs of k-means or a mixture, of which the best is kept."
    )
    code: int = Field(
        8,
        ge=1,
        le=256,
        description="Autoencoders: numbers in the narrowest layer; too many, and what is strange "
        "gets through as well.",
    )
