"""Architectures, training, and conversion to .tflite; needs the extra `train`."""

from coincell.models._aware import AwareNetwork, train_aware
from coincell.models._calibration import Calibration, calibrated_ranges
from coincell.models._conversion import convert_aware, convert_to_tflite
from coincell.models._equalization import bias_corrected, equalized
from coincell.models._examples import Examples, dequantize
from coincell.models._folding import fold_normalizations
from coincell.models._foreign import load_network
from coincell.models._history import EpochRecord, History
from coincell.models._layer_errors import LayerError, layer_errors
from coincell.models._network import build_network
from coincell.models._prediction import predict_float
from coincell.models._pretrained import IMAGENET, check_weights, load_weights
from coincell.models._size import count_parameters
from coincell.models._training import Augment, class_weights, train
from coincell.models._transfer import train_transferred
from coincell.models.tensorflow import load_tensorflow

__all__ = [
    "IMAGENET",
    "Augment",
    "AwareNetwork",
    "Calibration",
    "EpochRecord",
    "Examples",
    "History",
    "LayerError",
    "bias_corrected",
    "build_network",
    "calibrated_ranges",
    "check_weights",
    "class_weights",
    "convert_aware",
    "convert_to_tflite",
    "count_parameters",
    "dequantize",
    "equalized",
    "fold_normalizations",
    "layer_errors",
    "load_network",
    "load_tensorflow",
    "load_weights",
    "predict_float",
    "train",
    "train_aware",
    "train_transferred",
]
