"""Architectures, training, and conversion to .tflite; needs the extra `train`."""

from coincell.models._aware import AwareNetwork, train_aware
from coincell.models._calibration import Calibration, calibrated_ranges
from coincell.models._channels import Channels, channels_of, without_channels
from coincell.models._conversion import convert_aware, convert_to_tflite
from coincell.models._distillation import Teacher, check_class_order
from coincell.models._equalization import bias_corrected, equalized
from coincell.models._examples import Examples, dequantize
from coincell.models._folding import fold_normalizations
from coincell.models._foreign import check_network_file, load_network
from coincell.models._history import EpochRecord, History
from coincell.models._int16 import convert_int16
from coincell.models._layer_errors import LayerError, layer_errors
from coincell.models._linear import linear_network
from coincell.models._network import build_network
from coincell.models._prediction import float_predictor, predict_float
from coincell.models._pretrained import IMAGENET, check_weights, load_weights
from coincell.models._pruning import (
    Price,
    channel_importance,
    channel_prices,
    kernel_channels,
    narrowest,
    removal_order,
)
from coincell.models._size import count_parameters
from coincell.models._training import Augment, class_weights, evaluate_network, train
from coincell.models._transfer import train_transferred
from coincell.models.tensorflow import load_tensorflow

__all__ = [
    "IMAGENET",
    "Augment",
    "AwareNetwork",
    "Calibration",
    "Channels",
    "EpochRecord",
    "Examples",
    "History",
    "LayerError",
    "Price",
    "Teacher",
    "bias_corrected",
    "build_network",
    "calibrated_ranges",
    "channel_importance",
    "channel_prices",
    "channels_of",
    "check_class_order",
    "check_network_file",
    "check_weights",
    "class_weights",
    "convert_aware",
    "convert_int16",
    "convert_to_tflite",
    "count_parameters",
    "dequantize",
    "equalized",
    "evaluate_network",
    "float_predictor",
    "fold_normalizations",
    "kernel_channels",
    "layer_errors",
    "linear_network",
    "load_network",
    "load_tensorflow",
    "load_weights",
    "narrowest",
    "predict_float",
    "removal_order",
    "train",
    "train_aware",
    "train_transferred",
    "without_channels",
]
