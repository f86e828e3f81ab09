/* Constants of a channel of a 3x3 depthwise convolution, and sums of a column's pairs.
 *
 * Words of a channel: three columns of taps, the multiplier, the bias, and in signed scaling the
 * step. The bytes of a column's word, from the lowest: middle tap, upper, lower, middle. */
#ifndef COINCELL_KERNELS_DSP_DEPTHWISE_TAPS_H
#define COINCELL_KERNELS_DSP_DEPTHWISE_TAPS_H

#include <stdint.h>

#include "kernels/dsp/instructions.h"

/* How sums, which are 256 times too large, become outputs:
 *
 *   x = sum + bias, and in signed scaling less the step where that is negative
 *   output = clamp(saturate8(((x * multiplier >> 32) + rounding) >> shift)) */
typedef struct {
    int32_t is_signed;
    int32_t constants; /* words of a channel: 5, or 6 where it is signed */
    int32_t rounding;  /* 0 unless it is signed */
    int32_t shift;     /* 1 or more */
    int32_t clamp_min;
    int32_t clamp_max;
} coincell_3x3_scaling;

/* The output of a sum that holds the bias; constants: those of the channel */
COINCELL_INLINE int8_t coincell_3x3_output(const coincell_3x3_scaling *p,
                                           const int32_t *constants, int32_t sum)
{
    const int32_t step = p->is_signed && sum < 0 ? constants[5] : 0;
    const int32_t x = (int32_t)((uint32_t)sum - (uint32_t)step);
    const int32_t high = coincell_smmul(x, constants[3]);
    const int32_t output = coincell_ssat((high + p->rounding) >> p->shift, 8, 0);
    const int32_t risen = output < p->clamp_min ? p->clamp_min : output;
    return (int8_t)(risen > p->clamp_max ? p->clamp_max : risen);
}

/* A column's taps as pairs, each 256 times too large. */
typedef struct {
    uint32_t upper; /* upper and middle */
    uint32_t lower; /* middle and lower */
} coincell_column_taps;

COINCELL_INLINE coincell_column_taps coincell_taps_of(int32_t word)
{
    const coincell_column_taps taps = {(uint32_t)word & 0xFF00FF00u,
                                       (uint32_t)word << 8 & 0xFF00FF00u};
    return taps;
}

/* What a column adds to the output whose taps begin with the upper row of the first pair. */
COINCELL_INLINE int32_t coincell_upper_sum(uint32_t first, uint32_t second,
                                           coincell_column_taps taps, int32_t sum)
{
    return coincell_smlabt(second, taps.lower, coincell_smlad(first, taps.upper, sum));
}

/* What a column adds to the output below. */
COINCELL_INLINE int32_t coincell_lower_sum(uint32_t first, uint32_t second,
                                           coincell_column_taps taps, int32_t sum)
{
    return coincell_smlad(second, taps.lower, coincell_smlatb(first, taps.upper, sum));
}

/* Two values of real zero, as the padding holds them. */
COINCELL_INLINE uint32_t coincell_pair_of_zeros(int32_t zero_point)
{
    return (uint32_t)(zero_point & 0xFFFF) * 0x00010001u;
}

#endif
