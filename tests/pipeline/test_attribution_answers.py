"""What a page says of single windows is what the int8 model and the detector answer."""

from __future__ import annotations

import json

import numpy as np
import pytest

from coincell.anomaly import DetectorSettings, fit_detector
from coincell.compiler import Oracle, read_model
from coincell.features import InputQuantization
from coincell.pipeline.attribution_answers import Asked
from coincell.pipeline.clips import Clips
from coincell.pipeline.store import Artefact
from coincell.project import parse_configuration
from compiler.networks import Network

MOTION = """
sense = "motion"
sample_rate_hz = 100
window_ms = 100
channels = ["x"]
units = ["g"]
full_scale = [4.0]
silence_label = ""
unknown_label = ""
"""
CLASSES = '[project]\nname = "toy"\n[data]\nlabels = ["yes", "no", "maybe"]\n'
QUANTITY = (
    '[project]\nname = "toy"\ntask = "regression"\n[data]\ntarget = "speed"\nunit = "rpm"\n'
    + MOTION
    + '[features]\nblock = "raw"\n[model]\narchitecture = "fully-connected"\n'
)
NORMALITY = (
    '[project]\nname = "toy"\ntask = "anomaly-detection"\n[data]\nlabels = ["normal", "odd"]\n'
    + MOTION
    + '[features]\nblock = "statistics"\n[model]\narchitecture = "mahalanobis"\n'
)


def _features(count, *shape):
    return np.random.default_rng(6).integers(-128, 128, (count, *shape)).astype(np.int8)


def _clips(tmp_path, labels, targets=None):
    count = len(labels)
    values = np.full(count, np.nan) if targets is None else targets
    files = tuple(f"{at}.wav" for at in range(count))
    return Clips(tmp_path, files, np.asarray(labels), values, np.full(count, "test"), ({},) * count)


def _model(tmp_path, classes):
    network = Network(4)
    x = network.fully_connected(network.input((1, 12)), 6)
    logits = network.fully_connected(x, classes)
    last = network.softmax(logits) if classes > 1 else logits
    (tmp_path / "model.tflite").write_bytes(network.tflite(last))
    return network, logits, last, Artefact("quantize", "0", tmp_path)


def test_classes_are_those_of_the_highest_score_and_mistakes_are_ranked(tmp_path):
    network, logits, last, artefact = _model(tmp_path, 3)
    features = _features(40, 3, 4)
    scores = Oracle(network.tflite(last)).run(features.reshape(-1, 12)).reshape(40, 3)
    named = scores.argmax(axis=1)
    labels = np.where(np.arange(40) % 4 == 0, (named + 1) % 3, named)
    asked = Asked(artefact, parse_configuration(CLASSES))
    answers = asked.answers(features, _clips(tmp_path, labels), np.arange(40))
    names = ("yes", "no", "maybe")
    assert answers.said == [names[at] for at in named]
    assert answers.truth == [names[at] for at in labels]
    assert np.array_equal(answers.wrong, np.arange(40) % 4 == 0)
    steps = scores[np.arange(40), named].astype(int) - scores[np.arange(40), labels]
    assert answers.worst == pytest.approx(steps / 256)
    assert answers.hidden.shape == (40, 6)

    before = Oracle(network.tflite(logits)).run(features.reshape(-1, 12)).reshape(40, 3)
    graph = read_model(network.tflite(logits))
    scale = graph.tensor(graph.outputs[0]).scale
    own = int(before[0].argmax())
    lead = before[:, own].astype(float) - np.delete(before, own, axis=1).max(axis=1)
    assert asked.answer_for(features[0])(features) == pytest.approx(lead * scale)


def test_numbers_are_the_outputs_in_their_unit(tmp_path):
    network, _, last, artefact = _model(tmp_path, 1)
    features, truth = _features(9, 3, 4), np.linspace(100, 900, 9)
    asked = Asked(artefact, parse_configuration(QUANTITY))
    answers = asked.answers(features, _clips(tmp_path, [0] * 9, truth), np.arange(9))
    graph = read_model(network.tflite(last))
    output = graph.tensor(graph.outputs[0])
    told = Oracle(network.tflite(last)).run(features.reshape(-1, 12)).reshape(-1).astype(float)
    wanted = (told - output.zero_point) * output.scale
    assert answers.predicted == pytest.approx(wanted)
    assert answers.wrong is None
    assert answers.worst == pytest.approx(np.abs(wanted - truth))
    assert answers.truth[0] == "100 rpm"
    assert asked.answer_for(features[0])(features) == pytest.approx(wanted)


def test_what_is_strange_is_told_by_the_detector_and_its_threshold(tmp_path):
    configuration = parse_configuration(NORMALITY)
    features = np.random.default_rng(3).normal(0, 20, (200, 1, 4)).round().astype(np.int8)
    features[:20] += 90
    quantization = InputQuantization(0.0625, 0)
    detector = fit_detector("mahalanobis", features[20:], quantization, DetectorSettings(), 1)
    scores = detector.score(features)
    threshold = int(np.sort(scores[20:])[-3])
    facts = {"detector": detector.to_json(), "threshold": 0, "threshold_alone": threshold}
    (tmp_path / "detector.json").write_text(json.dumps(facts))
    asked = Asked(Artefact("quantize", "0", tmp_path), configuration)
    labels = np.array([1] * 20 + [0] * 180)
    answers = asked.answers(features, _clips(tmp_path, labels), np.arange(200))
    assert answers.said == ["alarm" if score >= threshold else "normal" for score in scores]
    assert np.array_equal(answers.wrong, (scores >= threshold) != (labels == 1))
    assert int(answers.wrong[20:].sum()) == 3
    assert answers.hidden is None
    assert asked.answer_for(features[0])(features) == pytest.approx(scores * detector.unit)
