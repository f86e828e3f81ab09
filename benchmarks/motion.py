"""Gestures, activities and a speed: what networks on motion reach, as the device computes them.

- gestures: those of ../shared/data/gestures (one person, 265 recordings of 1 s), stratified 5-fold
  cross-validation; all choices by the four folds that are learned from.
- uci_har: six activities, 2400 windows of ../shared/data/uci_har. They stand in their order in
  time, a person after the other, and neighbours may overlap by half. The held-out fifth is the last
  480 windows in a row: other people, and at most one window that shares readings with one learned
  from. Beside it stands a random stratified fifth, which does share people and readings.
- regression: the template's project, rotational speed from vibration of made machines, through all
  stages up to the evaluation. Its settings were compared on the machines of seed 1; the machines
  here, learned from and judged on, are of another seed, on which nothing was chosen.

Every accuracy is the int8 network's by TensorFlow Lite Micro's kernels, on features by the
device's C. Prints JSON.

    python benchmarks/motion.py [gestures] [uci_har] [regression]
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedKFold

from coincell.compiler import OracleProcess, read_model
from coincell.data import augment, make_default_data
from coincell.evaluation import wilson
from coincell.features import FeatureBlock, choose_quantization, make_feature_block
from coincell.models import (
    Examples,
    build_network,
    convert_to_tflite,
    count_parameters,
    dequantize,
    train,
)
from coincell.pipeline import Demand, run_until
from coincell.project import (
    AugmentationSettings,
    FeatureSettings,
    ModelSettings,
    RawSettings,
    TrainingSettings,
    WindowForm,
    load_project,
    new_project,
)

SHARED = Path(__file__).resolve().parents[2] / "shared/data"
SEED = 1
FRESH_SEED = 20261123
FOLDS = 5
GESTURES = ("circ", "flex", "hori", "punch", "vert")
GESTURE_RATE, GESTURE_ROWS = 119, 119
GESTURE_SCALE = (4.0, 4.0, 4.0, 2000.0, 2000.0, 2000.0)  # g and deg/s, the LSM9DS1's ranges
HAR_RATE = 50
HAR_SCALE = (4.0, 4.0, 4.0, 8.7266, 8.7266, 8.7266)  # g and rad/s: 4 g and 500 deg/s

Windows = NDArray[np.int16]
Labels = NDArray[np.int64]


def read_gestures() -> tuple[Windows, Labels, WindowForm]:
    """All recordings, int16 [n, 119 * 6]."""
    windows, labels = [], []
    for number, name in enumerate(GESTURES):
        path = SHARED / "gestures" / f"{name}.csv"
        rows = np.loadtxt(path, delimiter=",", skiprows=1).reshape(-1, GESTURE_ROWS, 6)
        windows.append(_readings(rows, GESTURE_SCALE))
        labels += [number] * len(rows)
    form = WindowForm("motion", GESTURE_ROWS, 6, GESTURE_RATE)
    return np.concatenate(windows), np.array(labels, np.int64), form


def read_har() -> tuple[Windows, Labels, WindowForm]:
    """All windows in their order, int16 [2400, 128 * 6]."""
    with np.load(SHARED / "uci_har" / "har_train.npz") as archive:
        windows, labels = archive["X_train"], archive["y_train"].astype(np.int64)
    labels -= labels.min()
    return (
        _readings(windows.astype(np.float64), HAR_SCALE),
        labels,
        WindowForm("motion", windows.shape[1], windows.shape[2], HAR_RATE),
    )


def _readings(values: NDArray[np.float64], full_scale: tuple[float, ...]) -> Windows:
    """In units -> as the sensor's driver gives them, flat."""
    steps = np.rint(values / np.array(full_scale) * 32768.0)
    clipped: Windows = np.clip(steps, -32768, 32767).astype(np.int16).reshape(len(values), -1)
    return clipped


class Recipe:
    """Features, network and training of one task; everything is learned from what is given."""

    def __init__(
        self,
        form: WindowForm,
        features: FeatureSettings,
        architecture: str,
        augmentation: AugmentationSettings,
        training: TrainingSettings,
    ) -> None:
        self.form = form
        self.features = features
        self.model = ModelSettings(architecture=architecture)  # type: ignore[arg-type]
        self.augmentation = augmentation
        self.training = training
        self.parameters = 0

    def predictions(self, windows: Windows, labels: Labels, test: Windows) -> Labels:
        """Learn from `windows` [n, values] with `labels` [n]; the int8 classes of `test`."""
        block = make_feature_block(self.features, self.form, None).fit(windows)
        quantization = choose_quantization(block.compute(windows), block.fixed_point_scale)
        clean = block.run(windows, quantization)
        altered, of = self._altered(windows, block)
        learning = Examples(
            np.concatenate([clean, block.run(altered, quantization)]),
            np.concatenate([labels, labels[of]]),
            quantization,
        )
        network = build_network(
            self.model,
            block.shape,
            int(labels.max()) + 1,
            SEED,
            mean=learning.mean,
            deviation=learning.deviation,
        )
        self.parameters = count_parameters(network)
        train(network, learning, None, self.training, seed=SEED)
        chosen = np.random.default_rng(SEED).choice(len(clean), min(256, len(clean)), replace=False)
        tflite = convert_to_tflite(network, dequantize(clean[chosen], quantization), quantization)
        return _int8_classes(tflite, block.run(test, quantization))

    def _altered(self, windows: Windows, block: FeatureBlock) -> tuple[Windows, Labels]:
        """Altered copies int16 [m, values] and of which window each is, [m]."""
        of = np.tile(np.arange(len(windows)), self.augmentation.copies)
        silent = np.empty((0, 0), np.int16)
        copies = [
            augment(
                windows[row],
                block.form,
                self.augmentation,
                silent,
                np.random.default_rng([SEED, place, int(row)]),
            )
            for place, row in enumerate(of)
        ]
        return np.stack(copies), of


