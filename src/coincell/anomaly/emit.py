"""A detector as C: its integers as const arrays, around the runtime's own files."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from coincell.anomaly.binding import scalars
from coincell.anomaly.fixed import FixedForms
from coincell.anomaly.reconstruction import ReconstructionStep
from coincell.errors import InternalError
from coincell.runtime import c_sources, c_values

_NOTES = {
    "centre": ("int16_t", "Centres of normal windows, 7 fraction bits."),
    "precision": ("uint32_t", "Weights of squared differences."),
    "factor": ("int16_t", "Rows of each centre's triangular factor."),
    "row_shift": ("uint8_t", "Shift of each row's sum."),
    "form_shift": ("uint8_t", "Shift of each centre's form."),
    "constant": ("int32_t", "Of each centre, nats with 16 fraction bits."),
}


def emit_forms(name: str, kind: str, fixed: FixedForms, unit: str) -> dict[str, str]:
    """NAME_detector.{h,c} and the runtime's files: path -> text."""
    _check(name)
    arrays = "\n".join(_array(part, array) for part, array in fixed.arrays.items())
    fields = [f"    .{part} = {value}," for part, value in scalars(fixed).items()]
    fields += [f"    .{part} = {part}," for part in fixed.arrays]
    triangular = fixed.shape == "triangular"
    working = f"static int16_t differences[{fixed.columns}];\n\n" if triangular else ""
    source = f"""\
#include "{name}_detector.h"

#include "anomaly/detector.h"

{arrays}
static const coincell_anomaly_detector detector = {{
{chr(10).join(fields)}
}};

{working}int {name}_score(const int8_t *features, int32_t *score)
{{
    *score = coincell_anomaly_score(&detector, {"differences" if triangular else "0"}, features);
    return 0;
}}
"""
    return _files(name, _header(name, kind, fixed.columns, unit), source)


def emit_reconstruction(
    name: str, network: str, step: ReconstructionStep, unit: str
) -> dict[str, str]:
    """The same around the compiled autoencoder `network`, whose own files are not among them."""
    _check(name)
    _check(network)
    fields = "\n".join(f"    .{part} = {value}," for part, value in step.scalars.items())
    fields = fields.replace(f".multiplier = {step.multiplier}", f".multiplier = {step.multiplier}u")
    source = f"""\
#include "{name}_detector.h"

#include "anomaly/reconstruction.h"
#include "{network}.h"

static const coincell_anomaly_reconstruction settings = {{
{fields}
}};

int {name}_score(const int8_t *features, int32_t *score)
{{
    int8_t *const input = {network}_input(0);
    for (int32_t j = 0; j < settings.columns; j++) input[j] = features[j];
    const int status = {network}_invoke();
    if (status != 0) return status;
    *score = coincell_anomaly_reconstruction_score(&settings, features, {network}_output(0));
    return 0;
}}
"""
    note = f"""
   The features must not lie in the network's own memory. {network}_init() comes first."""
    return _files(name, _header(name, "reconstruction", step.columns, unit, note), source)


def _check(name: str) -> None:
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        raise InternalError(f"A C name must be an identifier; received {name!r}.")


def _files(name: str, header: str, source: str) -> dict[str, str]:
    return {
        **c_sources("anomaly"),
        f"{name}_detector.h": header,
        f"{name}_detector.c": source,
    }


def _header(name: str, kind: str, columns: int, unit: str, note: str = "") -> str:
    upper = name.upper()
    return f"""\
/* {name}: how strange a window is ({kind}), made by Coincell. */
#ifndef {upper}_DETECTOR_H
#define {upper}_DETECTOR_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {{
#endif

#define {upper}_DETECTOR_FEATURES {columns}

/* features[{upper}_DETECTOR_FEATURES] -> the score, the higher the stranger;
   one step of it is {unit}.
   Returns 0. Not reentrant: the working memory is static.{note} */
int {name}_score(const int8_t *features, int32_t *score);

#ifdef __cplusplus
}}
#endif

#endif
"""


def _array(name: str, values: NDArray[np.generic]) -> str:
    c_type, note = _NOTES[name]
    suffix = "u" if c_type == "uint32_t" else ""
    words = [_literal(int(value)) + suffix for value in values.ravel().tolist()]
    body = c_values(words)
    return f"/* {note} */\nstatic const {c_type} {name}[{len(words)}] = {{\n{body}\n}};\n"


def _literal(value: int) -> str:
    """As C reads it; the least int32 is no literal."""
    return f"({value + 1} - 1)" if value == -(1 << 31) else str(value)
