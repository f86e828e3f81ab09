"""Windows of samples -> the network's int8 input; every block binds the C that the device runs."""

from coincell.features.block import FeatureBlock
from coincell.features.compare import (
    fisher_ratio,
    folds_of,
    linear_classes,
    linear_predictions,
    mutual_information,
)
from coincell.features.making import make_feature_block
from coincell.features.picture import PictureBlock
from coincell.features.quantization import InputQuantization, choose_quantization

__all__ = [
    "FeatureBlock",
    "InputQuantization",
    "PictureBlock",
    "choose_quantization",
    "fisher_ratio",
    "folds_of",
    "linear_classes",
    "linear_predictions",
    "make_feature_block",
    "mutual_information",
]
