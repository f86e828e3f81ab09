/* The rescaling of TensorFlow Lite Micro in few instructions where sums leave room.
 *
 * It rounds twice: a high product to nearest with ties upward, then a shift to nearest with ties
 * away from zero. SMMULR is the first of these if the sum has been doubled. */
#ifndef COINCELL_KERNELS_DSP_ROUNDING_H
#define COINCELL_KERNELS_DSP_ROUNDING_H

#include <stdint.h>

#include "kernels/dsp/instructions.h"
#include "kernels/fixed_point.h"

/* A factor multiplier * 2^(left_shift - 1 - right_shift - 31), or without room, where left_shift is
 * 0, multiplier * 2^(-right_shift - 31) */
typedef struct {
    int32_t multiplier;
    int32_t left_shift; /* sums shifted by it stay within 32 bits */
    int32_t right_shift;
} coincell_rounding;

/* sum times the factor: coincell_rescale of the same factor. */
COINCELL_INLINE int32_t coincell_rounded(int32_t sum, coincell_rounding factor)
{
    if (factor.left_shift == 0) {
        return coincell_rounding_shift_right(
            coincell_doubling_high_multiply(sum, factor.multiplier), factor.right_shift);
    }
    const int32_t raised = (int32_t)((uint32_t)sum << factor.left_shift);
    int32_t product = coincell_smmulr(raised, factor.multiplier);
    if (factor.right_shift > 0) {
        product += (product >> 31) + ((int32_t)1 << (factor.right_shift - 1));
        product >>= factor.right_shift;
    }
    return product;
}

#endif
