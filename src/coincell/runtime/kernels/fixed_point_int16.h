/* Sums for 16-bit activations, exact to TensorFlow Lite Micro (kernels/internal/common.cc). */
#ifndef COINCELL_KERNELS_FIXED_POINT_INT16_H
#define COINCELL_KERNELS_FIXED_POINT_INT16_H

#include <stdint.h>

#include "kernels/fixed_point.h"

/* value * multiplier * 2^(shift - 15), rounded to nearest, ties upward; a multiplier of 15 bits,
 * a shift in -31..7, a value below 2^47. */
static inline int32_t coincell_rescale_wide(int64_t value, int32_t multiplier, int32_t shift)
{
    const int32_t places = 15 - shift;
    return (int32_t)((value * multiplier + ((int64_t)1 << (places - 1))) >> places);
}

/* A sum of products rescaled: as 64 bits where `wide`, else as the 32 bits that an int32 keeps. */
static inline int32_t coincell_rescale_sum(int64_t sum, int32_t wide, int32_t multiplier,
                                           int32_t shift)
{
    return wide ? coincell_rescale_wide(sum, multiplier, shift)
                : coincell_rescale((int32_t)(uint32_t)(uint64_t)sum, multiplier, shift);
}

/* So many products of 16 and 8 bits surely fit 32. */
#define COINCELL_INT16_BLOCK 256

/* sum + all products of input and filter, [count] each */
static inline int64_t coincell_dot_product_int16(int64_t sum, const int16_t *input,
                                                 const int8_t *filter, int32_t count)
{
    while (count > 0) {
        const int32_t block = count < COINCELL_INT16_BLOCK ? count : COINCELL_INT16_BLOCK;
        const int8_t *end = filter + block;
        int32_t part = 0;
        while (filter != end) {
            part += *filter++ * *input++;
        }
        sum += part;
        count -= block;
    }
    return sum;
}

#endif
