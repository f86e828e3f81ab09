"""A ceiling fan with a coin on a blade: every detector, one model for all speeds.

The windows are those of ../shared/data/fan_vibration: 1 s of a 3-axis accelerometer at 200 Hz,
the fan off, at low and at medium speed; normal, and with a coin on a blade (low, medium). Each
recording is cut into 20 stretches; a fifth of the normal ones is the test, another fifth chooses
the threshold (one false alarm in a hundred windows is asked for), the rest is training. Of an
autoencoder half of the threshold's stretches watch the training, whose best epoch is kept, and the
other half chooses the threshold. Windows with the coin are test alone. Intervals are bootstrapped
over stretches.

No feature here knows an axis' mean: the sensor lay a little otherwise in the recordings with the
coin, and telling them by gravity's direction would be no detection.

Each method is shown three times: in float64 throughout (features by NumPy, scikit-learn's own
fit), Coincell's fit in float64 on int8 features, and as the device computes it, from int16
readings (2 g full scale) to the score in integers. The autoencoders are those of
model.architecture, in float32, then the int8 network as generated C. Prints JSON, the best of all
at the end.

    python benchmarks/fan_vibration.py [--no-autoencoder]
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.metrics import roc_auc_score
from sklearn.mixture import GaussianMixture

from coincell.anomaly import (
    Detector,
    DetectorSettings,
    fit_detector,
    reconstruction_detector,
    threshold_for,
)
from coincell.compiler import HostModel, compile_model
from coincell.evaluation import evaluate_anomaly
from coincell.features import InputQuantization, choose_quantization
from coincell.features.spectral import SpectralSummaryBlock
from coincell.features.statistics import StatisticsBlock
from coincell.project import (
    ModelSettings,
    SpectralSettings,
    StatisticsSettings,
    TrainingSettings,
    WindowForm,
)

ARCHIVE = Path(__file__).resolve().parents[2] / "shared/data/fan_vibration/ceiling_fan.npz"
RATE = 200
FULL_SCALE_G = 2.0
FORM = WindowForm("motion", samples=RATE, channels=3, rate_hz=RATE)
STRETCHES = 20
SEED = 1
SEEDS = range(1, 6)
FALSE_ALARM_RATE = 0.01

Float = NDArray[np.float64]
Block = SpectralSummaryBlock | StatisticsBlock


@dataclass(frozen=True)
class Fan:
    """windows [n, 200, 3] in g; strange, bool [n]; stretch, each window's, [n]; the rows of the
    training, threshold and test part, and of the threshold's two halves, watched and apart.
    """

    windows: Float
    strange: NDArray[np.bool_]
    stretch: list[str]
    parts: dict[str, NDArray[np.int64]]


def read_fan(archive: Path = ARCHIVE, seed: int = SEED) -> Fan:
    """All recordings, split by stretches."""
    generator = np.random.default_rng(seed)
    windows, strange, stretch = [], [], []
    uses = ("training", "threshold", "test", "watched", "apart")
    rows: dict[str, list[int]] = {use: [] for use in uses}
    with np.load(archive) as recordings:
        for name in recordings.files:
            readings = recordings[name].astype(np.float64)
            odd = name.endswith("1_weight")
            order = generator.permutation(STRETCHES)
            for place, part in enumerate(np.array_split(np.arange(len(readings)), STRETCHES)):
                fifth = order[place] * 5 // STRETCHES
                use = "test" if odd or fifth == 0 else "threshold" if fifth == 1 else "training"
                own = range(len(stretch), len(stretch) + len(part))
                rows[use] += own
                if use == "threshold":
                    rows["watched" if order[place] % 2 else "apart"] += own
                strange += [odd] * len(part)
                stretch += [f"{name} {place}"] * len(part)
                windows.append(readings[part])
    parts = {name: np.array(found) for name, found in rows.items()}
    return Fan(np.concatenate(windows), np.array(strange), stretch, parts)


def band_powers(windows: Float) -> Float:
    """Logarithms of 8 even bands' powers of each axis: [n, 200, 3] -> [n, 24]."""
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(RATE) / RATE)
    centred = windows - windows.mean(axis=1, keepdims=True)
    power = np.abs(np.fft.rfft(centred * hann[:, None], 256, axis=1)) ** 2 / RATE
    edges = np.rint(np.linspace(1, power.shape[1], 9)).astype(int)
    bands = [power[:, low:high].sum(axis=1) for low, high in itertools.pairwise(edges)]
    return np.log(np.concatenate(bands, axis=1) + 1e-9)


