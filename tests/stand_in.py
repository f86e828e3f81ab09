"""A small application with a hand-written network, for tests of firmware and boards.

Two layers that share a kernel: 32 int8 features -> 8 hidden -> 3 scores, sums of products with
made-up weights, shifted and clamped. `expected_scores` is the same in NumPy.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from coincell.features import InputQuantization, make_feature_block
from coincell.firmware import Application
from coincell.project import DecisionSettings, MelSettings, WindowForm

WINDOW_SAMPLES = 1600
FEATURES, HIDDEN, CLASSES = 32, 8, 3
HIDDEN_SHIFT, SCORE_SHIFT = 7, 5


def weights(rows: int, columns: int, seed: int) -> NDArray[np.int8]:
    """int8 [rows, columns], the same everywhere."""
    return np.random.default_rng(seed).integers(-127, 128, (rows, columns)).astype(np.int8)


def _layer(x: NDArray[np.int8], matrix: NDArray[np.int8], shift: int) -> NDArray[np.int8]:
    sums = (x.astype(np.int64) @ matrix.astype(np.int64).T) >> shift
    return np.clip(sums, -128, 127).astype(np.int8)


def expected_scores(features: NDArray[np.int8]) -> NDArray[np.int8]:
    """int8 [n, 32] -> int8 [n, 3]."""
    hidden = _layer(features, weights(HIDDEN, FEATURES, 1), HIDDEN_SHIFT)
    return _layer(hidden, weights(CLASSES, HIDDEN, 2), SCORE_SHIFT)


@dataclass(frozen=True)
class StandInTensor:
    shape: tuple[int, ...]
    dtype: str = "int8"
    scale: float = 1 / 256
    zero_point: int = -128


@dataclass(frozen=True)
class StandInLayer:
    name: str
    symbol: str
    ops: tuple[str, ...]
    macs: int


def _array(matrix: NDArray[np.int8]) -> str:
    return ", ".join(str(value) for value in matrix.ravel().tolist())


def _sources(name: str, invoke: str) -> dict[str, str]:
    header = f"""\
#ifndef STAND_IN_H
#define STAND_IN_H
#include <stdint.h>
int {name}_init(void);
int {name}_invoke(void);
int8_t *{name}_input(int index);
const int8_t *{name}_output(int index);
#endif
"""
    kernel = """\
#include "stand_in/dense.h"
/* input: int8[columns], matrix: int8[rows][columns] -> output: int8[rows] */
void stand_in_dense(const int8_t *input, const int8_t *matrix, int8_t *output,
                    int32_t rows, int32_t columns, int32_t shift)
{
    for (int32_t row = 0; row < rows; row++) {
        int32_t sum = 0;
        for (int32_t column = 0; column < columns; column++)
            sum += (int32_t)input[column] * matrix[row * columns + column];
        sum >>= shift;
        output[row] = (int8_t)(sum < -128 ? -128 : sum > 127 ? 127 : sum);
    }
}
"""
    kernel_header = """\
#include <stdint.h>
void stand_in_dense(const int8_t *input, const int8_t *matrix, int8_t *output,
                    int32_t rows, int32_t columns, int32_t shift);
"""
    source = f"""\
#include "{name}.h"
#include "stand_in/dense.h"
static const int8_t first[{HIDDEN * FEATURES}] = {{{_array(weights(HIDDEN, FEATURES, 1))}}};
static const int8_t second[{CLASSES * HIDDEN}] = {{{_array(weights(CLASSES, HIDDEN, 2))}}};
static int8_t input[{FEATURES}], hidden[{HIDDEN}], output[{CLASSES}];
__attribute__((noinline)) static void {name}_layer_00_dense(void)
{{
    stand_in_dense(input, first, hidden, {HIDDEN}, {FEATURES}, {HIDDEN_SHIFT});
}}
__attribute__((noinline)) static void {name}_layer_01_dense(void)
{{
    stand_in_dense(hidden, second, output, {CLASSES}, {HIDDEN}, {SCORE_SHIFT});
}}
int {name}_init(void) {{ return 0; }}
int8_t *{name}_input(int index) {{ return index == 0 ? input : 0; }}
const int8_t *{name}_output(int index) {{ return index == 0 ? output : 0; }}
int {name}_invoke(void)
{{
    {name}_layer_00_dense();
    {name}_layer_01_dense();
    {invoke}
    return 0;
}}
"""
    return {
        f"{name}.h": header,
        f"{name}.c": source,
        "stand_in/dense.c": kernel,
        "stand_in/dense.h": kernel_header,
    }


@dataclass(frozen=True)
class StandInNetwork:
    """What a compiled model looks like; `invoke` is C added to the end of its invoke."""

    name: str = "tiny"
    invoke: str = ""
    inputs: tuple[StandInTensor, ...] = (StandInTensor((1, FEATURES)),)
    outputs: tuple[StandInTensor, ...] = (StandInTensor((1, CLASSES)),)
    more_sources: Mapping[str, str] = field(default_factory=dict)

    @property
    def sources(self) -> dict[str, str]:
        return _sources(self.name, self.invoke) | dict(self.more_sources)

    @property
    def layers(self) -> tuple[StandInLayer, ...]:
        return (
            StandInLayer(
                "dense 0", f"{self.name}_layer_00_dense", ("fully_connected",), HIDDEN * FEATURES
            ),
            StandInLayer(
                "dense 1", f"{self.name}_layer_01_dense", ("fully_connected",), CLASSES * HIDDEN
            ),
        )


def stand_in_application(network: StandInNetwork | None = None) -> Application:
    """0.1 s windows -> 4 frames x 8 bands -> 3 labels."""
    settings = MelSettings(bands=8, frame_ms=30, hop_ms=20, fft_size=512)
    return Application(
        model=network or StandInNetwork(),
        features=make_feature_block(settings, WindowForm("sound", WINDOW_SAMPLES, 1, 16000)),
        quantization=InputQuantization(scale=0.0625, zero_point=0),
        decision=DecisionSettings(smoothing_windows=3, threshold=0.25),
        labels=("silence", "yes", "no"),
        manifest={"model_sha256": "0" * 64},
    )


def random_windows(count: int, seed: int = 5) -> NDArray[np.int16]:
    """int16 [count, 1600]: noise of all loudnesses."""
    generator = np.random.default_rng(seed)
    gain = 10 ** generator.uniform(0.5, 4.4, (count, 1))
    noise = generator.standard_normal((count, WINDOW_SAMPLES)) * gain
    return np.clip(noise, -32768, 32767).astype(np.int16)
