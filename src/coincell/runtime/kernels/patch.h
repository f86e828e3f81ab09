/* The part of an image that a filter sees at one position, as steps between its taps. */
#ifndef COINCELL_KERNELS_PATCH_H
#define COINCELL_KERNELS_PATCH_H

#include <stdint.h>

#include "kernels/window.h"

/* For a function whose inner loop is to have all registers to itself. */
#if defined(__GNUC__) || defined(__clang__)
#define COINCELL_OUT_OF_LINE __attribute__((noinline))
#else
#define COINCELL_OUT_OF_LINE
#endif

typedef struct {
    int32_t rows; /* of taps, inside the image */
    int32_t columns;
    int32_t input_start; /* the first tap's place */
    int32_t input_row;   /* from one row of taps to the next */
    int32_t input_column;
    int32_t filter_start;
    int32_t filter_row;
    int32_t filter_column;
} coincell_patch;

/* Steps from one value to the one below it, and to the one on its right. */
typedef struct {
    int32_t row;
    int32_t column;
} coincell_steps;

/* input, filter: steps of the image, [height, width, ...], and of the filter, likewise. */
static inline coincell_patch coincell_patch_at(const coincell_window *rows,
                                               const coincell_window *columns,
                                               coincell_steps dilation, coincell_steps input,
                                               coincell_steps filter)
{
    const int32_t y = rows->origin + rows->first * dilation.row;
    const int32_t x = columns->origin + columns->first * dilation.column;
    const coincell_patch patch = {
        .rows = rows->last - rows->first,
        .columns = columns->last - columns->first,
        .input_start = y * input.row + x * input.column,
        .input_row = dilation.row * input.row,
        .input_column = dilation.column * input.column,
        .filter_start = rows->first * filter.row + columns->first * filter.column,
        .filter_row = filter.row,
        .filter_column = filter.column,
    };
    return patch;
}

#endif
