"""Trees as C: the functions that a compiled network has, around the runtime's own files."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from coincell.classical.binding import scalars
from coincell.classical.fixed import FixedTrees
from coincell.errors import InternalError
from coincell.runtime import c_sources, c_values

LAYER = "00_trees"
_NOTES = {
    "feature": ("uint16_t", "Which feature each node asks."),
    "threshold": ("int8_t", "Left where it is at most that."),
    "child": ("int16_t", "Left and right: a node, or ~ of a leaf."),
    "root": ("int16_t", "Where each tree begins."),
    "output": ("uint8_t", "The first sum that each tree adds to."),
    "leaf": ("int16_t", "What each leaf adds."),
    "start": ("int32_t", "The sums before any tree."),
}


def emit_trees(name: str, kind: str, fixed: FixedTrees) -> dict[str, str]:
    """NAME.h, NAME.c and the runtime's files: path -> text."""
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,47}", name):
        raise InternalError(f"A C name must be an identifier; received {name!r}.")
    return {
        **c_sources("trees"),
        f"{name}.h": _header(name, kind, fixed),
        f"{name}.c": _source(name, fixed),
    }


def _source(name: str, fixed: FixedTrees) -> str:
    tables = {part: array for part, array in fixed.arrays.items() if array.size}
    arrays = "\n".join(_array(part, array) for part, array in tables.items())
    fields = [f"    .{part} = {value}," for part, value in scalars(fixed).items()]
    fields += [f"    .{part} = {part}," for part in tables]
    return f"""\
#include "{name}.h"

#include "trees/forest.h"

{arrays}
static const coincell_trees_forest forest = {{
{chr(10).join(fields)}
}};

static int8_t features[{fixed.columns}];
static int8_t scores[{fixed.outputs}];
static int32_t sums[{fixed.outputs}];

/* A function of its own, so that its cost can be told. */
__attribute__((noinline)) static void {name}_layer_{LAYER}(void)
{{
    coincell_trees_sums(&forest, features, sums);
    coincell_trees_scores(&forest, sums, scores);
}}

int {name}_init(void)
{{
    return 0;
}}

int {name}_invoke(void)
{{
    {name}_layer_{LAYER}();
    return 0;
}}

int8_t *{name}_input(int index)
{{
    return index == 0 ? features : 0;
}}

const int8_t *{name}_output(int index)
{{
    return index == 0 ? scores : 0;
}}
"""


def _header(name: str, kind: str, fixed: FixedTrees) -> str:
    upper = name.upper()
    return f"""\
/* {name}: a {kind} of {len(fixed.root)} trees, made by Coincell. */
#ifndef {upper}_H
#define {upper}_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {{
#endif

#define {upper}_FEATURES {fixed.columns}
#define {upper}_OUTPUTS {fixed.outputs}

/* Always 0; there is nothing to prepare. */
int {name}_init(void);

/* {name}_input(0)[{upper}_FEATURES] -> {name}_output(0)[{upper}_OUTPUTS]. Returns 0.
   real = (score - ({fixed.zero_point})) * {fixed.scale!r} */
int {name}_invoke(void);

/* The first {upper}_FEATURES bytes are read, and never written. */
int8_t *{name}_input(int index);
const int8_t *{name}_output(int index);

#ifdef __cplusplus
}}
#endif

#endif
"""


def _array(name: str, values: NDArray[np.generic]) -> str:
    c_type, note = _NOTES[name]
    words = [str(int(value)) for value in values.ravel().tolist()]
    body = c_values(words)
    return f"/* {note} */\nstatic const {c_type} {name}[{len(words)}] = {{\n{body}\n}};\n"
