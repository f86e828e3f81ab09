/* From a sum to int8, as compiler/dsp/requantization.py has proved for a layer. */
#ifndef COINCELL_KERNELS_DSP_REQUANTIZATION_H
#define COINCELL_KERNELS_DSP_REQUANTIZATION_H

#include <stdint.h>

#include "kernels/dsp/instructions.h"

/* The output of x, a sum raised by the layer's left shift and with the layer's bias in it; before
 * a clamp within int8. In the forms without a step, pass 0. */
COINCELL_INLINE int32_t coincell_output_of(int32_t x, int32_t multiplier, int32_t offset,
                                           int32_t step, int32_t right_shift)
{
    const int32_t high = coincell_smmla(x, multiplier, offset) - ((x >> 31) & step);
    return coincell_ssat(high >> right_shift, 8, 0);
}

/* An int8 within bounds; where a bound is the type's own, no code. */
COINCELL_INLINE int32_t coincell_narrowed(int32_t output, int32_t low, int32_t high)
{
    if (low > INT8_MIN && output < low) {
        output = low;
    }
    if (high < INT8_MAX && output > high) {
        output = high;
    }
    return output;
}

#endif