def statistics(windows: Float) -> Float:
    """Of each axis: deviation, skewness, excess kurtosis, crossings of the mean.
    [n, 200, 3] -> [n, 12].
    """
    x = windows - windows.mean(axis=1, keepdims=True)
    deviation = x.std(axis=1)
    moments = [(x**power).mean(axis=1) / (deviation**power + 1e-15) for power in (3, 4)]
    crossings = np.diff(x < 0, axis=1).sum(axis=1)
    return np.concatenate([deviation, *moments, crossings], axis=1)


FEATURES: dict[str, tuple[Callable[[Float], Float], Block]] = {
    "band powers": (
        band_powers,
        SpectralSummaryBlock(
            SpectralSettings(fft_size=256, bands=8, rms=False, peaks=0, moments=False), FORM
        ),
    ),
    "statistics": (
        statistics,
        StatisticsBlock(
            StatisticsSettings(statistics=("deviation", "skewness", "kurtosis", "mean-crossings")),
            FORM,
        ),
    ),
}
"""By NumPy in float64, and the block that the device has."""

METHODS: dict[str, tuple[str, DetectorSettings]] = {
    "k-means, 16 centres": ("k-means", DetectorSettings(centres=16)),
    "Mahalanobis": ("mahalanobis", DetectorSettings()),
    "Gaussian mixture, 8, diagonal": ("gaussian-mixture", DetectorSettings(centres=8)),
    "Gaussian mixture, 4, full": (
        "gaussian-mixture",
        DetectorSettings(centres=4, covariance="full"),
    ),
}

AUTOENCODERS = ("autoencoder-dense", "autoencoder-conv")
TRAINING = TrainingSettings(epochs=200, batch_size=64, patience=0)


@dataclass(frozen=True)
class Quantized:
    """Features of all windows: as they are, standardised on the training part; and as int8, of
    a window in the block's shape.
    """

    reals: Float
    shape: tuple[int, ...]
    features: NDArray[np.int8]
    quantization: InputQuantization


def quantized(fan: Fan, name: str) -> Quantized:
    """One of FEATURES: standardised by the training part in float64; and as the device has it."""
    by_numpy, block = FEATURES[name]
    training = fan.parts["training"]
    reals = by_numpy(fan.windows)
    standard = (reals - reals[training].mean(axis=0)) / reals[training].std(axis=0)
    steps = np.rint(fan.windows * (32768 / FULL_SCALE_G))
    readings = np.clip(steps, -32768, 32767).astype(np.int16).reshape(len(steps), FORM.values)
    fitted = block.fit(readings[training])
    fixed = fitted.compute(readings[training])
    quantization = choose_quantization(fixed, fitted.fixed_point_scale)
    features = fitted.run(readings, quantization).reshape(len(readings), -1)
    return Quantized(standard, fitted.shape, features, quantization)


def by_scikit_learn(kind: str, settings: DetectorSettings, fan: Fan, reals: Float) -> Float:
    """The same method in float64 from another hand: scores of all windows."""
    training = reals[fan.parts["training"]]
    if kind == "k-means":
        found = KMeans(settings.centres, n_init=settings.restarts, random_state=SEED)
        labels = found.fit(training).labels_
        apart = ((training - found.cluster_centers_[labels]) ** 2).sum(axis=1)
        spread = np.bincount(labels, apart) / np.bincount(labels)
        spread += settings.regularization * reals.shape[1]
        scores: Float = (found.transform(reals) / np.sqrt(spread)).min(axis=1)
        return scores
    mixture = GaussianMixture(
        1 if kind == "mahalanobis" else settings.centres,
        covariance_type="diag"
        if settings.covariance == "diagonal" and kind != "mahalanobis"
        else "full",
        reg_covar=settings.regularization,
        n_init=settings.restarts,
        random_state=SEED,
    ).fit(training)
    return -mixture.score_samples(reals)


def area(fan: Fan, scores: NDArray[Any]) -> float:
    """AUC on the test part."""
    test = fan.parts["test"]
    return float(roc_auc_score(fan.strange[test], scores[test]))


def judged(
    fan: Fan, detector: Detector, features: NDArray[np.int8], held_out: str = "threshold"
) -> dict[str, Any]:
    """The device's integers: figures on the test part, and how far float64 is; the threshold by
    the part `held_out`."""
    scores = detector.score(features)
    threshold = threshold_for(scores[fan.parts[held_out]], FALSE_ALARM_RATE)
    test = fan.parts["test"]
    figures = evaluate_anomaly(
        fan.strange[test],
        scores[test],
        threshold,
        seed=SEED,
        groups=[fan.stretch[row] for row in test],
    )
    exact = detector.score_float(features)
    return {
        **figures.to_json(),
        "threshold": threshold,
        "unit": detector.unit,
        "largest_error": float(np.abs(scores * detector.unit - exact).max()),
        "largest_error_proved": float(detector.error_bound(features).max()),
        "table_bytes": detector.table_bytes,
    }


