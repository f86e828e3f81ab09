"""A feature block as C: the tables as const arrays, around the runtime's own files."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.errors import InternalError
from coincell.features.c_sources import needed_sources
from coincell.features.quantization import FixedPointStep, InputQuantization
from coincell.features.tables import Tables
from coincell.runtime import c_values


def emit_sources(
    name: str, tables: Tables, quantization: InputQuantization, step: FixedPointStep
) -> dict[str, str]:
    """NAME_features.{h,c} and the runtime's feature files: path -> text."""
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        raise InternalError(f"A C name must be an identifier; received {name!r}.")
    return {
        **needed_sources("features/features"),
        f"{name}_features.h": _header(name, tables, quantization),
        f"{name}_features.c": _source(name, tables, step),
    }


def _kind(tables: Tables) -> str:
    return "log-mel spectrogram" if tables.cosines is None else "MFCC"


def _header(name: str, tables: Tables, quantization: InputQuantization) -> str:
    upper = name.upper()
    return f"""\
/* {name}: {_kind(tables)} of {tables.window_samples} samples, made by Coincell. */
#ifndef {upper}_FEATURES_H
#define {upper}_FEATURES_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {{
#endif

#define {upper}_WINDOW_SAMPLES {tables.window_samples}
#define {upper}_FEATURES_FRAMES {tables.frames}
#define {upper}_FEATURES_COLUMNS {tables.columns}
#define {upper}_FEATURES_SIZE {tables.frames * tables.columns}
/* value = (q - zero point) * scale */
#define {upper}_FEATURES_SCALE {quantization.scale!r}f
#define {upper}_FEATURES_ZERO_POINT ({quantization.zero_point})

/* samples[{upper}_WINDOW_SAMPLES] -> features[{upper}_FEATURES_FRAMES][{upper}_FEATURES_COLUMNS].
   Returns 0. Not reentrant: the working memory is static. */
int {name}_features_run(const int16_t *samples, int8_t *features);
{_row_declarations(name, tables)}
#ifdef __cplusplus
}}
#endif

#endif
"""


def _source(name: str, tables: Tables, step: FixedPointStep) -> str:
    t = tables
    rows = f"{t.frames} * {t.columns}" if t.remove_mean else f"{t.columns}"
    cosines = "0" if t.cosines is None else "cosines"
    return f"""\
#include "{name}_features.h"

#include "features/features.h"

{_tables(tables)}
static const coincell_features_config config = {{
    .window_samples = {t.window_samples},
    .frame_length = {t.frame_length},
    .hop = {t.hop},
    .frames = {t.frames},
    .columns = {t.columns},
    .log2_fft = {t.log2_fft},
    .bands = {t.bands},
    .first_bin = {t.first_bin},
    .fraction_bits = {t.fraction_bits},
    .max_gain_bits = {t.max_gain_bits},
    .floor_exponent = {t.floor_exponent},
    .floor_mantissa = {t.floor_mantissa}u,
    .magnitude = {t.magnitude},
    .peak_level = {t.peak_level},
    .remove_mean = {t.remove_mean},
    .window = window,
    .bit_reversal = bit_reversal,
    .twiddles = twiddles,
    .segment_bins = segment_bins,
    .rising = rising,
    .cosines = {cosines},
}};

static const coincell_features_quantization quantization = {{
    .multiplier = {step.multiplier},
    .shift = {step.shift},
    .zero_point = {step.zero_point},
}};

static coincell_complex spectrum[{t.fft_size // 2 + 1}];
static int32_t logarithms[{t.bands}];
static int16_t rows[{rows}];

static const coincell_features_scratch scratch = {{spectrum, logarithms, rows}};

int {name}_features_run(const int16_t *samples, int8_t *features)
{{
    coincell_features_window(&config, &quantization, &scratch, samples, features);
    return 0;
}}
{_row_functions(name, tables)}"""


def _row_declarations(name: str, tables: Tables) -> str:
    """Of what computes a stream row by row; nothing where rows depend on the whole window."""
    if tables.peak_level:
        return ""
    upper = name.upper()
    return f"""
/* samples[{tables.frame_length}] -> row[{upper}_FEATURES_COLUMNS], fixed point: a row of every
   window that holds these samples as a frame. */
void {name}_features_row(const int16_t *samples, int16_t *row);

/* ring[{upper}_FEATURES_FRAMES][{upper}_FEATURES_COLUMNS] of rows, the oldest is `first`
   -> the window's features, as {name}_features_run gives them. */
void {name}_features_gather(const int16_t *ring, int32_t first, int8_t *features);
"""


def _row_functions(name: str, tables: Tables) -> str:
    if tables.peak_level:
        return ""
    return f"""
void {name}_features_row(const int16_t *samples, int16_t *row)
{{
    const coincell_features_level level = coincell_features_find_level(&config, samples);
    coincell_features_row(&config, &scratch, &level, samples, row);
}}

void {name}_features_gather(const int16_t *ring, int32_t first, int8_t *features)
{{
    coincell_features_gather(&config, &quantization, &scratch, ring, first, features);
}}
"""


def _tables(tables: Tables) -> str:
    half, pairs = tables.fft_size // 2, 3 * tables.fft_size // 4
    parts = [
        _array("Rising half of a Hann window, Q31.", "int32_t", "window", tables.window),
        _array(f"Bit reversal of {half} places.", "uint16_t", "bit_reversal", tables.bit_reversal),
        _array(
            f"exp(-2 pi i j / {tables.fft_size}), j < {pairs}, Q30.",
            "coincell_complex",
            "twiddles",
            tables.twiddles,
        ),
        _array(
            "Spectrum bins between neighbouring band edges.",
            "uint16_t",
            "segment_bins",
            tables.segment_bins,
        ),
        _array("Weight of the upper band in each bin, Q32.", "uint32_t", "rising", tables.rising),
    ]
    if tables.cosines is not None:
        note = "Cosine transform, one row a coefficient, Q15."
        parts.append(_array(note, "int16_t", "cosines", tables.cosines))
    return "\n".join(parts)


def _array(note: str, c_type: str, name: str, values: NDArray[Any]) -> str:
    """A const array; the twiddles' rows become {re, im}, other arrays are flat."""
    suffix = "u" if values.dtype == np.uint32 else ""
    if c_type == "coincell_complex":
        words = [f"{{{re}, {im}}}" for re, im in values.tolist()]
    else:
        words = [f"{value}{suffix}" for value in values.ravel().tolist()]
    body = c_values(words)
    return f"/* {note} */\nstatic const {c_type} {name}[{len(words)}] = {{\n{body}\n}};\n"
