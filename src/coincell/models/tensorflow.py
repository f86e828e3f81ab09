"""The one place that sets TensorFlow up and imports it.

TensorFlow reads its settings once, when it is imported, so that they must stand before. These make
the same seed give the same bits on one machine: op determinism, one thread inside and between
operators (more threads sum in another order), and no oneDNN (it picks kernels by core count).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from coincell.errors import MissingExtraError, UserError

_ENVIRONMENT = {
    "CUDA_VISIBLE_DEVICES": "-1",
    "KERAS_BACKEND": "tensorflow",
    "OMP_NUM_THREADS": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_DETERMINISTIC_OPS": "1",
    "TF_ENABLE_ONEDNN_OPTS": "0",
    "TF_NUM_INTEROP_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
}


@cache
def load_tensorflow() -> tuple[Any, Any]:
    """The modules (tensorflow, keras), set up to be deterministic; imported on the first call.

    Raises:
        MissingExtraError: the extra `train` is not installed.
        UserError: something else started TensorFlow first, with other settings.
    """
    os.environ.update(_ENVIRONMENT)
    try:
        with silenced():
            import keras
            import tensorflow as tf
    except ModuleNotFoundError as error:
        if error.name not in ("tensorflow", "keras"):
            raise
        raise MissingExtraError("train", "tensorflow-cpu", "Training") from error
    try:
        tf.config.threading.set_intra_op_parallelism_threads(1)
        tf.config.threading.set_inter_op_parallelism_threads(1)
    except RuntimeError as error:
        raise UserError(
            "TensorFlow must run on one thread for the same seed to give the same model; "
            "this process had started it with other settings before.",
            hint="Use coincell before TensorFlow in the process, or train in a fresh one.",
        ) from error
    tf.config.experimental.enable_op_determinism()
    tf.get_logger().setLevel("ERROR")  # it warns of each new network that is traced, in any loop
    keras.config.set_floatx("float32")  # a user's keras.json may say otherwise
    keras.config.set_epsilon(1e-7)
    keras.config.set_image_data_format("channels_last")
    return tf, keras


def compiled(function: Any, *signature: Any) -> Any:
    """`function` as a graph, traced once for tensors of `signature`.

    Without AutoGraph, which leaves generated Python files in the folder for temporary ones: plain
    tensor code needs none of it.
    """
    tf, _ = load_tensorflow()
    return tf.function(function, input_signature=signature, autograph=False)


@contextmanager
def silenced() -> Iterator[None]:
    """Send what C++ code prints to stdout and stderr nowhere while the block runs.

    TensorFlow and its converter write to the file descriptors themselves, past `sys.stdout`.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    saved = os.dup(1), os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        yield
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os.dup2(saved[0], 1)
        os.dup2(saved[1], 2)
        for descriptor in (*saved, nowhere):
            os.close(descriptor)