def measure_method(fan: Fan, made: Quantized, name: str) -> dict[str, Any]:
    """One of METHODS on one set of features."""
    kind, settings = METHODS[name]
    training = made.features[fan.parts["training"]]
    detectors = [fit_detector(kind, training, made.quantization, settings, seed) for seed in SEEDS]
    areas = [area(fan, each.score(made.features)) for each in detectors]
    return {
        "auc_float64": area(fan, by_scikit_learn(kind, settings, fan, made.reals)),
        "auc_float64_on_int8_features": area(fan, detectors[0].score_float(made.features)),
        "auc_integers_of_seeds": [min(areas), max(areas)],
        "integers": judged(fan, detectors[0], made.features),
    }


def measure_autoencoder(fan: Fan, made: Quantized, architecture: str) -> dict[str, Any]:
    """As the pipeline trains and converts it, watched on half of the threshold part; its int8
    network by Coincell's compiler.
    """
    from coincell.models import Examples, build_network, convert_to_tflite, predict_float, train

    def of(part: str) -> Examples:
        rows = fan.parts[part]
        features = made.features[rows].reshape(len(rows), *made.shape)
        return Examples(features, np.zeros(len(rows), np.int64), made.quantization)

    learning = of("training")
    network = build_network(
        ModelSettings(architecture=architecture),  # type: ignore[arg-type]  # pydantic checks it
        made.shape,
        2,
        SEED,
        mean=learning.mean,
        deviation=learning.deviation,
        goal="normality",
    )
    train(network, learning, of("watched"), TRAINING, seed=SEED, goal="normality")
    inputs = made.quantization.dequantize(made.features)
    shaped = made.features.reshape(len(made.features), *made.shape)
    rebuilt = predict_float(network, shaped, made.quantization)
    calibration = inputs[fan.parts["training"]][:500]
    tflite = convert_to_tflite(network, calibration, made.quantization)
    compiled = compile_model(tflite, "fan")
    output = compiled.outputs[0]
    detector = reconstruction_detector(
        made.features.shape[1],
        made.quantization,
        InputQuantization(output.scale, output.zero_point),
        HostModel(compiled).run,
        "fan",
    )
    return {
        "auc_float32": area(fan, ((rebuilt - inputs) ** 2).mean(axis=1)),
        "macs": compiled.macs,
        "constant_bytes": compiled.constant_bytes,
        "integers": judged(fan, detector, made.features, "apart"),
    }


def measure(fan: Fan, names: tuple[str, ...], autoencoder: bool) -> dict[str, Any]:
    """Every method on the sets of features called `names`."""
    result: dict[str, Any] = {}
    for name in names:
        made = quantized(fan, name)
        result[name] = {
            "columns": made.features.shape[1],
            **{method: measure_method(fan, made, method) for method in METHODS},
        }
        for architecture in AUTOENCODERS if autoencoder else ():
            result[name][architecture] = measure_autoencoder(fan, made, architecture)
    return result


def best_of(result: dict[str, Any]) -> dict[str, Any]:
    """The highest area in integers, of all methods and of the autoencoders."""
    areas = {
        f"{method} on {features}": figures["integers"]["auc"]["value"]
        for features, methods in result.items()
        for method, figures in methods.items()
        if isinstance(figures, dict)
    }
    neural = {name: value for name, value in areas.items() if name.startswith("autoencoder")}
    return {
        kind: {"method": max(of, key=lambda name: of[name]), "auc": max(of.values())}
        for kind, of in (("any", areas), ("autoencoder", neural))
        if of
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--no-autoencoder", action="store_true", help="no training, no TensorFlow")
    options = parser.parse_args()
    if not ARCHIVE.is_file():
        sys.exit(f"needs the recordings in {ARCHIVE}, which are not here")
    fan = read_fan()
    counts = {name: len(rows) for name, rows in fan.parts.items()}
    result = measure(fan, tuple(FEATURES), not options.no_autoencoder)
    json.dump(
        {"windows": counts, "features": result, "best": best_of(result)}, sys.stdout, indent=2
    )
    print()


if __name__ == "__main__":
    main()
