"""Requantization on Armv7E-M: every sum of random layers, and the public models' forms."""

from __future__ import annotations

import ctypes
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from coincell.compiler import fixed_point, lower, read_model
from coincell.compiler.dsp.accumulators import accumulators
from coincell.compiler.dsp.requantization import (
    Form,
    Requantization,
    choose_requantization,
)
from coincell.compiler.operators import common
from coincell.runtime import c_sources
from coincell.toolchain import build_shared_library

CHANNELS = 6

HARNESS = """
#include "kernels/dsp/requantization.h"
/* constants: [channels, 4] B, M, C, D; sums, outputs: [n, channels] */
void run(const int32_t *constants, int32_t channels, int32_t n, int32_t left, int32_t right,
         const int32_t *sums, int8_t *outputs)
{
    for (int32_t i = 0; i < n * channels; ++i) {
        const int32_t *k = constants + i % channels * 4;
        const int32_t x = k[0] + (int32_t)((uint32_t)sums[i] << left);
        outputs[i] = (int8_t)coincell_output_of(x, k[1], k[2], k[3], right);
    }
}
"""


@pytest.fixture(scope="module")
def library() -> ctypes.CDLL:
    sources = {**c_sources("kernels"), "harness.c": HARNESS}
    return ctypes.CDLL(str(build_shared_library("requantization", sources)))


def _in_c(
    library: ctypes.CDLL, chosen: Requantization, sums: NDArray[np.int64]
) -> NDArray[np.int8]:
    """What the C gives for sums [n, channels], clamped."""
    given = np.ascontiguousarray(sums, np.int32)
    outputs = np.zeros(given.shape, np.int8)
    columns = (chosen.biases, chosen.multipliers, chosen.offsets, chosen.steps)
    constants = np.ascontiguousarray(np.stack(columns, axis=1))
    places = [array.ctypes.data_as(ctypes.c_void_p) for array in (constants, given, outputs)]
    shifts = chosen.left_shift, chosen.right_shift
    library.run(places[0], given.shape[1], len(given), *shifts, *places[1:])
    return np.clip(outputs, *chosen.clamp)


def _layer(seed: int) -> dict[str, Any]:
    """Arguments of choose_requantization for a made-up layer, whose ranges are short."""
    random = np.random.default_rng(seed)
    reach = int(random.integers(1, 3000))
    low = -random.integers(0, reach, CHANNELS)
    spread = float(random.uniform(20, 2000)) / reach  # outputs that the range covers
    reals = spread * np.exp2(random.uniform(-1.5, 1.5, CHANNELS))
    if seed % 5 == 0:
        reals[0] = 0.0
    pairs = [fixed_point.quantize_multiplier(real) for real in reals]
    bias = random.integers(-reach, reach, CHANNELS)
    if seed % 4 == 1:
        bias[1] = int(random.choice([-1, 1])) << 29
    zero_point = int(random.integers(-128, 128))
    clamp = [(-128, 127), (zero_point, 127), (-5, 100)][seed % 3]
    if seed % 2:
        zero_point, clamp = -128, (-128, [127, 60][seed % 4 == 1])
    return {
        "multipliers": np.array([multiplier for multiplier, _ in pairs]),
        "shifts": np.array([shift for _, shift in pairs]),
        "zero_point": zero_point,
        "clamp": clamp,
        "low": low,
        "high": low + random.integers(0, reach, CHANNELS),
        "bias": bias,
    }


def _all_sums(layer: dict[str, Any]) -> NDArray[np.int64]:
    """[n, channels]: from each channel's least sum to its largest, which is repeated."""
    longest = int((layer["high"] - layer["low"]).max())
    sums = layer["low"] + np.arange(longest + 1)[:, np.newaxis]
    capped: NDArray[np.int64] = np.minimum(sums, layer["high"])
    return capped


def _expected(layer: dict[str, Any], sums: NDArray[np.int64]) -> NDArray[np.int8]:
    result: NDArray[np.int8] = common.rescale(
        sums + layer["bias"],
        layer["multipliers"],
        layer["shifts"],
        layer["zero_point"],
        layer["clamp"],
    )
    return result


@pytest.mark.parametrize("first_seed", range(0, 240, 60))
def test_every_sum_of_random_layers(library: ctypes.CDLL, first_seed: int) -> None:
    forms = []
    for seed in range(first_seed, first_seed + 60):
        layer = _layer(seed)
        sums = _all_sums(layer)
        for left_shift in (None, 8, 10):
            chosen = choose_requantization(**layer, left_shift=left_shift)
            if chosen is None:
                continue
            expected = _expected(layer, sums)
            assert np.array_equal(chosen.apply(sums), expected), (seed, left_shift)
            assert np.array_equal(_in_c(library, chosen, sums), expected)
            assert left_shift in (None, chosen.left_shift)
            forms.append(chosen.form)
    assert set(forms) == set(Form)
    assert len(forms) > 2 * 60, "most layers are proved"


def test_one_multiplier_for_all() -> None:
    forms = []
    for seed in range(2, 40):
        layer = _layer(seed)
        layer |= {"multipliers": layer["multipliers"][-1:], "shifts": layer["shifts"][-1:]}
        chosen = choose_requantization(**layer, share_multiplier=True)
        if chosen is None:
            assert seed % 4 == 1, "only a huge bias is in the way"
            continue
        forms.append(chosen.form)
        differing = {column for column, values in enumerate(chosen.constants.T) if np.ptp(values)}
        assert differing <= {1 if chosen.form is Form.AFFINE else 0}
        sums = _all_sums(layer)
        assert np.array_equal(chosen.apply(sums), _expected(layer, sums))
    assert {Form.AFFINE, Form.SIGNED} <= set(forms)


def test_sums_that_may_wrap_are_declined() -> None:
    layer = _layer(1) | {"bias": np.full(CHANNELS, (1 << 31) - 1), "high": np.full(CHANNELS, 1)}
    assert choose_requantization(**layer) is None
    layer = _layer(1) | {"shifts": np.full(CHANNELS, 25)}
    assert choose_requantization(**layer) is None


def test_a_wrong_constant_shows() -> None:
    layer = _layer(3)
    chosen = choose_requantization(**layer)
    assert chosen is not None
    sums = _all_sums(layer)
    chosen.offsets[:] += 1 << chosen.right_shift - 4
    assert not np.array_equal(chosen.apply(sums), _expected(layer, sums))


@pytest.mark.parametrize(
    "name", ["ad01_int8", "kws_ref_model", "pretrainedResnet_quant", "vww_96_int8"]
)
def test_public_models_need_the_cheapest_form(shared: Path, name: str) -> None:
    graph = lower(read_model(shared / f"models/mlperf_tiny/{name}.tflite"))
    random = np.random.default_rng(0)
    for op in graph.ops:
        if op.kind not in ("conv_2d", "depthwise_conv_2d", "fully_connected"):
            continue
        layer = accumulators(op, graph)
        chosen = layer.requantization() if layer else None
        assert layer is not None
        assert chosen is not None
        relu = layer.clamp[0] >= layer.zero_point
        assert chosen.form is (Form.AFFINE if relu else Form.SIGNED), op.place
        sums = random.integers(layer.low, layer.high + 1, (500, len(layer.low)))
        expected = common.rescale(
            sums + layer.bias, layer.multipliers, layer.shifts, layer.zero_point, layer.clamp
        )
        assert np.array_equal(chosen.apply(sums), expected), op.place
