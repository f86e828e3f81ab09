"""Small applications of every sense and goal, for tests of exports."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.anomaly import Detector as AnyDetector
from coincell.anomaly import DetectorSettings, fit_detector, reconstruction_detector
from coincell.features import FeatureBlock, InputQuantization, make_feature_block
from coincell.firmware import Application, Channels, StreamEvent, build_host_library
from coincell.project import (
    DecisionSettings,
    Goal,
    PictureSettings,
    SpectrogramSettings,
    Statistic,
    StatisticsSettings,
    WindowForm,
)
from coincell.runtime import QuantityUnit, quantity_unit, strangeness_unit
from stand_in import FEATURES, StandInNetwork, StandInTensor

MOTION = WindowForm("motion", 64, 4, 50)
PICTURE = WindowForm("picture", 1, 3, 0, 24, 18)
CHANNELS = Channels(
    ("aX", "aY", "gZ", "aZ"), ("g", "m/s2", "deg/s", "mg"), (4.0, 39.2266, 2000.0, 4000.0)
)
GIVEN = InputQuantization(0.0625, 0)
UNIT = QuantityUnit(12.5, -20, "speed", "rpm")
_EACH: tuple[Statistic, ...] = (
    "mean", "minimum", "maximum", "rms", "deviation", "skewness", "kurtosis", "zero-crossings",
)  # fmt: skip


@dataclass(frozen=True)
class Placed:
    """A detector with its threshold."""

    detector: AnyDetector
    threshold: int

    def c_sources(self, name: str) -> Mapping[str, str]:
        return self.detector.c_sources(name)


def windows_of(form: WindowForm, count: int, seed: int = 9) -> NDArray[Any]:
    """[count, form.values] of form.dtype: noise of all strengths."""
    generator = np.random.default_rng(seed)
    if form.sense == "picture":
        middle, spread = generator.uniform(30, 220, (2, count, 1))
        noise = generator.standard_normal((count, form.values)) * spread / 3 + middle
        pixels: NDArray[np.uint8] = np.clip(noise, 0, 255).astype(np.uint8)
        return pixels
    gain = 10 ** generator.uniform(1.5, 4.4, (count, 1))
    noise = generator.standard_normal((count, form.values)) * gain
    values: NDArray[np.int16] = np.clip(noise, -32768, 32767).astype(np.int16)
    return values


@functools.cache
def _motion_block() -> FeatureBlock:
    """4 channels x 8 statistics."""
    block = make_feature_block(StatisticsSettings(statistics=_EACH), MOTION)
    return block.fit(windows_of(MOTION, 40, 3))


@functools.cache
def _rows_block() -> FeatureBlock:
    """Of a spectrogram, which a stream computes row by row: 32 values."""
    settings = SpectrogramSettings(fft_size=64, bands=4, frame_ms=640, hop_ms=640)
    block = make_feature_block(settings, MOTION)
    return block.fit(windows_of(MOTION, 40, 3))


@functools.cache
def _picture_block() -> FeatureBlock:
    return make_feature_block(PictureSettings(width=8, height=4, resize="stretch"), PICTURE)


def _softer(outputs: tuple[StandInTensor, ...]) -> StandInNetwork:
    source = StandInNetwork().sources["tiny.c"]
    softer = source.replace("32, 7);", "32, 9);").replace("8, 5);", "8, 8);")
    assert softer != source
    return StandInNetwork(outputs=outputs, more_sources={"tiny.c": softer})


def _application(block: FeatureBlock, goal: Goal, **more: Any) -> Application:
    decision = DecisionSettings(smoothing_windows=2, threshold=0.55, hop_ms=640)
    chosen: dict[str, Any] = {
        "model": None,
        "features": block,
        "quantization": GIVEN,
        "decision": decision,
        "labels": ("wave", "circle", "unknown"),
        "manifest": {"model_sha256": "0" * 64},
        "goal": goal,
        "channels": CHANNELS if block.form.sense == "motion" else None,
        "c_name": "tiny",
    }
    return Application(**(chosen | more))


def _classes(block: FeatureBlock) -> Application:
    return _application(block, "classes", model=_softer((StandInTensor((1, 3)),)))


def _quantity(block: FeatureBlock) -> Application:
    output = StandInTensor((1, 1), scale=UNIT.scale, zero_point=UNIT.zero_point)
    return _application(
        block,
        "quantity",
        model=_softer((output,)),
        labels=("speed",),
        manifest={"quantity": UNIT.to_json()},
    )


def _strange(block: FeatureBlock, detector: AnyDetector, unit: str, **more: Any) -> Application:
    """The threshold is among the scores."""
    described: dict[str, Any] = {"unit": unit, "step": detector.unit, "threshold": 0}
    labels = ("normal", "anomaly")
    chosen = more | {"labels": labels, "manifest": {"strangeness": described}}
    placed = Placed(detector, 0)

    first = _application(block, "normality", detector=placed, **chosen)
    scores = build_host_library(first).process(windows_of(block.form, 40)).decision_scores
    threshold = int(np.median(scores))
    told = {"strangeness": described | {"threshold": threshold}}
    chosen["manifest"] = told
    return _application(block, "normality", detector=Placed(detector, threshold), **chosen)


def _features(block: FeatureBlock) -> NDArray[np.int8]:
    """Of windows to learn from."""
    return block.run(windows_of(block.form, 200, 4), GIVEN).reshape(200, -1)


def _fitted(kind: str, settings: DetectorSettings) -> Application:
    block = _motion_block()
    detector = fit_detector(kind, _features(block), GIVEN, settings, seed=3)
    return _strange(block, detector, "nats" if "mixture" in kind else "spreads")


_COPY = """\
#include "tiny.h"
static int8_t input[32], output[32];
int tiny_init(void) { return 0; }
int8_t *tiny_input(int index) { return index == 0 ? input : 0; }
const int8_t *tiny_output(int index) { return index == 0 ? output : 0; }
int tiny_invoke(void)
{
    for (int i = 0; i < 32; i++) output[i] = (int8_t)((input[i] + input[(i + 1) % 32]) / 2);
    return 0;
}
"""


def _autoencoder() -> Application:
    made = InputQuantization(0.05859375, -3)
    detector = reconstruction_detector(FEATURES, GIVEN, made)
    output = StandInTensor((1, FEATURES), scale=made.scale, zero_point=made.zero_point)
    network = StandInNetwork(outputs=(output,), more_sources={"tiny.c": _COPY})
    return _strange(_motion_block(), detector, "squared feature units", model=network)


SENSES: Mapping[str, Callable[[], Application]] = {
    "gesture": lambda: _classes(_motion_block()),
    "gesture by rows": lambda: _classes(_rows_block()),
    "regression": lambda: _quantity(_motion_block()),
    "k-means": lambda: _fitted("k-means", DetectorSettings(centres=4)),
    "mahalanobis": lambda: _fitted("mahalanobis", DetectorSettings()),
    "diagonal mixture": lambda: _fitted("gaussian-mixture", DetectorSettings(centres=4)),
    "full mixture": lambda: _fitted(
        "gaussian-mixture", DetectorSettings(centres=3, covariance="full")
    ),
    "autoencoder": _autoencoder,
    "pictures": lambda: _classes(_picture_block()),
}
"""What is exported beside keywords -> the application."""


@functools.cache
def sensing(what: str) -> Application:
    """One of SENSES."""
    return SENSES[what]()


def number(text: str, exact: Fraction) -> None:
    """A score's text is `exact` to half of its last place, and a little for the multiplier."""
    places = len(text.partition(".")[2])
    assert abs(Fraction(text) - exact) <= Fraction(1, 10**places) * Fraction(6, 10)


def exact_score(application: Application, event: StreamEvent) -> Fraction:
    """In the unit in which it is told."""
    strange = strangeness_unit(application.manifest)
    if strange is not None:
        return event.score * Fraction(strange.step)
    quantity = quantity_unit(application.manifest)
    unit = quantity or application.score_unit
    assert unit is not None
    value = (Fraction(event.score, 256) - unit.zero_point) * Fraction(unit.scale)
    return value if quantity else max(Fraction(0), min(Fraction(1), value))
