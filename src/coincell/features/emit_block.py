"""NAME_features.{h,c} of a block: its constants and memory around the runtime's own file."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from coincell.errors import InternalError
from coincell.features.c_sources import needed_sources
from coincell.features.c_struct import CStruct, Scratch
from coincell.features.quantization import FixedPointStep, InputQuantization
from coincell.project import WindowForm


@dataclass(frozen=True)
class BlockText:
    """What the text of a block depends on; the properties of `IntegerBlock` of these names."""

    kind: str
    title: str
    form: WindowForm
    shape: tuple[int, ...]
    frame: tuple[int, int]
    by_row: bool
    constants: CStruct
    scratch: Scratch

    @property
    def picture(self) -> bool:
        """Whether samples are pixels."""
        return self.form.sense == "picture"

    @property
    def columns(self) -> int:
        """Values a row."""
        return math.prod(self.shape[1:])


def emit_block(
    name: str, text: BlockText, quantization: InputQuantization, step: FixedPointStep
) -> dict[str, str]:
    """NAME_features.{h,c} and the runtime's files that they include: path -> text."""
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        raise InternalError(f"A C name must be an identifier; received {name!r}.")
    return {
        **needed_sources(f"features/{text.kind}", "features/quantize"),
        f"{name}_features.h": _header(name, text, quantization),
        f"{name}_features.c": _source(name, text, step),
    }


def _header(name: str, text: BlockText, quantization: InputQuantization) -> str:
    upper, form = name.upper(), text.form
    pixels = f"#define {upper}_WINDOW_WIDTH {form.width}\n#define {upper}_WINDOW_HEIGHT "
    return f"""\
/* {name}: {text.title}, made by Coincell. */
#ifndef {upper}_FEATURES_H
#define {upper}_FEATURES_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {{
#endif

/* Steps in time of a window, values a step (or a pixel), and all values. */
#define {upper}_WINDOW_SAMPLES {form.samples}
#define {upper}_WINDOW_CHANNELS {form.channels}
#define {upper}_WINDOW_VALUES {form.values}
{pixels + str(form.height) + chr(10) if text.picture else ""}\
#define {upper}_FEATURES_FRAMES {text.shape[0]}
#define {upper}_FEATURES_COLUMNS {text.columns}
#define {upper}_FEATURES_SIZE {math.prod(text.shape)}
/* value = (q - zero point) * scale */
#define {upper}_FEATURES_SCALE {quantization.scale!r}f
#define {upper}_FEATURES_ZERO_POINT ({quantization.zero_point})

/* samples[{upper}_WINDOW_VALUES] -> features[{upper}_FEATURES_FRAMES][{upper}_FEATURES_COLUMNS].
   Returns 0. Not reentrant: the working memory is static. */
int {name}_features_run(const {_sample(text)} *samples, int8_t *features);
{_row_declarations(name, text)}
#ifdef __cplusplus
}}
#endif

#endif
"""


def _sample(text: BlockText) -> str:
    return "uint8_t" if text.picture else "int16_t"


def _row_declarations(name: str, text: BlockText) -> str:
    """Of what computes a stream row by row."""
    if not text.by_row:
        return ""
    upper = name.upper()
    return f"""
/* samples[{text.frame[0]}][{upper}_WINDOW_CHANNELS] -> row[{upper}_FEATURES_COLUMNS], fixed
   point: a row of every window that holds these samples as a frame. */
void {name}_features_row(const int16_t *samples, int16_t *row);

/* ring[{upper}_FEATURES_FRAMES][{upper}_FEATURES_COLUMNS] of rows, the oldest is `first`
   -> the window's features, as {name}_features_run gives them. */
void {name}_features_gather(const int16_t *ring, int32_t first, int8_t *features);
"""


def _source(name: str, text: BlockText, step: FixedPointStep) -> str:
    kind, constants = text.kind, text.constants
    tables = "\n".join(array.definition(field) for field, array in constants.arrays())
    memory = text.scratch.definitions()
    return f"""\
#include "{name}_features.h"

#include "features/{kind}.h"
#include "features/quantize.h"

{tables}
static const {constants.c_type} config = {constants.initializer()};

static const coincell_features_quantization quantization = {{
    .multiplier = {step.multiplier},
    .shift = {step.shift},
    .zero_point = {step.zero_point},
}};

{memory + chr(10) if memory else ""}static int16_t values[{text.columns}];

int {name}_features_run(const {_sample(text)} *samples, int8_t *features)
{{
{_run_body(name, text)}    return 0;
}}
{_row_functions(name, text)}"""


def _run_body(name: str, text: BlockText) -> str:
    """The lines of NAME_features_run: row by row where the block works so, else all at once."""
    quantize = "coincell_features_quantize(&quantization, values, "
    if not (text.by_row or text.picture):
        return (
            f"    coincell_{text.kind}_window(&config, &scratch, samples, values);\n"
            f"    {quantize}{text.columns}, features);\n"
        )
    if text.picture:
        row = "coincell_picture_row(&config, samples, row, values);"
    else:
        step = text.frame[1] * text.form.channels
        row = f"{name}_features_row(samples + row * {step}, values);"
    return (
        f"    for (int32_t row = 0; row < {text.shape[0]}; row++) {{\n"
        f"        {row}\n"
        f"        {quantize}{text.columns},\n"
        f"                                   features + row * {text.columns});\n"
        "    }\n"
    )


def _row_functions(name: str, text: BlockText) -> str:
    if not text.by_row:
        return ""
    return f"""
void {name}_features_row(const int16_t *samples, int16_t *row)
{{
    coincell_{text.kind}_row(&config, &scratch, samples, row);
}}

void {name}_features_gather(const int16_t *ring, int32_t first, int8_t *features)
{{
    coincell_features_quantize_ring(&quantization, ring, {text.shape[0]}, {text.columns}, first,
                                    features);
}}
"""
