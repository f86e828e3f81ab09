"""Makes model.tflite anew: two convolutions of some 1,200 weights, trained on made-up windows.

    python examples/vibration-year/train.py

It needs the extra "train". The file in the repository is what this wrote.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from machine import STATES, WINDOW, G, centred, windows

SEED = 7


def main() -> None:
    """Train, quantize, write."""
    import tensorflow as tf

    tf.keras.utils.set_random_seed(SEED)
    random = np.random.default_rng(SEED)
    samples, labels = windows(6000, random)
    x = (centred(samples) / G).astype(np.float32)[:, :, None, :]
    layers = tf.keras.layers
    model = tf.keras.Sequential([
        layers.Input((WINDOW, 1, 3)),
        layers.Conv2D(8, (9, 1), strides=(2, 1), activation="relu"),
        layers.Conv2D(16, (7, 1), strides=(2, 1), activation="relu"),
        layers.AveragePooling2D((27, 1)),
        layers.Flatten(),
        layers.Dense(len(STATES)),
    ])  # fmt: skip
    loss = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(tf.keras.optimizers.Adam(3e-3), loss, metrics=["accuracy"])
    model.fit(x, labels, batch_size=64, epochs=8, validation_split=0.1, verbose=2)
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([row[None]] for row in x[:300])
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    Path(__file__).with_name("model.tflite").write_bytes(converter.convert())


if __name__ == "__main__":
    main()
