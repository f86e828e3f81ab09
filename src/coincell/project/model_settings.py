"""[model]: which model, and where it begins."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from coincell.project.classical_settings import ClassicalFitSettings
from coincell.project.detector_settings import DetectorFitSettings
from coincell.project.section import Fraction, Section


class ModelSettings(Section):
    """[model]"""

    architecture: Literal[
        "tiny-conv",
        "conv-1d",
        "ds-cnn-small",
        "ds-cnn-medium",
        "fully-connected",
        "logistic-regression",
        "linear-svm",
        "ridge",
        "random-forest",
        "gradient-boosting",
        "mobilenet-v1",
        "mobilenet-v2",
        "resnet-8",
        "autoencoder-dense",
        "autoencoder-conv",
        "k-means",
        "mahalanobis",
        "gaussian-mixture",
    ] = Field("ds-cnn-small", description="The network; fully-connected is the yardstick.")
    file: str = Field(
        "", description="A .keras file to train, or a .tflite to use as it is, in its place."
    )
    alpha: float = Field(
        0.0,
        ge=0,
        le=1,
        description="MobileNets: channels as a share of the full network's; 0: 0.25 of "
        "mobilenet-v1, 0.35 of mobilenet-v2, the smallest that ImageNet weights exist for.",
    )
    weights: str = Field(
        "",
        description='MobileNets: where training starts. "imagenet": what Keras downloads; or a '
        ".npz, .keras or .h5 file in the project's folder; empty: from scratch, which wants "
        "many thousand pictures.",
    )
    dropout: Fraction = Field(
        0.2, description="Dropped before the last layer while training; small sets overfit less."
    )
    yardstick: bool = Field(
        True, description="Also train a plain fully connected network of like size, to compare."
    )
    detector: DetectorFitSettings = DetectorFitSettings()
    classical: ClassicalFitSettings = ClassicalFitSettings()
