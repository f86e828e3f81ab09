"""Architectures, training, and conversion to .tflite; needs the extra `train`."""

from coincell.models._conversion import convert_to_tflite
from coincell.models._examples import Examples, dequantize
from coincell.models._foreign import load_network
from coincell.models._history import EpochRecord, History
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
    "EpochRecord",
    "Examples",
    "History",
    "build_network",
    "check_weights",
    "class_weights",
    "convert_to_tflite",
    "count_parameters",
    "dequantize",
    "load_network",
    "load_tensorflow",
    "load_weights",
    "predict_float",
    "train",
    "train_transferred",
]
