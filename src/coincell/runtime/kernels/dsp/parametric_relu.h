/* PRELU with constant slopes: one multiplication and a shift an element. */
#ifndef COINCELL_KERNELS_DSP_PARAMETRIC_RELU_H
#define COINCELL_KERNELS_DSP_PARAMETRIC_RELU_H

#include <stdint.h>

#include "kernels/dsp/instructions.h"

/* rows, count: the slopes are repeated for each row.
 * multiplier, rounding: of what is not below zero. shift: of all; see compiler/dsp/prelu.py.
 * least: the least slope that is looked up, where they are. */
typedef struct {
    int32_t rows;
    int32_t count;
    int32_t zero_point;
    int32_t multiplier;
    int32_t rounding;
    int32_t shift;
    int32_t least;
} coincell_parametric_relu_parameters;

/* The output of one element; below: multiplier and rounding of its slope */
COINCELL_INLINE void coincell_parametric_relu_one(const coincell_parametric_relu_parameters *p,
                                                  int32_t value, const int32_t *below,
                                                  int8_t *output)
{
    const int32_t real = value - p->zero_point;
    const int32_t factor = below[0];
    const int32_t half = below[1];
    const int32_t multiplier = real < 0 ? factor : p->multiplier;
    const int32_t scaled = real * multiplier + (real < 0 ? half : p->rounding);
    coincell_store_byte(output, coincell_ssat(scaled, 8, p->shift));
}

/* input:   [rows, count] int8
 * below:   [slopes, 2], from the slope `least` on; or [count, 2], of each element
 * slopes:  [count] int8, or null
 * output:  [rows, count] int8; may be the input, or lie before it */
COINCELL_INLINE void coincell_parametric_relu(const coincell_parametric_relu_parameters *p,
                                              const int8_t *input, const int32_t *below,
                                              const int8_t *slopes, int8_t *output)
{
    for (int32_t row = 0; row < p->rows; ++row) {
        const int8_t *end = input + p->count;
        const int8_t *slope = slopes;
        const int32_t *next = below;
        for (; end - input > 1; input += 2, output += 2) {
            const int32_t values[2] = {input[0], input[1]};
            const int32_t *a = slopes ? below + 2 * (slope[0] - p->least) : next;
            const int32_t *b = slopes ? below + 2 * (slope[1] - p->least) : next + 2;
            coincell_parametric_relu_one(p, values[0], a, output);
            coincell_parametric_relu_one(p, values[1], b, output + 1);
            slope += slopes ? 2 : 0;
            next += slopes ? 0 : 4;
        }
        if (p->count % 2) {
            const int32_t *a = slopes ? below + 2 * (slope[0] - p->least) : next;
            coincell_parametric_relu_one(p, *input++, a, output++);
        }
    }
}

#endif
