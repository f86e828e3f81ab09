"""Every other way to tell the strange from the normal, on the same features, judged alike."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.anomaly import Detector, fit_detector, threshold_for
from coincell.compiler import OracleProcess, read_model
from coincell.errors import DataError
from coincell.models import Examples, convert_to_tflite, dequantize
from coincell.pipeline.clips import held_out_rows, read_clips
from coincell.pipeline.detector_model import fit_settings, reconstruction_of, smoothed
from coincell.pipeline.evaluate_normality import TestWindows
from coincell.pipeline.feature_arrays import read_features
from coincell.pipeline.stage import StageContext
from coincell.pipeline.stages.train import examples, fit, new_network
from coincell.project import NORMALITY_METHODS


def try_other_methods(context: StageContext) -> dict[str, Any]:
    """Figures of every method but the project's own, as the device would compute them.

    Returns:
        JSON: "methods", one entry each, and "notes" of those that could not be fitted.
    """
    learning, watching = examples(context)
    architecture = context.configuration.model.architecture
    used = "" if context.configuration.model.file else architecture
    others = [name for name in NORMALITY_METHODS if name != used]
    methods, notes = [], []
    for done, name in enumerate(others):
        context.progress(done, len(others), name)
        try:
            methods.append(_tried(context, name, learning, watching))
        except DataError as error:
            methods.append({"name": name})
            notes.append(f"{name} could not be tried: {error.message}")
    return {"methods": methods, "notes": notes}


def _tried(
    context: StageContext, name: str, learning: Examples, watching: Examples
) -> dict[str, Any]:
    configuration = context.configuration
    clips = read_clips(context.inputs["dataset"])
    test = TestWindows.of(clips, configuration)
    held_out, _ = held_out_rows(clips, configuration, trained=name.startswith("autoencoder"))
    rows = np.concatenate([held_out, test.rows])
    features = read_features(context.inputs["features"]).clips[rows]
    detector: Detector
    if name.startswith("autoencoder"):
        tflite = _autoencoder(context, name, learning, watching)
        detector = reconstruction = reconstruction_of(tflite)
        scores = reconstruction.score_outputs(features, _outputs(tflite, features))
        sizes = {"table_bytes": len(tflite), "scratch_bytes": None}
    else:
        detector = fit_detector(
            name,
            learning.features,
            learning.quantization,
            fit_settings(configuration),
            configuration.project.seed,
        )
        scores = detector.score(features)
        sizes = {"table_bytes": detector.table_bytes, "scratch_bytes": detector.scratch_bytes}
    means = smoothed(scores[: len(held_out)], clips, held_out, configuration.decision)
    threshold = threshold_for(means, configuration.decision.false_alarm_rate)
    figures = test.judge(test.smoothed(scores[len(held_out) :]), threshold).metrics()
    return {"name": name, **sizes, **{each: figures[each].to_json() for each in figures}}


def _autoencoder(context: StageContext, name: str, learning: Examples, watching: Examples) -> bytes:
    """Trained as the project's own network would be, and quantized: a .tflite."""
    configuration = context.configuration
    model = configuration.model.model_copy(update={"architecture": name, "file": ""})
    network = new_network(model, configuration, learning)
    fit(context, network, learning, watching)
    wanted = min(configuration.quantization.calibration_samples, len(learning))
    generator = np.random.default_rng(configuration.project.seed)
    chosen = np.sort(generator.choice(len(learning), wanted, replace=False))
    calibration = dequantize(learning.features[chosen], learning.quantization)
    return convert_to_tflite(network, calibration, learning.quantization)


def _outputs(tflite: bytes, features: NDArray[np.int8]) -> NDArray[np.int8]:
    """int8 [n, ...] -> int8 [n, columns], by the oracle."""
    graph = read_model(tflite)
    shape = graph.tensor(graph.inputs[0]).shape[1:]
    with OracleProcess(tflite) as oracle:
        outputs: NDArray[np.int8] = oracle.run(features.reshape(len(features), *shape))
    return outputs.reshape(len(features), -1)