def _int8_classes(tflite: bytes, features: NDArray[np.int8]) -> Labels:
    graph = read_model(tflite)
    shape = graph.tensor(graph.inputs[0]).shape[1:]
    with OracleProcess(tflite) as oracle:
        scores = oracle.run(features.reshape(len(features), *shape))
    classes: Labels = scores.reshape(len(features), -1).argmax(axis=1)
    return classes


def measure_gestures() -> dict[str, Any]:
    """Accuracy of each network, every recording judged once by a network that never saw it."""
    windows, labels, form = read_gestures()
    augmentation = AugmentationSettings(
        copies=4, shift_ms=80.0, gain_db=(-3.0, 3.0), noise_snr_db=(10.0, 40.0)
    )
    training = TrainingSettings(epochs=25, batch_size=32, learning_rate=0.002)
    told: dict[str, Any] = {"recordings": len(labels), "folds": FOLDS}
    for architecture in ("conv-1d", "fully-connected"):
        recipe = Recipe(form, RawSettings(), architecture, augmentation, training)
        folds = StratifiedKFold(FOLDS, shuffle=True, random_state=SEED).split(windows, labels)
        right, by_fold = 0, []
        for learned, held in folds:
            found = recipe.predictions(windows[learned], labels[learned], windows[held])
            hits = int((found == labels[held]).sum())
            by_fold.append(round(hits / len(held), 4))
            right += hits
        told[architecture] = _share(right, len(labels)) | {
            "by_fold": by_fold,
            "parameters": recipe.parameters,
        }
    return told


def measure_har() -> dict[str, Any]:
    """Accuracy on a fifth that is held out, in a row and at random."""
    windows, labels, form = read_har()
    augmentation = AugmentationSettings(
        copies=1, shift_ms=200.0, gain_db=(-1.0, 1.0), noise_snr_db=(15.0, 40.0)
    )
    training = TrainingSettings(epochs=25, batch_size=64, learning_rate=0.002)
    count = len(labels)
    fifth = count // FOLDS
    in_row = np.arange(count - fifth, count)
    shuffled = StratifiedKFold(FOLDS, shuffle=True, random_state=SEED).split(windows, labels)
    at_random = next(iter(shuffled))[1]
    told: dict[str, Any] = {"windows": count, "held_out": fifth}
    for architecture in ("conv-1d", "fully-connected"):
        for name, held in (("last_fifth", in_row), ("random_fifth", at_random)):
            learned = np.setdiff1d(np.arange(count), held)
            recipe = Recipe(form, RawSettings(), architecture, augmentation, training)
            found = recipe.predictions(windows[learned], labels[learned], windows[held])
            told.setdefault(architecture, {})[name] = _share(
                int((found == labels[held]).sum()), len(held)
            )
        told[architecture]["parameters"] = recipe.parameters
    return told


def measure_regression() -> dict[str, Any]:
    """The template's figures; test machines are none that was learned from."""
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder) / "speed"
        new_project("regression", directory)
        _with_fresh_machines(directory / "coincell.toml")
        project = load_project(directory)
        made = make_default_data(project)
        outcome = run_until(project, Demand(until="evaluate"))
        facts = outcome.artefacts["evaluate"].read_json("evaluation.json")
    machines = {s.groups["machine"] for s in made.dataset.samples if s.split == "test"}
    figures = {
        name: {
            figure: facts[name]["quantity"][figure]
            for figure in ("mae", "rmse", "r2", "bias", "spread", "errors")
        }
        for name in ("float", "int8")
    }
    return {
        "unit": project.configuration.data.unit,
        "test_windows": facts["int8"]["samples"],
        "test_machines": len(machines),
        "seed": FRESH_SEED,
        **figures,
        "comparison": facts["comparison"],
    }


def _with_fresh_machines(toml: Path) -> None:
    told = toml.read_text(encoding="utf-8")
    changed = told.replace("seed = 1 ", f"seed = {FRESH_SEED} ", 1)
    if changed == told:
        raise SystemExit(f"{toml} does not begin with the seed that its settings were chosen on.")
    toml.write_text(changed, encoding="utf-8")


def _share(right: int, count: int) -> dict[str, Any]:
    estimate = wilson(right, count).to_json()
    return {"accuracy": estimate["value"], "ci95": estimate["ci95"], "right": right}


MEASURES: dict[str, Callable[[], dict[str, Any]]] = {
    "gestures": measure_gestures,
    "uci_har": measure_har,
    "regression": measure_regression,
}


def main() -> None:
    """Print the figures of the parts named, or of all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", choices=[*MEASURES, []], metavar="PART")
    parts = parser.parse_args().parts or list(MEASURES)
    print(json.dumps({part: MEASURES[part]() for part in parts}, indent=2))


if __name__ == "__main__":
    main()
