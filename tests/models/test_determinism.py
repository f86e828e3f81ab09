"""The same seed gives the same .tflite, whatever the process did before."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

_TRAIN = """
import hashlib, random, sys
import numpy as np
sys.path.insert(0, {tests!r})
from coincell.models import build_network, convert_to_tflite, dequantize, train
from coincell.project import ModelSettings, TrainingSettings
from models.toy import make_examples

def mask(features, generator):
    features = features.copy()
    features[:, generator.integers(0, 20)] = 0
    return features

if {other_work}:  # other layers numbered, other random states, another graph traced
    random.random(), np.random.random(7)
    build_network(ModelSettings(architecture="fully-connected"), (9, 9), 2, 5)
data, watched = make_examples(1, 100), make_examples(2, 40)
model = build_network(
    ModelSettings(architecture="ds-cnn-small"), (21, 10), 3, 1,
    mean=data.mean, deviation=data.deviation,
)
settings = TrainingSettings(epochs=2, batch_size=32, optimizer="adamw", mixup=0.2)
train(model, data, watched, settings, seed=1, augment=mask)
tflite = convert_to_tflite(model, dequantize(data.features[:50], data.quantization),
                           data.quantization)
print(hashlib.sha256(tflite).hexdigest())
"""


def _hash(temporary: Path, other_work: bool) -> str:
    tests = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    code = _TRAIN.format(tests=tests, other_work=other_work)
    environment = {**os.environ, "PYTHONHASHSEED": "1" if other_work else "2"}
    environment["TMPDIR"] = str(temporary)
    if other_work:
        environment.update(TF_ENABLE_ONEDNN_OPTS="1", KERAS_BACKEND="jax")
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    )
    assert done.stderr == ""
    assert list(temporary.iterdir()) == [], "TensorFlow leaves files behind"
    return done.stdout.strip()


@pytest.mark.slow
def test_two_processes_make_the_same_file(tmp_path: Path) -> None:
    first = _hash(tmp_path, other_work=False)
    assert len(first) == 64
    assert _hash(tmp_path, other_work=True) == first
